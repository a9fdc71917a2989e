"""The range that is proposed from a range test's curve."""

import math
from collections.abc import Callable

import pytest

from hyperspool.master.analysis.measures.lr_range import Point, Proposal, propose

CHANCE = 0.1
RATES = [0.01 * place for place in range(1, 41)]


def points(accuracy: Callable[[float], float]) -> list[Point]:
    return [Point(rate, accuracy(rate)) for rate in RATES]


def rising(rate: float) -> float:
    """Guessing up to 0.05, then evenly up to 0.9 at 0.25, where it stays."""
    return 0.1 + 0.8 * min(max((rate - 0.05) / 0.2, 0.0), 1.0)


def test_a_clean_rise_and_fall_is_bounded_by_both() -> None:
    found = propose(points(lambda rate: rising(rate) if rate < 0.305 else 0.1), CHANCE)
    assert isinstance(found, Proposal)
    assert (found.eta_min, found.eta_max) == pytest.approx((0.07, 0.30))
    assert found.has_ended


def test_a_slow_fall_ends_at_5_percent_of_the_gain() -> None:
    found = propose(points(lambda rate: rising(rate) - max(rate - 0.3, 0.0)), CHANCE)
    assert isinstance(found, Proposal)
    assert found.eta_max == pytest.approx(0.34)  # at 0.35 it is 0.05 deep, more than 0.05 * 0.8


def test_a_ragged_end_counts_as_one_even_if_accuracy_recovers() -> None:
    ragged = {0.28: 0.7, 0.32: 0.5}
    found = propose(points(lambda rate: ragged.get(round(rate, 2), rising(rate))), CHANCE)
    assert isinstance(found, Proposal)
    assert found.eta_max == pytest.approx(0.27)


def test_small_waves_do_not_end_the_range() -> None:
    found = propose(points(lambda rate: rising(rate) + 0.015 * math.sin(800 * rate)), CHANCE)
    assert isinstance(found, Proposal)
    assert found.eta_max == pytest.approx(RATES[-1])
    assert not found.has_ended


def test_a_dip_on_the_way_up_does_not_end_it() -> None:
    found = propose(points(lambda rate: 0.3 if round(rate, 2) == 0.18 else rising(rate)), CHANCE)
    assert isinstance(found, Proposal)
    assert not found.has_ended


def test_a_rise_without_a_fall_reaches_the_last_rate() -> None:
    assert propose(points(lambda rate: 0.1 + rate), CHANCE) == Proposal(RATES[3], RATES[-1], has_ended=False)


@pytest.mark.parametrize("level", [0.1, 0.05, 0.14])
def test_a_flat_curve_proposes_nothing(level: float) -> None:
    assert "never rose" in str(propose(points(lambda _rate: level), CHANCE))


def test_a_curve_without_points_proposes_nothing() -> None:
    assert "never rose" in str(propose([], CHANCE))


def test_a_single_point_peak_is_too_narrow() -> None:
    peak = points(lambda rate: 0.9 if round(rate, 2) == 0.2 else 0.1)
    assert "within one step" in str(propose(peak, CHANCE))
