import json
from typing import Any

import pytest
from pydantic import ValidationError

from hyperspool.common.goals import Constraint
from hyperspool.common.study_spec import StudySpec
from hyperspool.common.validation import explain
from tests.conftest import spec_of

TWO: list[dict[str, str]] = [{"measure": "error"}, {"measure": "seconds"}]


def problems(**changes: Any) -> str:
    with pytest.raises(ValidationError) as caught:
        spec_of(**changes)
    return "; ".join(explain(caught.value, StudySpec))


def test_study_with_one_objective_is_stored_as_before() -> None:
    stored = json.loads(spec_of().to_json())
    assert stored["objective"] == {"name": "square", "direction": "minimise", "threads": 1}
    assert not {"objectives", "constraints"} & stored.keys()


def test_study_of_several_objectives_survives_its_file() -> None:
    spec = spec_of(objectives=TWO, constraints=["size_mb <= 10", "accuracy>=-1.5e-3"])
    stored = json.loads(spec.to_json())
    assert stored["constraints"] == ["size_mb <= 10", "accuracy >= -0.0015"]
    assert StudySpec.model_validate_json(spec.to_json()) == spec


def test_both_spellings_of_a_direction_are_stored_as_one() -> None:
    spec = spec_of(
        objectives=[{"measure": "error", "direction": "minimize"}, {"measure": "n", "direction": "maximize"}]
    )
    assert [goal.direction for goal in spec.objectives or ()] == ["minimise", "maximise"]


def test_value_is_the_first_objective_that_is_not_seconds() -> None:
    objectives = [{"measure": "seconds"}, {"measure": "accuracy", "direction": "maximize"}, {"measure": "size"}]
    spec = spec_of(objectives=objectives)
    assert (spec.objective.measure, spec.objective.direction) == ("accuracy", "maximise")
    named = spec_of(objective={"name": "square", "measure": "size"}, objectives=objectives)
    assert (named.objective.measure, named.objective.direction) == ("size", "minimise")


def test_value_of_a_network_is_its_validation_error() -> None:
    space = {"learning_rate": {"type": "float", "low": 0.01, "high": 0.1}}
    spec = spec_of(objective={"name": "cnn"}, space=space, objectives=[{"measure": "validation_error"}, TWO[1]])
    assert spec.objective.measure_name == "validation error"
    line = problems(objective={"name": "cnn"}, space=space, objectives=TWO)
    assert "found error, seconds, but none of them is validation_error" in line


@pytest.mark.parametrize(
    ("text", "number", "violation"),
    [("size <= 10", 12.0, 2.0), ("size <= 10", 10.0, 0.0), ("size>=0.5", 0.25, 0.25), ("  a >= -1e3 ", 0.0, -1000.0)],
)
def test_constraint_says_how_far_a_number_is_beyond(text: str, number: float, violation: float) -> None:
    assert Constraint.model_validate(text).violation(number) == violation


@pytest.mark.parametrize(
    ("changes", "line"),
    [
        ({"objectives": TWO[:1]}, "objectives: found 1, expected 2 to 4"),
        ({"objectives": TWO * 3}, "objectives: found 6, expected 2 to 4"),
        ({"objectives": [TWO[0], TWO[0]]}, "objectives: error is there more than once"),
        ({"objectives": [{"measure": "a b"}, TWO[1]]}, "objectives.0.measure: found 'a b', expected a letter, then"),
        ({"objectives": [TWO[0], {"measure": "n", "direction": "up"}]}, "objectives.1.direction: found 'up', expected"),
        ({"objectives": [TWO[0], {"mesure": "n"}]}, "objectives.1.mesure: unknown key (did you mean measure?)"),
        (
            {"objectives": TWO, "objective": {"name": "square", "measure": "loss"}},
            "objectives: found error, seconds, but none of them is loss",
        ),
        (
            {"objectives": TWO, "objective": {"name": "square", "direction": "maximise"}},
            "objectives: error is to be minimised, but objective.direction says maximise; leave that out",
        ),
        ({"objectives": TWO, "replicates": 2}, "replicates: with several objectives, trials are compared one by one"),
        ({"objectives": TWO, "confirm": {"finalists": 1}}, "confirm: a study of several objectives has no single best"),
        ({"objectives": TWO, "halving": {}, "budget": {"epochs": 9}}, "halving: a study of several objectives has no"),
        ({"objectives": TWO, "sampler": {"name": "gp"}}, "sampler.name: gp searches for one objective, and this study"),
        ({"objectives": TWO, "sampler": {"name": "cmaes"}}, "expected random, grid, qmc, tpe, nsga2 or nsga3"),
        (
            {"sampler": {"name": "tpe", "population": 8}},
            "population: only the sampler nsga2 or nsga3 or pbt has generations",
        ),
        (
            {"constraints": ["size_mb < 10"]},
            "constraints.0: found 'size_mb < 10', expected METRIC <= NUMBER or METRIC",
        ),
        ({"constraints": ["size <= ten"]}, "for example 'size_mb <= 10'"),
        ({"constraints": ["size <= " + "1" * 1_000_000 + "x"]}, "constraints.0: found 'size <= 111"),
        ({"constraints": [7]}, "constraints.0: found 7, expected METRIC <= NUMBER"),
        ({"constraints": ["size <= 1e999"]}, "constraints.0.limit: found inf, expected a finite number"),
        ({"constraints": []}, "constraints: found 0, expected 1 to 20"),
        ({"constraints": ["size <= 1"] * 21}, "constraints: found 21, expected 1 to 20"),
    ],
)
def test_refusal_names_key_found_and_allowed(changes: dict[str, Any], line: str) -> None:
    assert line in problems(**changes)


def test_invalid_entry_of_a_list_is_one_problem() -> None:
    assert "; " not in problems(constraints=["size < 2"])
    assert "; " not in problems(objectives=[TWO[0], {"measure": "n", "direction": "up"}])
