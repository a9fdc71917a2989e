"""Which defaults and priors a space may have."""

from typing import Any

import pytest

from hyperspool.common.space import Space
from tests.conftest import spec_of


@pytest.mark.parametrize(
    ("parameter", "said"),
    [
        ({"low": 0.0, "high": 1.0, "default": 2.0}, r"default: found 2.0, expected 0.0 to 1.0"),
        ({"low": 0.0, "high": 1.0, "step": 0.25, "default": 0.3}, r"default: found 0.3, expected 0.0 plus a multiple"),
        ({"low": 1, "high": 9, "default": 0}, r"default: found 0, expected 1 to 9"),
        ({"choices": ["a", "b"], "default": "c"}, r"default: found 'c', expected one of 'a', 'b'"),
        ({"low": 0.1, "high": 1.0, "log": True, "prior": {"center": 0.0}}, r"prior.center: found 0, expected 0.1 to 1"),
        ({"low": 1, "high": 9, "prior": {"center": 10}}, r"prior.center: found 10, expected 1 to 9"),
        ({"low": 1, "high": 9, "prior": {"center": 3, "confidence": "total"}}, r"confidence"),
        ({"low": 1, "high": 9, "prior": {"confidence": "low"}}, r"center"),
        ({"choices": ["a", "b"], "prior": {"center": 1.0}}, r"prior"),
        ({"value": 3, "default": 3}, r"default"),
    ],
)
def test_impossible_default_or_prior_is_refused(parameter: dict[str, Any], said: str) -> None:
    with pytest.raises(ValueError, match=said):
        Space.model_validate({"x": parameter})


@pytest.mark.parametrize("name", ["grid", "cmaes", "qmc", "nsga2", "nsga3", "auto", "coarse-to-fine"])
def test_samplers_that_draw_from_no_prior_refuse_it(name: str) -> None:
    ranged = {"type": "float", "low": 0.0, "high": 1.0, "step": 0.5, "prior": {"center": 0.5}}
    with pytest.raises(
        ValueError, match=rf"space\.x\.prior: found with {name}; expected the sampler random, tpe, gp or pbt"
    ):
        spec_of(trials=27, space={"x": ranged, "y": {"low": 0.0, "high": 1.0, "step": 0.1}}, sampler={"name": name})


def test_default_between_whole_bounds_makes_a_float() -> None:
    assert Space.model_validate({"x": {"low": 0, "high": 1, "default": 0.5}}).root["x"].type == "float"
