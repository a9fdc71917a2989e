"""What an objective sees of the trial that it evaluates: the interface for a user's own objectives.

`Trial` tells the whole of it, with an example.
"""

import math
import operator
import re
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol, SupportsFloat, SupportsIndex

from pydantic import ValidationError

from hyperspool.common.locks import ClaimMode
from hyperspool.common.records import MAX_EPOCHS, MAX_METRICS, EpochRecord, Seeds
from hyperspool.common.space import NAME_PATTERN, Params
from hyperspool.common.validation import explain, shown, unknown_key
from hyperspool.worker.checkpoint import Checkpoint

NUMBERS = ("training_loss", "validation_loss", "validation_error", "learning_rate", "momentum")
"""What an epoch's report may tell, besides its number and how long it took."""


class TrialStopped(Exception):  # noqa: N818 - not an error: the worker was asked to stop, and the objective obeys
    """Raised by an objective that saved its state because `should_stop` said so."""


@dataclass(frozen=True)
class Measured:
    """What an objective returns: its value, or that training diverged and the value is that of guessing.

    Attributes:
        value: what the search compares.
        is_diverged: whether training diverged.
        metrics: what else was measured, finite numbers by name; it stands in the result beside the value.
        model: of a final evaluation: the trained network, for its file.

    Raises:
        TypeError: a value is no number: a text, a truth value, None, an array of several numbers.
        ValueError: a value is not finite; a metric's name is none; there are more than `MAX_METRICS`.
    """

    value: float
    is_diverged: bool = False
    metrics: Mapping[str, float] = field(default_factory=dict)
    model: bytes | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "value", _as_finite(self.value, "the objective returned"))
        if len(self.metrics) > MAX_METRICS:
            raise ValueError(f"the objective returned {len(self.metrics)} metrics, expected at most {MAX_METRICS}")
        metrics = {
            _as_name(name): _as_finite(value, f"the objective returned, as its metric {name},")
            for name, value in self.metrics.items()
        }
        object.__setattr__(self, "metrics", metrics)


class Parent(Protocol):
    """The worker's parent process, as a trial speaks to it."""

    def began(self) -> None:
        """Preparation is over: the time limit counts from here."""

    def resumed(self, curve: Sequence[EpochRecord]) -> None:
        """The curve is this now: what a checkpoint brought along."""

    def epoch_done(self, record: EpochRecord) -> None:
        """The curve has grown by a line."""

    def should_stop(self) -> bool:
        """Whether the worker was asked to stop."""

    def save(self, checkpoint: Checkpoint) -> None:
        """Keep a checkpoint in place of the last one."""

    def checkpoints(self) -> Iterable[Checkpoint]:
        """The whole checkpoints of earlier attempts, latest first."""


@dataclass
class _Progress:
    """What the trial has reported so far."""

    since_s: float
    curve: list[EpochRecord] = field(default_factory=list)
    has_just_loaded: bool = False


@dataclass(frozen=True)
class Trial:
    """One trial, for an objective: a function `f(params, trial)` that returns the trial's value.

    A complete objective, which reports a curve and goes on where an earlier attempt was interrupted:

        import json

        def valley(params, trial):
            saved = trial.load()
            state = json.loads(saved) if saved else {"epoch": 0, "x": 0.0}
            while state["epoch"] < trial.epochs:
                state["x"] -= params["learning_rate"] * 2 * (state["x"] - 3)
                state["epoch"] += 1
                trial.report(validation_loss=(state["x"] - 3) ** 2)
                trial.save(json.dumps(state).encode())
            return (state["x"] - 3) ** 2

    The value may be anything that `float()` makes a finite number of (a NumPy scalar, a tensor of one number, a
    Decimal), but no text and no truth value. Anything else, and any error that the function raises, fails the trial,
    not the worker. An objective that wants to save in the middle of an epoch asks `should_stop` and raises
    `TrialStopped`; one that does not ask is ended 5 s after the worker was asked to stop, and goes on from its last
    checkpoint.

    Attributes:
        params: the hyperparameters; for a built-in objective with its defaults filled in.
        epochs: the budget.
        seeds: one seed per source of randomness; use them, and the same trial gives the same value again.
        device: `cpu` or `cuda:0`.
        threads: CPU threads to compute with.
        data: name of the data set, and its number of training examples (None: the usual); None if the study has none.
        data_folder: where data sets lie.
        claim: what makes a lock on a file of the shared folder exclusive.
        parent: the worker, for this class alone.
        clock: seconds that only go forward.
        is_final: whether the trial is to be trained on the validation part too and measured on the test part.
    """

    params: Params
    epochs: int
    seeds: Seeds
    device: str
    threads: int
    data: tuple[str, int | None] | None
    data_folder: Path
    claim: ClaimMode
    parent: Parent = field(repr=False)
    clock: Callable[[], float] = field(default=time.monotonic, repr=False)
    is_final: bool = False
    _progress: _Progress = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "_progress", _Progress(self.clock()))

    def report(
        self, *, epoch: SupportsIndex | None = None, seconds: SupportsFloat | None = None, **numbers: SupportsFloat
    ) -> None:
        """Add a line to the trial's curve.

        Args:
            epoch: its number, above the last one's. Default: the next one, also after `load`.
            seconds: how long it took. Default: since the last report, or since the evaluation began.
            **numbers: any of `training_loss`, `validation_loss`, `validation_error`, `learning_rate` and `momentum`:
                whatever `float()` takes, NaN and infinity included. What is left out is kept as NaN.

        Raises:
            TypeError: a name that is none of these, or a value that is no number.
            ValueError: an epoch that is not above the last one, or seconds that are negative or not finite.
        """
        for name in numbers:
            if name not in NUMBERS:
                raise TypeError(f"trial.report: {unknown_key(name, ['epoch', 'seconds', *NUMBERS])}")
        now_s = self.clock()
        values: dict[str, object] = {
            "epoch": self._next_epoch() if epoch is None else _as_epoch(epoch),
            "seconds": now_s - self._progress.since_s if seconds is None else _reported("seconds", seconds),
        }
        values |= {name: _reported(name, numbers.get(name, math.nan)) for name in NUMBERS}
        try:
            record = EpochRecord.model_validate(values)
        except ValidationError as error:
            raise ValueError(f"trial.report: {'; '.join(explain(error, EpochRecord))}") from None
        self.report_epoch(record)

    def save(self, payload: bytes) -> None:
        """Keep a checkpoint, with the curve so far, in place of this attempt's last one. Report an epoch, then save it.

        Raises:
            TypeError: `payload` is not bytes.
        """
        if not isinstance(payload, bytes):
            raise TypeError(
                f"trial.save takes bytes, found {shown(payload)} of type {type(payload).__name__}; make bytes of it, "
                "for example by json.dumps(...).encode(), or by torch.save into an io.BytesIO"
            )
        self.parent.save(Checkpoint(payload, tuple(self._progress.curve)))

    def load(self) -> bytes | None:
        """The latest whole checkpoint of an earlier attempt at this trial, or None if there is none.

        The curve goes on from there: the epochs that were reported before the checkpoint was saved belong to it, and
        `report` numbers on from the last of them. An objective that starts anew all the same reports `epoch=1`, and
        they are dropped. The checkpoint lies in the shared folder, where others may write: read it by something that
        runs no code, such as `json.loads` or `torch.load(..., weights_only=True)`, not by pickle.
        """
        for checkpoint in self.parent.checkpoints():
            self._resume(checkpoint.curve)
            self._progress.has_just_loaded = True
            return checkpoint.payload
        return None

    def should_stop(self) -> bool:
        """Whether to save and raise `TrialStopped` now. Cheap; ask between mini-batches."""
        return self.parent.should_stop()

    def begin(self, resumed: Sequence[EpochRecord] = ()) -> None:
        """For built-in objectives: to be called once, after preparation, with the epochs that a checkpoint brought."""
        self.parent.began()
        self._progress.since_s = self.clock()
        if resumed:
            self._resume(resumed)

    def report_epoch(self, record: EpochRecord) -> None:
        """For built-in objectives: `report` of a whole record.

        Raises:
            ValueError: its epoch is not above the last one, or there are `MAX_EPOCHS` already.
        """
        curve = self._progress.curve
        if len(curve) >= MAX_EPOCHS:
            raise ValueError(f"trial.report: a curve has at most {MAX_EPOCHS} epochs; report every tenth, say")
        if self._progress.has_just_loaded and record.epoch < self._next_epoch():
            self._resume([epoch for epoch in curve if epoch.epoch < record.epoch])
        elif record.epoch < self._next_epoch():
            raise ValueError(f"trial.report: epoch: found {record.epoch}, expected a number above {curve[-1].epoch}")
        self._progress.has_just_loaded = False
        self._progress.since_s = self.clock()
        self._progress.curve.append(record)
        self.parent.epoch_done(record)

    def saved(self) -> Iterable[bytes]:
        """For built-in objectives: all checkpoints of earlier attempts, latest first; the curve stays as it is."""
        return (checkpoint.payload for checkpoint in self.parent.checkpoints())

    def _resume(self, curve: Sequence[EpochRecord]) -> None:
        self._progress.curve = list(curve)
        self.parent.resumed(tuple(curve))

    def _next_epoch(self) -> int:
        return self._progress.curve[-1].epoch + 1 if self._progress.curve else 1


ObjectiveFunction = Callable[[Trial], Measured]


def _reported(name: str, value: SupportsFloat) -> float:
    return _as_number(value, f"trial.report: {name}: found", "a number")


def _as_epoch(value: SupportsIndex) -> int:
    if not _is_truth(value):
        with suppress(TypeError):
            return operator.index(value)
    raise TypeError(f"trial.report: epoch: found {shown(value)}, expected a whole number")


def _as_name(name: object) -> str:
    if isinstance(name, str) and re.fullmatch(NAME_PATTERN, name):
        return name
    raise ValueError(f"the objective returned a metric {shown(name)}, expected a name like ensemble_error")


def _as_finite(value: SupportsFloat, found: str) -> float:
    number = _as_number(value, found, "a finite number")
    if not math.isfinite(number):
        raise ValueError(f"{found} {number}, expected a finite number")
    return number


def _as_number(value: SupportsFloat, found: str, expected: str) -> float:
    # float() reads texts too, and takes True for 1.0; both are slips where a number is asked for.
    if not isinstance(value, str | bytes | bytearray) and not _is_truth(value):
        with suppress(Exception):  # arrays and tensors of several numbers raise errors of their libraries' own
            # float() of a loss that still has its graph works too, with a warning.
            return float(value.detach() if hasattr(value, "detach") else value)
    raise TypeError(f"{found} {shown(value)}, expected {expected}")


def _is_truth(value: object) -> bool:
    return isinstance(value, bool) or str(getattr(value, "dtype", "")) in {"bool", "torch.bool"}
