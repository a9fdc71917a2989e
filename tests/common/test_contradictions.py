import random
import re
from typing import Any

import pytest
import torch

from hyperspool.common.contradictions import (
    DEFAULT_TRAIN_SIZES,
    LOWEST_SHARE,
    MAX_POINTS,
    MOMENTUM_SWING,
    RELEVANT,
    TRAINING_SIZES,
    VALIDATION_SIZES,
    contradiction,
    study_contradictions,
)
from hyperspool.common.objectives import with_defaults
from hyperspool.common.space import Params, Scalar
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.studies.changes import Changes
from hyperspool.master.studies.preset import preset_names
from hyperspool.master.studies.source import find_study
from hyperspool.worker.training import data, digits, images
from hyperspool.worker.training import params as training
from hyperspool.worker.training.data import Dataset, Part
from hyperspool.worker.training.params import MlpParams, TrainingSeeds
from hyperspool.worker.training.trainer import Trainer

EXAMPLES, EPOCHS = 20, 4
SETTINGS: dict[str, tuple[Scalar | None, ...]] = {
    "schedule": training.SCHEDULES,
    "eta_min": (None, None, 0.0, 0.01, 0.5),
    "eta_max": (None, None, 0.1, 1.0),
    "learning_rate": (0.0, 0.1),
    "eta_log": (False, True),
    "momentum": (0.05, 0.9),
    "momentum_min": (None, None, 0.5),
    "step_size": (None, None, 2, 20, 21),
    "cycles": (None, None, 2, 20, 21),
    "restart_period": (1, 4, 5),
    "restart_multiplier": (1, 2),
    "snapshots": (False, True),
    "l2": (0.0, 0.0, 0.0, 0.1),
    "weight_decay": (0.0, 0.1),
    "batch_norm": (False, True),
    "batch_size": (1, 2, 7, 20, 21),
}
"""None: left out. A value that is listed twice is drawn twice as often, so that every rule is tried."""


def tiny_dataset() -> Dataset:
    part = Part(torch.zeros(EXAMPLES, 1, 2, 2), torch.zeros(EXAMPLES, dtype=torch.int64))
    return Dataset("digits", part, part, classes=10)


def verdict_of_training(params: Params, dataset: Dataset) -> str | None:
    try:
        own = MlpParams(hidden_units=1, hidden_layers=0, **params)  # type: ignore[arg-type]  # as a study gives them
        Trainer(dataset, own, TrainingSeeds(1, 2, 3), torch.device("cpu"), EPOCHS)
    except ValueError as error:
        return str(error)
    return None


def test_master_and_training_refuse_with_the_same_words() -> None:
    draw, dataset = random.Random(0), tiny_dataset()
    kinds: set[str | None] = set()
    for _ in range(6000):
        drawn = {name: draw.choice(values) for name, values in SETTINGS.items()}
        params = {name: value for name, value in drawn.items() if value is not None}
        found = contradiction(with_defaults("mlp", params), EPOCHS, "digits", EXAMPLES)
        assert found == verdict_of_training(params, dataset), params
        kinds.add(found and re.sub(r"\d[\d.]*|" + "|".join(training.SCHEDULES), "#", found))
    assert len(kinds) == 13  # every rule, a rule with two forms in both, and no contradiction


def test_the_rules_look_at_nothing_else() -> None:
    assert set(SETTINGS) == {*RELEVANT, "restart_multiplier"}


def test_both_sides_know_the_same_constants() -> None:
    assert LOWEST_SHARE == training.LOWEST_SHARE
    assert MOMENTUM_SWING == training.MOMENTUM_SWING
    assert DEFAULT_TRAIN_SIZES == data.DEFAULT_TRAIN_SIZES
    assert TRAINING_SIZES["digits"] == digits.SPLIT_SIZES["training"]
    assert VALIDATION_SIZES["digits"] == digits.SPLIT_SIZES["validation"]
    assert VALIDATION_SIZES["mnist"] == images.MNIST_VALIDATION
    assert VALIDATION_SIZES["cifar10"] == images.CIFAR10_VALIDATION


def study(space: dict[str, Any], **changes: Any) -> StudySpec:
    table = {"name": "demo", "trials": 4, "objective": {"name": "mlp"}, "budget": {"epochs": 3}, "space": space}
    return StudySpec.model_validate(table | changes)


def range_of(low: float, high: float, **more: Any) -> dict[str, Any]:
    return {"type": "float", "low": low, "high": high, **more}


@pytest.mark.parametrize("name", preset_names())
@pytest.mark.parametrize("is_quick", [False, True])
def test_every_preset_has_trials_that_can_be_trained(name: str, is_quick: bool, tmp_path: Any) -> None:
    if is_quick and name.startswith(("scenario", "stoch")):
        return
    assert study_contradictions(find_study(name, tmp_path, Changes(is_quick=is_quick))) == ()


@pytest.mark.parametrize(
    ("space", "reason"),
    [
        ({"schedule": "triangular", "eta_min": 0.2, "eta_max": 0.1}, "eta_min is 0.2, above eta_max, which is 0.1"),
        (
            {"schedule": "triangular", "eta_min": range_of(0.2, 0.3), "eta_max": range_of(0.1, 0.2)},
            "eta_min is 0.2, above eta_max, which is 0.1; likewise with other values",
        ),
        ({"schedule": ["step", "cosine"], "snapshots": True}, "schedule is step, which has no cycles"),
        ({"schedule": "triangular", "cycles": [2, 3], "step_size": 5}, "step_size is 5 and cycles is 2"),
        ({"l2": range_of(0.0, 1.0), "weight_decay": [0.1, 0.2]}, "which are one thing twice"),
        ({"batch_size": 2000}, "batch_size is 2000, but digits has 1000 training examples"),
        ({"schedule": "triangular", "snapshots": True, "step_size": 16}, "within the budget's 30 updates"),
        ({"schedule": "cyclical_momentum", "momentum": 0.5, "momentum_min": 0.6}, "momentum_min is 0.6, above"),
    ],
)
def test_a_study_without_a_trainable_point_gives_its_reasons(space: dict[str, Any], reason: str) -> None:
    (first, *_) = study_contradictions(study(space))
    assert first.startswith("space: ")
    assert reason in first


def test_reasons_that_together_forbid_every_point_are_all_given() -> None:
    space = {"schedule": ["triangular", "step"], "snapshots": True, "step_size": 2, "cycles": 2}
    assert [re.split(r" and |:", reason)[1].strip() for reason in study_contradictions(study(space))] == [
        "step_size is 2",
        "snapshots is on",
    ]


@pytest.mark.parametrize(
    "space",
    [
        {"schedule": "triangular", "eta_min": range_of(0.01, 0.3), "eta_max": range_of(0.1, 0.2)},
        {"schedule": ["step", "triangular"], "snapshots": True},
        {"schedule": "range_test", "eta_log": True, "eta_min": range_of(0.0, 0.1), "eta_max": 0.1},
        {"l2": range_of(0.0, 1.0, step=0.5), "weight_decay": 0.1},
        {"batch_norm": True, "batch_size": {"type": "int", "low": 1, "high": 5000}},
        {"schedule": "constant", "eta_min": 5.0, "cycles": 2, "step_size": 1},
        {
            "schedule": "triangular",
            "snapshots": [False, True],
            "step_size": {"type": "categorical", "choices": [5], "when": {"snapshots": False}},
            "cycles": {"type": "categorical", "choices": [2], "when": {"snapshots": True}},
        },
    ],
)
def test_a_study_that_contradicts_itself_only_partly_is_allowed(space: dict[str, Any]) -> None:
    assert study_contradictions(study(space)) == ()


def test_a_coarse_first_round_that_always_fails_is_refused() -> None:
    space = {
        "schedule": "triangular",
        "eta_max": 0.1,
        "eta_min": range_of(0.01, 1.0, coarse=[0.2, 0.5, 1.0]),
        "l2": range_of(0.0, 1.0),
    }
    spec = study(space, trials=30, sampler={"name": "coarse-to-fine"})
    assert study_contradictions(spec) == (
        "space: eta_min is 0.2, above eta_max, which is 0.1; likewise with other values",
    )


def test_more_examples_than_the_data_set_has_are_refused() -> None:
    lines = study_contradictions(study({"momentum": 0.9}, data={"name": "digits", "train_size": 1001}))
    assert lines == ("data.train_size: train_size is 1001, but digits has 1000 training examples",)


def test_a_space_too_large_to_look_at_is_allowed() -> None:
    numbers = [float(number) for number in range(1, 120)]
    space = {"schedule": "triangular", "eta_min": [number + 200 for number in numbers], "eta_max": numbers}
    assert len(numbers) ** 2 > MAX_POINTS
    assert study_contradictions(study(space)) == ()


def test_a_test_case_that_always_fails_is_named() -> None:
    space = {"schedule": "triangular", "snapshots": [False, True], "step_size": [3, 40], "l2": range_of(0.0, 0.1)}
    improvements = [
        {"name": "long", "params": {"step_size": 40}},
        {"name": "ensemble", "params": {"snapshots": True}},
    ]
    ablation = {"base": {"snapshots": False, "step_size": 3}, "improvements": improvements, "settings": 2}
    (line,) = study_contradictions(study(space, trials=8, ablation=ablation))
    assert line.startswith("ablation, long + ensemble: snapshots is on, but no cycle of triangular ends within")


def test_a_users_own_objective_knows_its_own_rules() -> None:
    space = {"schedule": "triangular", "eta_min": 0.2, "eta_max": 0.1}
    assert study_contradictions(study(space, objective={"name": "mine"})) == ()
