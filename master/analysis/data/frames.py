"""A study's files as data frames: one row per finished trial, and one row per epoch of its curve.

In a notebook:

    from pathlib import Path
    from hyperspool.master.analysis.data.frames import load_study

    data = load_study(Path(), "scenario6")
    data.trials.nsmallest(5, "value")[["trial", "value", "params_learning_rate", "params_num_filters"]]
    data.trials.plot.scatter("params_learning_rate", "value", logx=True)
    data.curves.pivot(index="epoch", columns="trial", values="validation_error").plot()

Columns and their types follow from the study alone, so an empty frame has the same ones as a full frame. The exception
is metrics: their columns are those that the results and curves so far contain. Reading changes no file. A malformed
file is left out and named in `unreadable`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from hyperspool.common.ablation import cases_of
from hyperspool.common.collector import paused_collector
from hyperspool.common.layout import StudyFolder
from hyperspool.common.outcome import Finished, Outcome
from hyperspool.common.population import PBT
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.analysis.data.columns import (
    TIMESTAMP,
    add_names,
    as_declared,
    dtype_of,
    metrics_column,
    params_column,
    series,
)
from hyperspool.master.analysis.data.curve_frame import KeptCurves, curves_frame_of
from hyperspool.master.analysis.data.places import Place, Places, places_of
from hyperspool.master.analysis.data.trade_off import trade_off_columns
from hyperspool.master.journal.earlier import read_earlier
from hyperspool.master.journal.entries import ProposalEntry
from hyperspool.master.journal.file import read_journal
from hyperspool.master.journal.journal import Journal
from hyperspool.master.journal.reconstruction import completed
from hyperspool.master.results.evaluations import evaluations_of, last_of_each
from hyperspool.master.results.reading import StudyResults, read_recorded
from hyperspool.master.search.known import Evaluation
from hyperspool.master.studies.published import published_study, read_published

TRIAL_TYPES = {
    "trial": "int64",
    "rung": "int64",
    "setting": "int64",
    "replicate": "int64",
    "status": "object",
    "value": "float64",
    "diverged": "bool",
    "batch": "int64",
    "stage": "object",
    "round": "float64",
    "failure": "object",
    "failure_message": "object",
    "epochs": "int64",
    "best_epoch": "float64",
    "best_value": "float64",
    "attempts": "int64",
    "issue": "int64",
    "evaluation_s": "float64",
    "training_s": "float64",
    "worker": "object",
    "host": "object",
    "device": "object",
    "threads": "int64",
    "published_at": TIMESTAMP,
    "claimed_at": TIMESTAMP,
    "ended_at": TIMESTAMP,
    "seed_initialisation": "int64",
    "seed_shuffling": "int64",
    "seed_dropout": "int64",
}
"""The leading columns of `StudyData.trials`."""


@dataclass(frozen=True, eq=False)
class StudyData:
    """A study and its results so far.

    Attributes:
        spec: the study, as published; one without a limit has as many trials as are proposed.
        trials: one row per trial that has a result, by the result on the highest rung that it reached, sorted by trial.
            A trial that was stopped below the full budget is PRUNED. Columns: trial; rung; setting
            (trials of equal params are replicates of one setting; settings are numbered from 0 by their first trial);
            replicate (from 0 within its setting); status; value (NaN if FAILED); diverged; batch (from 0) and stage
            (`search` or `confirmation`), as the master recorded them; round (from 1; NaN unless the study searches in
            rounds); failure (its kind) and failure_message, or None; epochs; best_epoch and best_value (NaN without a
            curve, or if a study maximises what its curves do not have); attempts (how often the trial was started;
            each earlier issue counts as one start); issue;
            evaluation_s and training_s; worker, host, device, threads; published_at, claimed_at, ended_at (UTC);
            seed_initialisation, seed_shuffling, seed_dropout; params_<name> for every parameter of the space (NaN or
            None where it is not active); test_case, the case's name, in an ablation only; starts_from, the trial from
            whose checkpoint it went on (NaN: from none), in population-based training only; metrics_<name> for every
            metric of any trial (NaN where the trial has none), ordered by first appearance; with several objectives,
            values_<measure> for each of them (NaN unless COMPLETE) and on_front; with constraints, keeps_constraints.
        curves: one row per epoch of these results, sorted by trial and epoch. Columns: trial, rung, setting,
            replicate, epoch, seconds (of this epoch), elapsed_s (of this and all earlier epochs), then a column for
            every metric that any trial reported, under its own name and ordered by first appearance. NaN: not reported
            after that epoch, or reported as NaN. The built-in objectives have training_loss, validation_loss,
            validation_error, learning_rate and momentum, also before the first epoch.
        evaluations: the same trials as the search method sees them, with the stage of each.
        journal: the master's proposals.
        unreadable: one line, with the reason, for each file or group of metrics that was left out.
        left_out: trials with results that are not among these, because a page shows a sample of very many.
        lower_rungs: one row, with the columns of `trials`, per result below the highest rung that its trial reached.
    """

    spec: StudySpec
    trials: pd.DataFrame
    curves: pd.DataFrame
    evaluations: tuple[Evaluation, ...] = ()
    journal: Journal = field(default_factory=Journal)
    unreadable: tuple[str, ...] = ()
    lower_rungs: pd.DataFrame = field(default_factory=pd.DataFrame)
    left_out: int = 0

    @property
    def result_count(self) -> int:
        """How many results there are, shown or left out."""
        return len(self.results) + self.left_out

    @property
    def results(self) -> pd.DataFrame:
        """One row per result, with the columns of `trials`, sorted by trial and rung."""
        if self.lower_rungs.empty:
            return self.trials
        joined = pd.concat([self.lower_rungs, self.trials], ignore_index=True)
        return joined.sort_values(["trial", "rung"], ignore_index=True)


def load_study(root: Path | str, study: str) -> StudyData:
    """Read a published study's results and curves.

    Raises:
        UsageError: there is no such study under `root`.
        ProtocolError: its `study.json` is not a study.
    """
    folder = published_study(Path(root), study)
    spec = read_published(folder)
    read, journal = read_recorded(folder, spec, is_kept=True)
    return study_data(folder, spec, read, journal=completed(journal, spec, read.results, earlier=read_earlier(folder)))


@paused_collector()
def study_data(
    folder: StudyFolder,
    spec: StudySpec,
    read: StudyResults,
    kept: KeptCurves | None = None,
    journal: Journal | None = None,
) -> StudyData:
    """Build a study's frames from results that were already read.

    Args:
        folder: the study's; curves and the journal are read from here.
        spec: the study, as published.
        read: its results.
        kept: curves that were read before, which are not read again; gets the new ones.
        journal: of the study, if the caller has read it.
    """
    unreadable = read.problems(folder)
    results = [_as_declared(result, spec) for result in read.results.values()]
    if journal is None:
        journal = completed(read_journal(folder, spec).journal, spec, read.results, earlier=read_earlier(folder))
    places = places_of(results)
    metrics: dict[str, None] = {}
    for result in results:
        if result.metrics:
            add_names(metrics, result.metrics, folder.result(*result.evaluation), unreadable)
    last = last_of_each(results)
    evaluations = evaluations_of(last, journal, spec)
    per_rung = _trials(spec, results, journal, places, list(metrics))
    return StudyData(
        spec.so_far(journal.trial_count),
        _last_rows(per_rung, last, spec).assign(**trade_off_columns(spec, evaluations)),
        curves_frame_of(folder, spec, last, places, unreadable, kept),
        tuple(evaluations),
        journal,
        tuple(unreadable),
        per_rung[per_rung.duplicated("trial", keep="last")].reset_index(drop=True),
        read.left_out,
    )


def trials_frame(root: Path | str, study: str) -> pd.DataFrame:
    """Read the trials of a study, as in `StudyData.trials`."""
    return load_study(root, study).trials


def curves_frame(root: Path | str, study: str) -> pd.DataFrame:
    """Read the curves of a study, as in `StudyData.curves`."""
    return load_study(root, study).curves


def spent_s(trials: pd.DataFrame) -> "pd.Series[float]":
    """The cost of each trial in seconds: the time of its epochs or, without epochs, of its last attempt."""
    return trials["training_s"].where(trials["epochs"] > 0, trials["evaluation_s"])


def _last_rows(per_rung: pd.DataFrame, last: Sequence[Finished], spec: StudySpec) -> pd.DataFrame:
    rows = per_rung.drop_duplicates("trial", keep="last").reset_index(drop=True)
    return rows.assign(status=series([spec.trial_status(result).value for result in last], TRIAL_TYPES["status"]))


def _as_declared(result: Finished, spec: StudySpec) -> Finished:
    # A value that equals a declared one but for its last digits is that one. From here on the two are the same bits.
    own = result.params
    params = {name: as_declared(spec.space.root[name], value) for name, value in own.items()}
    if all(params[name] is value or repr(params[name]) == repr(value) for name, value in own.items()):
        return result  # as nearly always: a copy takes time and memory
    if isinstance(result, Outcome):
        return result._replace(params=params)
    return result.model_copy(update={"params": params})


def _trials(
    spec: StudySpec, results: Sequence[Finished], journal: Journal, places: Places, metrics: Sequence[str]
) -> pd.DataFrame:
    cells: dict[str, list[Any]] = {name: [] for name in TRIAL_TYPES}
    for result in results:
        key = (result.trial, result.rung)
        for name, cell in _row(result, places[key], journal.entries.get(key)).items():
            cells[name].append(cell)
    columns = {name: series(cells.pop(name), dtype) for name, dtype in TRIAL_TYPES.items()}
    for name, parameter in spec.space.items():
        columns[params_column(name)] = series([result.params.get(name) for result in results], dtype_of(parameter))
    if spec.ablation:
        names = [case.name for case in cases_of(spec.ablation, spec.space)]
        stages = (journal.stage(*result.evaluation) for result in results)
        cases = [names[stage.case] if stage and stage.case is not None else None for stage in stages]
        columns["test_case"] = series(cases, "object")
    if spec.sampler.name == PBT:
        columns["starts_from"] = series([result.starts_from for result in results], "float64")
    for name in metrics:
        columns[metrics_column(name)] = series([(result.metrics or {}).get(name) for result in results], "float64")
    return pd.DataFrame(columns)


def _row(result: Finished, place: Place, entry: ProposalEntry | None) -> dict[str, Any]:
    times, who, failure = result.times, result.attribution, result.failure
    return {
        **place._asdict(),
        "trial": result.trial,
        "rung": result.rung,
        "status": result.status.value,
        "value": result.value,
        "diverged": result.diverged,
        "batch": entry.batch if entry else -1,
        "stage": entry.stage.kind if entry else "search",
        "round": entry.stage.round if entry else None,
        "failure": failure.kind.value if failure else None,
        "failure_message": failure.message if failure else None,
        "epochs": result.epochs,
        "best_epoch": result.best_epoch,
        "best_value": result.best_value,
        "attempts": result.attempt + result.issue - 1,
        "issue": result.issue,
        "evaluation_s": times.evaluation_s,
        "training_s": times.training_s,
        "worker": who.worker,
        "host": who.host,
        "device": who.device,
        "threads": who.threads,
        "published_at": times.published_at,
        "claimed_at": times.claimed_at,
        "ended_at": times.ended_at,
        "seed_initialisation": result.seeds.initialisation,
        "seed_shuffling": result.seeds.shuffling,
        "seed_dropout": result.seeds.dropout,
    }
