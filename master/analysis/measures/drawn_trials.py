"""The trials that figures show and compare, and what to know about their values."""

import numpy as np
import pandas as pd

from hyperspool.common.objectives import PARAMETERS
from hyperspool.master.analysis.data.columns import params_column
from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.measures.settings import complete

LEAST_TRIALS = 2
"""A single value has nothing to be compared with, so it has no figure."""


def drawn_trials(data: StudyData) -> pd.DataFrame:
    """The COMPLETE trials with a finite value, in trial order; diverged ones too, with the error of guessing."""
    trials = complete(data.trials)
    is_finite = np.isfinite(trials["value"].to_numpy(dtype=np.float64))
    drawn: pd.DataFrame = trials.loc[is_finite].reset_index(drop=True)
    return drawn


def best_first(data: StudyData, trials: pd.DataFrame) -> pd.DataFrame:
    """The trials from best to worst, the earlier one first among equals."""
    is_ascending = data.spec.objective.direction == "minimise"
    return trials.sort_values(["value", "trial"], ascending=[is_ascending, True])


def snapshot_sentence(data: StudyData) -> str:
    """That values and curves belong to different networks; empty if they do not."""
    column = params_column("snapshots")
    if data.spec.objective.name not in PARAMETERS or column not in data.trials or True not in set(data.trials[column]):
        return ""
    return "With snapshots a trial's value is its ensemble's error; its curve is the single network's."
