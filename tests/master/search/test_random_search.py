"""Random search by a prior: a normal distribution around the center, cut at the ends of the range."""

from statistics import NormalDist

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hyperspool.common.prior import CONFIDENCES, Prior
from hyperspool.master.search.random_search import quantile

PRIORS = st.builds(Prior, center=st.just(0.0), confidence=st.sampled_from(list(CONFIDENCES)))
ENDS = st.sampled_from([0.0, 2**-60, 1 - 2**-53, 0.5])
UNITS = st.floats(0, 1, exclude_max=True) | ENDS


@given(prior=PRIORS, unit=UNITS, middle=st.floats(0, 1) | ENDS)
def test_every_quantile_lies_in_the_range(prior: Prior, unit: float, middle: float) -> None:
    assert 0 <= quantile(prior, unit, middle) < 1


@given(prior=PRIORS, unit=st.floats(0.01, 0.99), middle=st.floats(0, 1))
def test_quantile_has_its_share_of_the_cut_distribution_below(prior: Prior, unit: float, middle: float) -> None:
    normal = NormalDist(middle, CONFIDENCES[prior.confidence])
    inside = normal.cdf(1) - normal.cdf(0)
    share = (normal.cdf(quantile(prior, unit, middle)) - normal.cdf(0)) / inside
    assert share == pytest.approx(unit, abs=1e-9)
