"""The curves of a study in one data frame, with one row per epoch."""

from collections.abc import Sequence
from itertools import accumulate
from pathlib import Path
from typing import Any

import pandas as pd

from hyperspool.common.curve import COLUMNS, read_curve
from hyperspool.common.errors import ProtocolError
from hyperspool.common.issues import AttemptName, Issue
from hyperspool.common.layout import StudyFolder
from hyperspool.common.records import EpochRecord, Result
from hyperspool.master.analysis.data.columns import series
from hyperspool.master.analysis.data.places import Places

_CURVE_TYPES = {
    "trial": "int64",
    "rung": "int64",
    "setting": "int64",
    "replicate": "int64",
    "epoch": "int64",
    "seconds": "float64",
    "elapsed_s": "float64",
    "training_loss": "float64",
    "validation_loss": "float64",
    "validation_error": "float64",
    "learning_rate": "float64",
    "momentum": "float64",
}


def curves_frame_of(
    folder: StudyFolder, results: Sequence[Result], places: Places, unreadable: list[str]
) -> pd.DataFrame:
    """Read the curves of the results into the frame `StudyData.curves`.

    Args:
        folder: the study's.
        results: whose curves to read.
        places: the setting and replicate of each result.
        unreadable: gets a line for each curve that is left out.
    """
    columns: dict[str, list[Any]] = {name: [] for name in _CURVE_TYPES}
    for result in results:
        curve = _read_curve(folder, result, unreadable) if result.epochs else []
        place = places[result.evaluation]
        columns["trial"] += [result.trial] * len(curve)
        columns["rung"] += [result.rung] * len(curve)
        columns["setting"] += [place.setting] * len(curve)
        columns["replicate"] += [place.replicate] * len(curve)
        columns["elapsed_s"] += accumulate(record.seconds for record in curve)
        for name in COLUMNS:
            columns[name] += [getattr(record, name) for record in curve]
    return pd.DataFrame({name: series(columns[name], dtype) for name, dtype in _CURVE_TYPES.items()})


def _read_curve(folder: StudyFolder, result: Result, unreadable: list[str]) -> list[EpochRecord]:
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
