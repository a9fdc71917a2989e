"""One epoch of a curve: its number, its time, and the metrics that were reported after it, under any names."""

import math
import re
from collections.abc import Iterable, Sequence
from typing import Annotated, Self

from pydantic import ConfigDict, Field, model_validator

from hyperspool.common.records import MAX_EPOCHS, MAX_METRICS, Record
from hyperspool.common.space import NAME_PATTERN
from hyperspool.common.study_objective import Objective
from hyperspool.common.validation import shown

VALIDATION_ERROR = "validation_error"
RESERVED_NAMES = ("trial", "rung", "setting", "replicate", "epoch", "seconds", "elapsed_s")
"""Names that no metric may have: in tables of a study's curves they are columns beside the metrics."""
MAX_NUMBERS = 5 * MAX_EPOCHS
"""Limit of a curve's epochs times its metrics. With `MAX_EPOCHS` it bounds the curve's file and its readers' memory."""


class EpochRecord(Record):
    """One line of a curve."""

    model_config = ConfigDict(allow_inf_nan=True)

    epoch: Annotated[int, Field(ge=1, lt=2**31)]
    """Greater than the epoch of the line before."""
    seconds: Annotated[float, Field(ge=0, lt=1e9, allow_inf_nan=False)]
    """Wall-clock time of this epoch: training and validation, without saving the checkpoint."""
    metrics: dict[Annotated[str, Field(pattern=NAME_PATTERN)], float]
    """What was reported after this epoch, by name. NaN and infinity are numbers that were reported; a metric that was
    not reported is left out. The networks report their losses, `validation_error` (the fraction of the validation part
    that is misclassified), `learning_rate` and `momentum`."""

    @classmethod
    def of(cls, *, epoch: int, seconds: float, **metrics: float) -> Self:
        """Make a record; its metrics are the other keywords.

        Raises:
            pydantic.ValidationError: a number or a name is not allowed.
        """
        return cls(epoch=epoch, seconds=seconds, metrics=metrics)

    def metric(self, name: str) -> float:
        """A metric's number; NaN if it was not reported."""
        return self.metrics.get(name, math.nan)

    @model_validator(mode="after")
    def _check_names(self) -> Self:
        reserved = next((name_problem(name) for name in self.metrics if name in RESERVED_NAMES), None)
        if problem := reserved or size_problem(1, len(self.metrics)):
            raise ValueError(problem)
        return self


def name_problem(name: object) -> str | None:
    """Why a metric cannot have this name; None if it can."""
    if not (isinstance(name, str) and re.fullmatch(NAME_PATTERN, name)):
        expected = "a name like val_accuracy: a letter, then letters, digits and underscores, at most 64 in all"
        return f"found a metric {shown(name)}, expected {expected}"
    if name in RESERVED_NAMES:
        return f"found a metric {name}, but no metric may be called {', '.join(RESERVED_NAMES)}; choose another name"
    return None


def size_problem(epochs: int, metrics: int) -> str | None:
    """Why a curve cannot have so many epochs of so many metrics; None if it can."""
    if epochs > MAX_EPOCHS:
        return f"found {epochs} epochs, expected at most {MAX_EPOCHS} in a curve"
    if metrics > MAX_METRICS:
        return f"found {metrics} different metrics, expected at most {MAX_METRICS} in a curve"
    if epochs * metrics > MAX_NUMBERS:
        return f"found {epochs} epochs of {metrics} metrics, expected at most {MAX_NUMBERS} numbers in a curve"
    return None


def metric_names(records: Iterable[EpochRecord]) -> tuple[str, ...]:
    """The names of a curve's metrics, in the order in which they were first reported."""
    return tuple(dict.fromkeys(name for record in records for name in record.metrics))


def best_epoch(curve: Sequence[EpochRecord], objective: Objective) -> tuple[int, float] | None:
    """The epoch that was best, and the number that says so; the first such epoch among equals.

    Where the curve has the metric that the study names as its measure, the best is that metric's lowest or highest
    finite number, as the study's direction says. Otherwise it is the lowest finite validation error of a study that
    minimises. A study that maximises measures something else: 1 minus that error, perhaps, but nothing says so.

    Returns:
        None if no such number is finite.
    """
    measure, is_highest = objective.measure, objective.direction == "maximise"
    is_reported = measure is not None and any(measure in record.metrics for record in curve)
    name = measure if measure and is_reported else None if is_highest else VALIDATION_ERROR
    if name is None:
        return None
    measured = [(record.epoch, record.metric(name)) for record in curve if math.isfinite(record.metric(name))]
    choose = max if is_highest else min
    return choose(measured, key=lambda one: one[1], default=None)
