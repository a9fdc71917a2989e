"""The columns of trials that only a study with several objectives, or with constraints, has."""

import math
from collections.abc import Sequence

import pandas as pd

from hyperspool.common.study_spec import StudySpec
from hyperspool.master.analysis.data.columns import KEEPS, ON_FRONT, series, values_column
from hyperspool.master.results.front import study_front
from hyperspool.master.search.known import Evaluation


def trade_off_columns(spec: StudySpec, evaluations: Sequence[Evaluation]) -> "dict[str, pd.Series[float | bool]]":
    """The columns `values_<measure>`, `on_front` and `keeps_constraints`, as `StudyData.trials` explains them.

    Args:
        spec: the study.
        evaluations: its evaluations, one per row.
    """
    columns: dict[str, pd.Series[float | bool]] = {}
    for place, goal in enumerate(spec.objectives or ()):
        measured = [seen.measured[place] if seen.measured else math.nan for seen in evaluations]
        columns[values_column(goal.measure)] = series(measured, "float64")
    if spec.objectives:
        leading = {seen.proposal.key for seen in study_front(spec, evaluations).evaluations}
        columns[ON_FRONT] = series([seen.proposal.key in leading for seen in evaluations], "bool")
    if spec.constraints:
        columns[KEEPS] = series([seen.keeps_constraints for seen in evaluations], "bool")
    return columns
