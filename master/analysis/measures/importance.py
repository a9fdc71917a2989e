"""Parameter importance: fANOVA and PED-ANOVA.

- fANOVA: the share of the value's variance over the whole space that a parameter explains by itself, its first-order
  Sobol index. `variance_model` computes it. `together` is what only two parameters together explain, and `unexplained`
  what the model does not explain: noise, or a shape that it cannot take from so few trials.
- PED-ANOVA (Watanabe et al. 2023, arXiv:2304.10255), as Optuna computes it, compares, for each parameter, the
  distribution of the best trials with that of all trials. It measures what makes a trial one of the best; differences
  among bad trials do not count. Where most of the variance lies between bad and worse trials, the two methods differ,
  and both are right. Its shares sum to 1 over the parameters.

Uncertainty: `low` to `high` is an interval that is meant to hold the true share in 90 % of studies. It is the shortest
that holds `CREDIBLE` of the draws from what the model knows, and begins at 0 where that is as likely. How often it
holds the truth was counted for functions whose shares are known: see `benchmarks/importance.py`. With fewer than
`intervals_from` trials it does not hold it often enough, and there is no interval. PED-ANOVA has none: it is defined
by the trials, and repeating it on halves of them says nothing of its bias.

Each parameter is taken as its position in its range, on the scale that was searched.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import optuna
import pandas as pd
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution
from optuna.trial import FrozenTrial

from hyperspool.common.space import Int
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.measures.drawn_trials import drawn_trials
from hyperspool.master.analysis.measures.positions import Floats, bounds, positions
from hyperspool.master.analysis.measures.settings import Axis, searched_parameters
from hyperspool.master.analysis.measures.simulation import to_minimise
from hyperspool.master.analysis.measures.variance_model import Coordinate, Shares, variance_shares
from hyperspool.master.search.quiet import quiet_optuna

FANOVA: Final = "fANOVA"
PED_ANOVA: Final = "PED-ANOVA"
METHODS: Final = (FANOVA, PED_ANOVA)
COLUMNS: Final = ["parameter", "label", "method", "importance", "low", "high"]
LEAST_TRIALS: Final = 10
LEAST_FOR_INTERVALS, LEAST_PER_PARAMETER = 80, 15
"""Trials in all and for each parameter, below which fANOVA's shares have no interval."""
CREDIBLE: Final = 0.95
"""Part of the draws that an interval holds, so that at least 90 % of intervals hold the truth. The model takes the best
degrees and its own form for granted, so its draws lie a little too close together."""
BEST_SHARE, LEAST_BEST = 0.1, 5
"""PED-ANOVA takes the best tenth of the trials, but at least five, as Optuna's documentation advises."""

LEAST_RANGE = 1e-12
"""Of the values, as a part of the largest: below it their differences are rounding errors."""
LEAST_SHARE = 0.005
"""A smaller share would be rounded to 0 %."""
MAX_LEVELS = 10
"""Optuna gets a parameter with at most this many values as categorical: as numbers, PED-ANOVA would take them for
spikes of a density."""


@dataclass(frozen=True)
class Importances:
    """The importance of each parameter.

    Attributes:
        table: one row per parameter and method, the most important parameter first. Columns: parameter, label, method,
            importance, low, high; the last three are shares in [0, 1], and NaN where there is none. Empty if there is a
            `reason`.
        trials: how many trials it is based on: the COMPLETE ones. Diverged ones count with the error of guessing.
        best: how many of them PED-ANOVA takes as the best, including all that tie with the last of these.
        together: the share of the variance that only two parameters together explain, by fANOVA; NaN without a table.
        unexplained: the share that the model does not explain; NaN without a table.
        intervals_from: the number of trials from which on fANOVA's shares have intervals.
        left_out: labels of parameters that are not active in every trial, because neither method can handle them.
        reason: why the table is empty, in one sentence; None if it is not empty.
    """

    table: pd.DataFrame
    trials: int
    best: int
    together: float
    unexplained: float
    intervals_from: int
    left_out: tuple[str, ...]
    reason: str | None

    @property
    def has_intervals(self) -> bool:
        """Whether fANOVA's shares have intervals."""
        return bool(self.table["low"].notna().any())


@lru_cache(maxsize=1)
def importances(data: StudyData, *, seed: int = 0) -> Importances:
    """Compute both methods' importances. This takes less than a second for four parameters.

    The result for the last study is cached, because a report shows it in an answer and in a figure.

    Args:
        data: the study; its failed trials are left out.
        seed: of the draws. The same seed gives the same table.
    """
    sample = _Sample(data)
    count = len(sample.trials)
    if reason := sample.problem():
        return Importances(pd.DataFrame(columns=COLUMNS), count, 0, math.nan, math.nan, 0, sample.left_out, reason)
    shares = variance_shares(sample.coordinates, sample.losses, np.random.default_rng(seed))
    table = _table(sample, shares, sample.ped_anova())
    together, unexplained = float(shares.pairs.mean()), float(shares.rest.mean())
    enough = sample.intervals_from
    return Importances(table, count, sample.best_count, together, unexplained, enough, sample.left_out, None)


def most_important(data: StudyData) -> list[Axis]:
    """All searched parameters, the most important first. Parameters without an importance come last.

    The order is PED-ANOVA's, which is fast.
    """
    axes = searched_parameters(data.spec)
    sample = _Sample(data)
    if sample.problem():
        return axes
    shares = sample.ped_anova()
    return sorted(axes, key=lambda axis: -shares.get(axis.name, -1.0))


class _Sample:
    """The trials of a study, with the parameters that are active in all of them.

    Attributes:
        losses: `(n,)`: the values, of which the lowest is the best.
    """

    def __init__(self, data: StudyData) -> None:
        self.trials = drawn_trials(data)
        searched = searched_parameters(data.spec)
        self.axes = [axis for axis in searched if self.trials[axis.column].notna().all()]
        self.left_out = tuple(axis.label for axis in searched if axis not in self.axes)
        self.losses = to_minimise(self.trials["value"], data.spec.objective.direction)
        self._spec = data.spec

    def problem(self) -> str | None:
        """The reason why there are no importances, in one sentence; None if there are."""
        if len(self.trials) < LEAST_TRIALS:
            return f"Importances need at least {LEAST_TRIALS} COMPLETE trials; there are {len(self.trials)}."
        if len(self.axes) < 2:  # noqa: PLR2004 - one parameter's share is 1, whatever it does
            return "Importances compare parameters; fewer than two are active in every trial."
        if np.ptp(self.losses / (np.abs(self.losses).max() or 1.0)) < LEAST_RANGE:
            return "All trials have the same value, so no parameter made a difference."
        return None

    @property
    def coordinates(self) -> list[Coordinate]:
        """Where the trials stand in the range of each parameter."""
        return [_coordinate(self._spec, axis, self.trials) for axis in self.axes]

    @property
    def intervals_from(self) -> int:
        """The number of trials from which on fANOVA's shares have intervals."""
        return max(LEAST_FOR_INTERVALS, LEAST_PER_PARAMETER * len(self.axes))

    @property
    def best_count(self) -> int:
        """How many trials PED-ANOVA takes as the best, including those that tie with the last of these."""
        last = np.sort(self.losses)[math.ceil(self._best_share * len(self.losses)) - 1]
        return int(np.count_nonzero(self.losses <= last))

    def ped_anova(self) -> dict[str, float]:
        """The divergence between the best trials and all trials, as shares by parameter; empty if all are as good."""
        if self.best_count == len(self.losses):
            return {}
        names = [axis.name for axis in self.axes]
        # It brings scikit-learn in, which takes a third of the start of a report; few grids need it.
        from optuna.importance import PedAnovaImportanceEvaluator, get_param_importances

        with quiet_optuna():
            study = optuna.create_study(direction="minimize")
            study.add_trials(self._optunas())
            evaluator = PedAnovaImportanceEvaluator(target_quantile=self._best_share)
            found = get_param_importances(study, evaluator=evaluator, params=names, normalize=False)
        total = sum(found.values())
        return {name: float(share) / total for name, share in found.items()} if total else {}

    @property
    def _best_share(self) -> float:
        return max(BEST_SHARE, LEAST_BEST / len(self.losses))

    def _optunas(self) -> list[FrozenTrial]:
        places = {axis.name: one for axis, one in zip(self.axes, self.coordinates, strict=True)}
        distributions = {name: _distribution(one) for name, one in places.items()}
        columns = {name: (one.at.astype(np.int64) if one.levels else one.at).tolist() for name, one in places.items()}
        return [
            optuna.create_trial(
                params={name: column[row] for name, column in columns.items()},
                distributions=distributions,
                value=float(loss),
            )
            for row, loss in enumerate(self.losses)
        ]


def _coordinate(spec: StudySpec, axis: Axis, trials: pd.DataFrame) -> Coordinate:
    """Where trials stand in a parameter's range, on the scale that was searched.

    A parameter with at most `MAX_LEVELS` values has levels, and so have names, however many.
    """
    places = positions(axis, trials[axis.column])
    if not axis.is_numeric:
        return Coordinate(places, len(axis.choices), is_ordered=False)
    levels = _levels(spec, axis)
    if len(levels):
        return Coordinate(np.searchsorted(levels, places).astype(np.float64), len(levels))
    low, high = bounds(spec, axis)
    if axis.is_log:
        places, low, high = np.log(places), math.log(low), math.log(high)
    return Coordinate(np.clip((places - low) / (high - low), 0.0, 1.0))


def _levels(spec: StudySpec, axis: Axis) -> Floats:
    """The positions that a parameter can have; none if there are more than `MAX_LEVELS`."""
    parameter = spec.space.root[axis.name]
    if isinstance(parameter, Int) and not axis.choices and parameter.high - parameter.low < MAX_LEVELS:
        return np.arange(parameter.low, parameter.high + 1.0)
    is_short = len(axis.choices) <= MAX_LEVELS
    return np.unique(positions(axis, pd.Series(axis.choices if is_short else (), dtype=object)))


def _distribution(one: Coordinate) -> BaseDistribution:
    return CategoricalDistribution(range(one.levels)) if one.levels else FloatDistribution(0.0, 1.0)


def _table(sample: _Sample, shares: Shares, ped_anova: dict[str, float]) -> pd.DataFrame:
    rows: list[tuple[str, str, str, float, float, float]] = []
    has_intervals = len(sample.trials) >= sample.intervals_from
    for place, axis in enumerate(sample.axes):
        own = shares.alone[:, place]
        low, high = shortest_interval(own) if has_intervals else (math.nan, math.nan)
        rows.append((axis.name, axis.label, FANOVA, float(own.mean()), low, high))
        rows.append((axis.name, axis.label, PED_ANOVA, ped_anova.get(axis.name, math.nan), math.nan, math.nan))
    table = pd.DataFrame(rows, columns=COLUMNS)
    table["mean"] = table.groupby("parameter")["importance"].transform("mean")
    return table.sort_values("mean", ascending=False, kind="stable", ignore_index=True).drop(columns="mean")


def shortest_interval(draws: Floats, part: float = CREDIBLE) -> tuple[float, float]:
    """The shortest interval that holds a part of the draws of a share; it may begin at 0, which no draw is."""
    ordered = np.sort(np.append(draws, 0.0))
    held = math.ceil(part * len(ordered))
    widths = ordered[held - 1 :] - ordered[: len(ordered) - held + 1]
    first = int(widths.argmin())
    return float(ordered[first]), float(ordered[first + held - 1])


def whole_sentence(found: Importances) -> str:
    """Say what parameters explain one by one, what only two of them explain together, and what the model does not."""
    alone = share_text(1 - found.together - found.unexplained)
    together = f", and two at a time {share_text(found.together)} more" if found.together >= LEAST_SHARE else ""
    sentence = f"One by one, parameters explain {alone} of the variance{together}"
    if found.unexplained < LEAST_SHARE:
        return f"{sentence}."
    return (
        f"{sentence}; {share_text(found.unexplained)} is not explained by the model: chance, or more than it can show."
    )


def share_text(share: float) -> str:
    """A share in percent: `64%`, and `under 1%` where rounding would leave nothing."""
    return "under 1%" if 0 < share < LEAST_SHARE else f"{share:.0%}"
