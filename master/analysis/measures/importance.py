"""Parameter importance: fANOVA and PED-ANOVA, as Optuna computes them, each with an interval.

- fANOVA (Hutter, Hoos and Leyton-Brown 2014, ICML, PMLR 32:754) fits a random forest to the values and splits the
  variance of its prediction over the whole space. A parameter's importance is the share that it explains by itself.
- PED-ANOVA (Watanabe et al. 2023, arXiv:2304.10255) compares, for each parameter, the distribution of the best trials
  with that of all trials. It measures what makes a trial one of the best; differences among bad trials do not count.
  Where most of the variance lies between bad and worse trials, the two methods differ, and both are right.

Both methods give shares that sum to 1 over the parameters. For fANOVA, `main_effects` is the part of the variance that
the parameters explain one by one. The rest is in their interactions, which no share contains.

Uncertainty: fANOVA's forest is random and PED-ANOVA is not, but neither says how the result would differ for other
trials. So both are computed again on random halves of the trials, and `low` to `high` is the middle 90 % of those
results. Halves drawn without replacement scatter around the whole sample as the whole scatters around the truth (the
delete-d jackknife with d = n/2; Shao and Wu 1989, doi:10.1214/aos/1176347263). A bootstrap would draw some trials
twice, which both methods take for structure that is not there. The spread between seeds of the forest alone would be
far too narrow.

Optuna gets each parameter as its position in its range, on the scale that was searched. The reason: Optuna's fANOVA
takes no logarithm, so it would weigh the upper decade of a learning rate ten times as much as the decade below.
"""

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import Final

import numpy as np
import optuna
import pandas as pd
from numpy.typing import NDArray
from optuna.distributions import BaseDistribution, CategoricalDistribution, FloatDistribution
from optuna.importance import (
    BaseImportanceEvaluator,
    FanovaImportanceEvaluator,
    PedAnovaImportanceEvaluator,
    get_param_importances,
)
from optuna.trial import FrozenTrial

from hyperspool.common.space import Int
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.measures.drawn_trials import drawn_trials
from hyperspool.master.analysis.measures.positions import bounds, positions
from hyperspool.master.analysis.measures.settings import Axis, searched_parameters
from hyperspool.master.search.quiet import quiet_optuna

FANOVA: Final = "fANOVA"
PED_ANOVA: Final = "PED-ANOVA"
METHODS: Final = (FANOVA, PED_ANOVA)
COLUMNS: Final = ["parameter", "label", "method", "importance", "low", "high"]
LEAST_TRIALS: Final = 10
FORESTS, TREES, DEPTH = 10, 6, 6
"""Forests on all trials, trees per forest, and depth of a tree (64 leaves). For 1,000 trials of four parameters, deeper
trees changed no importance by more than 0.02, and Optuna's walk through them takes minutes."""
HALVES, HALF_TREES = 20, 8
BEST_SHARE, LEAST_BEST = 0.1, 5
"""PED-ANOVA takes the best tenth of the trials, but at least five, as Optuna's documentation advises."""

MAX_LEVELS = 10
"""Optuna gets a parameter with at most this many values as categorical: as numbers, PED-ANOVA would take them for
spikes of a density."""

Shares = dict[str, float]


@dataclass(frozen=True)
class Importances:
    """The importance of each parameter.

    Attributes:
        table: one row per parameter and method, the most important parameter first. Columns: parameter, label, method,
            importance, low, high; the last three are shares in [0, 1]. Empty if there is a `reason`.
        trials: how many trials it is based on: the COMPLETE ones. Diverged ones count with the error of guessing.
        best: how many of them PED-ANOVA takes as the best, including all that tie with the last of these.
        main_effects: the share of the variance that parameters explain one by one, by fANOVA; NaN without a table.
        left_out: labels of parameters that are not active in every trial, because fANOVA cannot handle them.
        reason: why the table is empty, in one sentence; None if it is not empty.
    """

    table: pd.DataFrame
    trials: int
    best: int
    main_effects: float
    left_out: tuple[str, ...]
    reason: str | None


@lru_cache(maxsize=1)
def importances(data: StudyData, *, seed: int = 0) -> Importances:
    """Compute both methods' importances. This takes about three seconds for 1,000 trials and four parameters.

    The result for the last study is cached, because a report shows it in an answer and in a figure.

    Args:
        data: the study; its failed trials are left out.
        seed: of the forests and the halves. The same seed gives the same table.
    """
    sample = _Sample(data)
    if reason := sample.problem():
        return Importances(pd.DataFrame(columns=COLUMNS), len(sample.trials), 0, math.nan, sample.left_out, reason)
    random = np.random.default_rng(seed)
    whole, best_share = sample.part(np.arange(len(sample.trials))), _best_share(len(sample.trials))
    forests = [whole.fanova(TREES, _seed(random)) for _ in range(FORESTS)]
    shares = {
        FANOVA: {name: float(np.mean([_as_shares(raw)[name] for raw in forests])) for name in sample.names},
        PED_ANOVA: _as_shares(whole.ped_anova(best_share)),
    }
    table = _table(sample, shares, _on_halves(sample, random, best_share))
    main_effects = float(np.mean([sum(raw.values()) for raw in forests]))
    best = whole.best_count(best_share)
    return Importances(table, len(sample.trials), best, min(main_effects, 1.0), sample.left_out, None)


def most_important(data: StudyData) -> list[Axis]:
    """All searched parameters, the most important first. Parameters without an importance come last.

    The order is PED-ANOVA's, which is fast.
    """
    axes = searched_parameters(data.spec)
    sample = _Sample(data)
    if sample.problem():
        return axes
    count = len(sample.trials)
    shares = sample.part(np.arange(count)).ped_anova(_best_share(count))
    return sorted(axes, key=lambda axis: -shares.get(axis.name, -1.0))


class _Sample:
    """The trials of a study, with the parameters that are active in all of them, in Optuna's terms."""

    def __init__(self, data: StudyData) -> None:
        self.trials = drawn_trials(data)
        searched = searched_parameters(data.spec)
        self.axes = [axis for axis in searched if self.trials[axis.column].notna().all()]
        self.names = [axis.name for axis in self.axes]
        self.left_out = tuple(axis.label for axis in searched if axis not in self.axes)
        self._is_minimised = data.spec.objective.direction == "minimise"
        self._values = self.trials["value"].to_numpy(dtype=np.float64)
        self._places = {axis.name: _places(data.spec, axis, self.trials) for axis in self.axes}
        self._distributions = {name: _distribution(places) for name, places in self._places.items()}

    def problem(self) -> str | None:
        """The reason why there are no importances, in one sentence; None if there are."""
        if len(self.trials) < LEAST_TRIALS:
            return f"Importances need at least {LEAST_TRIALS} COMPLETE trials; there are {len(self.trials)}."
        if len(self.axes) < 2:  # noqa: PLR2004 - one parameter's share is 1, whatever it does
            return "Importances compare parameters; fewer than two are active in every trial."
        if np.ptp(self._values) == 0:
            return "All trials have the same value, so no parameter made a difference."
        return None

    def part(self, rows: NDArray[np.int64]) -> "_Part":
        """Some of the trials, as an Optuna study that both methods share.

        Optuna copies every trial that it gets, and that takes longer than fitting a forest.
        """
        with quiet_optuna():
            study = optuna.create_study(direction="minimize" if self._is_minimised else "maximize")
            study.add_trials([self._trial(int(row)) for row in rows])
        losses = self._values[rows] if self._is_minimised else -self._values[rows]
        return _Part(study, tuple(self.names), losses)

    def _trial(self, row: int) -> FrozenTrial:
        params = {name: places[row].item() for name, places in self._places.items()}
        return optuna.create_trial(params=params, distributions=self._distributions, value=float(self._values[row]))


@dataclass(frozen=True)
class _Part:
    """Some trials as an Optuna study, and both methods on them."""

    study: optuna.Study
    names: tuple[str, ...]
    losses: NDArray[np.float64]

    def fanova(self, trees: int, seed: int) -> Shares:
        """The share of the forest's variance, by parameter; empty if all values are equal."""
        if np.ptp(self.losses) == 0:
            return {}
        with quiet_optuna():
            return self._evaluate(FanovaImportanceEvaluator(n_trees=trees, max_depth=DEPTH, seed=seed))

    def ped_anova(self, best_share: float) -> Shares:
        """The divergence between the best trials and all trials, by parameter; empty if all tie with the best."""
        if self.best_count(best_share) == len(self.losses):
            return {}
        with quiet_optuna():
            return self._evaluate(PedAnovaImportanceEvaluator(target_quantile=best_share))

    def best_count(self, best_share: float) -> int:
        """How many trials PED-ANOVA takes as the best, including those that tie with the last of these."""
        last = np.sort(self.losses)[math.ceil(best_share * len(self.losses)) - 1]
        return int(np.count_nonzero(self.losses <= last))

    def _evaluate(self, evaluator: BaseImportanceEvaluator) -> Shares:
        found = get_param_importances(self.study, evaluator=evaluator, params=list(self.names), normalize=False)
        return {name: float(share) for name, share in found.items()}


def _places(spec: StudySpec, axis: Axis, trials: pd.DataFrame) -> NDArray[np.float64] | NDArray[np.int64]:
    """Each trial's position in a parameter's range.

    Returns:
        `(n,)` float64 in [0, 1], on the scale that was searched; or int64, the index of the value, if there are at most
        `MAX_LEVELS` values.
    """
    places = positions(axis, trials[axis.column])
    if not axis.is_numeric or _levels(spec, axis) <= MAX_LEVELS:
        return np.unique(places, return_inverse=True)[1].astype(np.int64)
    low, high = bounds(spec, axis)
    if axis.is_log:
        places, low, high = np.log(places), math.log(low), math.log(high)
    return np.clip((places - low) / (high - low), 0.0, 1.0)


def _levels(spec: StudySpec, axis: Axis) -> float:
    """How many values a parameter can take; infinite for a range of floats."""
    parameter = spec.space.root[axis.name]
    if axis.choices:
        return len(axis.choices)
    return parameter.high - parameter.low + 1 if isinstance(parameter, Int) else math.inf


def _distribution(places: NDArray[np.float64] | NDArray[np.int64]) -> BaseDistribution:
    if places.dtype == np.int64:
        return CategoricalDistribution(range(int(places.max(initial=0)) + 1))
    return FloatDistribution(0.0, 1.0)


def _best_share(trials: int) -> float:
    return max(BEST_SHARE, LEAST_BEST / trials)


def _on_halves(sample: _Sample, random: np.random.Generator, best_share: float) -> dict[str, list[Shares]]:
    found: dict[str, list[Shares]] = {method: [] for method in METHODS}
    for _ in range(HALVES):
        half = sample.part(random.permutation(len(sample.trials))[: len(sample.trials) // 2])
        found[FANOVA].append(half.fanova(HALF_TREES, _seed(random)))
        found[PED_ANOVA].append(half.ped_anova(best_share))
    # A half without any difference has no shares.
    return {method: [_as_shares(raw) for raw in answers if sum(raw.values())] for method, answers in found.items()}


def _seed(random: np.random.Generator) -> int:
    return int(random.integers(2**31))


def _as_shares(raw: Shares) -> Shares:
    total = sum(raw.values())
    return {name: share / total for name, share in raw.items()} if total else raw


def _table(sample: _Sample, whole: dict[str, Shares], halves: dict[str, list[Shares]]) -> pd.DataFrame:
    rows = []
    for axis in sample.axes:
        for method in METHODS:
            importance = whole[method].get(axis.name, math.nan)
            scattered = [shares[axis.name] for shares in halves[method]] or [math.nan]
            low, high = np.quantile(scattered, (0.05, 0.95))
            rows.append((axis.name, axis.label, method, importance, float(low), float(high)))
    table = pd.DataFrame(rows, columns=COLUMNS)
    table["mean"] = table.groupby("parameter")["importance"].transform("mean")
    return table.sort_values("mean", ascending=False, kind="stable", ignore_index=True).drop(columns="mean")
