"""Whether numbers of trials go with a parameter, by rank tests: in any shape, not only as a rise or a fall."""

import math
from collections.abc import Iterable
from typing import Any

import numpy as np
import pandas as pd

from hyperspool.master.analysis.measures.intervals import CONFIDENCE
from hyperspool.master.analysis.measures.positions import positions
from hyperspool.master.analysis.measures.settings import Axis
from hyperspool.master.results.wording import param_text

LEAST_TRIALS = 8
"""Below it, chance alone makes rank correlations of 0.7."""
CHANCE = 1 - CONFIDENCE
"""A relation is beyond chance if unrelated numbers look as related less often."""
MOST_GROUPS, LEAST_IN_GROUP = 4, 4
"""Trials are compared in at most so many groups of neighbours along a number, each of at least so many trials."""


def is_constant(column: "pd.Series[Any]") -> bool:
    """Whether all of a column's cells are equal; true for an empty one."""
    return bool((column == column.iloc[:1].squeeze()).all()) if len(column) else True


def groups_by(axis: Axis, trials: pd.DataFrame) -> "pd.Series[Any]":
    """For trials in which a parameter is active, their group: its value, or neighbours along a number.

    The groups of a number have about equally many trials each; equal numbers are in one group.
    """
    if not axis.is_numeric:
        # As text: a list may hold both 1 and "a", which have no order.
        return trials[axis.column].map(param_text)
    places = pd.Series(positions(axis, trials[axis.column]), index=trials.index)
    count = max(min(MOST_GROUPS, len(places) // LEAST_IN_GROUP), 1)
    shares = (places.rank(method="average") - 0.5) / len(places)
    return (shares * count).astype("int64")


def p_between(groups: Iterable["pd.Series[float]"]) -> float:
    """How often equal groups would differ as much in rank (Kruskal and Wallis); 1 without two different groups."""
    from scipy import stats

    found = [group for group in groups if len(group)]
    if len(found) < 2 or is_constant(pd.concat(found)):  # noqa: PLR2004 - a comparison takes two
        return 1.0
    return float(stats.kruskal(*found).pvalue)


def rank_correlation(first: "pd.Series[float]", second: "pd.Series[float]") -> float:
    """Spearman's; NaN if one of the two does not vary."""
    if is_constant(first) or is_constant(second):
        return math.nan
    return float(np.clip(first.rank().corr(second.rank()), -1.0, 1.0))


def p_of_correlation(rho: float, count: int) -> float:
    """How often unrelated numbers would have a rank correlation as large (the t approximation)."""
    from scipy import stats

    rest = 1 - rho * rho
    return 0.0 if rest <= 0 else float(2 * stats.t.sf(abs(rho) * math.sqrt((count - 2) / rest), count - 2))
