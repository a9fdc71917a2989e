"""A study's files as data frames: one row per finished trial, one row per epoch of each.

In a notebook:

    from pathlib import Path
    from hyperspool.master.analysis.data.frames import load_study

    data = load_study(Path(), "scenario6")
    data.trials.nsmallest(5, "value")[["trial", "value", "params_learning_rate", "params_num_filters"]]
    data.trials.plot.scatter("params_learning_rate", "value", logx=True)
    data.curves.pivot(index="epoch", columns="trial", values="validation_error").plot()

The frames look the same before the first result as after the last: every column is there and has its type, which
follows from the study alone; but for metrics, which are what the results so far hold. Reading changes nothing; a file
that is not what it should be is left out and named in `unreadable`.
"""

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pandas as pd

from hyperspool.common.ablation import cases_of
from hyperspool.common.layout import StudyFolder
from hyperspool.common.records import MAX_METRICS, Result
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.analysis.data.columns import as_declared, dtype_of, metrics_column, params_column
from hyperspool.master.analysis.data.curve_frame import curves_frame_of
from hyperspool.master.analysis.data.places import Place, Places, places_of
from hyperspool.master.analysis.data.series import TIMESTAMP, series
from hyperspool.master.journal.entries import ProposalEntry
from hyperspool.master.journal.file import read_journal
from hyperspool.master.journal.journal import Journal
from hyperspool.master.journal.reconstruction import completed
from hyperspool.master.results.reading import StudyResults, read_results
from hyperspool.master.results.standing import evaluations_of
from hyperspool.master.search.known import Evaluation
from hyperspool.master.studies.published import published_study, read_published

_TRIAL_TYPES = {
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


@dataclass(frozen=True, eq=False)
class StudyData:
    """A study and what came of it so far.

    Attributes:
        spec: the study, as published.
        trials: one row per evaluation that has a result, by trial and rung. Columns: trial; rung; setting (trials
            of equal params are replicates of one setting, settings numbered from 0 by their first trial); replicate
            (from 0 within its setting); status; value (NaN if FAILED); diverged; batch (from 0) and stage (`search` or
            `confirmation`), as the master recorded them; round (of a search in rounds, from 1; else NaN); failure (its
            kind) and failure_message, or None; epochs; best_epoch and best_value (NaN without a curve); attempts (how
            often the trial was started, each earlier issue counted as one); issue; evaluation_s and training_s; worker,
            host, device, threads; published_at, claimed_at, ended_at (UTC); seed_initialisation, seed_shuffling,
            seed_dropout; params_<name> for every parameter of the space, NaN or None where it is not active; of an
            ablation test_case, its name; and metrics_<name> for everything that the objective measured beside its value
            in any trial, NaN where it did not, in the order in which the trials bring them up.
        curves: one row per epoch, by trial, rung and epoch. Columns: trial, rung, setting, replicate, epoch,
            seconds (of this epoch), elapsed_s (of this and all epochs before), training_loss, validation_loss,
            validation_error, learning_rate, momentum. A loss that is no number is NaN or infinite.
        evaluations: the same trials as the search method sees them, with what each was for.
        journal: what the master proposed.
        unreadable: what was left out, a file or some of its metrics, each with its reason.
    """

    spec: StudySpec
    trials: pd.DataFrame
    curves: pd.DataFrame
    evaluations: tuple[Evaluation, ...] = ()
    journal: Journal = field(default_factory=Journal)
    unreadable: tuple[str, ...] = ()


def load_study(root: Path | str, study: str) -> StudyData:
    """Read a published study's results and curves.

    Raises:
        UsageError: there is no such study under `root`.
        ProtocolError: its `study.json` is not a study.
    """
    folder = published_study(Path(root), study)
    spec = read_published(folder)
    return study_data(folder, spec, read_results(folder, spec))


def study_data(folder: StudyFolder, spec: StudySpec, read: StudyResults) -> StudyData:
    """A study's frames from the results that were read.

    Args:
        folder: the study's; curves and the journal are read from it.
        spec: as published.
        read: its results.
    """
    unreadable = read.problems(folder)
    results = [_as_declared(result, spec) for result in read.results.values()]
    journal = completed(read_journal(folder, spec).journal, spec, read.results)
    places = places_of(results)
    metrics = _metrics(folder, results, unreadable)
    return StudyData(
        spec,
        _trials(spec, results, journal, places, metrics),
        curves_frame_of(folder, results, places, unreadable),
        tuple(evaluations_of(results, journal)),
        journal,
        tuple(unreadable),
    )


def trials_frame(root: Path | str, study: str) -> pd.DataFrame:
    """The trials of a study, as in `StudyData.trials`."""
    return load_study(root, study).trials


def curves_frame(root: Path | str, study: str) -> pd.DataFrame:
    """The curves of a study, as in `StudyData.curves`."""
    return load_study(root, study).curves


def spent_s(trials: pd.DataFrame) -> "pd.Series[float]":
    """What each trial cost in seconds: the time of its epochs; without epochs, that of its attempt."""
    return trials["training_s"].where(trials["epochs"] > 0, trials["evaluation_s"])


def _as_declared(result: Result, spec: StudySpec) -> Result:
    # Equal but for the last digits is equal; from here on it is so to the last bit.
    params = {name: as_declared(spec.space.root[name], value) for name, value in result.params.items()}
    return result.model_copy(update={"params": params})


def _metrics(folder: StudyFolder, results: Sequence[Result], unreadable: list[str]) -> list[str]:
    """The names of all metrics; as many as one trial may have, or results could bring up columns without end."""
    names: dict[str, None] = {}
    for result in results:
        found = dict.fromkeys(result.metrics or {})
        new = [name for name in found if name not in names][: MAX_METRICS - len(names)]
        names |= dict.fromkeys(new)
        if left_out := [name for name in found if name not in names]:
            unreadable.append(
                f"{folder.result(*result.evaluation)}: {len(left_out)} of its metrics are left out: the study's trials "
                f"have more than {MAX_METRICS} of them"
            )
    return list(names)


def _trials(
    spec: StudySpec, results: Sequence[Result], journal: Journal, places: Places, metrics: Sequence[str]
) -> pd.DataFrame:
    rows = [_row(result, places[result.evaluation], journal.entries.get(result.evaluation)) for result in results]
    columns = {name: series([row[name] for row in rows], dtype) for name, dtype in _TRIAL_TYPES.items()}
    for name, parameter in spec.space.items():
        columns[params_column(name)] = series([result.params.get(name) for result in results], dtype_of(parameter))
    if spec.ablation:
        names = [case.name for case in cases_of(spec.ablation, spec.space)]
        stages = (journal.stage(*result.evaluation) for result in results)
        cases = [names[stage.case] if stage and stage.case is not None else None for stage in stages]
        columns["test_case"] = series(cases, "object")
    for name in metrics:
        columns[metrics_column(name)] = series([(result.metrics or {}).get(name) for result in results], "float64")
    return pd.DataFrame(columns)


def _row(result: Result, place: Place, entry: ProposalEntry | None) -> dict[str, Any]:
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
        **{f"seed_{source}": seed for source, seed in result.seeds.model_dump().items()},
    }
