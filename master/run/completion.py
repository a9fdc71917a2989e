"""Takes a published study to its finished standing, for `run`, `finalize`, `lr-range-test` and confirmation."""

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from dataclasses import dataclass, field

from hyperspool.common.definitions import OwnObjectives
from hyperspool.common.layout import StudyFolder
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.launch.local import STOP_S, LocalWorkers
from hyperspool.master.results.standing import Standing
from hyperspool.master.results.wording import counted
from hyperspool.master.run.alike import AlikeFailures, Watched
from hyperspool.master.run.loop import Search, View
from hyperspool.master.run.only_master import only_master
from hyperspool.master.run.signals import StopSignals
from hyperspool.master.studies.published import read_published

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Workers:
    """The workers that a command starts on this machine.

    Attributes:
        count: how many; 0 leaves the work to workers that are started elsewhere.
        own: the user's objectives.
    """

    count: int = 0
    own: OwnObjectives = field(default_factory=OwnObjectives)


def complete_study(
    folder: StudyFolder,
    spec: StudySpec,
    workers: Workers,
    make_view: Callable[[Standing], AbstractContextManager[View]],
    prepare: Callable[[], object] = lambda: None,
    signals: StopSignals | None = None,
) -> Standing:
    """Evaluate the missing trials of a published study, as its only master.

    A signal of `REQUESTS` ends it early; the standing then holds the results so far.

    Args:
        folder: the study's folder.
        spec: the study as published, perhaps with fewer trials.
        workers: started on this machine, if results are missing.
        make_view: makes the display of progress; called only if results are missing, before the workers start.
        prepare: called first, while this process is the study's only master.
        signals: what receives them, for a caller that asks it afterwards.

    Raises:
        StudyBusyError: another master runs the study.
        SearchError: the study cannot be finished, or its first trials have all failed alike.
    """
    with signals or StopSignals() as stop, only_master(folder, spec.claim) as is_ours:
        prepare()
        alike = AlikeFailures(spec, workers.count)

        def should_stop() -> bool:
            return bool(stop.received) or alike.are_enough or not is_ours()

        search = Search(folder, spec, stop.bell, should_stop, read_published(folder))
        if not search.resume():
            view = Watched(make_view(search.standing), alike)
            stop.announce = lambda: logger.info("%s", stopping_text(workers.count))
            with LocalWorkers(folder, workers.count, workers.own) as local, view as shown:

                def each_second() -> None:
                    local.look_after()
                    search.standing.loading = local.loading(search.standing.workers)

                search.run(shown, each_second)
    if alike.are_enough and not search.standing.is_finished:
        raise alike.error(folder)
    return search.standing


def stopping_text(count: int) -> str:
    """Say what a run does that was asked to stop.

    Args:
        count: the number of its local workers.
    """
    if not count:
        return "stopping: workers that were started elsewhere go on with their trials"
    do = "saves and leaves" if count == 1 else "save and leave"
    takes = f"in at most {STOP_S:g} s; Ctrl-C again does not wait for that"
    return f"stopping: {counted(count, 'local worker')} {do}, {takes}"
