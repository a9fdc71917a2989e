"""The curves of a study in one data frame, with one row per epoch."""

import math
from collections.abc import Mapping, Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

import pandas as pd

from hyperspool.common.curve import read_curve
from hyperspool.common.epochs import EpochRecord, metric_names
from hyperspool.common.errors import ProtocolError
from hyperspool.common.issues import AttemptName, EvaluationName, Issue
from hyperspool.common.layout import StudyFolder
from hyperspool.common.objectives import EPOCH_METRICS, PARAMETERS
from hyperspool.common.outcome import Finished
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.analysis.data.columns import add_names, series
from hyperspool.master.analysis.data.places import Places

KeptCurves = dict[AttemptName, Sequence[EpochRecord]]
_LEADING_TYPES = {
    "trial": "int64",
    "rung": "int64",
    "setting": "int64",
    "replicate": "int64",
    "epoch": "int64",
    "seconds": "float64",
    "elapsed_s": "float64",
}


def curves_frame_of(
    folder: StudyFolder,
    spec: StudySpec,
    results: Sequence[Finished],
    places: Places,
    unreadable: list[str],
    kept: KeptCurves | None = None,
) -> pd.DataFrame:
    """Read the curves of the results into the frame `StudyData.curves`.

    Args:
        folder: the study's.
        spec: the study.
        results: whose curves to read.
        places: the setting and replicate of each result.
        unreadable: gets a line for each curve that is left out.
        kept: whole curves that were read before, which are not read again; gets the new ones.
    """
    kept = {} if kept is None else kept
    curves: dict[EvaluationName, Sequence[EpochRecord]] = {}
    for result in results:
        if not result.epochs:
            continue
        attempt = AttemptName(Issue(*result.evaluation, result.issue), result.attempt)
        if attempt not in kept and (curve := _read_curve(folder, result, unreadable)):
            kept[attempt] = curve
        curves[result.evaluation] = kept.get(attempt, ())
    return frame_of_curves(folder, spec, curves, places, unreadable)


def frame_of_curves(
    folder: StudyFolder,
    spec: StudySpec,
    curves: Mapping[EvaluationName, Sequence[EpochRecord]],
    places: Places,
    unreadable: list[str],
) -> pd.DataFrame:
    """Put curves into a frame as `StudyData.curves`: by trial and rung, with the place of each."""
    names = dict.fromkeys(EPOCH_METRICS if spec.objective.name in PARAMETERS else ())
    columns: dict[str, list[Any]] = {name: [] for name in (*_LEADING_TYPES, *names)}
    for evaluation, curve in curves.items():
        add_names(names, metric_names(curve), folder.curve(*evaluation), unreadable)
        rows_before = len(columns["epoch"])
        place = places[evaluation]
        columns["trial"] += [evaluation.trial] * len(curve)
        columns["rung"] += [evaluation.rung] * len(curve)
        columns["setting"] += [place.setting] * len(curve)
        columns["replicate"] += [place.replicate] * len(curve)
        columns["epoch"] += [record.epoch for record in curve]
        columns["seconds"] += [record.seconds for record in curve]
        columns["elapsed_s"] += accumulate(record.seconds for record in curve)
        for name in names:
            columns.setdefault(name, [math.nan] * rows_before).extend(record.metric(name) for record in curve)
    types = _LEADING_TYPES | dict.fromkeys(names, "float64")
    return pd.DataFrame({name: series(columns[name], dtype) for name, dtype in types.items()})


def _read_curve(folder: StudyFolder, result: Finished, unreadable: list[str]) -> list[EpochRecord]:
    """Read a trial's curve. Returns an empty curve if the file is missing or malformed."""
    path = folder.curve(*result.evaluation)
    try:
        try:
            curve = read_curve(path)
        except FileNotFoundError:
            # The worker died between writing the result and moving the curve. The next claimant or the master moves it.
            attempt = AttemptName(Issue(*result.evaluation, result.issue), result.attempt)
            curve = read_curve(folder.running_curve(attempt))
    except FileNotFoundError:
        unreadable.append(f"{path}: missing, but the result counts {result.epochs} epochs")
        return []
    except (OSError, ProtocolError) as error:
        unreadable.append(_line(path, error))
        return []
    if len(curve) != result.epochs:
        unreadable.append(f"{path}: found {len(curve)} epochs, but the result counts {result.epochs}")
        return []
    return curve


def _line(path: Path, error: Exception) -> str:
    reason = error.reason if isinstance(error, ProtocolError) else getattr(error, "strerror", None) or error
    return f"{path}: {reason}"
