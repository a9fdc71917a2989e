"""The worker: watch -> claim -> evaluate -> report -> release, until it is asked to stop."""

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from errno import EEXIST, EISDIR, ELOOP, EMLINK, ENOTDIR, EXDEV
from pathlib import Path
from typing import TypeVar

from hyperspool.common.claim import Claimant, Claims
from hyperspool.common.definitions import Definition
from hyperspool.common.errors import FolderError
from hyperspool.common.layout import StudyFolder
from hyperspool.common.locks import ClaimChoice
from hyperspool.common.patience import until_possible
from hyperspool.common.report import drop
from hyperspool.common.signals import STOPPED_STATUS
from hyperspool.common.watch import FolderWatch, Wakeup
from hyperspool.worker.attention import Attention
from hyperspool.worker.device import Device
from hyperspool.worker.early_child import EarlyChild
from hyperspool.worker.executor import Executor
from hyperspool.worker.idleness import RESCAN_S, Idleness, Waiting
from hyperspool.worker.lifetime import Life, Lifetime
from hyperspool.worker.messages import ChildSettings, DeviceFound, Failed, Finished, Outcome, Pruned, Stopped, Unable
from hyperspool.worker.presence import Presence
from hyperspool.worker.progress import is_further, with_progress
from hyperspool.worker.queue import ClaimedJob, JobQueue
from hyperspool.worker.reports import Reports
from hyperspool.worker.retries import Decision, decide, is_exhausted
from hyperspool.worker.running_attempt import RunningAttempt
from hyperspool.worker.stopping import StopRequests

IN_THE_WAY = frozenset({EEXIST, EISDIR, ELOOP, EMLINK, ENOTDIR, EXDEV})
"""Errors that mean that something stands where a file or folder of the study belongs. Such an error does not pass by
itself, and waiting for it would keep the worker from other studies."""

T = TypeVar("T")
logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class WorkerSettings:
    """The options of the command line.

    Attributes:
        root: the shared folder.
        study: serve this study alone; None: all.
        device: chosen already.
        objectives: the user's objectives.
        claim: serve only studies that claim in this way; None: claim as each study says.
        waiting: how long to wait for jobs.
        exit_with_stdin: leave when standard input ends, so that a local worker goes with the master that started it.
        life: the limits of the worker's life.
        stopped_status: the exit status after a request to stop while work is open.
        job: the scheduler's job that runs the worker, for people.
    """

    root: Path
    study: str | None
    device: Device
    objectives: tuple[Definition, ...]
    claim: ClaimChoice | None
    waiting: Waiting
    exit_with_stdin: bool
    life: Life = field(default_factory=Life)
    stopped_status: int = STOPPED_STATUS
    job: str | None = None


class Worker:
    """Serves jobs until it is stopped. `run` returns the process's exit status.

    Args:
        settings: the options of the command line.
        claimant: the worker as others see it.
        early: its first child, which has been started already; None: it is started for the first job.
    """

    def __init__(self, settings: WorkerSettings, claimant: Claimant, early: EarlyChild | None = None) -> None:
        self._settings = settings
        self._claimant = claimant
        self._bell = Wakeup()
        self._stop = StopRequests(self._bell)
        gpu = settings.device.visible or None
        self._presence = Presence(claimant, settings.device.name, gpu=gpu, job=settings.job)
        self._lifetime = Lifetime(settings.life)
        self._has_evaluated = self._has_released = self._has_gained = False
        self._queue = JobQueue(settings.root, settings.study, settings.claim, Claims(claimant))
        child = ChildSettings(settings.device.in_child, settings.objectives, settings.root.absolute() / "data")
        self._reports = Reports(self._patiently)
        self._attention = Attention(self._reports)
        self._executor = Executor(settings.device, child, self._bell, self._stop, early)
        self._executor.errands = self._attention

    def run(self) -> int:
        """Work until asked to stop, or until idle if the settings say so.

        Returns:
            0 if nothing is left to do, or the worker has evaluated as many trials as it was to; the settings'
            `stopped_status` if it was asked to stop, or its time is over, while work is open; 1 if its time is over and
            brought no trial further; 2 if the device cannot be used, or the worker can serve none of the studies that
            it was started for.
        """
        self._stop.listen(to_stdin=self._settings.exit_with_stdin)
        self._lifetime.watch(self._stop)
        try:
            with FolderWatch(self._bell) as watch:
                return self._serve(watch) if self._try_device() else 2
        finally:
            self._executor.close()
            self._presence.leave()

    def _try_device(self) -> bool:
        if not self._settings.device.is_gpu:
            return True
        if self._settings.study is not None:  # CUDA takes seconds, in which nobody should take this worker for missing
            self._presence.loading(StudyFolder(self._settings.root, self._settings.study))
        answer = self._executor.probe_device()
        if isinstance(answer, DeviceFound):
            logger.info("device %s: %s", self._settings.device.name, answer.name)
        elif isinstance(answer, Unable):
            logger.error("device %s cannot be used: %s", self._settings.device.name, answer.reason)
        return not isinstance(answer, Unable)

    def _serve(self, watch: FolderWatch) -> int:
        idleness = Idleness(self._settings.root, self._settings.study, self._settings.waiting)
        while not self._stop.is_requested:
            if self._lifetime.has_had_its_trials or self._lifetime.is_too_short:
                break
            claimed = self._next_claim()
            if claimed is not None:
                self._attention.begin(has_more=self._queue.has_more)
                self._work_on(claimed)
                idleness.end()
                continue
            if self._settings.study in self._queue.unable:
                return 2
            if self._attention.listen(watch, self._settings.root / "jobs", self._queue.studies):
                continue
            self._presence.idle(self._queue.open_studies)
            if idleness.is_over(has_open=bool(self._queue.open_studies), studies=self._queue.studies):
                return self._status_when_idle()
            self._bell.wait(idleness.pause_s(self._queue.listings))
        self._reports.flush()
        if self._lifetime.has_had_its_trials and not self._stop.is_requested:
            logger.info("all of this worker's trials are done; leaving")
            return 0
        is_short = self._lifetime.is_too_short and not self._stop.is_requested
        logger.info("no time is left to begin a trial; leaving" if is_short else "stopped")
        return self._status_when_stopped()

    def _status_when_stopped(self) -> int:
        if self._lifetime.is_over and self._has_released and not (self._has_evaluated or self._has_gained):
            logger.error("no trial came further in this worker's time; another worker needs more (--lifetime)")
            return 1
        return self._settings.stopped_status if self._has_released or self._queue.has_open() else 0

    def _next_claim(self) -> ClaimedJob | None:
        # While results wait, only a job of the last listing is taken: a new listing takes as long as to report them.
        if self._reports.can_wait and (claimed := self._queue.next_listed()):
            if claimed.job.continues is not None or claimed.job.starts_from is not None:
                self._reports.flush()  # which keeps the checkpoint that it goes on from
            return claimed
        self._reports.flush()
        return None if self._stop.is_requested else self._queue.next_claim()

    def _status_when_idle(self) -> int:
        if self._has_evaluated or self._queue.studies or not self._queue.unable:
            return 0
        logger.error("this worker can serve none of the studies here: %s", ", ".join(self._queue.unable))
        return 2

    def _work_on(self, claimed: ClaimedJob) -> None:
        claim = claimed.claim
        attempt = RunningAttempt(claimed, self._claimant, self._settings.device.name, self._presence)
        try:
            claim.history = with_progress(claim.history, claim.folder, claim.issue)
            if is_exhausted(claimed.spec.limits, claim.history):
                self._reports.add(attempt, attempt.exhausted_result())
                return
            attempt.beat()  # before START, so that everyone who reads of the claim finds the heartbeat of its worker
            self._patiently(claim.start, attempt)
            logger.info("%s: attempt %d started", claimed.name, claim.attempt.number)
            outcome = attempt.concluded(self._executor.evaluate(attempt.request, attempt))
            self._conclude(outcome, attempt)
            if isinstance(outcome, Stopped):
                self._has_released = True
                self._has_gained |= attempt.has_gained(outcome)
            elif not isinstance(outcome, Unable):
                self._has_evaluated = True
                self._lifetime.ended(attempt.seconds, attempt.new_epochs)
        except FolderError:  # the whole folder is unusable, so the worker ends
            claim.unlock()
            raise
        except OSError as error:
            # The study is gone, the worker was asked to stop while the folder refuses, or no child could be started.
            # None of this is the trial's fault, so the attempt does not count.
            logger.warning("%s: claim released: %s (%s)", claimed.name, error.strerror or error, error.filename)
            with suppress(OSError):
                claim.release()
            claim.unlock()
            self._bell.wait(RESCAN_S)

    def _conclude(self, outcome: Outcome, attempt: RunningAttempt) -> None:
        claimed, claim = attempt.claimed, attempt.claimed.claim
        came_further = isinstance(outcome, Failed) and is_further(claim.folder, claim.attempt)
        match decide(claimed.spec.limits, claim.history, outcome, is_further=came_further), outcome:
            case Decision.REPORT, Finished() | Failed() | Pruned() as ended:
                self._reports.add(attempt, attempt.result(ended))
            case Decision.RETRY, Failed() as failed:
                loss = attempt.loss(failed)
                self._patiently(lambda: claim.give_up(loss.kind, loss.reason), attempt)
                said = f"{loss.reason}; the trial will be retried{failed.printed}"
                logger.warning("%s: attempt failed: %s", claimed.name, said)
            case Decision.RELEASE, _:
                claim.release()
                self._say_released(claimed, outcome)
            case _:
                drop(claim)
                logger.warning("%s: attempt dropped: another worker took the claim over, or its trial", claimed.name)

    def _say_released(self, claimed: ClaimedJob, outcome: Outcome) -> None:
        match outcome:
            case Unable():
                self._queue.unable[claimed.job.study] = outcome.reason
                logger.error("study %s cannot be served: %s", claimed.job.study, outcome.reason)
            case Stopped(is_saved=True):
                logger.info("%s: claim released: saved", claimed.name)
            case Stopped(reason=reason) if reason:
                logger.info("%s: claim released: it ended after the request to stop: %s", claimed.name, reason)
            case _:
                logger.info("%s: claim released: not saved since the last checkpoint", claimed.name)

    def _patiently(self, action: Callable[[], T], attempt: RunningAttempt) -> T:
        # Whatever the folder refuses, finished training is not thrown away: somebody may put the folder right.
        claimed = attempt.claimed
        return until_possible(
            action,
            f"worker {self._claimant.worker} with {claimed.name}",
            lambda: self._stop.is_requested,
            lambda pause_s: self._wait_and_beat(pause_s, attempt),
            passes=lambda error: (
                not isinstance(error, FolderError) and error.errno not in IN_THE_WAY and not claimed.is_void
            ),
        )

    def _wait_and_beat(self, pause_s: float, attempt: RunningAttempt) -> None:
        # The first heartbeat that the folder accepts again shows the master that the worker was alive all the time.
        end_s = time.monotonic() + pause_s
        while not self._stop.is_requested and (left_s := end_s - time.monotonic()) > 0:
            self._bell.wait(min(left_s, RESCAN_S))
            attempt.beat()
