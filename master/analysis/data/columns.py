"""Columns of params and metrics: which type a parameter's has, and the way back from a row to what a trial had."""

from collections.abc import Hashable, Mapping
from typing import Any

import numpy as np
import pandas as pd

from hyperspool.common.space import Categorical, Fixed, Float, Int, Params, Scalar, same_value
from hyperspool.common.study_spec import StudySpec

Parameter = Float | Int | Categorical | Fixed
METRICS = "metrics_"


def params_column(name: str) -> str:
    """The column of a parameter."""
    return f"params_{name}"


def metrics_column(name: str) -> str:
    """The column of what an objective measured beside its value."""
    return f"{METRICS}{name}"


def metrics_columns(trials: pd.DataFrame) -> list[str]:
    """The columns of metrics that a frame of trials has."""
    return [str(name) for name in trials.columns if str(name).startswith(METRICS)]


def params_of(spec: StudySpec, row: "Mapping[Hashable, Any] | pd.Series[Any]") -> Params:
    """The params in one row of a frame with params columns, in the types of the space, without inactive ones."""
    params: Params = {}
    for name, parameter in spec.space.items():
        cell = row[params_column(name)]
        if not pd.isna(cell):
            params[name] = as_declared(parameter, cell)
    return params


def dtype_of(parameter: Parameter) -> str:
    """The type of a parameter's column. An integer that can be inactive needs a float's NaN."""
    match parameter:
        case Float():
            values: tuple[Scalar, ...] = (0.0,)
        case Int():
            values = (0,)
        case Categorical():
            values = parameter.choices
        case Fixed():
            values = (parameter.value,)
    can_be_missing = bool(parameter.when)
    if all(type(value) is bool for value in values):
        return "object" if can_be_missing else "bool"
    if not all(type(value) in {int, float} for value in values):
        return "object"
    return "int64" if not can_be_missing and all(type(value) is int for value in values) else "float64"


def as_declared(parameter: Parameter, cell: Any) -> Scalar:
    """A value of the parameter, as a frame or a file has it, in the type and to the digits of the space."""
    match parameter:
        case Float():
            return float(cell)
        case Int():
            return int(cell)
        case Categorical():
            value = cell.item() if isinstance(cell, np.generic) else cell
            return next(choice for choice in parameter.choices if same_value(choice, value))
        case Fixed():
            return parameter.value
