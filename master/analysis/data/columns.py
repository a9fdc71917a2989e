"""Columns of the data frames: their names and types, and the way back from a row to a trial's params."""

from collections.abc import Hashable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd

from hyperspool.common.epochs import RESERVED_NAMES
from hyperspool.common.records import MAX_METRICS
from hyperspool.common.space import Categorical, Fixed, Float, Int, Params, Scalar, same_value
from hyperspool.common.study_spec import StudySpec

Parameter = Float | Int | Categorical | Fixed
METRICS, VALUES = "metrics_", "values_"
ON_FRONT, KEEPS = "on_front", "keeps_constraints"
"""Columns of a study with several objectives, and of one with constraints."""
TIMESTAMP: Final = "datetime64[ms, UTC]"


def series(values: Sequence[Any], dtype: str) -> "pd.Series[Any]":
    """Make a column of that type. An empty column has the type too, which pandas would not infer."""
    if dtype == TIMESTAMP:
        # A text that is not a time becomes NaT: times are shown to people, and no result depends on them.
        texts = pd.Series(values, dtype=object)
        return pd.Series(pd.to_datetime(texts, utc=True, format="ISO8601", errors="coerce"), dtype=TIMESTAMP)
    return pd.Series(values, dtype=dtype)


def params_column(name: str) -> str:
    """The name of a parameter's column."""
    return f"params_{name}"


def metrics_column(name: str) -> str:
    """The name of a metric's column. A metric is what an objective measures beside its value."""
    return f"{METRICS}{name}"


def values_column(measure: str) -> str:
    """The name of the column of one of a study's several objectives."""
    return f"{VALUES}{measure}"


def metrics_columns(trials: pd.DataFrame) -> list[str]:
    """The names of the metrics' columns in a frame of trials."""
    return [str(name) for name in trials.columns if str(name).startswith(METRICS)]


def add_names(names: dict[str, None], own: Iterable[str], path: Path, unreadable: list[str]) -> None:
    """Add a file's metrics to those of a study, at most `MAX_METRICS` in all: else files could add columns without end.

    Args:
        names: the study's so far, in order; gets the new ones.
        own: the names of the file's metrics.
        path: the file.
        unreadable: gets a line if some of them are left out.
    """
    new = [name for name in own if name not in names]
    room = max(MAX_METRICS - len(names), 0)
    names.update(dict.fromkeys(new[:room]))
    if left_out := len(new[room:]):
        unreadable.append(
            f"{path}: {left_out} of its metrics are left out: the study has more than {MAX_METRICS} different metrics"
        )


def curve_metrics(curves: pd.DataFrame) -> list[str]:
    """The names of the metrics in a frame of curves."""
    return [str(name) for name in curves.columns if str(name) not in RESERVED_NAMES]


def params_of(spec: StudySpec, row: "Mapping[Hashable, Any] | pd.Series[Any]") -> Params:
    """The params in a row that has params columns: in the types of the space, without inactive parameters."""
    params: Params = {}
    for name, parameter in spec.space.items():
        cell = row[params_column(name)]
        if not pd.isna(cell):
            params[name] = as_declared(parameter, cell)
    return params


def dtype_of(parameter: Parameter) -> str:
    """The type of a parameter's column. Integers are stored as floats if they can be inactive, which is NaN."""
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
    """Convert a value from a frame or a file to the type and the exact digits that the space declares."""
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
