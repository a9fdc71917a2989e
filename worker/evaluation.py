"""One evaluation, from START to REPORT or RELEASE: keeps the attempt's curve and heartbeat, and words the result."""

import logging
import math
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from hyperspool.common import atomic
from hyperspool.common.attempts import Loss
from hyperspool.common.claim import Claimant
from hyperspool.common.clock import now_text
from hyperspool.common.curve import read_curve, to_line, to_text
from hyperspool.common.errors import ProtocolError
from hyperspool.common.records import Attribution, EpochRecord, Failure, FailureKind, Result, Status, Times
from hyperspool.worker.executor import Lost, Outcome, TimedOut
from hyperspool.worker.messages import Began, EpochDone, Evaluate, Failed, Finished, Resumed, storable
from hyperspool.worker.neighbours import busy_neighbours
from hyperspool.worker.presence import Presence
from hyperspool.worker.queue import ClaimedJob

MAX_MESSAGE = 2000
"""Characters of a failure's message."""
MAX_REASON = 400
"""Characters of a failure's reason in the lock file."""

logger = logging.getLogger(__name__)


class Evaluation:
    """Follows the evaluation of one claimed job; the executor's observer."""

    def __init__(self, claimed: ClaimedJob, claimant: Claimant, device: str, presence: Presence) -> None:
        self.claimed = claimed
        self._claimant, self._device, self._presence = claimant, device, presence
        self._records: list[EpochRecord] = []
        self._resumed: tuple[EpochRecord, ...] = ()
        self._versions: dict[str, str] = {}
        self._began_s = time.monotonic()

    @property
    def request(self) -> Evaluate:
        """What the child is to do."""
        folder, attempt = self.claimed.claim.folder, self.claimed.claim.attempt
        is_first = attempt.attempt == 1 and attempt.slot.issue == 1
        earlier = () if is_first else tuple(folder.checkpoints_of(attempt.slot.trial))
        return Evaluate(self.claimed.spec, self.claimed.job, folder.checkpoint(attempt), earlier)

    def announce(self) -> None:
        """Show, before START, that this worker is about to evaluate: whoever reads of its claim finds its heartbeat."""
        self._show()

    def began(self, began: Began) -> None:
        """Preparation is over."""
        self._versions = began.versions
        self._show()

    def resumed(self, resumed: Resumed) -> None:
        """The curve begins with the epochs that a checkpoint brought along."""
        self._resumed = resumed.curve
        self._records = list(resumed.curve)
        if self._records:
            logger.info("%s goes on after epoch %d", self._name, _last_epoch(self._resumed))
        self._show()

    def epoch_done(self, done: EpochDone) -> None:
        """The curve has grown by a line."""
        self._records.append(done.record)
        with suppress(OSError):  # what is missing is written at the end
            if len(self._records) == len(self._resumed) + 1:
                atomic.replace(self._curve_path, to_text(self._records).encode(), durable=False)
            else:
                atomic.append_line(self._curve_path, to_line(done.record))
        self._show()

    def tick(self) -> bool:
        """Show that the worker lives; False if the claim is lost."""
        self._show()
        return self.claimed.claim.is_held

    def stopping(self) -> None:
        """The child has been asked to save and stop."""
        logger.info("stopping: saving %s (ask again to stop without)", self._name)

    @property
    def curve(self) -> bytes:
        """The attempt's curve, as a file holds it; empty if the objective reported no epoch."""
        return to_text(self._records).encode() if self._records else b""

    def conclude(self, outcome: Outcome) -> Result | Loss | None:
        """What an outcome amounts to: the trial's result, a failed attempt that leaves room for another, or neither.

        Call it once, when the attempt has just ended: it looks at who else needs the memory that has run out.
        """
        match outcome:
            case Finished():
                return self._result(Status.COMPLETE, outcome)
            case Failed():
                return self._setback(
                    outcome.kind, outcome.message, outcome.traceback, is_device_full=outcome.is_device_full
                )
            case TimedOut():
                return self._setback(
                    FailureKind.TIME_LIMIT, f"it ran longer than {outcome.limit_s:g} s and was stopped"
                )
            case Lost():
                return self._setback(outcome.kind, outcome.reason, is_device_full=outcome.is_device_full)
            case _:
                return None

    def exhausted_result(self) -> Result:
        """The result of a job whose attempts were lost with their workers: that of the last one, with its curve."""
        self.claimed.claim.take_over_last_attempt()
        with suppress(OSError, ProtocolError):
            self._records = read_curve(self._curve_path, is_running=True)
        return self._failed(FailureKind.WORKER_LOST)

    def _setback(
        self, kind: FailureKind, reason: str, traceback: str | None = None, *, is_device_full: bool = False
    ) -> Result | Loss:
        claim = self.claimed.claim
        is_shared = True
        if kind is FailureKind.OUT_OF_MEMORY:
            gpu = self._presence.gpu if is_device_full else None
            others = busy_neighbours(claim.folder.root, self._claimant, gpu)
            is_shared = bool(others)
            told = f"memory shared with {', '.join(others)}" if others else "no other trial shared the memory"
            reason = f"{reason.rstrip(': ')} ({told})"
        loss = Loss(claim.attempt.attempt, self._claimant.worker, storable(reason, MAX_REASON), kind)
        # What found no memory alone would find no more the next time.
        if is_shared and self.claimed.spec.limits.allows_retry(kind, claim.history.counts(loss)[kind]):
            return loss
        return self._failed(kind, reason, traceback, loss)

    def _failed(self, kind: FailureKind, reason: str = "", traceback: str | None = None, *last: Loss) -> Result:
        history = self.claimed.claim.history
        counts, told = history.counts(*last), history.told(*last)
        if kind is FailureKind.WORKER_LOST:
            times = "once" if counts[kind] == 1 else f"{counts[kind]} times"
            message = f"the process that evaluated it died {times}: {told}"
        elif history.losses:
            message = f"{reason}; all attempts: {told}"
        else:
            message = reason
        failure = Failure(kind=kind, message=storable(message, MAX_MESSAGE), traceback=traceback, counts=counts)
        return self._result(Status.FAILED, failure=failure)

    def _result(self, status: Status, finished: Finished | None = None, failure: Failure | None = None) -> Result:
        job, claim = self.claimed.job, self.claimed.claim
        measured = (record for record in self._records if math.isfinite(record.validation_error))
        best = min(measured, key=lambda record: record.validation_error, default=None)
        return Result.model_validate(
            {
                "study": job.study,
                "trial": job.trial,
                "issue": job.issue,
                "attempt": claim.attempt.attempt,
                "status": status,
                "value": finished.value if finished else None,
                "params": job.params,
                "budget": job.budget,
                "seeds": job.seeds,
                "stage": job.stage,
                "batch": job.batch,
                "epochs": len(self._records),
                "diverged": finished is not None and finished.is_diverged,
                "best_epoch": best.epoch if best else None,
                "best_value": best.validation_error if best else None,
                "metrics": dict(finished.metrics) if finished and finished.metrics else None,
                "model": finished.model if finished else None,
                "resumed_from_epoch": _last_epoch(self._resumed),
                "failure": failure,
                "attribution": Attribution(
                    worker=self._claimant.worker,
                    host=self._claimant.host,
                    pid=self._claimant.pid,
                    device=self._device,
                    threads=self.claimed.spec.objective.threads,
                    versions=self._versions,
                ),
                "times": Times(
                    published_at=job.published_at,
                    claimed_at=claim.claimed_at,
                    ended_at=now_text(),
                    evaluation_s=round(time.monotonic() - self._began_s, 6),
                    training_s=sum(record.seconds for record in self._records),
                ),
            }
        )

    @property
    def _name(self) -> str:
        return f"{self.claimed.job.study}/{self.claimed.claim.slot.name}"

    @property
    def _curve_path(self) -> Path:
        return self.claimed.claim.folder.running_curve(self.claimed.claim.attempt)

    def _show(self) -> None:
        claim = self.claimed.claim
        epochs = self.claimed.job.budget.epochs
        stale_s = self.claimed.spec.limits.stale_s
        self._presence.running(claim.folder, claim.attempt, _last_epoch(self._records), epochs, stale_s)


def _last_epoch(records: Sequence[EpochRecord]) -> int:
    return records[-1].epoch if records else 0
