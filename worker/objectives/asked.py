"""Completes what an objective returned with the measures that the study asks for and its curve has."""

import math
from collections.abc import Sequence
from dataclasses import replace

from hyperspool.common.epochs import EpochRecord, metric_names
from hyperspool.common.measures import asked_measures, missing_text
from hyperspool.common.study_spec import StudySpec
from hyperspool.worker.objectives.measured import Measured


def with_asked(spec: StudySpec, measured: Measured, curve: Sequence[EpochRecord]) -> Measured:
    """Add the metrics that the study's several objectives and constraints ask for: of each, the curve's last number.

    A metric that the objective returned stays as it is. A study without such questions changes nothing.

    Raises:
        ValueError: the trial reported one of them nowhere; the message names what it reported.
    """
    last = {
        name: number
        for record in curve
        for name, number in record.metrics.items()
        if name in asked_measures(spec) and math.isfinite(number)
    }
    if last:
        measured = replace(measured, metrics=last | dict(measured.metrics))
    if problem := missing_text(spec, measured.metrics, metric_names(curve)):
        raise ValueError(problem)
    return measured
