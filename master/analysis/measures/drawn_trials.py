"""The trials that figures show and compare, and what to know about their values."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hyperspool.common.objectives import PARAMETERS
from hyperspool.common.records import Status
from hyperspool.master.analysis.data.columns import KEEPS, params_column
from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.measures.positions import Floats
from hyperspool.master.analysis.measures.settings import complete
from hyperspool.master.results.settings import best_so_far

LEAST_TRIALS = 2
"""A single value has nothing to be compared with, so it has no figure."""


def drawn_trials(data: StudyData) -> pd.DataFrame:
    """The COMPLETE trials with a finite value, in trial order; diverged ones too, with the error of guessing."""
    trials = complete(data.trials)
    is_finite = np.isfinite(trials["value"].to_numpy(dtype=np.float64))
    drawn: pd.DataFrame = trials.loc[is_finite].reset_index(drop=True)
    return drawn


def kept_values(data: StudyData) -> Floats:
    """The value of each trial, `(n,)`; NaN for one that breaks a constraint, and so can never be the best."""
    values = data.trials["value"]
    kept = values.where(data.trials[KEEPS]) if KEEPS in data.trials else values
    return kept.to_numpy(dtype=np.float64)


def best_first(data: StudyData, trials: pd.DataFrame) -> pd.DataFrame:
    """The trials from best to worst, the earlier one first among equals; those that break a constraint come last."""
    is_ascending = data.spec.objective.direction == "minimise"
    by, ascending = ["value", "trial"], [is_ascending, True]
    if KEEPS in trials:
        by, ascending = [KEEPS, *by], [False, *ascending]
    return trials.sort_values(by, ascending=ascending)


def is_best(data: StudyData, trials: pd.DataFrame) -> NDArray[np.bool_]:
    """Which of some trials are the best setting's, `(n,)`; none if each of them breaks a constraint.

    The best setting has the best mean, as everywhere; with several objectives trials are compared one by one.
    """
    keeping = trials[trials[KEEPS]] if KEEPS in trials else trials
    if data.spec.objectives:
        best = best_first(data, keeping)["trial"].head(1)
    else:
        means = keeping.groupby("setting")["value"].mean()
        settled = data.trials.groupby("setting").size().reindex(means.index) >= data.spec.replicates
        means = (means[settled] if settled.any() else means).sort_values(
            ascending=data.spec.objective.direction == "minimise", kind="stable"
        )
        best = keeping.loc[keeping["setting"].isin(means.index[:1]), "trial"]
    return trials["trial"].isin(best).to_numpy(dtype=np.bool_)


def best_values(data: StudyData) -> Floats:
    """The value of the best setting after each trial, in their order, `(n,)`; NaN while there is none."""
    kept = np.where(data.trials["status"] == Status.COMPLETE.value, kept_values(data), np.nan)
    numbers = (
        (setting, float(value) if np.isfinite(value) else None)
        for setting, value in zip(data.trials["setting"], kept, strict=True)
    )
    found = best_so_far(numbers, data.spec.replicates, data.spec.objective.direction)
    return np.array(found, dtype=np.float64)


def snapshot_sentence(data: StudyData) -> str:
    """That values and curves belong to different networks; empty if they do not."""
    column = params_column("snapshots")
    if data.spec.objective.name not in PARAMETERS or column not in data.trials or True not in set(data.trials[column]):
        return ""
    return "With snapshots a trial's value is its ensemble's error; its curve is the single network's."
