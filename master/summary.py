"""What `run` says before and after: what the study is, how to go on with it, what came of it."""

from collections import Counter
from pathlib import Path

from rich.console import Console
from rich.text import Text

from common.layout import StudyFolder
from common.objectives import measure_name
from common.records import Result
from master.command import command_line, place_of
from master.standing import Standing
from master.tables import counted, duration_text, first_line, trials_table

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
        f"{counted(spec.budget.epochs, 'epoch')} each, in batches of {spec.batch}{done}"
    )


def print_result(console: Console, folder: StudyFolder, standing: Standing, elapsed_s: float | None) -> None:
    """Print what came of a finished study.

    Args:
        console: where to.
        folder: the study's.
        standing: every trial has its result.
        elapsed_s: how long this run took, in seconds; None if there was nothing left to do.
    """
    results = standing.results.values()
    best = standing.best(BEST_SHOWN)
    failed = [result for result in results if result.failure]
    diverged = sum(result.diverged for result in results)
    told = [counted(len(results), "trial")]
    told += [f"{diverged} diverged"] if diverged else []
    told += [f"{len(failed)} FAILED"] if failed else []
    took = f"; this run took {duration_text(elapsed_s)}" if elapsed_s is not None else ""
    console.print(Text(f"study {standing.spec.name} is finished: {', '.join(told)}{took}"), soft_wrap=True)
    if best:
        console.print(Text(f"\nthe best {len(best)}" if len(best) > 1 else "\nthe best", style="bold"))
        console.print(trials_table(best, measure_name(standing.spec.objective.name)), "")
    if failed:
        console.print(Text(_failures(folder, failed)), soft_wrap=True)
    console.print(Text(f"results and curves: {folder.trials}"), soft_wrap=True)
    if best:
        further = {"more of them": ("top", folder.name, "-k", "10"), "as a page": ("report", folder.name)}
        for what, arguments in further.items():
            told = command_line("master", *arguments, *place_of(folder.root))
            console.print(Text(f"{what}: {told}"), soft_wrap=True)
    else:
        console.print(Text("once the cause is mended, the same command with --new tries the trials again"))


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
