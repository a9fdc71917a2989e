"""Defaults and priors: what an expert knows shapes the first trials, and changes no other number."""

import statistics
from typing import Any

import pytest

from hyperspool.common.prior import CONFIDENCES
from hyperspool.common.space import Params
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.search.known import Proposal
from tests.conftest import spec_of
from tests.master.played import params_of, played

pytestmark = pytest.mark.usefixtures("one_thread")
RATE: dict[str, Any] = {"low": 1e-4, "high": 1.0, "log": True}
DEPTH: dict[str, Any] = {"low": 1, "high": 9}
SPACE: dict[str, Any] = {"rate": RATE, "depth": DEPTH, "width": {"low": 8, "high": 64, "step": 8}}
METHODS: dict[str, dict[str, Any]] = {
    "random": {},
    "qmc": {},
    "tpe": {"startup": 4},
    "gp": {"startup": 4},
    "cmaes": {},
    "nsga2": {"population": 4},
    "nsga3": {"population": 4},
    "pbt": {"population": 5, "interval": 1, "perturb": ["rate"]},
    "coarse-to-fine": {"rounds": 2, "keep": 2},
    "auto": {},
}


def value_of(proposal: Proposal) -> float:
    return abs(float(proposal.params["rate"]) - 0.02) + float(proposal.params["depth"]) / 10


def study(name: str = "random", trials: int = 10, **changes: dict[str, Any]) -> StudySpec:
    space = {key: table | changes.get(key, {}) for key, table in SPACE.items()}
    method = {"name": name} | METHODS[name]
    return spec_of(trials=trials, batch=3, budget={"epochs": 2}, space=space, sampler=method)


def params(spec: StudySpec, batch: int | None = None) -> list[Params]:
    return params_of(played(spec, value_of, batch))


@pytest.mark.parametrize("name", METHODS)
def test_first_trial_is_the_point_of_all_defaults(name: str) -> None:
    without, spec = study(name), study(name, rate={"default": 0.02}, width={"default": 24})
    found = params(spec)
    assert found[0] == {"rate": 0.02, "depth": params(study())[0]["depth"], "width": 24}
    assert len(found) == len(params(without))
    assert found == params(spec, batch=1)[:1] + found[1:]
    assert all(spec.space.problems(each) == () for each in found)


def test_default_changes_no_other_trial_of_a_random_search() -> None:
    assert params(study(rate={"default": 0.02}))[1:] == params(study())[1:]


def test_defaults_follow_the_conditions_between_parameters() -> None:
    space = {
        "method": {"choices": ["sgd", "adam"], "default": "adam"},
        "momentum": {"low": 0.0, "high": 0.9, "default": 0.5, "when": {"method": "sgd"}},
        "beta": {"low": 0.8, "high": 0.99, "when": {"method": "adam"}},
    }
    first = played(spec_of(space=space))[0].params
    assert first.keys() == {"method", "beta"}
    assert first["method"] == "adam"


def test_every_replicate_of_the_first_setting_has_the_defaults() -> None:
    spec = study(rate={"default": 0.02}).model_copy(update={"replicates": 3})
    assert [each["rate"] == 0.02 for each in params(spec)[:4]] == [True, True, True, False]


def test_grid_keeps_its_order_with_defaults() -> None:
    space = {"x": {"low": 0.0, "high": 1.0, "step": 0.5}}
    with_default = {"x": space["x"] | {"default": 0.5}}
    first, second = (spec_of(trials=3, space=one, sampler={"name": "grid"}) for one in (space, with_default))
    assert params_of(played(first)) == params_of(played(second))


def test_prior_moves_its_own_parameter_alone() -> None:
    plain, believed = params(study()), params(study(rate={"prior": {"center": 0.01}}))
    assert [each["depth"] for each in plain] == [each["depth"] for each in believed]
    assert [each["width"] for each in plain] == [each["width"] for each in believed]
    assert [each["rate"] for each in plain] != [each["rate"] for each in believed]


@pytest.mark.parametrize("confidence", CONFIDENCES)
def test_prior_is_normal_on_the_own_scale_of_a_parameter(confidence: str) -> None:
    spec = study(trials=2000, rate={"prior": {"center": 0.01, "confidence": confidence}})
    rate = spec.space.root["rate"]
    places = [rate.to_unit(each["rate"]) for each in params(spec)]
    assert statistics.median(places) == pytest.approx(0.5, abs=0.03)
    inside = sum(abs(place - 0.5) < CONFIDENCES[confidence] / 2 for place in places) / len(places)
    # Of the whole distribution 38.3 % lie within half a deviation; in [0, 1] are 68.3, 95.4 and 99.99 % of it.
    whole = {"low": 0.683, "medium": 0.954, "high": 0.9999}[confidence]
    assert inside == pytest.approx(0.383 / whole, abs=0.04)


def test_prior_of_whole_numbers_keeps_to_their_steps() -> None:
    spec = study(trials=300, width={"prior": {"center": 24, "confidence": "high"}}, depth={"prior": {"center": 1}})
    found = params(spec)
    assert statistics.mode(each["width"] for each in found) == 24
    assert statistics.mode(each["depth"] for each in found) == 1
    assert {each["width"] for each in found} <= set(range(8, 65, 8))


@pytest.mark.parametrize("name", ["tpe", "gp"])
def test_learning_methods_draw_their_first_trials_from_the_prior(name: str) -> None:
    belief = {"prior": {"center": 0.01, "confidence": "high"}}
    found = params(study(name, rate=belief))
    # After two batches six trials are finished, more than the four at random.
    assert found[:6] == params(study(rate=belief))[:6]
    assert found[6:] != params(study(rate=belief))[6:]
