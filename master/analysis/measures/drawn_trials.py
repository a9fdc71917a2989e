"""The trials that figures show and compare, and what to know about their values."""

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from hyperspool.common.objectives import PARAMETERS
from hyperspool.master.analysis.data.columns import KEEPS, params_column
from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.measures.positions import Floats
from hyperspool.master.analysis.measures.settings import complete

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
    """Which of some trials is the best, `(n,)`; none if each of them breaks a constraint."""
    first = best_first(data, trials).iloc[:1]
    keeping = first[first[KEEPS]] if KEEPS in first else first
    return trials["trial"].isin(keeping["trial"]).to_numpy(dtype=np.bool_)


def snapshot_sentence(data: StudyData) -> str:
    """That values and curves belong to different networks; empty if they do not."""
    column = params_column("snapshots")
    if data.spec.objective.name not in PARAMETERS or column not in data.trials or True not in set(data.trials[column]):
        return ""
    return "With snapshots a trial's value is its ensemble's error; its curve is the single network's."
