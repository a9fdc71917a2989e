"""Results that are reported while the next trial is evaluated already, several together if they come fast.

Writing a result waits for the disk. So a worker that finds a job in its last listing begins it first, and reports when
the child has been busy for `RIPE_S`, or `MOST` results wait. So results of trials that take milliseconds share the
flush of their folder, and the child waits for the disk once for several; any other result is reported at once.

A result that waits is not lost with its worker: its claim is held, its job is there, and the trial is evaluated again.
"""

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from errno import ENOENT

from hyperspool.common.errors import FolderError
from hyperspool.common.patience import RETRY_S
from hyperspool.common.records import Result, Status
from hyperspool.common.report import Report, finish_report, write_results
from hyperspool.worker.executor import Errands
from hyperspool.worker.running_attempt import RunningAttempt

MOST = 16
RIPE_S = 0.02
"""Longer than several trials that take no time, with their claims, on a busy machine."""

logger = logging.getLogger(__name__)

Patiently = Callable[[Callable[[], bool], RunningAttempt], bool]
"""Does something, and repeats it while the folder refuses; see `worker.loop`."""


class _Waiting:
    """A result that waits."""

    def __init__(self, attempt: RunningAttempt, result: Result) -> None:
        self.attempt, self.claimed = attempt, attempt.claimed
        self.report = Report(attempt.claimed.claim, result, attempt.curve)
        self._is_said = False
        self.is_first: bool | None = None
        """Whether it became the evaluation's result; None: it is not written yet."""

    def say_why(self, error: OSError) -> None:
        """Log once why it goes on waiting."""
        if not self._is_said:
            self._is_said = True
            logger.warning("%s: its result waits: %s (%s)", self.claimed.name, error.strerror, error.filename)

    def finish(self) -> bool:
        """Write the result, unless it is written, and clear; raise FileNotFoundError if nobody wants it any more."""
        if self.claimed.is_void:
            raise FileNotFoundError(ENOENT, "the study was removed meanwhile", str(self.claimed.claim.folder.spec))
        if self.is_first is None:
            self.is_first = write_results([self.report])[0]
        return finish_report(self.report, is_first=self.is_first)


class Reports(Errands):
    """The results that wait to be reported by one worker.

    Args:
        patiently: how to wait for a folder that refuses.
        clock: seconds that only go forward.
    """

    def __init__(self, patiently: Patiently, clock: Callable[[], float] = time.monotonic) -> None:
        self._patiently, self._clock = patiently, clock
        self._waiting: list[_Waiting] = []
        self._ripe_s = float("inf")

    def add(self, attempt: RunningAttempt, result: Result) -> None:
        """Let a result wait."""
        if not self._waiting:
            self._ripe_s = self._clock() + RIPE_S
        self._waiting.append(_Waiting(attempt, result))

    @property
    def can_wait(self) -> bool:
        """Whether results wait, and one more may."""
        return 0 < len(self._waiting) < MOST

    def due_in_s(self) -> float:
        """How long they may still wait; infinite if there is none."""
        return max(self._ripe_s - self._clock(), 0.0)

    def do_if_due(self) -> None:
        """Report what has waited long enough. If the folder refuses, it waits `RETRY_S` longer."""
        if self._clock() < self._ripe_s:
            return
        self._ripe_s = self._clock() + RETRY_S
        self._write_together()
        while self._waiting:
            try:
                self._say(self._waiting[0], is_first=self._waiting[0].finish())
            except FolderError:
                raise
            except OSError as error:
                if not self._waiting[0].claimed.is_void:
                    self._waiting[0].say_why(error)
                    return
                self._drop(self._waiting[0], error)
            del self._waiting[0]
        self._ripe_s = float("inf")

    def flush(self) -> None:
        """Report all that wait; return when they are reported, or the worker was asked to stop and the folder refuses.

        Raises:
            FolderError: the whole folder is unusable.
        """
        self._write_together()
        waiting, self._waiting, self._ripe_s = self._waiting, [], float("inf")
        for each in waiting:
            try:
                self._say(each, is_first=self._patiently(each.finish, each.attempt))
            except FolderError:
                each.claimed.claim.unlock()
                raise
            except OSError as error:
                self._drop(each, error)

    def _write_together(self) -> None:
        fresh = [each for each in self._waiting if each.is_first is None and not each.claimed.is_void]
        if len(fresh) > 1:
            with suppress(OSError):  # then each is tried by itself
                for each, is_first in zip(fresh, write_results([each.report for each in fresh]), strict=True):
                    each.is_first = is_first

    def _drop(self, one: _Waiting, error: OSError) -> None:
        # The study is gone, or the worker was asked to stop while the folder refuses, or something stands in the way.
        # None of this is the trial's fault, so the attempt does not count.
        logger.warning("%s: claim released: %s (%s)", one.claimed.name, error.strerror or error, error.filename)
        with suppress(OSError):
            one.claimed.claim.release()
        one.claimed.claim.unlock()

    def _say(self, one: _Waiting, *, is_first: bool) -> None:
        claimed, result = one.claimed, one.report.result
        if not is_first:
            logger.info("%s: result kept aside: the trial had one already", claimed.name)
        elif result.status is Status.FAILED and result.failure:
            logger.info("%s: FAILED: %s", claimed.name, result.failure.message)
        else:
            note = " (diverged)" if result.diverged else ""
            seconds = result.times.evaluation_s
            status = result.status.value
            logger.info("%s: %s: %.6g%s in %.1f s", claimed.name, status, result.value, note, seconds)
