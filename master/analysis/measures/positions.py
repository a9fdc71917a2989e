"""Positions of a parameter's values on its axis, as numbers. Measures and figures use the same ones."""

from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hyperspool.common.space import Float, Int, Scalar, same_value
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.analysis.measures.settings import Axis

Floats = NDArray[np.float64]


def positions(axis: Axis, column: "pd.Series[Any]") -> Floats:
    """Positions of the cells of a parameter's column: numbers as they are, choices at 0, 1, 2 ...

    Returns:
        `(n,)`, NaN where the parameter is not active.
    """
    if axis.is_numeric:
        numbers = np.asarray(column, dtype=np.float64)
        return numbers if axis.zero_at is None else np.where(numbers == 0, axis.zero_at, numbers)
    return np.array([_place(axis, cell) for cell in column.tolist()], dtype=np.float64)


def bounds(spec: StudySpec, axis: Axis) -> tuple[float, float]:
    """The ends of a parameter's axis: the ends of its range, or its lowest and highest value."""
    if not axis.is_numeric:
        return 0.0, float(len(axis.choices) - 1)
    parameter = spec.space.root[axis.name]
    if isinstance(parameter, Float | Int):
        return float(parameter.low), float(parameter.high)
    numbers = [float(value) for value in axis.choices]
    return min(numbers), max(numbers)


def _place(axis: Axis, cell: object) -> float:
    if not isinstance(cell, Scalar):
        return np.nan
    return next((float(place) for place, choice in enumerate(axis.choices) if same_value(choice, cell)), np.nan)
