"""The answer of a search whose best settings were evaluated again."""

import pandas as pd

from master.analysis.answers.answer import Answer
from master.analysis.columns import params_of
from master.analysis.finalists import finalists_of, finalists_verdict
from master.analysis.frames import StudyData
from master.analysis.settings import searched_parameters, setting_label
from master.search.sampler import Observation


def best_finalist(data: StudyData) -> list[Answer]:
    """Which finalist wins, and whether the replicates suffice to say so."""
    if data.spec.confirm is None or data.trials["trial"].max() < data.spec.trials:
        return []
    seen = (
        Observation(
            int(row["trial"]),
            params_of(data.spec, row),
            None if pd.isna(row["value"]) else float(row["value"]),
            bool(row["diverged"]),
        )
        for _, row in data.trials.iterrows()
    )
    found = finalists_of(data.spec, seen)
    axes = searched_parameters(data.spec)
    rows = [
        {
            "setting": setting_label(one.params, axes),
            "first trial": one.trial,
            "mean": one.mean,
            "at least": one.interval.low if one.interval else None,
            "at most": one.interval.high if one.interval else None,
            "median": one.median,
            "replicates": len(one.fresh.finite),
            "in the search": one.searched,
        }
        for one in found
    ]
    return [Answer("Which finalist is best?", finalists_verdict(data.spec, found), pd.DataFrame(rows))]
