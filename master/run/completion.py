"""The one way from a study to its finished standing, for `run`, `finalize`, `lr-range-test` and confirmation."""

from collections.abc import Callable, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass

from hyperspool.common.layout import StudyFolder
from hyperspool.common.study_spec import StudySpec
from hyperspool.common.watch import Wakeup
from hyperspool.master.launch.local import LocalWorkers
from hyperspool.master.results.standing import Standing
from hyperspool.master.run.loop import Search, View, only_master
from hyperspool.master.run.stopping import stop_on_signals


@dataclass(frozen=True)
class Workers:
    """The workers that a command starts on this machine.

    Attributes:
        count: how many; 0: others do the work.
        objectives: the user's objectives, as the worker's command line takes them.
    """

    count: int = 0
    objectives: Sequence[str] = ()


def complete_study(
    folder: StudyFolder,
    spec: StudySpec,
    workers: Workers,
    make_view: Callable[[Standing], AbstractContextManager[View]],
    prepare: Callable[[], object] = lambda: None,
) -> Standing:
    """Evaluate what is missing of a published study, as its only master. Asked to stop, it returns what is there.

    Args:
        folder: the study's.
        spec: as published.
        workers: to start on this machine, if anything is missing.
        make_view: called only if anything is missing, before the workers start; it shows a person how it goes.
        prepare: called first, as the study's only master.

    Raises:
        StudyBusyError: another master runs the study.
        SearchError: the study cannot be finished.
    """
    bell = Wakeup()
    stopping = stop_on_signals(bell)
    with only_master(folder, spec.claim) as is_ours:
        prepare()
        search = Search(folder, spec, bell, lambda: bool(stopping) or not is_ours())
        if not search.resume():
            view = make_view(search.standing)
            with LocalWorkers(folder, workers.count, workers.objectives) as local, view as shown:
                search.run(shown, local.look_after)
    return search.standing
