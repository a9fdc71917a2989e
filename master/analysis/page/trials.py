"""Every trial of a study for the page: a row of its table, its details, and its curve."""

import json
import math
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pandas as pd
from markupsafe import Markup

from hyperspool.common.file_kinds import ATTEMPT_LOG
from hyperspool.common.issues import AttemptName, EvaluationKey, EvaluationName, Issue
from hyperspool.common.layout import StudyFolder, names_of
from hyperspool.common.outcome import Finished
from hyperspool.common.output import last_lines_of
from hyperspool.common.printable import printable
from hyperspool.common.records import Failure, Status
from hyperspool.master.analysis.data.columns import curve_metrics, metrics_columns, params_column, values_column
from hyperspool.master.analysis.data.frames import StudyData, spent_s
from hyperspool.master.analysis.data.so_far import frames_so_far
from hyperspool.master.analysis.page.headings import headings
from hyperspool.master.analysis.page.render import ShownTrials, shown_table
from hyperspool.master.results.standing import Standing
from hyperspool.master.results.wording import counted, param_text

TRACE_LINES, OUTPUT_LINES = 12, 12
"""Last lines of a failure's traceback, and of what a failed trial printed."""
OUTPUTS_SHOWN = 200
"""Most failed trials whose output the page repeats; the rest have a link to theirs."""
DIGITS = 5
"""Significant digits of the numbers of a curve."""
MOST_NUMBERS = 400_000
"""Of all curves together; more would take MB."""
ACTIVE = ("RUNNING", "PENDING")
MEANINGS = {
    "RUNNING": "A RUNNING trial has no value yet; its metrics and curve are those so far, and figures leave it out.",
    "PENDING": "A PENDING trial waits for a worker.",
    "PRUNED": "A PRUNED trial was stopped early.",
    "FAILED": "A FAILED trial has no value; figures mark it as a triangle or leave it out.",
}


@dataclass(frozen=True)
class Shared:
    """What the details of all trials are read from.

    Attributes:
        folder: of the study.
        out: the folder of the page, from which links lead.
        results: by evaluation.
        outputs: the attempts that printed anything.
    """

    folder: StudyFolder
    out: Path
    results: Mapping[EvaluationKey, Finished]
    outputs: frozenset[AttemptName]


def shown_trials(folder: StudyFolder, data: StudyData, standing: Standing, out: Path) -> ShownTrials | None:
    """Put every trial into a table, and into JSON; None if no trial was proposed.

    Args:
        folder: of the study; curves of running trials, and what failed ones printed, are read from here.
        data: the study.
        standing: of the same results.
        out: the folder of the page, from which links lead.
    """
    trials, curves = frames_so_far(folder, data, standing)
    if not len(trials):
        return None
    shared = Shared(folder, out, standing.results, _attempts_with_output(folder))
    labels = headings(data)
    frame = _table(data, trials)
    table = shown_table(frame, labels, max_rows=len(frame))
    rows = frame.astype(object).where(frame.notna(), None).to_numpy().tolist()
    failed = trials.loc[trials["status"] == Status.FAILED.value, "trial"].head(OUTPUTS_SHOWN)
    with_output = set(failed.tolist())
    details = [
        _details(data, {str(name): cell for name, cell in row.items()}, shared, has_output=row["trial"] in with_output)
        for row in trials.astype(object).to_dict("records")
    ]
    content = {
        "columns": [
            {"label": column.label, "text": column.is_text, "param": str(name).startswith(params_column(""))}
            for name, column in zip(frame, table.columns, strict=True)
        ],
        "rows": [[_plain(value) for value in row] for row in rows],
        "details": details,
        "curves": _curves(curves),
        "measure": data.spec.objective.measure_name,
    }
    return ShownTrials(table, tuple(trials["trial"].tolist()), _explanation(trials), _as_script(content))


def _explanation(trials: pd.DataFrame) -> str:
    found = set(trials["status"])
    sentences = [text for status, text in MEANINGS.items() if status in found]
    return " ".join([f"{counted(len(trials), 'trial')}, one row each.", *sentences])


def _attempts_with_output(folder: StudyFolder) -> frozenset[AttemptName]:
    """The attempts that have a log."""
    found = (ATTEMPT_LOG.parse(name) for name in names_of(folder.logs))
    return frozenset(name for name in found if isinstance(name, AttemptName))


def _table(data: StudyData, trials: pd.DataFrame) -> pd.DataFrame:
    """The columns of the table: number, status, values, params that vary, metrics and time."""
    params = [name for name in map(params_column, data.spec.space.root) if len(set(trials[name].astype(str))) > 1]
    goals = [values_column(goal.measure) for goal in data.spec.objectives or ()]
    goals = [name for name in goals if name in trials]
    metrics = [name for name in metrics_columns(trials) if trials[name].notna().any()]
    time = spent_s(trials).where(~trials["status"].isin(ACTIVE) | (trials["epochs"] > 0))
    shown = trials.assign(evaluation_s=time)
    stages = ["stage"] if len(set(trials["stage"])) > 1 else []
    cases = ["test_case"] if "test_case" in trials else []
    columns = ["trial", "status", *(goals or ["value"]), *cases, *params, *metrics, *stages, "epochs", "evaluation_s"]
    return shown[columns]


def _details(data: StudyData, row: dict[str, Any], shared: Shared, *, has_output: bool) -> dict[str, Any]:
    evaluation = EvaluationName(row["trial"], row["rung"])
    result = shared.results.get(evaluation) if row["status"] not in ACTIVE else None
    params = {name: row[params_column(name)] for name in data.spec.space.root}
    found: dict[str, Any] = {
        "facts": [[label, text] for label, text in _facts(row) if text],
        "params": [[name, param_text(_scalar(value))] for name, value in params.items() if not _is_missing(value)],
        "links": [[label, _link(path, shared.out)] for label, path in _files(row, result, shared)],
    }
    if result and result.failure:
        found["failure"] = _failure(result.failure)
    if result and has_output and (log := _log(result, shared)):
        found["output"] = "\n".join(last_lines_of(log, OUTPUT_LINES))
    return found


def _facts(row: dict[str, Any]) -> Iterator[tuple[str, str]]:
    best = "" if _is_missing(row["best_epoch"]) else f"{row['best_epoch']:.0f}, with {row['best_value']:.4g}"
    yield "best epoch", best
    yield "diverged", "a loss was no longer finite" if row["diverged"] else ""
    yield "rung", str(row["rung"] or "")
    yield "batch", str(row["batch"]) if row["batch"] >= 0 else ""
    yield "stage", "" if row["stage"] == "search" else str(row["stage"])
    yield "setting, replicate", f"{row['setting']}, {row['replicate']}"
    names = ("initialisation", "shuffling", "dropout")
    yield "seeds", ", ".join(f"{name} {row[f'seed_{name}']}" for name in names)
    yield "worker", "" if _is_missing(row["worker"]) else f"{row['worker']} on {row['host']}"
    threads = f", {counted(row['threads'], 'CPU thread')}" if row["threads"] else ""
    yield "device", "" if _is_missing(row["device"]) else f"{row['device']}{threads}"
    yield "attempts", str(row["attempts"] or "")
    for label in ("published", "claimed", "ended"):
        at = row[f"{label}_at"]
        yield label, "" if _is_missing(at) else at.strftime("%Y-%m-%d %H:%M:%S UTC")


def _files(row: dict[str, Any], result: Finished | None, shared: Shared) -> Iterator[tuple[str, Path]]:
    folder, evaluation = shared.folder, EvaluationName(row["trial"], row["rung"])
    if result is None:
        yield "job", folder.job(Issue(*evaluation, row["issue"]))
        return
    yield "result", folder.result(*evaluation)
    if row["epochs"]:
        yield "curve", folder.curve(*evaluation)
    if log := _log(result, shared):
        yield "output", log


def _log(result: Finished, shared: Shared) -> Path | None:
    attempt = AttemptName(Issue(*result.evaluation, result.issue), result.attempt)
    return shared.folder.path(ATTEMPT_LOG, attempt) if attempt in shared.outputs else None


def _failure(failure: Failure) -> dict[str, str]:
    lines = (failure.traceback or "").rstrip().splitlines()
    cut = [f"[{counted(len(lines) - TRACE_LINES, 'line')} before]"] if len(lines) > TRACE_LINES else []
    return {"message": failure.message, "traceback": "\n".join([*cut, *lines[-TRACE_LINES:]])}


def _curves(curves: pd.DataFrame) -> dict[str, Any]:
    """The names of what was measured, and by trial the epochs, the seconds at their ends, and each measured number.

    Of curves that are too many for a page, each n-th epoch counted from the last: `every` is n.
    """
    names = [name for name in curve_metrics(curves) if curves[name].notna().any()]
    every = max(math.ceil(len(curves) * len(names) / MOST_NUMBERS), 1)
    of_trial: dict[str, Sequence[Any]] = {}
    for trial, whole in curves.groupby("trial"):
        own = whole.iloc[(len(whole) - 1) % every :: every]
        numbers = [own["epoch"].tolist(), _rounded(own["elapsed_s"]), *(_rounded(own[name]) for name in names)]
        of_trial[str(trial)] = numbers
    return {"names": names, "every": every, "trials": of_trial}


def _rounded(column: "pd.Series[float]") -> list[float | None]:
    return [float(f"{value:.{DIGITS}g}") if math.isfinite(value) else None for value in column.tolist()]


def _link(path: Path, out: Path) -> str:
    return quote(os.path.relpath(path.absolute(), out.absolute()))


def _is_missing(value: Any) -> bool:
    return value is None or value is pd.NaT or value is pd.NA or (isinstance(value, float) and math.isnan(value))


def _scalar(value: Any) -> Any:
    return value.item() if hasattr(value, "item") else value


def _plain(value: Any) -> Any:
    scalar = _scalar(value)
    # JSON has no infinity.
    return str(scalar) if isinstance(scalar, float) and not math.isfinite(scalar) else scalar


def _as_script(content: Any) -> Markup:
    """JSON that may stand in a page's script element: its texts are safe to show, and no mark-up can begin in them."""
    text = json.dumps(_printable(content), separators=(",", ":"), allow_nan=False)
    # Inside of texts alone, because JSON itself has none of these characters.
    escaped = text.replace("<", "\\u003c").replace(">", "\\u003e").replace("&", "\\u0026")
    return Markup(escaped)  # noqa: S704 - as above


def _printable(content: Any) -> Any:
    match content:
        case str():
            return printable(content)
        case dict():
            return {_printable(key): _printable(value) for key, value in content.items()}
        case list():
            return [_printable(value) for value in content]
    return content
