"""One attempt in the parent, from START to REPORT or RELEASE: its curve, heartbeat and result."""

import logging
import math
import time
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import replace
from pathlib import Path

from hyperspool.common import atomic
from hyperspool.common.attempts import Loss
from hyperspool.common.claim import Claimant
from hyperspool.common.clock import now_text
from hyperspool.common.curve import read_curve, to_line, to_text
from hyperspool.common.epochs import EpochRecord, best_epoch, metric_names
from hyperspool.common.errors import ProtocolError
from hyperspool.common.file_kinds import ATTEMPT_LOG
from hyperspool.common.output import last_lines_of
from hyperspool.common.records import Attribution, Failure, FailureKind, Result, Status, Times
from hyperspool.common.stops import reason_to_stop
from hyperspool.worker.attempt_output import AttemptOutput
from hyperspool.worker.executor import Listener
from hyperspool.worker.messages import (
    Began,
    EpochAmended,
    EpochDone,
    Evaluate,
    Failed,
    Finished,
    LeftBehind,
    Outcome,
    Progress,
    Pruned,
    Resumed,
    Stop,
    Stopped,
    storable,
)
from hyperspool.worker.neighbours import busy_neighbours
from hyperspool.worker.presence import Presence
from hyperspool.worker.progress import is_further
from hyperspool.worker.queue import ClaimedJob
from hyperspool.worker.request import request_for

MAX_MESSAGE = 2000
"""Characters of a failure's message."""
LOOK_S = 0.9
"""Seconds between two looks for a stop file: less than a second, and more than one tick of the executor."""
MAX_REASON = 400
"""Characters of a failure's reason in the lock file."""

logger = logging.getLogger(__name__)


class RunningAttempt(Listener):
    """Follows one attempt at a claimed job: hears the child, and turns the outcome into a result."""

    def __init__(self, claimed: ClaimedJob, claimant: Claimant, device: str, presence: Presence) -> None:
        self.claimed = claimed
        self._claimant, self._device, self._presence = claimant, device, presence
        self._records: list[EpochRecord] = []
        self._written: tuple[str, ...] | None = None
        """The metrics in the header of the running curve; None: there is no such file yet."""
        self._resumed: tuple[EpochRecord, ...] = ()
        self._versions: dict[str, str] = {}
        self._began_s = time.monotonic()
        self._looked_s = self._began_s
        self._given_up: str | None = None
        """Why the master wants this attempt to end; None if it does not."""
        claim = claimed.claim
        self._output = AttemptOutput(claim.folder.path(ATTEMPT_LOG, claim.attempt))

    @property
    def request(self) -> Evaluate:
        """The request to the child."""
        return request_for(self.claimed)

    def hear(self, message: Progress | Stop) -> None:
        """Take in a message from the child, or the request to stop that was sent to it."""
        match message:
            case Began():
                self._versions = message.versions
            case Resumed():
                self._resumed = message.curve
                self._records, self._written = list(message.curve), None
                if self._records:
                    logger.info("%s: resumed after epoch %d", self.claimed.name, _last_epoch(self._resumed))
            case EpochDone():
                self._add_to_curve(message.record)
            case EpochAmended():
                self._records[-1:] = [message.record]
                self._write_curve()
            case LeftBehind():
                self._say_left_behind(message)
            case Stop() if self._given_up:
                logger.info("%s: ending: %s", self.claimed.name, self._given_up)
            case Stop():
                logger.info("%s: saving before the worker stops (ask again to stop at once)", self.claimed.name)
        self.beat()

    def _say_left_behind(self, left: LeftBehind) -> None:
        if left.processes:
            logger.info("%s: ended what it left behind: %s", self.claimed.name, "; ".join(left.processes))
        if left.threads:
            threads = ", ".join(left.threads)
            logger.info(
                "%s: left threads, which end with their process, before the next trial: %s", self.claimed.name, threads
            )

    def take(self, output: bytes) -> None:
        """Take in what the attempt printed."""
        self._output.take(output)

    def beat(self) -> None:
        """Show in the heartbeat that this worker evaluates the trial, and how far it is."""
        claim, stale_s = self.claimed.claim, self.claimed.spec.limits.stale_s
        epoch, epochs = _last_epoch(self._records), self.claimed.job.budget.epochs
        software = {"versions": self._versions or None, "code": self.code}
        self._presence.running(claim.folder, claim.attempt, epoch, epochs, stale_s, **software)

    def tick(self) -> bool:
        """Beat; return whether the claim is still held."""
        self.beat()
        self._output.keep_up()
        return self.claimed.claim.is_held

    def is_pruned(self) -> bool:
        """Whether there is a stop file of this issue. Looks once in `LOOK_S`, in a study with `pruning`."""
        claim, now_s = self.claimed.claim, time.monotonic()
        if self.claimed.spec.pruning and not self._given_up and now_s - self._looked_s >= LOOK_S:
            self._looked_s = now_s
            with suppress(OSError):  # a folder that cannot be listed now is no reason to let the claim go
                self._given_up = reason_to_stop(claim.folder, claim.issue)
        return self._given_up is not None

    def _with_verdict(self, outcome: Outcome) -> Outcome:
        # An attempt that was given up has ended on request, saved or killed. Without a number it is not worth a result,
        # and the next attempt meets the same stop file after its first epoch.
        if not (self._given_up and isinstance(outcome, Stopped)):
            return outcome
        metric = self.claimed.spec.objective.epoch_metric or ""
        numbers = [number for record in self._records if math.isfinite(number := record.metric(metric))]
        return Pruned(numbers[-1]) if numbers else outcome

    @property
    def curve(self) -> bytes:
        """The attempt's curve, as a file holds it; empty if the objective reported no epoch."""
        return to_text(self._records).encode() if self._records else b""

    def concluded(self, outcome: Outcome) -> Outcome:
        """Close the attempt's log; add to a failure what was printed last, and which trials shared the memory.

        Call it when the attempt has just ended, because heartbeats show only who computes now.
        """
        self._output.close()
        outcome = self._with_neighbours(self._with_verdict(outcome))
        return replace(outcome, last_lines=self._output.last_lines()) if isinstance(outcome, Failed) else outcome

    def _with_neighbours(self, outcome: Outcome) -> Outcome:
        if not (isinstance(outcome, Failed) and outcome.kind is FailureKind.OUT_OF_MEMORY):
            return outcome
        gpu = self._presence.gpu if outcome.is_device_full else None
        others = busy_neighbours(self.claimed.claim.folder.root, self._claimant, gpu)
        note = f"memory shared with {', '.join(others)}" if others else "no other trial shared the memory"
        message = f"{outcome.message.rstrip(': ')} ({note})"
        return replace(outcome, message=message, is_memory_shared=bool(others))

    def loss(self, failed: Failed) -> Loss:
        """The failed attempt as the lock file counts it."""
        attempt = self.claimed.claim.attempt.number
        return Loss(attempt, self._claimant.worker, storable(failed.message, MAX_REASON), failed.kind)

    def result(self, outcome: Finished | Failed | Pruned) -> Result:
        """The trial's result."""
        if isinstance(outcome, Failed):
            return self._failed(outcome, self.loss(outcome))
        if isinstance(outcome, Pruned):
            return self._result(Status.PRUNED, value=outcome.value)
        metrics = dict(outcome.metrics) or None
        return self._result(
            Status.COMPLETE,
            value=outcome.value,
            diverged=outcome.is_diverged,
            metrics=metrics,
            model=outcome.model,
            files=outcome.files or None,
        )

    def exhausted_result(self) -> Result:
        """The result of a job whose workers died too often: FAILED, in the name of the last attempt, with its curve."""
        self.claimed.claim.take_over_last_attempt()
        with suppress(OSError, ProtocolError):
            self._records = read_curve(self._curve_path, is_running=True)
        lines = last_lines_of(self.claimed.claim.folder.path(ATTEMPT_LOG, self.claimed.claim.attempt))
        return self._failed(Failed(FailureKind.WORKER_LOST, "", last_lines=lines))

    def _failed(self, failed: Failed, *last: Loss) -> Result:
        history = self.claimed.claim.history
        counts, attempts = history.counts(*last), history.summary(*last)
        message = failed.message
        if failed.kind is FailureKind.WORKER_LOST:
            times = "once" if counts[failed.kind] == 1 else f"{counts[failed.kind]} times"
            message = f"the process that evaluated it died {times}: {attempts}"
        elif history.losses:
            message += f"; all attempts: {attempts}"
        failure = Failure(
            kind=failed.kind,
            message=storable(message, MAX_MESSAGE) + failed.printed,
            traceback=failed.traceback,
            counts=counts,
        )
        return self._result(Status.FAILED, failure=failure, files=failed.files or None)

    def _result(self, status: Status, **ending: object) -> Result:
        job, claim = self.claimed.job, self.claimed.claim
        best = best_epoch(self._records, self.claimed.spec.objective) or (None, None)
        return Result.model_validate(
            {
                "study": job.study,
                "trial": job.trial,
                "rung": job.rung,
                "issue": job.issue,
                "attempt": claim.attempt.number,
                "status": status,
                "params": job.params,
                "budget": job.budget,
                "horizon": job.horizon,
                "starts_from": job.starts_from,
                "seeds": job.seeds,
                "stage": job.stage,
                "batch": job.batch,
                "epochs": len(self._records),
                "best_epoch": best[0],
                "best_value": best[1],
                "resumed_from_epoch": _last_epoch(self._resumed),
                "attribution": Attribution(
                    worker=self._claimant.worker,
                    host=self._claimant.host,
                    pid=self._claimant.pid,
                    device=self._device,
                    threads=self.claimed.spec.objective.threads,
                    versions=self._versions,
                    code=self.code,
                ),
                "times": Times(
                    published_at=job.published_at,
                    claimed_at=claim.claimed_at,
                    ended_at=now_text(),
                    evaluation_s=round(self.seconds, 6),
                    training_s=sum(record.seconds for record in self._records),
                ),
            }
            | ending
        )

    @property
    def seconds(self) -> float:
        """Since the attempt began."""
        return time.monotonic() - self._began_s

    @property
    def new_epochs(self) -> int:
        """The epochs that this attempt has gone through."""
        return len(self._records) - len(self._resumed)

    def has_gained(self, stopped: Stopped) -> bool:
        """Return whether this attempt, which was stopped, came further than those before it, as far as one can know."""
        if not self._records:  # it reports no epochs
            return stopped.is_saved
        attempt = self.claimed.claim.attempt
        return self.new_epochs > 0 and (attempt.number == 1 or is_further(self.claimed.claim.folder, attempt))

    def _add_to_curve(self, record: EpochRecord) -> None:
        self._records.append(record)
        if self._written is not None and record.metrics.keys() <= set(self._written):
            with suppress(OSError):  # REPORT writes the whole curve again, so a missing line costs nothing
                atomic.append_line(self._curve_path, to_line(record, self._written))
        else:  # the first line, with the resumed ones before it, or a metric that the header lacks
            self._write_curve()

    def _write_curve(self) -> None:
        self._written = None
        with suppress(OSError):  # the next epoch tries again
            atomic.replace(self._curve_path, to_text(self._records).encode(), durable=False)
            self._written = metric_names(self._records)

    @property
    def _curve_path(self) -> Path:
        return self.claimed.claim.folder.running_curve(self.claimed.claim.attempt)


def _last_epoch(records: Sequence[EpochRecord]) -> int:
    return records[-1].epoch if records else 0
