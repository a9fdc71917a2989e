"""Which trials a figure shows, and the sentence that says so."""

import numpy as np
import pandas as pd

from hyperspool.common.objectives import PARAMETERS
from hyperspool.common.records import Status
from hyperspool.master.analysis.data.columns import params_column
from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.measures.settings import complete, searched_parameters
from hyperspool.master.results.wording import counted


def drawn_trials(data: StudyData) -> pd.DataFrame:
    """The COMPLETE trials with a finite value, in trial order; diverged ones too, with the error of guessing."""
    trials = complete(data.trials)
    is_finite = np.isfinite(trials["value"].to_numpy(dtype=np.float64))
    drawn: pd.DataFrame = trials.loc[is_finite].reset_index(drop=True)
    return drawn


def drawn_sentence(data: StudyData) -> str:
    """How many trials a figure of `drawn_trials` shows, what is left out, and how diverged ones count."""
    trials = drawn_trials(data)
    parts = [f"{counted(len(trials), 'COMPLETE trial')}."]
    diverged = int(trials["diverged"].sum())
    if diverged:
        parts.append(f"{diverged} of them diverged and {_count(diverged)} with the error of guessing.")
    for status in (Status.FAILED, Status.PRUNED):
        absent = int((data.trials["status"] == status.value).sum())
        if absent:
            parts.append(f"{counted(absent, f'{status.value} trial')} {'is' if absent == 1 else 'are'} left out.")
    return " ".join(parts)


def zero_sentences(data: StudyData) -> list[str]:
    """Where values of 0 are drawn that a logarithmic scale does not have."""
    return [
        f"A value of 0 for {axis.label} is drawn at {axis.zero_at:g}, where its logarithmic scale begins."
        for axis in searched_parameters(data.spec)
        if axis.zero_at is not None and (data.trials[axis.column] == 0).any()
    ]


def snapshot_sentence(data: StudyData) -> str:
    """Where values and curves tell of different things, the sentence that says so; else nothing."""
    column = params_column("snapshots")
    if data.spec.objective.name not in PARAMETERS or column not in data.trials or True not in set(data.trials[column]):
        return ""
    return "With snapshots a trial's value is its ensemble's error; its curve is the single network's."


def best_first(data: StudyData, trials: pd.DataFrame) -> pd.DataFrame:
    """The trials from best to worst, the earlier one first among equals."""
    is_ascending = data.spec.objective.direction == "minimise"
    return trials.sort_values(["value", "trial"], ascending=[is_ascending, True])


def _count(number: int) -> str:
    return "counts" if number == 1 else "count"
