"""Workers for a study that another process runs: they share its trials, and this process watches."""

from hyperspool.common.layout import StudyFolder
from hyperspool.common.study_spec import StudySpec
from hyperspool.common.watch import Appearance, FolderWatch
from hyperspool.master.launch.local import LocalWorkers
from hyperspool.master.results.standing import Standing, read_standing
from hyperspool.master.results.state import is_master_running
from hyperspool.master.run.completion import Workers
from hyperspool.master.run.loop import View
from hyperspool.master.run.signals import StopSignals
from hyperspool.master.studies.published import read_published

LOOK_S = 0.5
"""Seconds between two looks at the study's results and workers."""


def assist(folder: StudyFolder, spec: StudySpec, workers: Workers, view: View, signals: StopSignals) -> Standing:
    """Run workers until each trial has a result, a signal asks to stop, or the other process is gone.

    Args:
        folder: the study's folder.
        spec: the study, with as many trials as are wanted now.
        workers: started on this machine.
        view: receives every result and every look.
        signals: ask to stop.
    """
    published = read_published(folder)
    seen = set(read_standing(folder, published).results)
    with LocalWorkers(folder, workers.count, workers.own) as local, FolderWatch(signals.bell) as watch:
        while True:
            standing = read_standing(folder, published)
            standing.spec = spec
            standing.results = {key: result for key, result in standing.results.items() if key[0] < spec.all_trials}
            standing.alive = {worker.worker for worker in standing.workers} - standing.silent
            for key in [key for key in standing.results if key not in seen]:
                seen.add(key)
                view.landed(standing, standing.results[key])
            if standing.is_finished or signals.received or not is_master_running(folder, spec.claim):
                return standing
            view.tick(standing)
            local.look_after()
            watch.follow(dict.fromkeys(folder.trial_folders(), Appearance.LINKED))
            signals.bell.wait(LOOK_S)
