"""Export of a study's results and curves to files for other programs.

csv      OUT has a row per trial; beside it, a file of the same name with the ending `.curves.csv` has a row per epoch
jsonl    the same as lines of JSON; a missing value or a loss that is not finite is null
parquet  the same, with the types of the columns
txt      a zip with a text file per run, an index and a README.txt, which other programs can plot directly

Metrics that an objective measures beside its value have columns `metrics_<name>`; in jsonl they are an object
`metrics`. A study with several objectives has columns `values_<measure>`, an object `values` in jsonl, and `on_front`;
one with constraints has `keeps_constraints`, and one that trains a population `starts_from`. Metrics that an objective
reports after its epochs have a column each in the curves, under their own names; a cell is empty, or null, where one
was not reported. Numbers are written to the last digit, so reading them gives the same bits. Files are replaced whole,
so a reader never sees half an export. The same study always gives the same bytes.
"""

import io
import json
import math
import re
from collections.abc import Iterable, Iterator, Sequence
from typing import Any

import numpy as np
import pandas as pd

from hyperspool.common.objectives import PARAMETERS
from hyperspool.common.space import Int
from hyperspool.master.analysis.data.columns import (
    METRICS,
    VALUES,
    curve_metrics,
    metrics_columns,
    params_column,
    params_of,
)
from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.measures.settings import searched_parameters, setting_label

RUN_METRICS = ("training_loss", "validation_loss", "validation_error")
"""The metrics in the text files of a built-in objective's runs. A user's own objective has all that it reported."""
CURVES = ".curves"
ROWS_AT_ONCE = 2000
MAX_NAME = 120
"""Most characters of the label in a run's file name. File systems allow names of 255 bytes."""


def _plain_trials(data: StudyData) -> pd.DataFrame:
    """The trials with one type per column, and with integers where the frame has floats for the sake of NaN."""
    trials = data.trials.copy()
    whole = {params_column(name) for name, parameter in data.spec.space.items() if isinstance(parameter, Int)}
    for name in {"best_epoch", "round", *whole, *({"starts_from"} & set(trials))}:
        trials[name] = trials[name].astype("Int64")
    for name in map(str, trials.select_dtypes("object").columns):
        types = {type(value) for value in trials[name] if not pd.isna(value)}
        if not types or len(types) > 1:  # only text can hold the values 1, "auto" and true of one parameter
            trials[name] = trials[name].map(str, na_action="ignore").astype("string")
    return trials


def csv_files(data: StudyData) -> dict[str, bytes]:
    """The trials and the curves as CSV, by the ending that the file's name gets."""
    return {"": _csv(_plain_trials(data)), CURVES: _csv(data.curves)}


def jsonl_files(data: StudyData) -> dict[str, bytes]:
    """The trials and the curves as lines of JSON, by the ending that the file's name gets."""
    return {"": _lines(_trial_records(data)), CURVES: _lines(_records(data.curves))}


def parquet_files(data: StudyData) -> dict[str, bytes]:
    """The trials and the curves as Parquet, by the ending that the file's name gets."""
    return {"": _parquet(_plain_trials(data)), CURVES: _parquet(data.curves)}


def _csv(frame: pd.DataFrame) -> bytes:
    return _with_time_texts(frame).to_csv(index=False, lineterminator="\n").encode()


def _with_time_texts(frame: pd.DataFrame) -> pd.DataFrame:
    """The frame with times as text, in the format of the records: `2026-01-31T12:00:00.000Z`."""
    changed = frame.copy()
    for name in frame.select_dtypes("datetimetz").columns:
        changed[name] = frame[name].dt.strftime("%Y-%m-%dT%H:%M:%S.%f").str.slice(stop=-3) + "Z"
    return changed


def _parquet(frame: pd.DataFrame) -> bytes:
    buffer = io.BytesIO()
    frame.to_parquet(buffer, index=False)
    return buffer.getvalue()


def _trial_records(data: StudyData) -> Iterator[dict[str, Any]]:
    names = [params_column(name) for name, _ in data.spec.space.items()]
    params = (params_of(data.spec, row) for some in _parts(data.trials[names]) for row in some.to_dict("records"))
    every = [str(name) for name in data.trials]
    grouped, leading = ("params_", "seed_", METRICS, VALUES), ("trial", "status", "value")
    rest = (
        "attempts",
        *(name for name in every if not name.startswith(grouped) and name not in {*leading, "attempts"}),
    )
    seeds, metrics, values = (
        {name: name.removeprefix(prefix) for name in every if name.startswith(prefix)}
        for prefix in ("seed_", METRICS, VALUES)
    )
    for record, own in zip(_records(_plain_trials(data)), params, strict=True):
        yield {
            **{name: record[name] for name in leading},
            **({"values": {short: record[name] for name, short in values.items()}} if values else {}),
            "params": own,
            **{name: record[name] for name in rest},
            "metrics": {short: record[name] for name, short in metrics.items() if record[name] is not None},
            "seeds": {short: record[name] for name, short in seeds.items()},
        }


def _records(frame: pd.DataFrame) -> Iterator[dict[str, Any]]:
    for some in _parts(frame):
        for record in _with_time_texts(some).to_dict("records"):
            yield {str(name): _json_value(value) for name, value in record.items()}


def _parts(frame: pd.DataFrame) -> Iterator[pd.DataFrame]:
    """A frame part by part, because dictionaries of its rows take many times its memory."""
    return (frame.iloc[first : first + ROWS_AT_ONCE] for first in range(0, len(frame), ROWS_AT_ONCE))


def _json_value(value: Any) -> Any:
    if isinstance(value, str | int):  # as most are; a bool is an int
        return value
    if isinstance(value, np.generic):
        value = value.item()
    if pd.isna(value) or (isinstance(value, float) and not math.isfinite(value)):
        return None
    return value


def _lines(records: Iterable[dict[str, Any]]) -> bytes:
    return "".join(json.dumps(record, allow_nan=False) + "\n" for record in records).encode()


def text_files(data: StudyData) -> Iterator[tuple[str, str]]:
    """Yield the text files of a study, each as (name, text)."""
    axes, metrics = searched_parameters(data.spec), _run_metrics(data)
    curves = dict(iter(data.curves.groupby("trial")))
    names: list[str] = []
    for _, row in data.trials.iterrows():
        trial = int(row["trial"])
        label = setting_label(params_of(data.spec, row), axes)
        name = f"runs/{trial:05}_{re.sub(r'[^A-Za-z0-9.+-]+', '_', label)[:MAX_NAME]}.txt"
        names.append(name if trial in curves else "-")
        if trial in curves:
            yield name, _table(curves[trial][["epoch", "elapsed_s", *metrics]])
    index = _plain_trials(data)
    index.insert(0, "file", pd.Series(names, index=index.index, dtype=object))
    parameters = [params_column(name) for name, _ in data.spec.space.items()]
    leading = ["file", "trial", "setting", "replicate", "status", "value", "diverged", "epochs", "training_s"]
    yield "index.txt", _table(index[[*leading, *parameters, *metrics_columns(index)]])
    yield "README.txt", _readme(data, metrics)


def _run_metrics(data: StudyData) -> list[str]:
    return list(RUN_METRICS) if data.spec.objective.name in PARAMETERS else curve_metrics(data.curves)


def _table(frame: pd.DataFrame) -> str:
    return frame.to_csv(sep="\t", index=False, na_rep="nan", lineterminator="\n")


def _readme(data: StudyData, metrics: Sequence[str]) -> str:
    spec = data.spec
    what = f" on {spec.data.name}" if spec.data else ""
    return f"""Study {spec.name}: {spec.title or "no title"}
{len(data.trials)} of {spec.all_trials} trials of {spec.objective.name}{what}
epochs: {spec.epochs if spec.budget else "none"}; seed: {spec.seed}

runs/      one file per run, named after its trial and its varied params. Each has a header line and a line per epoch:
           epoch, elapsed_s (seconds of training and validation from the start of epoch 1 to the end of this epoch),
           {", ".join(metrics) or "no metric"}. Columns are separated by tabs; nan and inf stand for
           values that are not finite, and nan also for those that were not reported.
index.txt  one line per run: its file, trial, setting (equal for runs of equal params), replicate, status, value,
           diverged, epochs, training_s, every parameter, and other measured numbers (metrics). A run that failed before
           its first epoch has no file ("-").
"""
