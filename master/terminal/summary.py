"""What `run` says before and after: what the study is, how to go on with it, what came of it."""

from collections import Counter
from pathlib import Path

from rich.text import Text

from hyperspool.common.invocation import command_line, place_of
from hyperspool.common.layout import StudyFolder
from hyperspool.common.records import Result
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.results.standing import Standing
from hyperspool.master.results.wording import counted, duration_text, first_line, params_text
from hyperspool.master.terminal.console import Terminal
from hyperspool.master.terminal.tables import cells_table, text_table
from hyperspool.master.terminal.trials_table import TrialsTable, constant_params, constant_text

BEST_SHOWN = 3


def headline(standing: Standing) -> str:
    """The study in two lines."""
    spec = standing.spec
    data = f" on {spec.data.name}" if spec.data else ""
    count = len(standing.results)
    done = f"; {count} {'is' if count == 1 else 'are'} done" if count else ""
    title = f": {spec.title}" if spec.title else ""
    return (
        f"study {spec.name}{title}\n"
        f"{counted(spec.trials, 'trial')} of {spec.objective.name}{data}, "
        f"{counted(spec.budget.epochs, 'epoch')} each, in batches of {spec.batch}{_phases(spec)}{done}"
    )


def _phases(spec: StudySpec) -> str:
    rounds = f", in {spec.sampler.rounds} rounds" if spec.sampler.rounds else ""
    again = spec.confirm
    if spec.ablation and again:
        settings = f"{spec.ablation.settings} to tune each of {again.finalists} test cases{rounds}"
        return f": {settings}; then the best of each {again.replicates} times"
    return (
        f"{rounds}; then the best {counted(again.finalists, 'setting')} {again.replicates} times" if again else rounds
    )


def print_result(console: Terminal, folder: StudyFolder, standing: Standing, elapsed_s: float | None) -> None:
    """Print what came of a finished study.

    Args:
        console: where to.
        folder: the study's.
        standing: every trial has its result.
        elapsed_s: how long this run took, in seconds; None if there was nothing left to do.
    """
    results = standing.results.values()
    best = standing.best_of_search(BEST_SHOWN)
    failed = [result for result in results if result.failure]
    diverged = sum(result.diverged for result in results)
    told = [counted(len(results), "trial")]
    told += [f"{diverged} diverged"] if diverged else []
    told += [f"{len(failed)} FAILED"] if failed else []
    took = f"; this run took {duration_text(elapsed_s)}" if elapsed_s is not None else ""
    console.say(f"study {standing.spec.name} is finished: {', '.join(told)}{took}")
    if best:
        of_search = " of the search" if standing.spec.confirm else ""
        console.print(Text(f"\nthe best{f' {len(best)}' if len(best) > 1 else ''}{of_search}", style="bold"))
        console.print(TrialsTable(best, standing.spec))
        if constant := constant_text(standing.spec.space):
            console.tell(constant)
        console.print()
    if standing.spec.ablation:
        _print_cases(console, standing)
    elif standing.spec.confirm:
        _print_finalists(console, standing)
    if failed:
        console.say(_failures(folder, failed))
    console.say(f"results and curves: {folder.trials}")
    if best:
        further: dict[str, tuple[str, ...]] = {
            "more of them": ("top", folder.name, "-k", "10"),
            "as a page": ("report", folder.name),
        }
        if standing.spec.ablation:
            further["the table for a paper"] = ("ablation", folder.name, "--format", "latex")
        for what, arguments in further.items():
            command = command_line("master", *arguments, *place_of(folder.root))
            console.say(f"{what}: {command}")
    else:
        console.print(Text("once the cause is mended, the same command with --new tries the trials again"))


def _print_cases(console: Terminal, standing: Standing) -> None:
    # They need pandas and scipy, which few studies come to.
    from hyperspool.master.analysis.answers.ablation import ablation_verdict
    from hyperspool.master.analysis.exports import ablation_table
    from hyperspool.master.analysis.measures.ablation import ablation_rows

    rows = ablation_rows(standing.spec, standing.evaluations())
    console.print(Text("the test cases, the best setting of each evaluated again", style="bold"))
    console.print(cells_table(ablation_table.short_cells(standing.spec, rows)), "")
    for sentence in ablation_verdict(standing.spec, rows):
        console.tell(sentence)
    console.print()


def _print_finalists(console: Terminal, standing: Standing) -> None:
    # Its intervals need scipy, which only few searches come to.
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


def _failures(folder: StudyFolder, failed: list[Result]) -> str:
    # One line per reason: forty trials that fail for the same want of a file are one piece of news.
    reasons = Counter(_reason(result) for result in failed)
    lines: list[str] = []
    for reason, count in reasons.most_common():
        first = next(result for result in failed if _reason(result) == reason)
        lines.append(f"{counted(count, 'trial')} FAILED, first trial {first.trial}: {reason}")
        lines.append(f"  {_where(folder.result(first.trial), first)}")
    return "\n".join(lines)


def _reason(result: Result) -> str:
    return first_line(result.failure.message) if result.failure else ""


def _where(path: Path, result: Result) -> str:
    has_traceback = result.failure is not None and result.failure.traceback is not None
    return f"{'its traceback is' if has_traceback else 'more'} in {path}"
