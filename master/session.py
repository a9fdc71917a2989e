"""One `run`: from the command line's wish to a finished study, or to an interrupted one that says how to go on."""

import signal
from dataclasses import dataclass
from itertools import count
from pathlib import Path
from types import FrameType

from rich.console import Console
from rich.text import Text

from common.errors import FolderError
from common.layout import StudyFolder
from common.locks import ClaimMode, why_no_locks
from common.objectives import measure_name
from common.shared_folder import open_shared_folder
from common.study_spec import StudySpec
from common.watch import Wakeup
from master.command import command_line, each_with, place_of
from master.launch.local import LocalWorkers
from master.presets import Changes, find_study
from master.standing import Standing
from master.study import Search, only_master, publish_study
from master.tables import first_line, trials_table
from master.views import LiveView, PlainView

BEST_SHOWN = 3


@dataclass(frozen=True)
class RunOptions:
    """What the command line says.

    Attributes:
        root: the shared folder.
        study: a preset, a TOML file or a published study.
        changes: what to change in it.
        workers: how many to start on this machine.
        objectives: the user's objectives for those.
        is_new: start it under a new name.
    """

    root: Path
    study: str
    changes: Changes
    workers: int
    objectives: tuple[str, ...]
    is_new: bool


def run_session(console: Console, options: RunOptions) -> int:
    """Run or resume a study and print its result.

    Returns:
        The exit status: 0 if it is finished and at least one trial is complete, else 1.
    """
    root = options.root
    open_shared_folder(root)
    spec = find_study(options.study, root, options.changes)
    if options.is_new:
        spec = spec.model_copy(update={"name": _unused_name(root, spec.name)})
    if spec.claim is ClaimMode.LOCK and (reason := why_no_locks(root / "jobs")):
        raise FolderError(root.absolute(), f"{reason}; use --claim lease")
    folder = StudyFolder(root, spec.name)
    publish_study(folder, spec)
    standing = _search(console, folder, spec, options)
    if not standing.is_finished:
        console.print(Text(f"stopped; everything is kept. To go on: {_go_on(folder, options)}"), soft_wrap=True)
        return 1
    _print_result(console, folder, standing)
    return 0 if standing.incumbent else 1


def _search(console: Console, folder: StudyFolder, spec: StudySpec, options: RunOptions) -> Standing:
    bell = Wakeup()
    stopping = _stop_on_signals(bell)
    with only_master(folder, spec.claim) as is_ours:
        search = Search(folder, spec, bell, lambda: bool(stopping) or not is_ours())
        if search.resume():
            return search.standing
        console.print(Text(_headline(search.standing)), soft_wrap=True)
        view = (LiveView if console.is_terminal else PlainView)(console, spec, folder.root)
        with LocalWorkers(folder, options.workers, options.objectives) as local, view:
            search.run(view, local.look_after)
    return search.standing


def _stop_on_signals(bell: Wakeup) -> list[int]:
    bell.ring_on_signals()
    received: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        if received:  # asked a second time: do not wait for the workers
            raise KeyboardInterrupt
        received.append(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    return received


def _unused_name(root: Path, name: str) -> str:
    for number in count(2):
        folder = StudyFolder(root, f"{name}-{number}")
        if not folder.jobs.exists() and not folder.results.exists():
            return folder.name
    raise AssertionError("count() ends")


def _headline(standing: Standing) -> str:
    spec = standing.spec
    data = f" on {spec.data.name}" if spec.data else ""
    epochs = "1 epoch" if spec.budget.epochs == 1 else f"{spec.budget.epochs} epochs"
    done = f"; {len(standing.results)} are done" if standing.results else ""
    title = f": {spec.title}" if spec.title else ""
    return (
        f"study {spec.name}{title}\n"
        f"{spec.trials} trials of {spec.objective.name}{data}, {epochs} each, in batches of {spec.batch}{done}"
    )


def _go_on(folder: StudyFolder, options: RunOptions) -> str:
    arguments = ["run", folder.name, *place_of(folder.root)]
    arguments += ["--workers", str(options.workers)] if options.workers else []
    return command_line("master", *arguments, *each_with("--objective", options.objectives))


def _print_result(console: Console, folder: StudyFolder, standing: Standing) -> None:
    best = standing.best(BEST_SHOWN)
    failed = [result for result in standing.results.values() if result.failure]
    console.print(Text(f"study {standing.spec.name} is finished: {len(standing.results)} trials"), soft_wrap=True)
    if best:
        console.print(Text(f"\nthe best {len(best)}" if len(best) > 1 else "\nthe best", style="bold"))
        console.print(trials_table(best, measure_name(standing.spec.objective.name)), "")
    if failed:
        first = failed[0]
        reason = first_line(first.failure.message) if first.failure else ""
        console.print(Text(f"{len(failed)} trials FAILED; trial {first.trial}: {reason}"), soft_wrap=True)
    more = command_line("master", "top", folder.name, "-k", "10", *place_of(folder.root))
    console.print(Text(f"results and curves: {folder.trials}\nmore of them: {more}"), soft_wrap=True)
