import itertools
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from hyperspool.master.analysis.measures.simulation import (
    Floats,
    best_so_far,
    exact_distribution,
    exact_mean,
    exact_quantile,
    simulated_quantiles,
    to_minimise,
)

NAN = float("nan")
SIX = [
    [0.5, 0.1, 0.9, 0.3, 0.2, 0.7],
    [0.5, 0.1, 0.1, 0.5, 0.1, 0.7],
    [0.5, NAN, 0.1, NAN, 0.1, 0.7],
    [NAN, NAN, NAN, NAN, NAN, 0.4],
    [0.4] * 6,
    [-3.0, -1.0, 0.0, 2.0, NAN, -3.0],
]
LEVELS = (0.1, 0.25, 1 / 3, 0.5, 0.75, 0.9, 1.0)
SOME_VALUES: Any = arrays(np.float64, st.integers(1, 25), elements=st.sampled_from([0.1, 0.2, 0.3, 0.5, 0.8, NAN]))


def all_orders(values: list[float]) -> Floats:
    """The best so far of every order: `(n!, n)`."""
    return np.fmin.accumulate(np.array(list(itertools.permutations(values))), axis=1)


@pytest.mark.parametrize("values", SIX)
@pytest.mark.parametrize("level", LEVELS)
def test_the_exact_quantile_is_that_of_all_orders(values: list[float], level: float) -> None:
    ranked = np.sort(np.where(np.isnan(orders := all_orders(values)), np.inf, orders), axis=0)
    expected = ranked[math.ceil(round(level * len(ranked), 6)) - 1]
    np.testing.assert_array_equal(exact_quantile(values, level), np.where(np.isinf(expected), NAN, expected))


@pytest.mark.parametrize("values", SIX)
def test_the_exact_mean_is_that_of_all_valued_orders(values: list[float]) -> None:
    np.testing.assert_allclose(exact_mean(values), np.nanmean(all_orders(values), axis=0), rtol=1e-12)


@pytest.mark.parametrize("values", SIX)
@pytest.mark.parametrize("target", [-3.0, 0.1, 0.4, 0.5, 10.0, math.inf])
def test_the_exact_distribution_is_the_share_of_all_orders(values: list[float], target: float) -> None:
    orders = all_orders(values)
    expected = (np.isfinite(orders) & (orders <= target)).mean(axis=0)
    np.testing.assert_allclose(exact_distribution(values, target), expected, atol=1e-12)


def test_the_distribution_of_ten_thousand_is_the_binomial_ratio() -> None:
    values = np.arange(10_000.0)
    chance = exact_distribution(values, 9.0)
    for evaluations in (1, 2, 100, 693, 5_000, 9_990, 9_991):
        exact = 1 - math.comb(9_990, evaluations) / math.comb(10_000, evaluations)
        assert chance[evaluations - 1] == pytest.approx(exact, rel=1e-9)


def test_quantile_and_mean_of_ten_thousand_match_uniform_draws() -> None:
    values = np.arange(1, 10_001) / 10_001
    evaluations = np.arange(1, 10_001)
    np.testing.assert_allclose(exact_mean(values), 1 / (evaluations + 1), rtol=1e-9)
    few = slice(0, 100)
    np.testing.assert_allclose(exact_quantile(values, 0.5)[few], 1 - 0.5 ** (1 / evaluations[few]), rtol=0.02)


def test_a_quantile_exactly_at_its_level_takes_the_lower() -> None:
    # Half of all orders have the best among the first n / 2: the probability is 1/2 but for rounding.
    for count in range(2, 400, 2):
        median = exact_quantile(np.arange(float(count)), 0.5)
        assert median[count // 2 - 1] == 0
        assert count == 2 or median[count // 2 - 2] > 0


def test_simulated_searches_agree_with_the_exact_distribution() -> None:
    random = np.random.default_rng(7)
    values = np.where(random.uniform(size=60) < 0.1, NAN, random.uniform(size=60).round(2))
    runs = 4_000
    best = best_so_far(values, runs, seed=1)
    # Dvoretzky-Kiefer-Wolfowitz, with Massart's constant: at one t, further off than this once in 10^6 seeds.
    margin = math.sqrt(math.log(2 / 1e-6) / (2 * runs))
    for target in np.unique(values[np.isfinite(values)]):
        simulated = (np.isfinite(best) & (best <= target)).mean(axis=0)
        assert np.abs(simulated - exact_distribution(values, float(target))).max() < margin
    low, median, high = (exact_quantile(values, level) for level in (0.5 - margin, 0.5, 0.5 + margin))
    simulated_median = simulated_quantiles(best, [0.5])[0]
    assert np.all((low <= simulated_median) & (simulated_median <= high))
    assert np.mean(simulated_median == median) > 0.8
    standard_error = np.nanstd(best, axis=0) / math.sqrt(runs)
    assert np.all(np.abs(np.nanmean(best, axis=0) - exact_mean(values)) <= 5 * standard_error + 1e-12)


def test_every_simulated_search_is_an_order_of_the_trials() -> None:
    values = [0.4, NAN, 0.2, 0.9]
    possible = {tuple(order) for order in np.nan_to_num(all_orders(values), nan=-1.0)}
    simulated = {tuple(run) for run in np.nan_to_num(best_so_far(values, 500, seed=0), nan=-1.0)}
    assert simulated == possible


def test_the_same_seed_simulates_the_same_searches() -> None:
    values = np.arange(30.0)
    np.testing.assert_array_equal(best_so_far(values, 5, seed=3), best_so_far(values, 5, seed=3))
    assert not np.array_equal(best_so_far(values, 5, seed=3), best_so_far(values, 5, seed=4))


def test_the_given_values_are_not_changed() -> None:
    values = np.array([0.3, NAN, math.inf, 0.1])
    before = values.copy()
    best_so_far(values, 3, seed=0)
    exact_mean(values)
    exact_quantile(values, 0.5)
    np.testing.assert_array_equal(values, before)


@given(values=SOME_VALUES, level=st.sampled_from(LEVELS), seed=st.integers(0, 100))
def test_more_evaluations_are_never_worse_and_all_find_the_best(values: Floats, level: float, seed: int) -> None:
    curves = np.vstack([best_so_far(values, 3, seed), exact_quantile(values, level), exact_mean(values)])
    with_gaps_last = np.where(np.isnan(curves), np.inf, curves)
    assert np.all(with_gaps_last[:, 1:] <= with_gaps_last[:, :-1] + 1e-12)
    best = np.nan if np.isnan(values).all() else np.nanmin(values)
    np.testing.assert_allclose(curves[:, -1], best)


@given(values=SOME_VALUES, level=st.sampled_from(LEVELS))
def test_quantile_and_distribution_are_each_others_inverse(values: Floats, level: float) -> None:
    quantile = exact_quantile(values, level)
    for place, value in enumerate(quantile):
        lower = [target for target in values if target < value] if np.isfinite(value) else values
        assert np.isnan(value) or exact_distribution(values, value)[place] >= level - 1e-9
        assert all(exact_distribution(values, target)[place] < level for target in lower if np.isfinite(target))


def test_simulated_quantiles_are_missing_where_runs_lack_values() -> None:
    best = np.array([[NAN, NAN], [NAN, 2.0], [1.0, 1.0], [NAN, 4.0]])
    np.testing.assert_array_equal(
        simulated_quantiles(best, (0.25, 0.5, 0.75, 1.0)), [[1, 1], [NAN, 2], [NAN, 4], [NAN, NAN]]
    )


def test_maximised_values_are_negated_and_back() -> None:
    values = np.array([0.2, NAN, 0.9])
    np.testing.assert_array_equal(to_minimise(to_minimise(values, "maximise"), "maximise"), values)
    assert np.nanmin(to_minimise(values, "maximise")) == -0.9
    np.testing.assert_array_equal(to_minimise(values, "minimise"), values)
