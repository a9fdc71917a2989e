"""An answer to one question about a study, and the functions that all answers share."""

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import pairwise

import pandas as pd

from hyperspool.common.space import Scalar
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.measures.intervals import Sample
from hyperspool.master.analysis.measures.settings import Axis, complete, searched_parameters, source_axis

MAX_SENTENCES = 10
"""Most sentences of a list. The table holds the rest."""


@dataclass(frozen=True)
class Answer:
    """One question about a study and its answer.

    Attributes:
        question: the question, with its question mark.
        sentences: the answer: first the main point, last its limits.
        table: the numbers behind the answer; None if the sentences contain all of them.
    """

    question: str
    sentences: tuple[str, ...]
    table: pd.DataFrame | None = None


def measure_of(spec: StudySpec) -> str:
    """The name of the value that the study's trials measure."""
    return spec.objective.measure_name


def compared_axes(spec: StudySpec) -> list[Axis]:
    """The parameters whose values are compared; empty if the study compares sources of randomness instead."""
    return [] if source_axis(spec) else searched_parameters(spec)


def setting_sample(data: StudyData, setting: int, name: str) -> Sample:
    """The values of a setting's COMPLETE replicates."""
    trials = complete(data.trials)
    trials = trials[trials["setting"] == setting]
    return Sample(name, tuple(trials["value"]), int(trials["diverged"].sum()))


def by_value(frame: pd.DataFrame, spec: StudySpec, column: str = "mean") -> pd.DataFrame:
    """The rows that have a value, best first. Equal rows keep their order."""
    is_ascending = spec.objective.direction == "minimise"
    return frame.dropna(subset=[column]).sort_values(column, ascending=is_ascending, kind="stable")


def ratio_text(ratio: float) -> str:
    """A ratio to three significant digits: `2.31`, `0.0500`, `123`."""
    if ratio <= 0 or not math.isfinite(ratio):
        return f"{ratio:.3g}"
    decimals = max(0, 2 - math.floor(math.log10(ratio)))
    return f"{ratio:.{decimals}f}" if decimals < MAX_SENTENCES else f"{ratio:.2e}"


def seconds_text(seconds: float) -> str:
    """A duration to three significant digits: `0.512 s`, `41.0 s`."""
    return f"{ratio_text(seconds)} s"


def listed(parts: Sequence[str]) -> str:
    """`a`, `a and b`, `a, b and c`."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def trend(values: Sequence[Scalar]) -> str | None:
    """Whether values rise, fall or stay the same, as a verb; None if they do neither or are not all numbers."""
    numbers = [float(value) for value in values if not isinstance(value, bool | str)]
    if len(numbers) < len(values) or len(numbers) < 2:  # noqa: PLR2004 - one value has no trend
        return None
    steps = [after - before for before, after in pairwise(numbers)]
    if not any(steps):
        return "stays the same"
    return "rises" if min(steps) >= 0 else "falls" if max(steps) <= 0 else None


def edge_remark(axis: Axis, chosen: Iterable[Scalar]) -> str | None:
    """Warn if a best value is the lowest or the highest one that was tried, because a better one may lie beyond it."""
    if not axis.is_numeric or len(axis.choices) < 2:  # noqa: PLR2004 - a single value has no edge
        return None
    edges = {axis.choices[0]: "lowest", axis.choices[-1]: "highest"}
    parts = [
        f"{axis.text(value)} is the {edges[value]} value tried" for value in dict.fromkeys(chosen) if value in edges
    ]
    return f"{listed(parts)}: a better value may lie beyond." if parts else None
