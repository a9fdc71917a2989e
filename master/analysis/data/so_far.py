"""A study's frames with the trials that have no result yet: RUNNING with the curve so far, PENDING without one."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import asdict, replace
from typing import Any

import pandas as pd

from hyperspool.common.attempts import read_history
from hyperspool.common.curve import read_curve
from hyperspool.common.epochs import EpochRecord
from hyperspool.common.errors import ProtocolError
from hyperspool.common.heartbeat import WorkerRecord
from hyperspool.common.issues import AttemptName, EvaluationKey, EvaluationName, Issue
from hyperspool.common.layout import StudyFolder
from hyperspool.common.records import Job, Status
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.analysis.data.columns import KEEPS, ON_FRONT, dtype_of, params_column, params_of, series
from hyperspool.master.analysis.data.curve_frame import frame_of_curves
from hyperspool.master.analysis.data.frames import TRIAL_TYPES, StudyData, study_data
from hyperspool.master.analysis.data.places import Place, places_of
from hyperspool.master.results.reading import read_results
from hyperspool.master.results.standing import Standing, read_standing

MOST_OPEN = 5000
"""Trials without a result that are shown. More are shown only as far as they run."""

Curves = Mapping[EvaluationName, Sequence[EpochRecord]]


def study_so_far(folder: StudyFolder, spec: StudySpec) -> StudyData:
    """Read a study; its `trials` and `curves` have those that have no result yet, its `evaluations` have not."""
    read = read_results(folder, spec)
    return with_open_trials(folder, study_data(folder, spec, read), read_standing(folder, spec, read))


def with_open_trials(folder: StudyFolder, data: StudyData, standing: Standing) -> StudyData:
    """Return a study whose `trials` and `curves` are those of `frames_so_far`."""
    trials, curves = frames_so_far(folder, data, standing)
    return replace(data, trials=trials, curves=curves)


def trials_so_far(folder: StudyFolder, spec: StudySpec) -> pd.DataFrame:
    """Read the trials of a study as in `StudyData.trials`, with those that have no result yet."""
    return study_so_far(folder, spec).trials


def curves_so_far(folder: StudyFolder, spec: StudySpec) -> pd.DataFrame:
    """Read the curves of a study as in `StudyData.curves`, with those of running trials."""
    return study_so_far(folder, spec).curves


def best_so_far(folder: StudyFolder, spec: StudySpec) -> "pd.Series[Any] | None":
    """Read the incumbent; None before a trial is COMPLETE.

    Returns:
        The row of the trial that stands for it, with its `value`, which is a mean where it has replicates, and
        `params`, a dict.
    """
    read = read_results(folder, spec)
    best = read_standing(folder, spec, read).incumbent
    if best is None:
        return None
    trials, (trial, rung) = study_data(folder, spec, read).trials, best.key
    row = dict(trials[(trials["trial"] == trial) & (trials["rung"] == rung)].astype(object).iloc[0])
    leading = {"trial": trial, "value": best.value, "params": params_of(spec, row)}
    return pd.Series(leading | {name: cell for name, cell in row.items() if name not in leading}, dtype=object)


def frames_so_far(folder: StudyFolder, data: StudyData, standing: Standing) -> tuple[pd.DataFrame, pd.DataFrame]:
    """The trials and curves of a study as in `StudyData`, with those of trials that have no result yet.

    Args:
        folder: of the study; curves of running trials are read from here.
        data: the study.
        standing: of the same results.
    """
    spec, results = data.spec, standing.results
    running = _running(standing)
    is_open = [key for key in standing.journal.entries if key not in results]
    shown = [*is_open[:MOST_OPEN], *(key for key in is_open[MOST_OPEN:] if key in running)]
    jobs = [standing.journal.entries[key].job(spec.name) for key in shown]
    if not jobs:
        return data.trials, data.curves
    places = places_of([*(results[key] for key in sorted(results)), *jobs])
    curves = {job.evaluation: _curve_so_far(folder, running.get(job.evaluation)) for job in jobs}
    rows = [
        _row(job, spec, places[job.evaluation], running.get(job.evaluation), curves[job.evaluation])
        | {"claimed_at": _claimed_at(folder, running.get(job.evaluation))}
        for job in jobs
    ]
    # A trial that was promoted has one row: that of the rung which it is on now.
    rest = data.trials[~data.trials["trial"].isin([job.trial for job in jobs])]
    measured = [job.trial for job in jobs if curves[job.evaluation]]
    return (
        _joined(rest, _open_trials(data, rows, jobs)),
        _joined(data.curves[~data.curves["trial"].isin(measured)], frame_of_curves(folder, spec, curves, places, [])),
    )


def _running(standing: Standing) -> dict[EvaluationKey, WorkerRecord]:
    return {(record.trial, record.rung or 0): record for record in standing.running() if record.trial is not None}


def _curve_so_far(folder: StudyFolder, worker: WorkerRecord | None) -> list[EpochRecord]:
    if worker is None or worker.trial is None or not worker.attempt:
        return []
    attempt = AttemptName(Issue(worker.trial, worker.rung or 0, worker.issue or 1), worker.attempt)
    with suppress(OSError, ProtocolError):  # no epoch yet, or the trial has just ended
        return read_curve(folder.running_curve(attempt), is_running=True)
    return []


def _claimed_at(folder: StudyFolder, worker: WorkerRecord | None) -> str | None:
    """When the worker claimed its trial; None if its lock file does not say, or the trial has just ended."""
    if worker is None or worker.trial is None:
        return None
    with suppress(OSError, ProtocolError):
        holder = read_history(folder.lock(Issue(worker.trial, worker.rung or 0, worker.issue or 1))).holder
        return holder.at if holder else None
    return None


def _row(
    job: Job, spec: StudySpec, place: Place, worker: WorkerRecord | None, curve: Sequence[EpochRecord]
) -> dict[str, Any]:
    return {
        **place._asdict(),
        "trial": job.trial,
        "rung": job.rung,
        "status": (Status.RUNNING if worker else Status.PENDING).value,
        "diverged": False,
        "batch": -1 if job.batch is None else job.batch,
        "stage": job.stage.kind if job.stage else "search",
        "round": job.stage.round if job.stage else None,
        "epochs": len(curve),
        "attempts": (worker.attempt or 0) + (worker.issue or 1) - 1 if worker else 0,
        "issue": worker.issue or 1 if worker else 1,
        "training_s": sum(record.seconds for record in curve),
        "worker": worker.worker if worker else None,
        "host": worker.host if worker else None,
        "device": worker.device if worker else None,
        "threads": spec.objective.threads,
        **{f"seed_{source}": seed for source, seed in asdict(job.seeds).items()},
    }


def _open_trials(data: StudyData, rows: Sequence[Mapping[str, Any]], jobs: Sequence[Job]) -> pd.DataFrame:
    columns = {name: series([row.get(name) for row in rows], dtype) for name, dtype in TRIAL_TYPES.items()}
    for name, parameter in data.spec.space.items():
        columns[params_column(name)] = series([job.params.get(name) for job in jobs], dtype_of(parameter))
    for name in {ON_FRONT, KEEPS} & set(data.trials.columns):
        columns[name] = series([False for _ in jobs], "bool")
    return pd.DataFrame(columns)


def _joined(finished: pd.DataFrame, unfinished: pd.DataFrame) -> pd.DataFrame:
    if unfinished.empty or finished.empty:  # pandas infers other types when it joins an empty frame
        return (unfinished if finished.empty else finished).reindex(columns=_either(finished, unfinished))
    joined = pd.concat([finished, unfinished], ignore_index=True)
    by = [name for name in ("trial", "rung", "epoch") if name in joined]
    return joined.sort_values(by, ignore_index=True)


def _either(first: pd.DataFrame, second: pd.DataFrame) -> list[str]:
    return list(dict.fromkeys([*map(str, first.columns), *map(str, second.columns)]))
