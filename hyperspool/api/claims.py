"""The trials that this process has asked for: claims like a worker's, each with a heartbeat until it has its result."""

import atexit
import os
import threading
import time
import weakref
from contextlib import suppress

from hyperspool.common.claim import Claimant
from hyperspool.common.errors import UsageError
from hyperspool.common.issues import EvaluationKey
from hyperspool.common.patience import until_possible
from hyperspool.common.report import report
from hyperspool.worker.child import TrialParent, failure_of, trial_of
from hyperspool.worker.messages import ChildSettings, Failed, Finished, Progress
from hyperspool.worker.objectives.trial import Trial
from hyperspool.worker.presence import Presence
from hyperspool.worker.queue import ClaimedJob
from hyperspool.worker.retries import Decision, decide
from hyperspool.worker.running_attempt import RunningAttempt

DEVICE = "own process"
"""What results and heartbeats name as the device: what a person's own loop computes on is not known."""
BEAT_S = 0.5
"""Seconds between two looks at whether a heartbeat is due."""
REPORT_S = 60.0
"""How long a report waits for a folder that refuses, for example because the disk is full."""


class HeldTrial:
    """One trial that this process holds.

    Args:
        claimed: the claimed job. START has not happened yet.
        claimant: its name is used for this trial alone, because a heartbeat shows one trial.
    """

    def __init__(self, claimed: ClaimedJob, claimant: Claimant) -> None:
        self.claimed = claimed
        self._presence = Presence(claimant, DEVICE)
        self.attempt = RunningAttempt(claimed, claimant, DEVICE, self._presence)
        self._lock = threading.RLock()  # the heartbeat comes from another thread
        settings = ChildSettings("cpu", (), claimed.claim.folder.root.absolute() / "data")
        request = self.attempt.request
        self._parent = TrialParent(request, settings, self.hear, lambda: not claimed.claim.is_held)
        self.trial: Trial = trial_of(request, settings, self._parent)

    def start(self) -> None:
        """START: from here on the attempt counts, and the trial can report."""
        self.beat()  # before START, as a worker does
        self.claimed.claim.start()
        self.trial.begin()

    def hear(self, message: Progress) -> None:
        """Take in what the trial reports."""
        with self._lock:
            self.attempt.hear(message)

    def beat(self) -> None:
        """Show that this process lives."""
        with self._lock, suppress(OSError):
            self.attempt.tick()

    def conclude(self, outcome: Finished | Failed) -> None:
        """Write the result; or note a failure, if the study's limits allow another attempt.

        Raises:
            UsageError: the claim is lost, or the study was removed.
            OSError: the folder refuses; the claim is still held, and the call can be repeated.
        """
        claim, spec = self.claimed.claim, self.claimed.spec
        with self._lock:
            if self.claimed.is_void or not claim.is_held:
                self.leave()
                raise UsageError(f"trial {self.trial.number} is not this process's any more: {self._why_lost()}")
            ended = self.attempt.concluded(outcome)
            if isinstance(ended, Failed) and decide(spec.limits, claim.history, ended) is Decision.RETRY:
                loss = self.attempt.loss(ended)
                claim.give_up(loss.kind, loss.reason)
            elif isinstance(ended, Finished | Failed):
                result, end_s = self.attempt.result(ended), time.monotonic() + REPORT_S
                what = f"trial {self.trial.number}"
                until_possible(
                    lambda: report(claim, result, self.attempt.curve), what, lambda: time.monotonic() > end_s
                )
            self.leave()

    def report_exhausted(self) -> None:
        """Report a trial FAILED whose processes died too often, instead of starting it once more."""
        report(self.claimed.claim, self.attempt.exhausted_result(), self.attempt.curve)

    def give_back(self) -> None:
        """RELEASE: the attempt does not count."""
        with self._lock, suppress(OSError):
            self.claimed.claim.release()
        self.leave()

    def leave(self) -> None:
        """Hold the trial no longer, and remove its heartbeat."""
        self.claimed.claim.unlock()
        self._presence.leave()

    def finished(self, value: object) -> Finished:
        """The outcome with a value.

        Raises:
            TypeError: it is not a number.
            ValueError: it is not finite, or lacks a metric that the study asks for.
        """
        from hyperspool.worker.objectives.asked import with_asked
        from hyperspool.worker.objectives.measured import Measured

        measured = value if isinstance(value, Measured) else Measured(value)  # type: ignore[arg-type]  # it checks
        measured = with_asked(self.claimed.spec, measured, self.trial.curve)
        return Finished(measured.value, measured.is_diverged, measured.metrics, None, self._parent.kept_files())

    @staticmethod
    def failed(error: BaseException | str) -> Failed:
        """The outcome of an error."""
        return failure_of(error if isinstance(error, BaseException) else RuntimeError(error))

    def _why_lost(self) -> str:
        if self.claimed.is_void:
            return f"the study {self.claimed.job.study} was removed"
        return "another process took its lease over, because this one did not renew it in time"


class HeldTrials:
    """The trials of one study that this process holds. A thread keeps their heartbeats while there are any."""

    def __init__(self) -> None:
        self._held: dict[EvaluationKey, HeldTrial] = {}
        self._lock = threading.Lock()
        self._pid = os.getpid()
        self._thread: threading.Thread | None = None
        _ALL.add(self)

    def add(self, held: HeldTrial) -> None:
        """Hold another trial."""
        with self._lock:
            self._own()[held.claimed.job.evaluation] = held
            if self._thread is None:
                self._thread = threading.Thread(target=self._beat, name="hyperspool-heartbeat", daemon=True)
                self._thread.start()

    def get(self, key: EvaluationKey) -> HeldTrial | None:
        """The trial, if it is held."""
        with self._lock:
            return self._own().get(key)

    def of_number(self, number: int) -> HeldTrial | None:
        """The held trial of that number, on its highest rung."""
        with self._lock:
            keys = [key for key in self._own() if key[0] == number]
            return self._held[max(keys)] if keys else None

    def remove(self, held: HeldTrial) -> None:
        """Hold it no longer."""
        with self._lock:
            self._own().pop(held.claimed.job.evaluation, None)

    def evaluations(self) -> set[EvaluationKey]:
        """Trial and rung of each."""
        with self._lock:
            return set(self._own())

    def give_all_back(self) -> None:
        """Release all; the attempts do not count."""
        with self._lock:
            left = list(self._own().values())
            self._held.clear()
        for held in left:
            held.give_back()

    def _own(self) -> dict[EvaluationKey, HeldTrial]:
        if self._pid != os.getpid():  # a fork: it holds no lock of its parent's
            self._held, self._thread, self._pid = {}, None, os.getpid()
        return self._held

    def _beat(self) -> None:
        while True:
            with self._lock:
                held = list(self._held.values())
                if not held:
                    self._thread = None
                    return
            for each in held:
                each.beat()
            time.sleep(BEAT_S)


_ALL: "weakref.WeakSet[HeldTrials]" = weakref.WeakSet()


@atexit.register
def _leave() -> None:
    # A program that ends in good order gives back what it did not tell. One that dies gives it back too: the kernel
    # frees its locks, and the attempt then counts as lost.
    for held in list(_ALL):
        held.give_all_back()
