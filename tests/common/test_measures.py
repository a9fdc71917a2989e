import math
from typing import Any

from hyperspool.common.layout import StudyFolder
from hyperspool.common.measures import asked_measures, missing_text, number_of, values_of, violations_of
from hyperspool.common.records import Failure, FailureKind, Result, Status
from tests.conftest import spec_of
from tests.master.analysis.data.written import finish

SPEC = spec_of(
    objectives=[{"measure": "error"}, {"measure": "size"}, {"measure": "seconds"}],
    constraints=["size <= 3", "error >= 0.1", "power <= 7"],
)
FAILED: dict[str, Any] = {
    "status": Status.FAILED,
    "value": None,
    "failure": Failure(kind=FailureKind.EXCEPTION, message="boom"),
}


def result_of(folder: StudyFolder, **changes: Any) -> Result:
    given: dict[str, Any] = {"value": 0.5, "metrics": {"size": 4.0, "power": 6.0}} | changes
    return finish(folder, 0, {"x": 0.25}, **given)


def test_measures_come_from_value_metrics_and_time(folder: StudyFolder) -> None:
    result = result_of(folder)
    assert values_of(SPEC, result) == (0.5, 4.0, 1.75)
    assert violations_of(SPEC, result) == (1.0, -0.4, -1.0)
    assert asked_measures(SPEC) == ("size", "power")


def test_metric_named_seconds_comes_before_the_time(folder: StudyFolder) -> None:
    assert values_of(SPEC, result_of(folder, metrics={"seconds": 9.0, "size": 1.0}))[2] == 9.0


def test_seconds_are_those_of_the_epochs_if_there_are_any(folder: StudyFolder) -> None:
    assert number_of(SPEC, finish(folder, 0, {"x": 0.25}, 0.5, 0.4), "seconds") == 1.0


def test_result_without_a_measure_breaks_its_constraint(folder: StudyFolder) -> None:
    result = result_of(folder, metrics=None)
    assert math.isnan(values_of(SPEC, result)[1])
    assert violations_of(SPEC, result) == (math.inf, -0.4, math.inf)


def test_failed_result_measures_nothing_and_keeps_nothing(folder: StudyFolder) -> None:
    result = result_of(folder, **FAILED)
    assert (values_of(SPEC, result), violations_of(SPEC, result)) == ((), (math.inf,) * 3)


def test_study_with_one_objective_asks_for_nothing(folder: StudyFolder) -> None:
    result = result_of(folder)
    assert (values_of(spec_of(), result), violations_of(spec_of(), result), asked_measures(spec_of())) == ((), (), ())


def test_message_names_what_is_missing_and_what_was_reported() -> None:
    assert missing_text(SPEC, {"size": 1.0, "power": 2.0}) is None
    assert missing_text(SPEC, {"size": 1.0}, ["loss"]) == (
        "the study's objectives and constraints ask for power, but the trial reported error, size, and after its "
        "epochs loss: return Measured(value, metrics={'power': ...}), report or print it, or let the study ask for "
        "another"
    )
