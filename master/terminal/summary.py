"""What `run` prints before and after a study: its description, its results, and the next commands."""

from collections import Counter
from pathlib import Path

from rich.text import Text

from hyperspool.common.invocation import command_line, place_of
from hyperspool.common.layout import StudyFolder
from hyperspool.common.outcome import Finished
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.results.settings import RankedSetting
from hyperspool.master.results.standing import Standing
from hyperspool.master.results.wording import (
    broken_counts_text,
    counted,
    duration_text,
    first_line,
    last_lines,
    params_text,
    stopped_text,
)
from hyperspool.master.search.automatic import choice_for
from hyperspool.master.search.methods import settings_count
from hyperspool.master.search.population import population_of
from hyperspool.master.terminal.console import Terminal
from hyperspool.master.terminal.tables import cells_table, rung_lines, text_table
from hyperspool.master.terminal.trials_table import constant_params, constant_text, settings_table

BEST_SHOWN = 3
HALVING_NAMES = {"successive": "successive halving", "asha": "ASHA", "hyperband": "Hyperband"}


def headline(standing: Standing) -> str:
    """Describe the study in two lines."""
    spec = standing.spec
    data = f" on {spec.data.name}" if spec.data else ""
    count = len(list(standing.resting()))
    done = f"; {count} {'is' if count == 1 else 'are'} done" if count else ""
    title = f": {spec.title}" if spec.title else ""
    trials = counted(spec.trials, "trial") if spec.has_limit else "trials without a limit"
    several = f"{len(spec.objectives)} objectives" if spec.objectives else ""
    parts = [f"{trials} of {spec.objective.name}{data}", several, _epochs(spec) if spec.budget else "", _pace(spec)]
    described = ", ".join(part for part in parts if part)
    return f"study {spec.name}{title}\n{described}{_method(spec)}{_phases(spec)}{done}"


def _pace(spec: StudySpec) -> str:
    if spec.mode:
        return "asynchronously"
    if spec.has_limit and spec.trials == 1:
        return ""
    return "all at once" if spec.has_limit and spec.trials <= spec.batch else f"in batches of {spec.batch}"


def _epochs(spec: StudySpec) -> str:
    if population := population_of(spec):
        return f"{counted(population.generations, 'generation')} of {counted(population.interval, 'epoch')}"
    if (halving := spec.halving) is None:
        return f"{counted(spec.epochs, 'epoch')}{'' if spec.has_limit and spec.trials == 1 else ' each'}"
    ladder = " -> ".join(map(str, halving.ladder(spec.epochs)))
    return f"{ladder} epochs by {HALVING_NAMES[halving.name]}"


def _method(spec: StudySpec) -> str:
    name = spec.sampler.name
    chosen = f" ({choice_for(spec.space, settings_count(spec))})" if name == "auto" else ""
    return "" if name in {"random", "grid", "coarse-to-fine"} else f", by {name}{chosen}"


def _phases(spec: StudySpec) -> str:
    rounds = f", in {spec.sampler.rounds} rounds" if spec.sampler.rounds else ""
    confirm = spec.confirm
    if confirm is None:
        return rounds
    if spec.ablation:
        tuning = f"{spec.ablation.settings} to tune each of {confirm.finalists} test cases{rounds}"
        return f": {tuning}; then the best setting of each again, {confirm.replicates} times"
    return f"{rounds}; then the best {counted(confirm.finalists, 'setting')} again, {confirm.replicates} times each"


def print_result(console: Terminal, folder: StudyFolder, standing: Standing, elapsed_s: float | None) -> None:
    """Print the results of a finished study and the commands that show more.

    Args:
        console: the terminal to print to.
        folder: the study's folder.
        standing: the study's standing, in which every trial has its result.
        elapsed_s: the duration of this run, in seconds; None if the study was finished before.
    """
    best = standing.best_of_search(BEST_SHOWN)
    console.say(finished_text(standing, elapsed_s))
    if stopped := stopped_text(standing.stopped):
        console.say(stopped)
    for line in rung_lines(standing):
        console.print(line)
    if best:
        _print_best(console, standing, best)
        if constant := constant_text(standing.spec.space):
            console.tell(constant)
        console.print()
    if standing.spec.ablation:
        _print_cases(console, standing)
    elif standing.spec.confirm:
        _print_finalists(console, standing)
    print_places(console, folder, standing)
    if best:
        commands: dict[str, tuple[str, ...]] = {
            "more of them": ("top", folder.name, "-k", "10"),
            "as a page": ("report", folder.name),
        }
        if standing.spec.ablation:
            commands["the table for a paper"] = ("ablation", folder.name, "--format", "latex")
        for label, arguments in commands.items():
            console.say(f"{label}: {command_line('master', *arguments, *place_of(folder.root))}")
    else:
        console.print(Text("to try the trials again once the cause is fixed: the same command with --new"))


def _print_best(console: Terminal, standing: Standing, best: list[RankedSetting]) -> None:
    of_front = len(standing.front.evaluations) if standing.front else 0
    what = " settings" if len(best) > 1 and any(each.has_replicates for each in best) else ""
    count, of_search = f" {len(best)}" if len(best) > 1 else "", " of the search" if standing.spec.confirm else ""
    heading = f"the first {counted(len(best), 'trial')} of {counted(of_front, 'trial')} on the front"
    if len(best) >= of_front:
        heading = "the front, and the best of the others" if len(best) > of_front else "the front"
    console.print(Text(f"\n{heading if of_front else f'the best{count}{what}{of_search}'}", style="bold"))
    console.print(settings_table(standing, best))


def finished_text(standing: Standing, elapsed_s: float | None) -> str:
    """Say in one line that a study is finished, with its counts and the duration of this run."""
    results = list(standing.resting())
    diverged = sum(result.diverged for result in results)
    failed = sum(result.failure is not None for result in results)
    counts = [counted(len(results), "trial")]
    counts += [f"{diverged} diverged"] if diverged else []
    counts += [f"{failed} FAILED"] if failed else []
    counts += [broken] if (broken := broken_counts_text(standing.broken)) else []
    took = f"; this run took {duration_text(elapsed_s)}" if elapsed_s is not None else ""
    return f"study {standing.spec.name} is finished: {', '.join(counts)}{took}"


def print_places(console: Terminal, folder: StudyFolder, standing: Standing) -> None:
    """Print the reasons of failed trials, if any, and where the results are."""
    if failed := [result for result in standing.results.values() if result.failure]:
        console.say(failures_text(folder, failed))
    console.say(f"results and curves: {folder.trials}")


def _print_cases(console: Terminal, standing: Standing) -> None:
    # Imported here because only ablations need pandas and scipy.
    from hyperspool.master.analysis.answers.ablation import ablation_verdict
    from hyperspool.master.analysis.exports import ablation_table
    from hyperspool.master.analysis.measures.ablation import ablation_rows

    rows = ablation_rows(standing.spec, standing.evaluations())
    console.print(Text("the test cases, by the fresh evaluations of each one's best setting", style="bold"))
    console.print(cells_table(ablation_table.short_cells(standing.spec, rows)), "")
    for sentence in ablation_verdict(standing.spec, rows):
        console.tell(sentence)
    console.print()


def _print_finalists(console: Terminal, standing: Standing) -> None:
    # Imported here because only confirmed searches need scipy, for the intervals.
    from hyperspool.master.analysis.measures import finalists

    spec = standing.spec
    found = standing.finalists()
    console.print(Text("the finalists, evaluated again", style="bold"))
    console.print(text_table(finalists.HEADINGS, finalists.finalists_rows(found)), "")
    constant = constant_params(spec.space)
    for one in found:
        own = {name: value for name, value in one.params.items() if name not in constant}
        console.tell(f"trial {one.trial}: {params_text(own)}")
    for sentence in finalists.finalists_verdict(spec, found):
        console.tell(sentence)
    console.print()


def failures_text(folder: StudyFolder, failed: list[Finished]) -> str:
    """Say why trials failed, grouped by reason: forty that fail because of the same missing file make one message."""
    reasons = Counter(_reason(result) for result in failed)
    lines: list[str] = []
    for reason, count in reasons.most_common():
        first = next(result for result in failed if _reason(result) == reason)
        lines.append(f"{counted(count, 'trial')} FAILED, first trial {first.trial}: {reason}")
        lines += [f"  {line}" for line in last_lines(first.failure.message if first.failure else "")]
        lines.append(f"  {_where(folder.result(first.trial), first)}")
        lines.append(f"  more: {command_line('master', 'show', folder.name, str(first.trial), *place_of(folder.root))}")
    return "\n".join(lines)


def _reason(result: Finished) -> str:
    return first_line(result.failure.message) if result.failure else ""


def _where(path: Path, result: Finished) -> str:
    has_traceback = result.failure is not None and result.failure.traceback is not None
    return f"{'its traceback is' if has_traceback else 'its result is'} in {path}"
