"""The metric by which the curves of a study are ranked where the trials' values are not there yet: within a budget."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from hyperspool.common.errors import UsageError
from hyperspool.common.study_objective import Objective
from hyperspool.master.analysis.data.columns import curve_metrics
from hyperspool.master.analysis.data.frames import StudyData

VALIDATION_ERROR = "validation_error"
ALWAYS_LOWER = ("training_loss", "validation_loss", VALIDATION_ERROR)
"""Metrics of which the lower is better even if the study maximises its own measure."""
NO_PROGRESS = ("learning_rate", "momentum")
"""Metrics that say how training goes on, not how far it came."""


@dataclass(frozen=True)
class EpochMetric:
    """A metric of the curves, and which of its numbers is best.

    Attributes:
        name: its column in `StudyData.curves`.
        is_highest: whether the highest number is the best.
    """

    name: str
    is_highest: bool = False

    @property
    def best(self) -> str:
        """What is ranked by, for a heading: `lowest validation error`, `highest f1`."""
        return f"{'highest' if self.is_highest else 'lowest'} {metric_label(self.name)}"

    def first_best(self, curves: pd.DataFrame) -> pd.DataFrame:
        """The epoch in which each trial's finite number was best, the first among equals."""
        measured = curves[np.isfinite(curves[self.name])]
        numbers = measured.groupby("trial")[self.name]
        return pd.DataFrame(measured.loc[numbers.idxmax() if self.is_highest else numbers.idxmin()])


def metric_label(name: str) -> str:
    """A metric's name for people. The names of the networks' metrics are words; an author's own stays as it is."""
    return name.replace("_", " ") if name in {*ALWAYS_LOWER, *NO_PROGRESS} else name


def reported_metrics(data: StudyData) -> list[str]:
    """The metrics of which any trial has reported a number."""
    return [name for name in curve_metrics(data.curves) if data.curves[name].notna().any()]


def find_epoch_metric(data: StudyData) -> EpochMetric | None:
    """The study's measure if the curves have it; otherwise the validation error, or the only metric that there is.

    Returns:
        None if the curves do not say which metric it is.
    """
    objective, names = data.spec.objective, reported_metrics(data)
    candidates = [name for name in names if name not in NO_PROGRESS]
    if objective.measure in names:
        return _of(objective.measure, objective)
    if VALIDATION_ERROR in names:
        return EpochMetric(VALIDATION_ERROR)
    return _of(candidates[0], objective) if len(candidates) == 1 else None


def epoch_metric(data: StudyData, name: str | None = None) -> EpochMetric:
    """The metric that is asked for, or the one that the study ranks by.

    Args:
        data: the study; some trial has an epoch.
        name: a metric; None: `find_epoch_metric`.

    Raises:
        UsageError: no trial has reported it, or the curves do not say which metric it is.
    """
    names = reported_metrics(data)
    listed = ", ".join(names) or "none"
    if name is not None:
        if name not in names:
            raise UsageError(f"--metric {name}: no trial of {data.spec.name} has reported it; reported are: {listed}")
        return _of(name, data.spec.objective)
    found = find_epoch_metric(data)
    if found is None:
        raise UsageError(
            f"the curves of {data.spec.name} do not say which metric ranks its trials; reported are: {listed}. Choose "
            "one with --metric NAME, and set objective.measure in the study's file for the next study"
        )
    return found


def _of(name: str, objective: Objective) -> EpochMetric:
    return EpochMetric(name, is_highest=objective.direction == "maximise" and name not in ALWAYS_LOWER)
