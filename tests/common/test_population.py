"""Studies that train a population: what is filled in, and what is refused."""

from typing import Any

import pytest

from hyperspool.common.study_spec import StudySpec
from tests.conftest import spec_of

OWN: dict[str, Any] = {
    "trials": 32,
    "budget": {"epochs": 12},
    "sampler": {"name": "pbt", "interval": 3, "perturb": ["x"]},
}
NETWORK: dict[str, Any] = {
    "trials": 32,
    "objective": {"name": "mlp"},
    "data": {"name": "digits"},
    "budget": {"epochs": 12},
    "sampler": {"name": "pbt", "interval": 3},
    "space": {
        "hidden_units": {"low": 4, "high": 64},
        "learning_rate": {"low": 0.001, "high": 1.0, "log": True},
        "momentum": [0.5, 0.9],
        "weight_decay": 0.001,
    },
}


def test_what_the_study_leaves_out_is_filled_in_and_published() -> None:
    spec = StudySpec.model_validate({"name": "demo"} | {key: NETWORK[key] for key in NETWORK if key != "trials"})
    assert spec.sampler.perturb == ("learning_rate", "momentum")
    assert (spec.trials, spec.batch, spec.sampler.population, spec.sampler.exploit) == (32, 8, 8, 0.25)
    assert StudySpec.model_validate_json(spec.to_json()) == spec
    assert spec_of(**NETWORK).batch == 4  # it says so


def test_chance_of_resampling_may_be_none() -> None:
    assert spec_of(**OWN | {"sampler": OWN["sampler"] | {"resample": 0.0}}).sampler.resample == 0


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"population": 1}, "greater than or equal to 2"),
        ({"exploit": 0.6}, "less than or equal to 0.5"),
        ({"factors": [0.0]}, "greater than 0"),
        (
            {"interval": None},
            "sampler.interval: missing; expected the epochs of a generation, of which two or more make",
        ),
        ({"interval": 5}, r"sampler.interval: found 5; .* make the 12 \(budget.epochs\) of a training: 1, 2, 3, 4, 6"),
        ({"interval": 12}, "sampler.interval: found 12; expected"),
        ({"perturb": None}, r'sampler.perturb: missing; name the parameters that square can .* perturb = \["x"\]'),
        ({"perturb": ["y"]}, "sampler.perturb.y: unknown key; allowed: x"),
    ],
)
def test_population_that_does_not_fit_is_refused(changes: dict[str, Any], line: str) -> None:
    sampler = {key: value for key, value in (OWN["sampler"] | changes).items() if value is not None}
    with pytest.raises(ValueError, match=line):
        spec_of(**OWN | {"sampler": sampler})


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"budget": None}, "budget.epochs: missing; pbt divides the epochs"),
        ({"budget": {"epochs": 1}}, "budget.epochs: found 1, expected at least 2 with pbt"),
        ({"trials": 20}, r"trials: found 20, expected 32: 4 generations of 8 \(sampler.population\); leave trials out"),
        ({"replicates": 2}, "sampler.name: pbt goes on with trainings, and the study has replicates; leave one out"),
        ({"confirm": {"finalists": 1}}, "the study has confirm"),
        ({"halving": {}}, "the study has halving"),
        ({"pruning": {"name": "median"}}, "the study has pruning"),
        ({"stop": {"target": 0.1}}, "the study has stop"),
        (
            {"trials": 2, "ablation": {"base": {"x": 0.5}, "improvements": [{"name": "a", "params": {"x": 0.1}}]}},
            "has ablation",
        ),
        ({"space": {"x": 0.5, "y": [1, 2]}}, "sampler.perturb: found 'x', which is fixed"),
    ],
)
def test_population_in_a_study_that_does_not_fit_is_refused(changes: dict[str, Any], line: str) -> None:
    with pytest.raises(ValueError, match=line):
        spec_of(**OWN | changes)


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        (
            {"sampler": NETWORK["sampler"] | {"perturb": ["hidden_units"]}},
            "sampler.perturb: found 'hidden_units', which cannot change in the middle of a training; expected some of",
        ),
        ({"space": {"hidden_units": [4, 8], "learning_rate": 0.1}}, "and this space fixes them all; expected a range"),
    ],
)
def test_parameters_that_shape_a_network_never_change(changes: dict[str, Any], line: str) -> None:
    with pytest.raises(ValueError, match=line):
        spec_of(**NETWORK | changes)


def test_generation_of_the_genetic_algorithm_has_four_at_least() -> None:
    with pytest.raises(ValueError, match="population: found 3, expected at least 4 with nsga2"):
        spec_of(sampler={"name": "nsga2", "population": 3})
