from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import optuna
import pandas as pd
import pytest

from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.measures.importance import (
    COLUMNS,
    FANOVA,
    METHODS,
    PED_ANOVA,
    Importances,
    importances,
    most_important,
    shortest_interval,
    whole_sentence,
)
from tests.master.analysis.synthetic import make_study_data

UNIT = {"type": "float", "low": 0.0, "high": 1.0}
THREE: dict[str, Any] = {"x1": UNIT, "x2": UNIT, "x3": UNIT}


def valued(
    function: Callable[[pd.DataFrame], "pd.Series[float]"],
    space: dict[str, Any] = THREE,
    *,
    trials: int = 120,
    direction: str = "minimise",
) -> StudyData:
    """A study whose values are computed from its trials by a function."""
    data = make_study_data(space, trials=trials, objective="mine", direction=direction)
    return replace(data, trials=data.trials.assign(value=function(data.trials)))


def ninety_ten(trials: pd.DataFrame) -> "pd.Series[float]":
    """x1 explains 90 % of the variance, x2 10 %, x3 nothing."""
    return 3 * trials["params_x1"] + trials["params_x2"]


def share(data: StudyData, method: str) -> dict[str, float]:
    return shares_in(importances(data), method)


def shares_in(found: Importances, method: str) -> dict[str, float]:
    return dict(found.table[found.table["method"] == method].set_index("parameter")["importance"])


@pytest.fixture(scope="module")
def straight() -> Importances:
    return importances(valued(ninety_ten, trials=250))


def test_both_methods_rank_parameters_by_what_they_explain(straight: Importances) -> None:
    found = straight
    assert list(found.table.columns) == COLUMNS
    for method in METHODS:
        ranked = found.table[found.table["method"] == method].sort_values("importance", ascending=False)
        assert ranked["parameter"].tolist() == ["x1", "x2", "x3"]
    assert sum(shares_in(found, FANOVA).values()) + found.together + found.unexplained == pytest.approx(1)
    assert sum(shares_in(found, PED_ANOVA).values()) == pytest.approx(1)


def test_fanova_finds_the_share_of_the_variance(straight: Importances) -> None:
    shares = shares_in(straight, FANOVA)
    assert shares["x1"] == pytest.approx(0.9, abs=0.04)
    assert shares["x2"] == pytest.approx(0.1, abs=0.04)
    assert shares["x3"] == pytest.approx(0.0, abs=0.02)


def test_where_parameters_act_together_neither_explains_it_alone(straight: Importances) -> None:
    def saddle(trials: pd.DataFrame) -> "pd.Series[float]":
        return (trials["params_x1"] - 0.5) * (trials["params_x2"] - 0.5)

    assert importances(valued(saddle)).together > 0.95
    assert straight.together < 0.01


def test_what_is_chance_is_not_explained() -> None:
    def noisy(trials: pd.DataFrame) -> "pd.Series[float]":
        # Half of the variance is noise.
        return ninety_ten(trials) + np.random.default_rng(0).normal(0, np.sqrt(10 / 12), len(trials))

    found = importances(valued(noisy, trials=250))
    assert found.unexplained == pytest.approx(0.5, abs=0.1)
    assert found.together < 0.1
    assert "is not explained by the model" in whole_sentence(found)


def test_a_sum_has_nothing_left_to_explain() -> None:
    def total(trials: pd.DataFrame) -> "pd.Series[float]":
        return 3 * trials["params_x1"] + 2 * trials["params_x2"] + trials["params_x3"]

    found = importances(valued(total, THREE | {"x4": UNIT}, trials=100))
    assert shares_in(found, FANOVA) == pytest.approx({"x1": 9 / 14, "x2": 4 / 14, "x3": 1 / 14, "x4": 0}, abs=0.01)
    assert whole_sentence(found) == "One by one, parameters explain 100% of the variance."


def test_importance_uses_the_scale_that_was_searched() -> None:
    # A straight line in the logarithm over four decades: on the linear scale nearly all of the range would lie flat.
    space = {"rate": {"type": "float", "low": 1e-4, "high": 1.0, "log": True}, "x": UNIT}

    def halves(trials: pd.DataFrame) -> "pd.Series[float]":
        return pd.Series(np.log10(trials["params_rate"]) / 4 + trials["params_x"])

    assert share(valued(halves, space), FANOVA)["rate"] == pytest.approx(0.5, abs=0.12)


def test_the_choice_that_decides_is_important() -> None:
    space = {"optimiser": ["sgd", "adam", "rmsprop"], "size": [16, 32, 64], "is_fast": [True, False], "x": UNIT}

    def by_choice(trials: pd.DataFrame) -> "pd.Series[float]":
        noise = np.random.default_rng(0).uniform(0, 0.1, len(trials))
        return trials["params_optimiser"].map({"sgd": 1.0, "adam": 0.0, "rmsprop": 2.0}) + noise

    found = importances(valued(by_choice, space))
    for method in METHODS:
        shares = shares_in(found, method)
        assert max(shares, key=lambda name: shares[name]) == "optimiser"


def test_ped_anova_takes_the_highest_values_when_maximising() -> None:
    def spike(trials: pd.DataFrame) -> "pd.Series[float]":
        # Among the highest values only x1 differs, among the lowest only x2.
        return (trials["params_x1"] - 0.8).clip(lower=0) - (0.2 - trials["params_x2"]).clip(lower=0)

    assert share(valued(spike, direction="maximise"), PED_ANOVA)["x1"] > 0.6
    assert share(valued(spike), PED_ANOVA)["x2"] > 0.6


def test_intervals_are_wider_with_fewer_trials() -> None:
    def noisy(trials: pd.DataFrame) -> "pd.Series[float]":
        return ninety_ten(trials) + np.random.default_rng(0).normal(0, 1, len(trials))

    widths = [
        (table["high"] - table["low"]).mean()
        for table in (importances(valued(noisy, trials=trials)).table for trials in (80, 250))
    ]
    assert widths[0] > 1.2 * widths[1]


def test_too_few_trials_have_no_interval() -> None:
    few, enough = (importances(valued(ninety_ten, trials=trials)) for trials in (79, 80))
    assert not few.has_intervals
    assert enough.has_intervals
    assert enough.table.loc[enough.table["method"] == PED_ANOVA, ["low", "high"]].isna().all(axis=None)


def test_an_interval_reaches_down_to_nothing_if_that_is_likely() -> None:
    random = np.random.default_rng(0)
    assert shortest_interval(random.exponential(size=2000))[0] == 0
    low, high = shortest_interval(random.normal(0.5, 0.1, 2000), part=0.9)
    assert (low, high) == pytest.approx((0.5 - 0.164, 0.5 + 0.164), abs=0.03)


def test_the_same_seed_gives_the_same_importances() -> None:
    data = valued(ninety_ten, trials=40)
    again = replace(data)
    pd.testing.assert_frame_equal(importances(data, seed=1).table, importances(again, seed=1).table)
    assert not importances(again, seed=2).table.equals(importances(data, seed=1).table)


def test_the_importances_of_a_study_are_computed_once() -> None:
    data = valued(ninety_ten, trials=20)
    assert importances(data) is importances(data)
    assert importances(replace(data)) is not importances(data)


def test_a_parameter_that_is_not_always_active_is_left_out() -> None:
    space = {"optimiser": ["sgd", "adam"], "momentum": UNIT | {"when": {"optimiser": ["sgd"]}}, "x": UNIT}
    found = importances(make_study_data(space, trials=40, objective="mine"))
    assert found.left_out == ("momentum",)
    assert set(found.table["parameter"]) == {"optimiser", "x"}


def test_failed_trials_are_left_out() -> None:
    assert importances(make_study_data(trials=30, fails=range(5))).trials == 25


@pytest.mark.parametrize(
    ("data", "reason"),
    [
        (make_study_data(trials=12, fails=[0, 1, 2]), "at least 10 COMPLETE trials; there are 9"),
        (make_study_data({"x": UNIT}, trials=20, objective="mine"), "fewer than two"),
        (valued(lambda trials: 0 * trials["params_x1"], trials=20), "same value"),
    ],
)
def test_missing_importances_have_a_reason(data: StudyData, reason: str) -> None:
    found = importances(data)
    assert reason in str(found.reason)
    assert found.table.empty
    assert list(found.table.columns) == COLUMNS


@pytest.mark.parametrize(("direction", "best_value"), [("minimise", 0.0), ("maximise", 1.0)])
def test_trials_that_tie_with_the_best_are_among_the_best(direction: str, best_value: float) -> None:
    data = valued(lambda trials: (trials["params_x1"] > 0.6).astype(float), trials=40, direction=direction)
    found = importances(data)
    assert found.best == int((data.trials["value"] == best_value).sum())
    assert share(data, PED_ANOVA)["x1"] > 0.8


def test_fanova_alone_answers_where_most_tie_with_the_best() -> None:
    data = valued(lambda trials: -(trials["params_x1"] > 0.95).astype(float), direction="maximise", trials=40)
    assert share(data, FANOVA)["x1"] > 0.5


def test_all_parameters_are_ranked_with_unknown_ones_last() -> None:
    space = {"late": UNIT | {"when": {"gate": [True]}}, "x3": UNIT, "x1": UNIT, "x2": UNIT, "gate": [True, False]}
    names = [axis.name for axis in most_important(valued(ninety_ten, space))]
    assert names[0] == "x1"
    assert names[-1] == "late"
    assert sorted(names) == sorted(space)


def test_optuna_keeps_its_log_level() -> None:
    before = optuna.logging.get_verbosity()
    optuna.logging.set_verbosity(optuna.logging.INFO)
    try:
        importances(valued(ninety_ten, trials=12))
        assert optuna.logging.get_verbosity() == optuna.logging.INFO
    finally:
        optuna.logging.set_verbosity(before)
