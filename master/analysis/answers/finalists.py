"""The answer of a search whose best settings were evaluated again."""

import pandas as pd

from hyperspool.master.analysis.answers.answer import Answer
from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.data.observations import observations
from hyperspool.master.analysis.measures.finalists import finalists_of, finalists_verdict
from hyperspool.master.analysis.measures.settings import searched_parameters, setting_label


def best_finalist(data: StudyData) -> list[Answer]:
    """Which finalist wins, and whether the replicates suffice to say so."""
    if data.spec.confirm is None or data.trials["trial"].max() < data.spec.trials:
        return []
    found = finalists_of(data.spec, observations(data))
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
