import json
from typing import Any

import pytest
from pydantic import ValidationError

from hyperspool.common.study_objective import Objective
from hyperspool.common.study_spec import StudySpec
from hyperspool.common.validation import explain
from tests.conftest import job_of, spec_of

CNN: dict[str, Any] = {
    "name": "mine",
    "trials": 4,
    "objective": {"name": "cnn"},
    "budget": {"epochs": 5},
    "space": {"learning_rate": {"type": "float", "low": 0.01, "high": 0.3, "log": True}, "batch_size": [16, 32]},
}


def problems(table: dict[str, Any]) -> tuple[str, ...]:
    with pytest.raises(ValidationError) as caught:
        StudySpec.model_validate_json(json.dumps(table))
    return explain(caught.value, StudySpec)


def test_a_study_survives_its_file() -> None:
    spec = StudySpec.model_validate_json(json.dumps(CNN))
    assert StudySpec.model_validate_json(spec.to_json()) == spec


def test_a_training_study_names_its_data_set_by_default() -> None:
    spec = StudySpec.model_validate_json(json.dumps(CNN))
    assert spec.data is not None
    assert spec.data.name == "digits"
    assert spec_of().data is None


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"trails": 5}, "trails: unknown key (did you mean trials?); allowed: name, title, seed, trials,"),
        ({"trials": 0}, "trials: found 0, expected greater than or equal to 1"),
        ({"trials": "many"}, "trials: found 'many', expected an integer"),
        ({"trials": True}, "trials: found true, expected an integer"),
        ({"seed": -1}, "seed: found -1, expected greater than or equal to 0"),
        ({"name": "../evil"}, "name: found '../evil', expected a study's name: a letter or digit, then letters,"),
        ({"name": "a" * 65}, "name: found 'aaaaaaaa"),
        ({"name": "a\nb"}, "name: found 'a\\nb', expected a study's name"),
        ({"budget": {"epoch": 5}}, "budget.epochs: missing; it is required"),
        ({"objective": {"name": "cnn", "direction": "up"}}, "objective.direction: found 'up', expected 'minimise' or"),
        ({"data": {"name": "imagenet"}}, "data.name: found 'imagenet', expected 'digits', 'mnist' or 'cifar10'"),
        ({"limits": {"time_limit_s": -1}}, "limits.time_limit_s: found -1, expected greater than 0"),
        ({"limits": {"stale_s": 1}}, "limits.stale_s: found 1, expected greater than or equal to 5"),
        ({"claim": "hope"}, "claim: found 'hope', expected 'ofd', 'lock' or 'lease'"),
        (
            {"space": {"momentum": {"type": "float", "low": 0, "high": 1, "step": 1e-320}}},
            "more than 1000000000 values",
        ),
        ({"space": {"num_filters": {"type": "int", "low": 1, "high": 10**400, "log": True}}}, "space.num_filters.high"),
        ({"space": {"momentum": {"type": "float", "low": -1e308, "high": 1e308}}}, "is too far for a floating-point"),
        (
            {"sampler": {"name": "magic"}},
            "sampler.name: found 'magic', expected 'random', 'grid', 'coarse-to-fine', 'qmc', 'tpe', 'gp', 'cmaes', ",
        ),
        ({"replicates": 0}, "replicates: found 0, expected greater than or equal to 1"),
        ({"space": {"varies": ["all", "nothing"]}}, "space.varies.choices: found 'nothing', expected one of 'none', '"),
        ({"sampler": {"name": "grid"}}, "space.learning_rate: a logarithmic scale has no grid; give a list of values"),
        ({"space": {}}, "space: no parameter; a study searches at least one"),
        (
            {"space": {"momentum": {"type": "float", "low": 0, "hihg": 1}}},
            "space.momentum.high: missing; it is required",
        ),
        (
            {"space": {"momentum": {"type": "flaot", "low": 0}}},
            "space.momentum.type: found 'flaot', expected one of 'fl",
        ),
        (
            {"space": {"momentum": {"low": 0}}},
            "space.momentum: found {'low': 0}, expected a table with a type: 'float'",
        ),
        ({"space": {"a/b": 1}}, "space.a/b: found 'a/b', expected a letter, then at most 63 letters, digits or"),
        (
            {"space": {"lerning_rate": 1.0}},
            "space.lerning_rate: unknown key (did you mean learning_rate?); allowed: num_",
        ),
        ({"space": {"momentum": 1.5}}, "space.momentum.value: found 1.5, expected 0.0 to 1.0"),
        ({"space": {"batch_size": [0, 5]}}, "space.batch_size.choices: found 0, expected 1 to 1000000"),
        (
            {"space": {"num_filters": {"type": "float", "low": 1, "high": 2}}},
            "space.num_filters.low: found 1.0, expected",
        ),
        ({"schema_version": 2}, "schema_version: found 2, expected 1"),
    ],
)
def test_a_study_error_names_key_found_and_allowed(change: dict[str, Any], line: str) -> None:
    message = "; ".join(problems(CNN | change))
    assert line in message
    assert "pydantic" not in message


GRID: dict[str, Any] = {
    "name": "mine",
    "objective": {"name": "cnn"},
    "budget": {"epochs": 5},
    "sampler": {"name": "grid"},
    "space": {"learning_rate": [0.01, 0.1], "batch_size": [16, 32, 64]},
}


@pytest.mark.parametrize(("change", "trials"), [({}, 6), ({"replicates": 3}, 18), ({"replicates": 3, "trials": 4}, 4)])
def test_a_grid_has_at_most_settings_times_replicates_trials(change: dict[str, Any], trials: int) -> None:
    spec = StudySpec.model_validate_json(json.dumps(GRID | change))
    assert spec.trials == trials
    assert json.loads(spec.to_json())["trials"] == trials
    assert StudySpec.model_validate_json(spec.to_json()) == spec


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"trials": 7}, "trials: found 7, expected at most 6: the grid has 6 settings"),
        (
            {"replicates": 2, "trials": 13},
            "trials: found 13, expected at most 12: the grid has 6 settings, 2 replicates each",
        ),
        ({"trials": 0}, "trials: found 0, expected greater than or equal to 1"),
        ({"sampler": {"name": "random"}}, "trials: missing; it is required, except for a grid and pbt"),
        (
            {"replicates": 1_000_000},
            "space: a grid of more than 1000000 trials, replicates included; that is too large",
        ),
        (
            {
                "space": {
                    "num_filters": {"type": "int", "low": 1, "high": 4096},
                    "batch_size": {"type": "int", "low": 1, "high": 4096},
                }
            },
            "space: a grid of more than 1000000 trials, replicates included; that is too large",
        ),
    ],
)
def test_a_grid_of_another_size_than_trials_is_refused(change: dict[str, Any], line: str) -> None:
    assert problems(GRID | change) == (line,)


def test_a_random_search_may_end_between_two_replicates() -> None:
    assert spec_of(trials=4, replicates=3).trials == 4


def test_an_unknown_key_of_a_parameter_lists_its_keys() -> None:
    lines = problems(CNN | {"space": {"momentum": {"type": "float", "low": 0, "hihg": 1}}})
    allowed = "when, type, low, high, log, step, default, prior, coarse"
    assert lines[1] == f"space.momentum.hihg: unknown key (did you mean high?); allowed: {allowed}"


def test_infinity_and_nan_are_no_bounds() -> None:
    lines = problems(CNN | {"space": {"momentum": {"type": "float", "low": float("nan"), "high": float("inf")}}})
    assert lines == (
        "space.momentum.low: found nan, expected a finite number",
        "space.momentum.high: found inf, expected a finite number",
    )


def test_the_users_own_objective_may_have_any_space() -> None:
    assert "x" in spec_of(objective={"name": "anything"}).space.root


def test_a_foreign_job_names_each_of_its_problems() -> None:
    spec = spec_of()
    assert spec.problems_of(job_of()) == ()
    assert spec.problems_of(job_of(study="other")) == ("study: found 'other', expected 'demo'",)
    assert spec.problems_of(job_of(trial=4)) == ("trial: found 4, expected 0 to 3",)
    assert spec.problems_of(job_of(params={"x": 7.0})) == ("params.x: found 7.0, expected 0.0 to 1.0",)


FINE: dict[str, Any] = {
    "sampler": {"name": "coarse-to-fine"},
    "trials": 18,
    "space": {"x": {"type": "float", "low": 0.0, "high": 1.0, "coarse": [0.0, 0.1, 0.5]}},
}


def test_a_coarse_to_fine_study_is_published_with_all_settings() -> None:
    published = json.loads(spec_of(**FINE).to_json())
    assert published["sampler"] == {"name": "coarse-to-fine", "rounds": 3, "keep": 5}
    assert json.loads(spec_of().to_json())["sampler"] == {"name": "random"}


@pytest.mark.parametrize(
    ("change", "line"),
    [
        ({"sampler": {"name": "random", "keep": 3}}, "sampler: keep: only the sampler coarse-to-fine has rounds"),
        ({"sampler": {"name": "random"}}, "space.x.coarse: only the sampler coarse-to-fine draws from it"),
        (
            {"trials": 17},
            "trials: 17 settings in 3 rounds are 5 a round; expected more than sampler.keep, which is 5",
        ),
        (
            {"replicates": 2},
            "trials: 9 settings in 3 rounds are 3 a round; expected more than sampler.keep, which is 5",
        ),
        (
            {"space": {"x": {"type": "float", "low": 0.0, "high": 1.0, "coarse": [0.5, 0.1]}}},
            "space.x: coarse: expected values from low to high, each once",
        ),
        (
            {"space": {"x": {"type": "float", "low": 0.1, "high": 1.0, "coarse": [0.0, 0.5]}}},
            "space.x: coarse: found 0.0, expected 0.1 to 1.0",
        ),
        (
            {"space": {"x": {"type": "float", "low": 0.1, "high": 1.0, "log": True, "coarse": [0.05, 0.5]}}},
            "space.x: coarse: found 0.05, expected 0.1 to 1.0",
        ),
        (
            {"space": {"x": {"type": "int", "low": 1, "high": 9, "coarse": [5, 12]}}},
            "space.x: coarse: found 12, expected 1 to 9",
        ),
    ],
)
def test_impossible_rounds_are_refused(change: dict[str, Any], line: str) -> None:
    assert problems(json.loads(spec_of(**FINE).to_json()) | change) == (line,)


def test_a_built_in_objective_refuses_coarse_values_out_of_range() -> None:
    space = {"keep_hidden": {"type": "float", "low": 0.1, "high": 1.0, "log": True, "coarse": [0.0, 0.5, 1.0]}}
    study = json.loads(spec_of(**FINE).to_json()) | {"objective": {"name": "mlp"}, "space": space}
    assert problems(study) == ("space.keep_hidden.coarse: found 0.0, expected 0.01 to 1.0",)


def test_trials_that_confirm_finalists_follow_those_of_the_search() -> None:
    spec = spec_of(trials=4, confirm={"finalists": 2, "replicates": 3})
    assert (spec.trials, spec.all_trials) == (4, 10)
    assert spec.problems_of(job_of(9)) == ()
    assert spec.problems_of(job_of(10)) == ("trial: found 10, expected 0 to 9",)


def test_more_finalists_than_settings_are_refused() -> None:
    study = json.loads(spec_of(trials=8, replicates=2).to_json()) | {"confirm": {"finalists": 5}}
    assert problems(study) == ("confirm.finalists: found 5, but the search has 4 settings",)


@pytest.mark.parametrize(
    ("spelling", "stored"),
    [(word, word.replace("z", "s")) for word in ("minimise", "minimize", "maximise", "maximize")],
)
def test_both_spellings_of_the_direction_are_stored_as_one(spelling: str, stored: str) -> None:
    spec = spec_of(objective={"name": "mine", "direction": spelling})
    assert spec.objective.direction == stored
    assert f'"direction": "{stored}"'.encode() in spec.to_json()
    assert StudySpec.model_validate_json(spec.to_json().replace(stored.encode(), spelling.encode())) == spec


@pytest.mark.parametrize(
    ("objective", "name"),
    [
        ({"name": "cnn"}, "validation error"),
        ({"name": "mine"}, "value"),
        ({"name": "mine", "measure": "val_accuracy"}, "val_accuracy"),
    ],
)
def test_the_measure_is_the_name_of_the_value(objective: dict[str, str], name: str) -> None:
    found = Objective.model_validate(objective)
    assert found.measure_name == name
    assert (b"measure" in found.to_json()) == ("measure" in objective)


def test_only_an_own_objective_names_its_measure() -> None:
    line = "objective: its measure is accuracy, but cnn measures its validation error; leave measure out"
    assert problems(CNN | {"objective": {"name": "cnn", "measure": "accuracy"}}) == (line,)
    own = CNN | {"objective": {"name": "mine", "measure": "val accuracy"}}
    assert problems(own)[0].startswith("objective.measure: found 'val accuracy'")
    assert problems(CNN | {"objective": {"name": "mine", "direction": "up"}}) == (
        "objective.direction: found 'up', expected 'minimise' or 'maximise'",
    )
