"""How long evaluations will take, predicted from those that were measured.

The model is a ridge regression of the logarithm of the seconds per epoch on the params: numeric ones on their own scale
in [0, 1], choices and conditions as indicators. Its strength is chosen by leave-one-out cross-validation, for which a
singular value decomposition gives all candidates at once (Hastie, Tibshirani and Friedman 2009, The Elements of
Statistical Learning, sec. 3.4.1 and 7.10). On the durations of scenario 6, forests and Gaussian processes predicted no
better order, and took a hundred times as long.
"""

import math
from collections import deque
from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from hyperspool.common.outcome import Finished
from hyperspool.common.records import Status
from hyperspool.common.space import Categorical, Fixed, Parameter, Params, Scalar, Space, same_value

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

LEAST = 8
"""Fewer measured evaluations say too little."""
MOST = 512
"""Only the latest ones count: a fit then takes milliseconds, however long the study is."""
MOST_COLUMNS = 256
"""Of a larger space nothing is predicted."""
EXPLAINED = 0.1
"""Share of the variance that the model must explain of evaluations that it was not fitted to."""
STRENGTHS = tuple(10.0 ** (exponent / 2) for exponent in range(-6, 7))
SHORTEST_S = 1e-3
"""Shorter times are those of the clock."""


class Durations:
    """Remembers how long evaluations took. numpy is loaded when a prediction is first asked for.

    Args:
        space: the study's space.
    """

    def __init__(self, space: Space) -> None:
        self._searched = [(name, parameter) for name, parameter in space.items() if not isinstance(parameter, Fixed)]
        self._measured: deque[tuple[Params, float]] = deque(maxlen=MOST)
        self._whole_s, self._count = 0.0, 0

    @property
    def count(self) -> int:
        """The number of evaluations that were measured."""
        return self._count

    @property
    def mean_s(self) -> float:
        """The mean seconds of an evaluation; 0 if none was measured."""
        return self._whole_s / self._count if self._count else 0.0

    def add(self, result: Finished) -> None:
        """Learn from a result, unless it is FAILED."""
        if result.status is not Status.FAILED:
            self._count += 1
            self._whole_s += result.times.evaluation_s
            per_epoch_s = result.seconds / (result.epochs or result.budget.epochs)
            self._measured.append((result.params, math.log(max(per_epoch_s, SHORTEST_S))))

    def predicted(self, wanted: Sequence[Params]) -> list[float] | None:
        """The seconds per epoch that evaluations with these params will take; None if nobody can tell them apart."""
        columns = sum(_width(parameter) for _, parameter in self._searched)
        if len(self._measured) < LEAST or not 0 < columns <= MOST_COLUMNS:
            return None
        import numpy as np

        known = np.array([self._row(params) for params, _ in self._measured])
        fitted = _fitted(known, np.array([logarithm for _, logarithm in self._measured]))
        if fitted is None:
            return None
        slopes, constant = fitted
        found = np.exp(np.array([self._row(params) for params in wanted]) @ slopes + constant)
        return [float(seconds) for seconds in found]

    def _row(self, params: Params) -> list[float]:
        return [number for name, parameter in self._searched for number in _numbers(parameter, params.get(name))]


def _width(parameter: Parameter) -> int:
    if isinstance(parameter, Categorical):
        return len(parameter.choices)
    return 2 if parameter.when else 1


def _numbers(parameter: Parameter, value: Scalar | None) -> Iterator[float]:
    """A parameter's columns; `value` is None where its condition does not hold."""
    if isinstance(parameter, Categorical):
        yield from (float(value is not None and same_value(choice, value)) for choice in parameter.choices)
        return
    if parameter.when:
        yield float(value is not None)
    yield 0.5 if value is None else parameter.to_unit(value)


def _fitted(known: "Floats", wanted: "Floats") -> "tuple[Floats, float] | None":
    """Fit a ridge regression whose constant is not penalised.

    Args:
        known: `(n, columns)`.
        wanted: `(n,)`.

    Returns:
        `(columns,)` the slopes, and the constant; None if less than `EXPLAINED` is explained.
    """
    import numpy as np

    middle, scale = known.mean(axis=0), known.std(axis=0)
    scale[scale == 0] = 1.0
    left, singular, right = np.linalg.svd((known - middle) / scale, full_matrices=False)
    centred = wanted - wanted.mean()
    projected = left.T @ centred
    # What an evaluation's own residual would be, had the fit not known it; the constant takes 1 / n of each.
    shares = [singular**2 / (singular**2 + strength * len(wanted)) for strength in STRENGTHS]
    errors = [
        np.mean(((centred - left @ (share * projected)) / (1 - 1 / len(wanted) - left**2 @ share)) ** 2)
        for share in shares
    ]
    without = np.mean((centred / (1 - 1 / len(wanted))) ** 2)
    best = int(np.argmin(errors))
    if not errors[best] < (1 - EXPLAINED) * without:
        return None
    strength = STRENGTHS[best] * len(wanted)
    slopes = right.T @ (singular / (singular**2 + strength) * projected) / scale
    return slopes, float(wanted.mean() - middle @ slopes)
