"""How far running trials are: their last metrics, the time of an epoch, and the time left."""

import statistics
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass

from hyperspool.common.curve import parse_curve
from hyperspool.common.epochs import EpochRecord
from hyperspool.common.errors import ProtocolError
from hyperspool.common.heartbeat import WorkerRecord
from hyperspool.common.issues import AttemptName, Issue
from hyperspool.common.layout import StudyFolder
from hyperspool.common.reading import MAX_CURVE_BYTES, read_bytes

LAST_EPOCHS = 20
"""The time of an epoch is the median of so many, because the first ones are often slower."""
NO_OUTCOME = ("learning_rate", "momentum")
"""Metrics that say how training goes on, not how far it came."""


@dataclass(frozen=True)
class Progress:
    """How far a trial is.

    Attributes:
        epochs: the epochs that it is to have; None if that is unknown.
        recent: its last epochs, at most `LAST_EPOCHS`.
    """

    epochs: int | None
    recent: tuple[EpochRecord, ...] = ()

    @property
    def epoch_s(self) -> float | None:
        """The seconds of an epoch; None before the first one."""
        return statistics.median(record.seconds for record in self.recent) if self.recent else None

    @property
    def left_s(self) -> float | None:
        """An estimate of the seconds until its last epoch; None before the first one."""
        if self.epoch_s is None or not self.epochs:
            return None
        return max(self.epochs - self.recent[-1].epoch, 0) * self.epoch_s

    @property
    def metrics(self) -> dict[str, float]:
        """The metrics of its last epoch that say how far it came."""
        found = self.recent[-1].metrics if self.recent else {}
        return {name: number for name, number in found.items() if name not in NO_OUTCOME}


class ProgressReader:
    """Reads how far the workers of a study are. A curve is read again only once its worker reports another epoch.

    Args:
        folder: of the study.
    """

    def __init__(self, folder: StudyFolder) -> None:
        self._folder = folder
        self._read: dict[str, tuple[object, Progress]] = {}

    def of(self, worker: WorkerRecord) -> Progress:
        """Return how far the trial is that a worker evaluates."""
        state = (worker.trial, worker.rung, worker.issue, worker.attempt, worker.epoch)
        known = self._read.get(worker.worker)
        if known is None or known[0] != state:
            known = self._read[worker.worker] = state, Progress(worker.epochs, tuple(self._recent(worker)))
        return known[1]

    def _recent(self, worker: WorkerRecord) -> Sequence[EpochRecord]:
        if worker.trial is None or not worker.attempt:
            return ()
        attempt = AttemptName(Issue(worker.trial, worker.rung or 0, worker.issue or 1), worker.attempt)
        path = self._folder.running_curve(attempt)
        with suppress(OSError, ProtocolError):  # no epoch yet, or the trial has just ended
            header, *lines = read_bytes(path, MAX_CURVE_BYTES).splitlines(keepends=True)
            # A line more, because the last one may still be being written.
            return parse_curve(header + b"".join(lines[-LAST_EPOCHS - 1 :]), path, is_running=True)
        return ()
