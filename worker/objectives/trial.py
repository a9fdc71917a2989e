"""What an objective sees of the trial that it evaluates."""

import math
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from common.locks import ClaimMode
from common.records import EpochRecord, Seeds
from common.space import Params


class TrialStopped(Exception):  # noqa: N818 - not an error: the worker was asked to stop, and the objective obeys
    """Raised by an objective that saved its state because `should_stop` said so."""


@dataclass(frozen=True)
class Measured:
    """What an objective returns: its value, or that training diverged and the value is that of guessing.

    Raises:
        ValueError: the value is not a finite number.
    """

    value: float
    is_diverged: bool = False

    def __post_init__(self) -> None:
        value = self.value
        if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
            raise ValueError(f"the objective returned {value!r:.100}, expected a finite number")
        object.__setattr__(self, "value", float(value))


@dataclass(frozen=True)
class Trial:
    """One trial, for an objective.

    Attributes:
        params: the hyperparameters; for a built-in objective with its defaults filled in.
        epochs: the budget.
        seeds: one seed per source of randomness; use them, and the same trial gives the same value again.
        device: `cpu` or `cuda:0`.
        threads: CPU threads to compute with.
        data: name of the data set, and its number of training examples (None: the usual); None if the study has none.
        data_folder: where data sets lie.
        claim: what makes a lock on a file of the shared folder exclusive.
        begin: to be called once, after preparation, with the epochs that a checkpoint brought along.
        report: to be called with every epoch.
        should_stop: whether to save and raise `TrialStopped` now. Cheap; ask between mini-batches.
        save: keeps a checkpoint in place of the last one.
        saved: the checkpoints that earlier attempts left, latest first.
    """

    params: Params
    epochs: int
    seeds: Seeds
    device: str
    threads: int
    data: tuple[str, int | None] | None
    data_folder: Path
    claim: ClaimMode
    begin: Callable[[Sequence[EpochRecord]], None]
    report: Callable[[EpochRecord], None]
    should_stop: Callable[[], bool]
    save: Callable[[bytes], None]
    saved: Callable[[], Iterable[bytes]]


ObjectiveFunction = Callable[[Trial], Measured]
