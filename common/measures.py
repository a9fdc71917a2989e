"""The measures of a result: the numbers that a study's several objectives and its constraints ask for."""

import math
from collections.abc import Collection

from hyperspool.common.goals import SECONDS
from hyperspool.common.outcome import Finished
from hyperspool.common.records import Status
from hyperspool.common.study_spec import StudySpec


def asked_measures(spec: StudySpec) -> tuple[str, ...]:
    """The metrics that objectives and constraints ask for, beside the objective's value and the evaluation's time."""
    goals, constraints = spec.objectives or (), spec.constraints or ()
    names = dict.fromkeys([*(goal.measure for goal in goals), *(each.measure for each in constraints)])
    return tuple(name for name in names if name not in {spec.objective.value_measure, SECONDS})


def missing_text(spec: StudySpec, metrics: Collection[str], of_epochs: Collection[str] = ()) -> str | None:
    """Say which measures a study asks for and an evaluation did not report; None if it reported all of them.

    Args:
        spec: the study.
        metrics: what was reported beside the value.
        of_epochs: what was reported after epochs.
    """
    missing = [name for name in asked_measures(spec) if name not in metrics]
    if not missing:
        return None
    reported = ", ".join((spec.objective.value_measure, *metrics))
    epochs = f", and after its epochs {', '.join(of_epochs)}" if of_epochs else ""
    return (
        f"the study's objectives and constraints ask for {', '.join(missing)}, but the trial reported "
        f"{reported}{epochs}: return Measured(value, metrics={{'{missing[0]}': ...}}), report or print it, "
        "or let the study ask for another"
    )


def number_of(spec: StudySpec, result: Finished, measure: str) -> float:
    """A measure of a result; NaN if the result does not have it.

    The name of the objective's value comes first, then a metric of the name, then `seconds`.
    """
    if result.status is not Status.COMPLETE or result.value is None:
        return math.nan
    if measure == spec.objective.value_measure:
        return result.value
    own = (result.metrics or {}).get(measure)
    if own is not None:
        return own
    return result.seconds if measure == SECONDS else math.nan


def values_of(spec: StudySpec, result: Finished) -> tuple[float, ...]:
    """What a result measured for each of a study's objectives, in their order.

    Empty if the study has only one, or the result is not COMPLETE. NaN stands for a measure that the result lacks.
    """
    if result.status is not Status.COMPLETE:
        return ()
    return tuple(number_of(spec, result, goal.measure) for goal in spec.objectives or ())


def violations_of(spec: StudySpec, result: Finished) -> tuple[float, ...]:
    """How far a result lies beyond each of a study's constraints, in their order.

    At most 0 where it keeps one; infinity where it lacks the measure, or is not COMPLETE.
    """
    found = (each.violation(number_of(spec, result, each.measure)) for each in spec.constraints or ())
    return tuple(math.inf if math.isnan(violation) else violation for violation in found)
