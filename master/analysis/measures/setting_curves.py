"""The curve of each setting: the median of its replicates' curves, and their lowest and highest values."""

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
import pandas as pd

from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.measures.positions import Floats


@dataclass(frozen=True)
class SettingCurve:
    """One quantity of one setting after each epoch. All arrays are `(epochs,)`.

    Attributes:
        setting: the setting's number.
        epoch: from 1.
        elapsed_s: training time in seconds at the end of each epoch, the median over replicates.
        median: the median over replicates.
        low: the lowest value of a replicate.
        high: the highest value of a replicate.
        is_diverged: whether all replicates of the setting diverged.
    """

    setting: int
    epoch: Floats
    elapsed_s: Floats
    median: Floats
    low: Floats
    high: Floats
    is_diverged: bool


@dataclass(frozen=True)
class RunCurve:
    """One quantity of one trial after each epoch in which it was measured. All arrays are `(epochs,)`."""

    trial: int
    epoch: Floats
    elapsed_s: Floats
    value: Floats


def run_curves(data: StudyData, quantity: str) -> dict[int, list[RunCurve]]:
    """The curves of the trials of each setting that has several, by the setting's number."""
    rows = measured(data, quantity)
    found: dict[int, list[RunCurve]] = {}
    for _, own in rows.groupby(["setting", "trial"], sort=True):
        setting, trial = (int(own[name].iloc[0]) for name in ("setting", "trial"))
        columns = [own[name].to_numpy(dtype=np.float64) for name in ("epoch", "elapsed_s", quantity)]
        found.setdefault(setting, []).append(RunCurve(trial, *columns))
    return {setting: runs for setting, runs in found.items() if len(runs) > 1}


def measured(data: StudyData, quantity: str) -> pd.DataFrame:
    """The rows of `StudyData.curves` in which a quantity is finite; no row if no trial reported it.

    The epoch in which a trial diverged is left out for every quantity: its error is that of guessing, which was not
    measured.
    """
    curves = data.curves if quantity in data.curves else data.curves.assign(**{quantity: np.nan})
    is_there = np.isfinite(curves[quantity])
    if data.trials["diverged"].any():
        diverged = curves["trial"].isin(data.trials.loc[data.trials["diverged"], "trial"])
        for loss in {"training_loss", "validation_loss"} & set(curves):
            is_there &= ~diverged | np.isfinite(curves[loss])
    return pd.DataFrame(curves[is_there])


def setting_curves(data: StudyData, quantity: str) -> list[SettingCurve]:
    """The curves of one column of `StudyData.curves`, sorted by setting. Settings without a curve are left out.

    A setting's curve ends with the last epoch that at least half of its replicates have. Beyond it, the median would
    describe the few replicates that went on.
    """
    rows = measured(data, quantity)
    replicates = data.curves.groupby("setting")["trial"].nunique()
    epochs = rows.groupby(["setting", "epoch"], sort=True)
    table = epochs[quantity].agg(["median", "min", "max", "count"])
    table["elapsed_s"] = epochs["elapsed_s"].median()
    table = table.reset_index()
    table = table[table["count"] * 2 >= table["setting"].map(replicates)]
    diverged = data.trials.groupby("setting")["diverged"].all()
    return list(_split(table, set(diverged.index[diverged])))


def _split(table: pd.DataFrame, diverged: set[int]) -> Iterator[SettingCurve]:
    settings = table["setting"].to_numpy()
    columns = ("epoch", "elapsed_s", "median", "min", "max")
    arrays = [table[column].to_numpy(dtype=np.float64) for column in columns]
    begins = np.flatnonzero(np.diff(settings, prepend=-1))
    for begin, end in pairwise([*begins, len(settings)]):
        epoch, elapsed_s, median, low, high = (array[begin:end] for array in arrays)
        setting = int(settings[begin])
        yield SettingCurve(setting, epoch, elapsed_s, median, low, high, is_diverged=setting in diverged)
