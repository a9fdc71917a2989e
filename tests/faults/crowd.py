"""`python -m tests.faults.crowd` measures the start of many workers at once and the cost of thousands of open jobs.

`Crowd` forks workers from a server that has imported everything, so that scores of them start within a second. They
evaluate in their own process; everything else is the worker's own code. The program starts real workers instead, with
two processes each.
"""

import argparse
import logging
import multiprocessing
import os
import resource
import sys
import tempfile
import time
from multiprocessing.process import BaseProcess
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from hyperspool.common import atomic
from hyperspool.common.claim import Claimant, Claims
from hyperspool.common.definitions import OwnObjectives
from hyperspool.common.issues import Issue
from hyperspool.common.layout import StudyFolder
from hyperspool.common.report import report
from hyperspool.master.studies.published import publish_study
from hyperspool.worker import child, loop
from hyperspool.worker.device import Device
from hyperspool.worker.executor import Listener
from hyperspool.worker.idleness import Waiting
from hyperspool.worker.messages import ChildSettings, Evaluate, Finished, Outcome
from hyperspool.worker.presence import Presence
from hyperspool.worker.queue import JobQueue
from hyperspool.worker.running_attempt import RunningAttempt
from tests.conftest import job_of, spec_of
from tests.processes import Processes, until

OBJECTIVES = OwnObjectives(("noted=tests.objectives:noted", "square=tests.objectives:square")).definitions()
logger = logging.getLogger("crowd")
_FORKS = multiprocessing.get_context("forkserver")
_FORKS.set_forkserver_preload([__name__])


class Inside:
    """An executor that evaluates in the worker's own process."""

    def evaluate(self, request: Evaluate, listener: Listener) -> Outcome:
        """Evaluate as a child does."""
        settings = ChildSettings("cpu", OBJECTIVES, Path("data"))
        return child.evaluate(request, settings, listener.hear, should_stop=lambda: False)

    def close(self) -> None:
        """Do nothing, because there is no child process."""


class Crowd:
    """Workers that start at once, each in a process of its own, and end with the block.

    Args:
        root: the shared folder.
        count: number of workers.
        notes: file for the lines of the objective `noted`.
    """

    def __init__(self, root: Path, count: int, notes: Path) -> None:
        ready = _FORKS.Barrier(count + 1)
        self._log = notes.with_name("crowd.log")
        self._processes: list[BaseProcess] = [
            _FORKS.Process(target=_serve, args=(root, f"crowd-{number}", notes, self._log, ready))
            for number in range(count)
        ]
        for process in self._processes:
            process.start()
        ready.wait()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for process in self._processes:
            process.terminate()
        for process in self._processes:
            process.join()

    @property
    def exit_statuses(self) -> set[int | None]:
        """The exit statuses of the workers; None for a worker that still runs."""
        return {process.exitcode for process in self._processes}

    @property
    def output(self) -> str:
        """The output of all workers so far."""
        return self._log.read_text(errors="replace") if self._log.exists() else ""


def _serve(root: Path, name: str, notes: Path, log: Path, ready: Any) -> None:
    descriptor = os.open(log, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o666)
    os.dup2(descriptor, 1)
    os.dup2(descriptor, 2)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    os.environ["NOTES"] = str(notes)
    device = Device("cpu", visible="")
    settings = loop.WorkerSettings(root, None, device, OBJECTIVES, None, waiting=Waiting(), exit_with_stdin=False)
    worker = loop.Worker(settings, Claimant(name))
    inside: Any = Inside()
    worker._executor = inside
    ready.wait()
    sys.exit(worker.run())


class Backlog:
    """A published study with many open jobs.

    Args:
        root: the shared folder.
        jobs: number of jobs.
    """

    def __init__(self, root: Path, jobs: int) -> None:
        self.folder = StudyFolder(root, "demo")
        self._spec = spec_of(trials=jobs)
        publish_study(self.folder, self._spec)
        for trial in range(0, jobs, 100):
            atomic.make_folder(self.folder.trial_folder(trial))
        for trial in range(jobs):
            atomic.replace(self.folder.job(Issue(trial)), job_of(trial).to_json(), durable=False)
        self._claimant = Claimant("lab-1")
        self._presence = Presence(self._claimant, "cpu")
        self._queue = JobQueue(root, None, None, Claims(self._claimant))

    def work_off(self, jobs: int) -> float:
        """Claim, start, report and clear some of the jobs; return the processor seconds per job."""
        begin_s = time.process_time()
        for _ in range(jobs):
            claimed = self._queue.next_claim()
            if claimed is None:
                raise RuntimeError("no open job was found")
            attempt = RunningAttempt(claimed, self._claimant, "cpu", self._presence)
            attempt.beat()
            claimed.claim.start()
            report(claimed.claim, attempt.result(Finished(0.5, is_diverged=False)), b"")
        return (time.process_time() - begin_s) / jobs


def _measure_start(workers: int, trials: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        for top in ("jobs", "results"):
            (root / top).mkdir()
        (root / "demo.toml").write_text(
            f'trials = {trials}\nbatch = {trials}\nobjective.name = "noted"\nbudget.epochs = 1\n'
            'space.x = { type = "float", low = 0, high = 1 }\n'
        )
        processes = Processes(root)
        folder = StudyFolder(root, "demo")
        try:
            begin_s = time.monotonic()
            for _ in range(workers):
                processes.worker(objective="noted")
            master = processes.master(root / "demo.toml")
            until(folder.all_finished, "the first result", root, deadline_s=600.0)
            first_s = time.monotonic() - begin_s
            processes.finish(master, deadline_s=600.0)
            message = "%d workers at once: first result after %.1f s, all %d results after %.1f s"
            logger.info(message, workers, first_s, trials, _since(begin_s))
        finally:
            processes.kill_all()


def _measure_backlog(jobs: int) -> None:
    with tempfile.TemporaryDirectory() as name:
        root = Path(name)
        begin_s = time.monotonic()
        backlog = Backlog(root, jobs)
        published_s = _since(begin_s)
        begin_s = time.monotonic()
        done = min(jobs, 1000)
        each_s = backlog.work_off(done)
        memory_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        message = (
            "%d open jobs: published in %.1f s; %.0f jobs/s by one worker, %.2f ms of processor each, %.0f MiB resident"
        )
        logger.info(message, jobs, published_s, done / _since(begin_s), 1000 * each_s, memory_mib)


def _since(begin_s: float) -> float:
    return time.monotonic() - begin_s


def main() -> None:
    """Measure and print the figures."""
    parser = argparse.ArgumentParser(prog="python -m tests.faults.crowd", description=__doc__)
    parser.add_argument("--workers", type=int, default=64, help="Start this many workers at once.")
    parser.add_argument("--trials", type=int, default=640, help="Publish this many trials for them.")
    parser.add_argument("--jobs", type=int, default=10_000, help="Keep this many jobs open at once.")
    options = parser.parse_args()
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stdout)
    for jobs in (100, options.jobs):
        _measure_backlog(jobs)
    _measure_start(options.workers, options.trials)


if __name__ == "__main__":
    main()
