"""One evaluation, from START to REPORT or RELEASE: keeps the attempt's curve and heartbeat, and words the result."""

import logging
import math
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path

from common import atomic
from common.attempts import Loss
from common.claim import Claimant
from common.clock import now_text
from common.curve import read_curve, to_line, to_text
from common.errors import ProtocolError
from common.records import Attribution, EpochRecord, Failure, FailureKind, Result, Status, Times
from worker.executor import Lost, Outcome, TimedOut
from worker.messages import Began, EpochDone, Evaluate, Failed, Finished, Resumed, storable
from worker.presence import Presence
from worker.queue import ClaimedJob

MAX_MESSAGE = 2000
"""Characters of a failure's message."""

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

    def result(self, outcome: Outcome) -> Result | None:
        """The result that an outcome amounts to, or None if it ends the attempt without one."""
        match outcome:
            case Finished():
                return self._result(Status.COMPLETE, value=outcome.value, is_diverged=outcome.is_diverged)
            case Failed():
                return self._failed(outcome.kind, outcome.message, outcome.traceback)
            case TimedOut():
                return self._failed(FailureKind.TIME_LIMIT, f"it ran longer than {outcome.limit_s:g} s and was stopped")
            case Lost() if self.claimed.claim.history.counted + 1 >= self.claimed.spec.limits.max_attempts:
                return self._failed(FailureKind.WORKER_LOST, self._losses(outcome.reason))
            case _:
                return None

    def exhausted_result(self) -> Result:
        """The result of a job whose attempts were all lost with their workers: the last of them, with its curve."""
        self.claimed.claim.take_over_last_attempt()
        with suppress(OSError, ProtocolError):
            self._records = read_curve(self._curve_path, is_running=True)
        return self._failed(FailureKind.WORKER_LOST, self._losses())

    def _losses(self, now: str | None = None) -> str:
        history, attempt = self.claimed.claim.history, self.claimed.claim.attempt.attempt
        this = (Loss(attempt, self._claimant.worker, now),) if now else ()
        count = history.counted + len(this)
        times = "once" if count == 1 else f"{count} times"
        return f"the process that evaluated it died {times}: {history.losses(*this)}"

    def _failed(self, kind: FailureKind, message: str, traceback: str | None = None) -> Result:
        failure = Failure(kind=kind, message=storable(message, MAX_MESSAGE), traceback=traceback)
        return self._result(Status.FAILED, failure=failure)

    def _result(
        self,
        status: Status,
        *,
        value: float | None = None,
        is_diverged: bool = False,
        failure: Failure | None = None,
    ) -> Result:
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
                "value": value,
                "params": job.params,
                "budget": job.budget,
                "seeds": job.seeds,
                "epochs": len(self._records),
                "diverged": is_diverged,
                "best_epoch": best.epoch if best else None,
                "best_value": best.validation_error if best else None,
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
