"""The trials of a study in plain Python, with all that other tools ask for: their exports are made from these."""

import math
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import pandas as pd

from hyperspool.common.goals import Goal
from hyperspool.common.records import Status
from hyperspool.common.space import Params
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.analysis.data.columns import METRICS, curve_metrics, metrics_columns, params_of, values_column
from hyperspool.master.analysis.data.frames import StudyData

Plain = str | int | float | bool
ALWAYS_SAID = ("setting", "attempts", "worker", "device")
SAID_WHERE_THEY_VARY = ("replicate", "stage", "rung", "round", "test_case")
"""Columns that say nothing where all trials have the same."""


@dataclass(frozen=True)
class PlainTrial:
    """A trial of a study.

    Attributes:
        number: from 0 within the study.
        setting: trials of equal params have equal settings.
        status: its state.
        params: those that are active, fixed ones too.
        values: what it measured, by measure: the objective's value, or each of several objectives; empty without one.
        metrics: what it measured beside.
        violations: how far it lies beyond each constraint, at most 0 where it keeps one; empty unless COMPLETE.
        curve: a row for each epoch, with the columns of `StudyData.curves`.
        began: when it was claimed, in UTC; None before.
        ended: when it ended, in UTC; None before.
        failure: why it FAILED; empty if it did not.
        attributes: what else is known of it.
    """

    number: int
    setting: int
    status: Status
    params: Params
    values: dict[str, float]
    metrics: dict[str, float]
    violations: dict[str, float]
    curve: pd.DataFrame
    began: datetime | None
    ended: datetime | None
    failure: str
    attributes: dict[str, Plain]

    @property
    def numbers(self) -> dict[str, float]:
        """What it measured, in names that no metric of an epoch has: `objective/error`, `measured/size_mb`."""
        values = {f"objective/{name}": value for name, value in self.values.items()}
        metrics = {f"measured/{name}": value for name, value in self.metrics.items()}
        violations = {f"violation/{number}": value for number, value in enumerate(self.violations.values())}
        return values | metrics | violations

    def epochs(self) -> Iterator[tuple[int, float, dict[str, float]]]:
        """Yield each epoch: its number, the seconds from the first epoch's begin to its end, and what was reported."""
        for row in self.curve.to_dict("records"):
            reported = {name: float(row[name]) for name in curve_metrics(self.curve) if not math.isnan(row[name])}
            yield int(row["epoch"]), float(row["elapsed_s"]), reported


def goals_of(spec: StudySpec) -> tuple[Goal, ...]:
    """The study's objectives, also if it has only one."""
    return spec.objectives or (Goal(measure=spec.objective.value_measure, direction=spec.objective.direction),)


def plain_trials(data: StudyData) -> Iterator[PlainTrial]:
    """Yield the trials of a study, in the order of their numbers."""
    curves = dict(iter(data.curves.groupby("trial")))
    violations = {seen.trial: seen.violations for seen in data.evaluations}
    said = [*ALWAYS_SAID, *(name for name in SAID_WHERE_THEY_VARY if _varies(data.trials, name))]
    for row in data.trials.to_dict("records"):
        trial, status = int(row["trial"]), Status(row["status"])
        kept = violations.get(trial, ()) if status is Status.COMPLETE else ()
        pairs = zip(map(str, data.spec.constraints or ()), kept, strict=False)
        yield PlainTrial(
            number=trial,
            setting=int(row["setting"]),
            status=status,
            params=params_of(data.spec, row),
            values=_values(data.spec, row),
            metrics={
                name.removeprefix(METRICS): float(row[name])
                for name in metrics_columns(data.trials)
                if not pd.isna(row[name])
            },
            violations={name: number for name, number in pairs if math.isfinite(number)},
            curve=curves.get(trial, data.curves.head(0)),
            began=_moment(row["claimed_at"]),
            ended=_moment(row["ended_at"]),
            failure=f"{row['failure']}: {row['failure_message']}" if status is Status.FAILED else "",
            attributes=_attributes(row, said),
        )


def _varies(trials: pd.DataFrame, name: str) -> bool:
    return name in trials and len(set(trials[name].dropna())) > 1


def _values(spec: StudySpec, row: Mapping[Any, Any]) -> dict[str, float]:
    goals = goals_of(spec)
    columns = ["value"] if len(goals) == 1 else [values_column(goal.measure) for goal in goals]
    numbers = {goal.measure: float(row[name]) for goal, name in zip(goals, columns, strict=True)}
    return numbers if all(map(math.isfinite, numbers.values())) else {}


def _moment(cell: Any) -> datetime | None:
    return None if pd.isna(cell) else cell.to_pydatetime()


def _attributes(row: Mapping[Any, Any], said: list[str]) -> dict[str, Plain]:
    found: dict[str, Plain] = {name: _plain(row[name]) for name in said if not pd.isna(row[name])}
    seeds = {name: _plain(cell) for name, cell in row.items() if str(name).startswith("seed_")}
    times = {name: float(row[name]) for name in ("evaluation_s", "training_s") if row[name] > 0}
    return found | seeds | times | ({"diverged": True} if row["diverged"] else {})


def _plain(cell: Any) -> Plain:
    value = cell.item() if hasattr(cell, "item") else cell
    return int(value) if isinstance(value, float) and value.is_integer() else value
