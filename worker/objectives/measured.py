"""What an objective returns."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from hyperspool.common.records import MAX_METRICS
from hyperspool.common.space import NAME_PATTERN
from hyperspool.common.validation import shown
from hyperspool.worker.objectives.numbers import as_finite


@dataclass(frozen=True)
class Measured:
    """The measurement that an objective returns.

    Attributes:
        value: the number that the search compares.
        is_diverged: whether training diverged; the value is then the error of guessing.
        metrics: further finite numbers by name; the result holds them beside the value.
        model: the trained network of a final evaluation, for its file.

    Raises:
        TypeError: a value is not a number but a text, a truth value, None or an array of several numbers.
        ValueError: a value is not finite; a metric's name is not allowed; there are more than `MAX_METRICS`.
    """

    value: float
    is_diverged: bool = False
    metrics: Mapping[str, float] = field(default_factory=dict)
    model: bytes | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "value", as_finite(self.value, "the objective returned"))
        if len(self.metrics) > MAX_METRICS:
            raise ValueError(f"the objective returned {len(self.metrics)} metrics, expected at most {MAX_METRICS}")
        metrics = {
            _as_name(name): as_finite(value, f"the objective returned, as its metric {name},")
            for name, value in self.metrics.items()
        }
        object.__setattr__(self, "metrics", metrics)


def _as_name(name: object) -> str:
    if isinstance(name, str) and re.fullmatch(NAME_PATTERN, name):
        return name
    raise ValueError(f"the objective returned a metric {shown(name)}, expected a name like ensemble_error")
