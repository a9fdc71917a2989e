"""The worker: watch -> claim -> evaluate -> report -> release, until it is asked to stop."""

import logging
import os
import signal
import threading
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from errno import EEXIST, EISDIR, ELOOP, EMLINK, ENOENT, ENOTDIR, EXDEV
from pathlib import Path
from types import FrameType
from typing import TypeVar

from hyperspool.common.attempts import Loss
from hyperspool.common.claim import Claimant, Claims
from hyperspool.common.errors import FolderError
from hyperspool.common.locks import ClaimMode
from hyperspool.common.patience import until_possible
from hyperspool.common.records import Result, Status
from hyperspool.common.report import report
from hyperspool.common.watch import Appearance, FolderWatch, Wakeup
from hyperspool.worker.device import Device
from hyperspool.worker.evaluation import Evaluation
from hyperspool.worker.executor import Executor, Outcome
from hyperspool.worker.idleness import Idleness
from hyperspool.worker.messages import ChildSettings, DeviceFound, Stopped, Unable
from hyperspool.worker.presence import Presence
from hyperspool.worker.queue import ClaimedJob, JobQueue

RESCAN_S = 1.0
"""Seconds between looks at `jobs/` without an event; also how soon a killed worker's job is found free."""
URGENT_AFTER_S = 1.0
"""Signals that arrive within this time of the first are the same request."""

IN_THE_WAY = frozenset({EEXIST, EISDIR, ELOOP, EMLINK, ENOTDIR, EXDEV})
"""Somebody put something where a file or folder of the study belongs. That is no fault that passes, and must not keep a
worker from other studies."""

T = TypeVar("T")
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class WorkerSettings:
    """What the command line says.

    Attributes:
        root: the shared folder.
        study: serve this study alone; None: all.
        device: chosen already.
        objectives: the user's objectives.
        claim: serve only studies whose claims are exclusive in this way; None: as each study says.
        exit_when_idle: leave when nothing is open any more.
        exit_with_stdin: leave when standard input ends: how a local worker goes with the master that started it.
    """

    root: Path
    study: str | None
    device: Device
    objectives: tuple[tuple[str, str], ...]
    claim: ClaimMode | None
    exit_when_idle: bool
    exit_with_stdin: bool


class StopRequests:
    """Whether the process was asked to stop: by SIGTERM, SIGINT or the end of standard input.

    One stop often arrives as several: a signal to the whole process tree, and the end of standard input when the master
    obeys it. Only a second signal that comes later than `URGENT_AFTER_S` is somebody's impatience.
    """

    def __init__(self, bell: Wakeup) -> None:
        self.is_requested = False
        self.is_urgent = False
        self._first_signal_s: float | None = None
        self._bell = bell

    def listen(self, *, to_stdin: bool) -> None:
        """Take over the signals, and the end of standard input if asked to."""
        self._bell.ring_on_signals()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._on_signal)
        if to_stdin:
            threading.Thread(target=self._wait_for_end_of_stdin, daemon=True).start()

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        now_s = time.monotonic()
        if self._first_signal_s is None:
            self._first_signal_s = now_s
        self.is_requested = True
        self.is_urgent = now_s - self._first_signal_s > URGENT_AFTER_S

    def _wait_for_end_of_stdin(self) -> None:
        # Not by sys.stdin: a thread that holds its lock while the interpreter ends aborts the process.
        while os.read(0, 4096):
            pass
        self.is_requested = True
        self._bell.ring()


class Worker:
    """Serves jobs until it is stopped. `run` returns the process's exit status."""

    def __init__(self, settings: WorkerSettings, claimant: Claimant) -> None:
        self._settings = settings
        self._claimant = claimant
        self._bell = Wakeup()
        self._stop = StopRequests(self._bell)
        self._presence = Presence(claimant, settings.device.name, gpu=settings.device.visible or None)
        self._queue = JobQueue(settings.root, settings.study, settings.claim, Claims(claimant))
        child = ChildSettings(settings.device.in_child, settings.objectives, settings.root.absolute() / "data")
        self._executor = Executor(settings.device, child, self._bell, self._stop)

    def run(self) -> int:
        """Work until asked to stop, or until idle if the settings say so.

        Returns:
            0, or 2 if this worker was started for one study and cannot serve it.
        """
        self._stop.listen(to_stdin=self._settings.exit_with_stdin)
        try:
            with FolderWatch(self._bell) as watch:
                return self._serve(watch) if self._try_device() else 2
        finally:
            self._executor.close()
            self._presence.leave()

    def _try_device(self) -> bool:
        if not self._settings.device.is_gpu:
            return True
        answer = self._executor.probe_device()
        if isinstance(answer, DeviceFound):
            logger.info("using %s, %s", self._settings.device.name, answer.name)
        elif isinstance(answer, Unable):
            logger.error("%s cannot be used: %s", self._settings.device.name, answer.reason)
        return not isinstance(answer, Unable)

    def _serve(self, watch: FolderWatch) -> int:
        idleness = Idleness(self._settings.root, self._settings.study, is_leaving=self._settings.exit_when_idle)
        while not self._stop.is_requested:
            claimed = self._queue.next_claim()
            if claimed is not None:
                self._work_on(claimed)
                idleness.end()
                continue
            if self._settings.study in self._queue.unable:
                return 2
            self._follow(watch)
            self._presence.idle(self._queue.open_studies)
            if idleness.is_over(has_open=bool(self._queue.open_studies)):
                return 0
            self._bell.wait(RESCAN_S)
        logger.info("stopped")
        return 0

    def _follow(self, watch: FolderWatch) -> None:
        # Studies appear in jobs/, jobs in their study. What appeared before a folder was followed is found by the
        # rescan.
        folders = {folder.jobs: Appearance.RENAMED for folder in self._queue.studies}
        watch.follow({self._settings.root / "jobs": Appearance.FOLDER} | folders)

    def _work_on(self, claimed: ClaimedJob) -> None:
        evaluation = Evaluation(claimed, self._claimant, self._settings.device.name, self._presence)
        try:
            if claimed.is_exhausted:
                self._report(claimed, evaluation, evaluation.exhausted_result())
                return
            evaluation.announce()
            self._patiently(claimed.claim.start, evaluation)
            logger.info("%s: attempt %d", _name(claimed), claimed.claim.attempt.attempt)
            outcome = self._executor.evaluate(evaluation.request, evaluation)
            match evaluation.conclude(outcome):
                case Result() as result:
                    self._report(claimed, evaluation, result)
                case Loss() as loss:
                    self._patiently(lambda: claimed.claim.give_up(loss.kind, loss.reason), evaluation)
                    logger.warning("%s: %s; the trial will be tried again", _name(claimed), loss.reason)
                case None:
                    self._let_go(claimed, outcome)
        except FolderError:
            claimed.claim.unlock()
            raise
        except OSError as error:
            # The study is gone, the worker was asked to stop while the folder refuses, or no child could be started.
            # None of it is the trial's fault.
            logger.warning("%s is let go: %s (%s)", _name(claimed), error.strerror or error, error.filename)
            with suppress(OSError):
                claimed.claim.release()
            claimed.claim.unlock()
            self._bell.wait(RESCAN_S)

    def _report(self, claimed: ClaimedJob, evaluation: Evaluation, result: Result) -> None:
        is_first = self._patiently(lambda: _report_if_wanted(claimed, result, evaluation.curve), evaluation)
        if not is_first:
            logger.info("%s had a result already; this one was kept aside", _name(claimed))
        elif result.status is Status.FAILED and result.failure:
            logger.info("%s FAILED: %s", _name(claimed), result.failure.message)
        else:
            told = " (diverged)" if result.diverged else ""
            seconds = result.times.evaluation_s
            logger.info("%s COMPLETE: %.6g%s in %.1f s", _name(claimed), result.value, told, seconds)

    def _patiently(self, action: Callable[[], T], evaluation: Evaluation) -> T:
        # Whatever the folder's objection, finished training is not thrown away: somebody may put the folder right.
        claimed = evaluation.claimed
        return until_possible(
            action,
            f"worker {self._claimant.worker} with {_name(claimed)}",
            lambda: self._stop.is_requested,
            lambda pause_s: self._wait_and_beat(pause_s, evaluation),
            passes=lambda error: (
                not isinstance(error, FolderError) and error.errno not in IN_THE_WAY and not claimed.is_void
            ),
        )

    def _wait_and_beat(self, pause_s: float, evaluation: Evaluation) -> None:
        # The first heartbeat that the folder takes again tells the master that nobody was silent of his own accord.
        end_s = time.monotonic() + pause_s
        while not self._stop.is_requested and (left_s := end_s - time.monotonic()) > 0:
            self._bell.wait(min(left_s, RESCAN_S))
            evaluation.tick()

    def _let_go(self, claimed: ClaimedJob, outcome: Outcome) -> None:
        name = _name(claimed)
        match outcome:
            case Stopped():
                claimed.claim.release()
                told = "saved and free again" if outcome.is_saved else "free again, from where it was last saved"
                logger.info("%s is %s", name, told)
            case Unable():
                claimed.claim.release()
                self._queue.unable[claimed.job.study] = outcome.reason
                logger.error("cannot serve study %s: %s", claimed.job.study, outcome.reason)
            case _:
                claimed.claim.unlock()
                logger.warning("%s was taken over by another worker while this one was cut off", name)


def _report_if_wanted(claimed: ClaimedJob, result: Result, curve: bytes) -> bool:
    if claimed.is_void:
        raise FileNotFoundError(ENOENT, "the study was removed meanwhile", str(claimed.claim.folder.spec))
    return report(claimed.claim, result, curve)


def _name(claimed: ClaimedJob) -> str:
    return f"{claimed.job.study}/{claimed.claim.slot.name}"
