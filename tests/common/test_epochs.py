import math
from typing import Any

import pytest

from hyperspool.common.epochs import MAX_NUMBERS, RESERVED_NAMES, EpochRecord, best_epoch, size_problem
from hyperspool.common.reading import MAX_CURVE_BYTES
from hyperspool.common.records import MAX_EPOCHS
from hyperspool.common.study_objective import Objective


def curve_of(*epochs: dict[str, float]) -> list[EpochRecord]:
    return [EpochRecord(epoch=number, seconds=1, metrics=metrics) for number, metrics in enumerate(epochs, start=1)]


def objective(**changes: Any) -> Objective:
    return Objective.model_validate({"name": "mine"} | changes)


CURVE = curve_of(
    {"validation_error": 0.5, "accuracy": 0.5},
    {"validation_error": 0.1},
    {"validation_error": 0.3, "accuracy": 0.75},
    {"validation_error": math.nan, "accuracy": 0.75},
    {"validation_error": -math.inf, "accuracy": math.inf},
)


@pytest.mark.parametrize(
    ("asked", "best"),
    [
        ({}, (2, 0.1)),
        ({"measure": "accuracy", "direction": "maximise"}, (3, 0.75)),
        ({"measure": "accuracy"}, (1, 0.5)),
        ({"measure": "f1"}, (2, 0.1)),
        ({"name": "cnn"}, (2, 0.1)),
    ],
)
def test_the_best_epoch_follows_the_measure_if_reported(asked: dict[str, Any], best: tuple[int, float]) -> None:
    assert best_epoch(CURVE, objective(**asked)) == best


@pytest.mark.parametrize("measure", [None, "f1"])
def test_the_lowest_error_is_not_best_where_one_maximises(measure: str | None) -> None:
    assert best_epoch(CURVE, objective(direction="maximise", measure=measure)) is None


def test_a_curve_without_the_measure_has_no_best_epoch() -> None:
    assert best_epoch(curve_of({"loss": 1.0}), objective()) is None
    assert best_epoch(curve_of({"f1": math.nan}, {}), objective(measure="f1")) is None


@pytest.mark.parametrize("name", RESERVED_NAMES)
def test_no_metric_has_the_name_of_a_column(name: str) -> None:
    with pytest.raises(ValueError, match=f"found a metric {name}, but no metric may be called"):
        EpochRecord(epoch=1, seconds=1, metrics={name: 1.0})


def test_the_longest_curve_fits_into_its_file() -> None:
    longest_epoch, longest_number = len("2147483647,123456789.12345678\n"), len(",-2.2250738585072014e-308")
    assert longest_epoch * MAX_EPOCHS + longest_number * MAX_NUMBERS + 10_000 < MAX_CURVE_BYTES
    assert size_problem(MAX_EPOCHS, MAX_NUMBERS // MAX_EPOCHS) is None
    assert size_problem(MAX_EPOCHS, MAX_NUMBERS // MAX_EPOCHS + 1)
