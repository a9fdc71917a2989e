from dataclasses import fields
from typing import Any

import pytest

from hyperspool.common.objectives import PARAMETERS, with_defaults
from hyperspool.worker.training.initialisation import INITIALISATIONS
from hyperspool.worker.training.params import SCHEDULES, CnnParams, MlpParams, TrainingParams

TYPES: dict[str, type[TrainingParams]] = {"cnn": CnnParams, "mlp": MlpParams}


def params(**changes: Any) -> MlpParams:
    return MlpParams(**({"hidden_units": 5, "learning_rate": 0.1, "momentum": 0.9, "batch_size": 10} | changes))


@pytest.mark.parametrize("objective", TYPES)
def test_studies_and_training_have_the_same_params_and_defaults(
    objective: str,
) -> None:
    taken = {field.name for field in fields(TYPES[objective])}
    assert taken | {"varies"} == set(PARAMETERS[objective])
    filled_in = with_defaults(objective, {})
    needed = {"num_filters", "hidden_units", "learning_rate", "momentum", "batch_size"} & taken
    assert TYPES[objective](**filled_in) == TYPES[objective](**{name: filled_in[name] for name in needed})  # type: ignore[arg-type]


@pytest.mark.parametrize(("name", "known"), [("schedule", SCHEDULES), ("initialisation", INITIALISATIONS)])
def test_both_sides_know_the_same_choices(name: str, known: tuple[str, ...]) -> None:
    for objective in TYPES:
        allowed = PARAMETERS[objective][name][0]
        assert all(allowed.problem(choice) is None for choice in known)
        assert allowed.model_dump()["choices"] == known


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"schedule": "cosine", "eta_min": 0.2}, r"eta_min is 0.2, above eta_max \(left out: learning_rate\), .* 0.1"),
        ({"schedule": "triangular", "eta_min": 0.2, "eta_max": 0.15}, "eta_min is 0.2, above eta_max, which is 0.15"),
        ({"schedule": "one_cycle", "momentum_min": 0.95}, "momentum_min is 0.95, above momentum, which is 0.9"),
        ({"schedule": "triangular", "step_size": 5, "cycles": 3}, "step_size is 5 and cycles is 3, .* leave one"),
        ({"schedule": "step", "snapshots": True}, "schedule is step, .* choose triangular or cosine_restarts"),
        ({"schedule": "range_test", "eta_min": 0.0, "eta_log": True}, "eta_min is 0 and eta_log is on"),
        ({"schedule": "zigzag"}, "unknown schedule 'zigzag': expected one of constant, step"),
        ({"l2": 0.01, "weight_decay": 0.02}, "l2 is 0.01 and weight_decay is 0.02, .* set one of them to 0"),
        ({"batch_norm": True, "batch_size": 1}, "batch_norm is on and batch_size is 1"),
    ],
)
def test_contradicting_params_are_refused_by_name(changes: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        params(**changes)


def test_params_that_a_schedule_does_not_use_are_ignored() -> None:
    params(schedule="constant", eta_min=5.0, momentum_min=1.0, step_size=3, cycles=4)


def test_lowest_values_default_to_a_share_of_the_highest() -> None:
    assert params(schedule="cosine").lowest_rate == 0
    assert params(schedule="triangular", eta_max=0.4).lowest_rate == pytest.approx(0.1)
    assert params(schedule="one_cycle").lowest_rate == pytest.approx(0.01)
    assert params().lowest_momentum == pytest.approx(0.8)
    assert params(momentum=0.05).lowest_momentum == 0
