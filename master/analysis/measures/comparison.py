"""Which of two searches is better, by which budget: means, interquartile means, and the probability of improvement.

A side of the comparison is one search, or several that differ in their seeds alone. At a budget, each search has an
incumbent, by the one notion of best (`hyperspool.master.results.settings`), of the trials that had ended by then. Of
several searches, each gives one score, its incumbent's value. Of one search, the scores are the replicates of its
incumbent; the fresh ones, once the study has confirmed its finalists.

Intervals are those of percentile bootstraps, which leave the distribution open. Of few scores they are too narrow: see
`COVERAGE`.

Source: Agarwal et al. 2021, Deep Reinforcement Learning at the Edge of the Statistical Precipice, arXiv:2108.13264,
sec. 4: the interquartile mean, the probability of improvement, and bootstraps of the runs of each side by itself.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import bootstrap, trim_mean

from hyperspool.master.analysis.data.frames import StudyData, spent_s
from hyperspool.master.results.finalists import finalists
from hyperspool.master.results.settings import RankedSetting, ranked_settings
from hyperspool.master.search.known import Direction, loss_of

CONFIDENCE, RESAMPLES, SEED = 0.95, 4999, 0
TRIMMED = 0.25
"""The share that an interquartile mean leaves out at each end."""
COVERAGE = {2: 0.5, 3: 0.73, 5: 0.83, 10: 0.89, 20: 0.93}
"""How often such an interval of 95 % holds the true mean of normal numbers, by how many there are, in 400 samples."""
BUDGETS = 48
"""The number of budgets at which it is asked who leads."""
ROWS = (1 / 8, 1 / 4, 1 / 2, 1.0)
"""The shares of the common budget that get a row."""

Numbers = NDArray[np.float64]
Statistic = Callable[..., Any]


class Unit(StrEnum):
    """What a budget is counted in."""

    TRIALS = "trials"
    EPOCHS = "epochs"
    SECONDS = "seconds"


@dataclass(frozen=True)
class Interval:
    """A number with its interval; None: there are too few scores for one."""

    value: float
    low: float | None = None
    high: float | None = None

    def to_json(self) -> dict[str, float | None]:
        """As `--json` prints it."""
        return {"value": self.value, "low": self.low, "high": self.high}


@dataclass(frozen=True)
class Row:
    """The two sides at one budget.

    Attributes:
        budget: that each search had spent; None: the whole of each, confirmation included.
        scores: of each side, as measured; empty before it has a value.
        means: of each side.
        interquartile: the interquartile mean of each side.
        gain: how much better the first side's mean is than the second's, above 0 if it is; None if one has no score.
        improvement: the probability that a score of the first side is better than one of the second.
    """

    budget: float | None
    scores: tuple[tuple[float, ...], tuple[float, ...]]
    means: tuple[Interval | None, Interval | None]
    interquartile: tuple[Interval | None, Interval | None]
    gain: Interval | None
    improvement: Interval | None


@dataclass(frozen=True)
class Comparison:
    """Two sides compared.

    Attributes:
        rows: at growing budgets; the last is of the whole searches.
        leads_from: the budget from which the side that leads at the common budget has led; None: neither leads.
    """

    rows: tuple[Row, ...]
    leads_from: float | None


class Progress:
    """What a search had reached at each budget.

    Args:
        data: the search; trials count when they end.
        unit: of budgets.
    """

    def __init__(self, data: StudyData, unit: Unit) -> None:
        self._spec = data.spec
        order = data.trials.sort_values(["ended_at", "trial"])
        order = order[order["stage"] == "search"]
        costs = {Unit.TRIALS: lambda: order["trial"] * 0 + 1, Unit.EPOCHS: lambda: order["epochs"]}
        cost = costs[unit]() if unit in costs else spent_s(order)
        self._spent: Numbers = cost.to_numpy(dtype=float).cumsum()
        at_full = dict(zip(order["trial"], order["status"] == "COMPLETE", strict=True))
        seen = {each.trial: each for each in data.evaluations}
        self._ended = [seen[trial] if at_full[trial] else None for trial in order["trial"]]
        again = finalists(data.evaluations, data.spec.objective.direction)
        is_finished = len(data.trials) >= data.spec.all_trials
        self._confirmed = [one for one in again if is_finished and one.mean is not None and one.again.keeps_constraints]

    @property
    def total(self) -> float:
        """What the search has spent."""
        return float(self._spent[-1]) if len(self._spent) else 0.0

    def incumbent(self, budget: float | None) -> RankedSetting | None:
        """The best setting by then; None before there is one, or for the whole search, confirmation included."""
        count = len(self._ended) if budget is None else int(np.searchsorted(self._spent, budget * (1 + 1e-12), "right"))
        known = [each for each in self._ended[:count] if each is not None]
        ranked = ranked_settings(self._spec, known, self._confirmed if budget is None else (), None)
        return ranked[0] if ranked else None


def compare(first: Sequence[StudyData], second: Sequence[StudyData], unit: Unit) -> Comparison:
    """Compare two sides, each of one or more searches of one objective."""
    direction = first[0].spec.objective.direction
    sides = [[Progress(data, unit) for data in side] for side in (first, second)]
    common = min(progress.total for side in sides for progress in side)
    budgets = [share * common for share in ROWS if unit is not Unit.TRIALS or share * common >= 1]
    if unit is Unit.TRIALS:
        budgets = [float(math.floor(budget)) for budget in budgets]
    rows = [_row(sides, budget, direction) for budget in (*dict.fromkeys(budgets), None)]
    if len(rows) > 1 and rows[-1].scores == rows[-2].scores:
        rows = rows[:-1]
    return Comparison(tuple(rows), _leads_from(sides, common, unit, direction))


def _row(sides: Sequence[Sequence[Progress]], budget: float | None, direction: Direction) -> Row:
    scores = (_scores(sides[0], budget), _scores(sides[1], budget))
    samples = [np.array([loss_of(score, direction) for score in own]) for own in scores]
    is_both = all(map(len, scores))
    return Row(
        budget,
        scores,
        _each(scores, _mean),
        _each(scores, _interquartile_mean),
        _interval(_gain, *samples) if is_both else None,
        _interval(_improvement, *samples) if is_both else None,
    )


def _scores(side: Sequence[Progress], budget: float | None) -> tuple[float, ...]:
    found = [progress.incumbent(budget) for progress in side]
    if len(side) > 1:
        # Without a value in each of its searches, a side's mean would be that of the quick ones.
        return tuple(each.best_known for each in found if each) if all(found) else ()
    best = found[0]
    if best is None:
        return ()
    if best.confirmed:
        return tuple(seen.number for seen in best.confirmed.again.evaluations if seen.number is not None)
    return best.numbers


def _leads_from(sides: Sequence[Sequence[Progress]], common: float, unit: Unit, direction: Direction) -> float | None:
    budgets = [common * step / BUDGETS for step in range(1, BUDGETS + 1)]
    if unit is Unit.TRIALS:
        budgets = sorted({float(math.ceil(budget)) for budget in budgets})
    since, leader = None, 0
    for budget in budgets:
        means = [_mean_loss(_scores(side, budget), direction) for side in sides]
        now = 0 if means[0] == means[1] else (1 if means[0] < means[1] else 2)
        if now != leader:
            since, leader = budget, now
    return since if leader else None


def _mean_loss(scores: Sequence[float], direction: Direction) -> float:
    return loss_of(float(np.mean(scores)), direction) if scores else math.inf


def _each(scores: Sequence[Sequence[float]], statistic: Statistic) -> tuple[Interval | None, Interval | None]:
    first, second = (_interval(statistic, np.array(own)) if len(own) else None for own in scores)
    return first, second


def _interval(statistic: Statistic, *samples: Numbers) -> Interval:
    value = float(statistic(*samples, axis=-1))
    if min(map(len, samples)) < 2:  # noqa: PLR2004 - one score says nothing of how they scatter
        return Interval(value)
    rng = np.random.default_rng(SEED)
    options: dict[str, Any] = {"confidence_level": CONFIDENCE, "n_resamples": RESAMPLES, "batch": 500}
    found = bootstrap(samples, statistic, method="percentile", rng=rng, vectorized=True, **options).confidence_interval
    return Interval(value, float(found.low), float(found.high))


def _mean(scores: Numbers, axis: int) -> Any:
    return scores.mean(axis=axis)


def _interquartile_mean(scores: Numbers, axis: int) -> Any:
    return trim_mean(scores, TRIMMED, axis=axis)


def _gain(first: Numbers, second: Numbers, axis: int) -> Any:
    return second.mean(axis=axis) - first.mean(axis=axis)


def _improvement(first: Numbers, second: Numbers, axis: int) -> Any:  # noqa: ARG001 - the last axis is meant, always
    difference = first[..., :, None] - second[..., None, :]
    return ((difference < 0) + 0.5 * (difference == 0)).mean(axis=(-2, -1))


def comparison_json(sides: Sequence[Sequence[str]], found: Comparison) -> dict[str, Any]:
    """A comparison as `compare --json` prints it."""
    return {
        "sides": list(map(list, sides)),
        "leads_from": found.leads_from,
        "rows": [
            {
                "budget": row.budget,
                "scores": [list(own) for own in row.scores],
                "mean": [_json(each) for each in row.means],
                "interquartile_mean": [_json(each) for each in row.interquartile],
                "gain_of_first": _json(row.gain),
                "probability_that_first_is_better": _json(row.improvement),
            }
            for row in found.rows
        ],
    }


def _json(found: Interval | None) -> dict[str, float | None] | None:
    return found.to_json() if found else None
