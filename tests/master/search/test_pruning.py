"""The rules that end a running trial."""

import math

import pytest

from hyperspool.common.pruning import Pruning
from hyperspool.master.search.pruning import losses, verdict

MEDIAN = Pruning(startup=3, warmup_epochs=2)
OTHERS = {0: [0.9, 0.5, 0.1], 1: [0.8, 0.6, 0.2], 2: [0.9, 0.7, 0.4]}
"""Their means after two epochs are 0.7, 0.7 and 0.8; after three 0.5, 0.533 and 0.667."""


@pytest.mark.parametrize(
    ("own", "is_ended"),
    [
        ([0.95], False),  # warming up
        ([0.95, 0.71], True),
        ([0.95, 0.70], False),  # not worse than the median
        ([0.60, 0.90], False),  # its best counts
        ([0.95, 0.60, 0.54], True),
        ([0.95, 0.60, 0.53], False),
        ([math.nan, math.nan], False),  # nothing is known
        ([math.nan, 0.9], True),
    ],
)
def test_trial_below_the_median_of_others_is_ended(own: list[float], is_ended: bool) -> None:
    assert (verdict(MEDIAN, own, OTHERS) is not None) == is_ended


def test_median_waits_for_enough_trials() -> None:
    few = {trial: OTHERS[trial] for trial in (0, 1)}
    assert verdict(MEDIAN, [0.95, 0.9], few) is None
    assert verdict(MEDIAN, [0.95, 0.9], few | {2: [math.nan, math.nan, math.nan]}) is None


@pytest.mark.parametrize(
    ("own", "is_ended"),
    [
        ([0.5, 0.6], False),
        ([0.5, 0.6, 0.7], True),
        ([0.5, 0.5, 0.5], True),  # as good is no better
        ([0.5, 0.6, 0.4], False),
        ([0.9, 0.5, math.nan, math.nan], True),
    ],
)
def test_trial_without_anything_better_is_ended(own: list[float], is_ended: bool) -> None:
    rule = Pruning(name="patient", patience=2)
    assert (verdict(rule, own, {}) is not None) == is_ended


def test_maximised_numbers_become_losses() -> None:
    assert losses([0.5, math.inf], "maximise")[0] == -0.5
    assert math.isnan(losses([0.5, math.inf], "maximise")[1])
    rising, falling = losses([0.1, 0.9, 0.95], "maximise"), losses([0.95, 0.9, 0.1], "maximise")
    rule = Pruning(name="patient", patience=2)
    assert (verdict(rule, rising, {}), verdict(rule, falling, {}) is None) == (None, False)
