"""What a real worker costs: its trials, a study that is new to it, the events that wake it, and its neighbours."""

import os
import statistics
import time
from pathlib import Path

from benchmarks.fleet import Fleet, cpu_s
from hyperspool.common import atomic
from hyperspool.common.file_kinds import PAUSE
from hyperspool.common.issues import Issue
from hyperspool.common.layout import StudyFolder
from hyperspool.common.wishes import wish

SETTLED_S = 0.1
"""By then a worker has looked at what has appeared."""


def alone(fleet: Fleet, trials: int) -> tuple[float, float]:
    """The CPU seconds of a trial, of the worker's parent and child, and the share of a core while one evaluates."""
    done = fleet.run("nothing", trials)
    trial_s = (done.cpu.parents_s + done.cpu.children_s) / trials
    rested = fleet.run("rest", 10)
    spent_s = rested.cpu.parents_s + rested.cpu.children_s - 10 * trial_s
    return trial_s, max(spent_s / rested.seconds, 0.0)


def crowding_of(root: Path, alone_s: float, workers: int = 32) -> float:
    """The share by which the CPU seconds of a trial grow with each further worker for each core.

    Args:
        root: of the fleet.
        alone_s: the CPU seconds of a trial of a second where one worker is alone.
        workers: how many.
    """
    with Fleet(root, workers) as fleet:
        fleet.gather()
        cpu = fleet.run("rest", 4 * workers, 'mode = "asynchronous"').cpu
    many_s = (cpu.parents_s + cpu.children_s) / (4 * workers)
    return max(many_s / alone_s - 1, 0.0) / ((workers - 1) / (os.cpu_count() or 1))


def joining_s(fleet: Fleet, trial_s: float, studies: int = 5) -> float:
    """The CPU seconds of a worker's parent for a study that is new to it, beyond its trials."""
    found: list[float] = []
    for _ in range(studies):
        before_s = cpu_s([fleet.processes[0].pid])
        fleet.run("nothing", 1)
        found.append(cpu_s([fleet.processes[0].pid]) - before_s)
    return max(statistics.median(found) - trial_s, 0.0)


def waking(fleet: Fleet, bursts: int = 40, jobs: int = 50) -> tuple[float, float]:
    """The CPU seconds of an idle worker for a look that an event causes, and for each event.

    Names of jobs appear in a study that is paused, first one by one, then many together.
    """
    folder = StudyFolder(fleet.root, "study-1")
    wish(folder, PAUSE)
    one_s, many_s = (_burst(fleet.processes[0].pid, folder, bursts, count) for count in (1, jobs))
    event_s = max((many_s - one_s) / (jobs - 1), 0.0)
    return max(one_s - event_s, 0.0), event_s


def _burst(worker: int, folder: StudyFolder, bursts: int, jobs: int) -> float:
    """The CPU seconds of a waiting worker after so many jobs have appeared."""
    paths = [folder.job(Issue(trial)) for trial in range(jobs)]
    found: list[float] = []
    for _ in range(bursts):
        before_s = cpu_s([worker])
        atomic.replace_many(dict.fromkeys(paths, b""))
        time.sleep(SETTLED_S)
        found.append(cpu_s([worker]) - before_s)
        for path in paths:
            atomic.remove(path)
    return statistics.median(found)
