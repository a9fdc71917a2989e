"""Studies as a local file store of MLflow: an experiment for each, a run for each trial.

A run has the trial's params, its curve with the times of the epochs, what it measured, and the rest as tags. MLflow
knows a PRUNED trial as KILLED and one that waits as SCHEDULED; the tag `status` has our word. MLflow maintains its
file store no more, and wants to hear with MLFLOW_ALLOW_FILE_STORE=true that one is meant.
"""

import json
from collections.abc import Iterator, Sequence
from datetime import datetime
from itertools import islice
from pathlib import Path
from typing import Any

from hyperspool.common.environment import environment
from hyperspool.common.records import Status
from hyperspool.common.space import Scalar
from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.exports.optuna_study import study_attributes
from hyperspool.master.analysis.exports.plain_trials import PlainTrial, goals_of, plain_trials

STATES = {
    Status.COMPLETE: "FINISHED",
    Status.PRUNED: "KILLED",
    Status.FAILED: "FAILED",
    Status.RUNNING: "RUNNING",
    Status.PENDING: "SCHEDULED",
}
MOST_METRICS, MOST_TAG = 1000, 5000
"""MLflow's limits: numbers in one call, and characters of a tag."""

VARIABLES = {"MLFLOW_ALLOW_FILE_STORE": "true", "MLFLOW_DISABLE_TELEMETRY": "true", "DO_NOT_TRACK": "true"}


def write(studies: Sequence[StudyData], made: Path, out: Path) -> None:
    """Write the studies into a new file store in an empty folder, which will lie at `out`."""
    with environment(VARIABLES):
        from mlflow import MlflowClient

        client = MlflowClient(tracking_uri=made.as_uri())
        for data in studies:
            goals = {f"direction of {goal.measure}": goal.direction for goal in goals_of(data.spec)}
            about = {name: _text(value) for name, value in {**study_attributes(data.spec), **goals}.items()}
            experiment = client.create_experiment(data.spec.name, (out / data.spec.name).as_uri(), about)
            for trial in plain_trials(data):
                _write_run(client, experiment, trial)


def _write_run(client: Any, experiment: str, trial: PlainTrial) -> None:
    from mlflow.entities import Metric, Param, RunTag

    begin_ms, name = _milliseconds(trial.began), f"trial {trial.number}"
    run = client.create_run(experiment, start_time=begin_ms, run_name=name).info.run_id
    failure = {"failure": trial.failure} if trial.failure else {}
    said = {"trial": trial.number, "status": trial.status.value, **trial.attributes, **failure}
    params = [Param(name, _text(value)) for name, value in trial.params.items()]
    tags = [RunTag(name, _text(value)[:MOST_TAG]) for name, value in said.items()]
    client.log_batch(run, params=params, tags=tags)
    numbers = _numbers(trial, begin_ms)
    while part := [Metric(*number) for number in islice(numbers, MOST_METRICS)]:
        client.log_batch(run, metrics=part)
    client.update_run(run, status=STATES[trial.status])
    if trial.status in {Status.COMPLETE, Status.PRUNED, Status.FAILED}:
        client.set_terminated(run, STATES[trial.status], end_time=_milliseconds(trial.ended))


def _numbers(trial: PlainTrial, begin_ms: int) -> Iterator[tuple[str, float, int, int]]:
    """Each number: its name, itself, its time in milliseconds, its epoch."""
    last = 0
    for epoch, elapsed_s, reported in trial.epochs():
        last = epoch
        yield from ((name, number, begin_ms + round(1000 * elapsed_s), epoch) for name, number in reported.items())
    for name, number in trial.numbers.items():
        yield name, number, _milliseconds(trial.ended or trial.began), last


def _milliseconds(moment: datetime | None) -> int:
    return round(1000 * moment.timestamp()) if moment else 0


def _text(value: Scalar | dict[str, Any] | list[Any]) -> str:
    return value if isinstance(value, str) and value else json.dumps(value)
