"""The answer of a search that evaluated its best settings again."""

import statistics
from typing import Any

import pandas as pd

from hyperspool.master.analysis.answers.answer import Answer
from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.measures.finalists import finalist_sample, finalists_verdict
from hyperspool.master.analysis.measures.intervals import mean_interval
from hyperspool.master.analysis.measures.settings import searched_parameters, setting_label
from hyperspool.master.results.finalists import Finalist, finalists


def best_finalist(data: StudyData) -> list[Answer]:
    """Answer which finalist is best, and whether the replicates decide it."""
    if all(seen.stage.is_search for seen in data.evaluations):
        return []
    found = finalists(data.evaluations, data.spec.objective.direction)
    axes = searched_parameters(data.spec)
    rows = [_row(finalist, setting_label(finalist.params, axes)) for finalist in found]
    return [Answer("Which finalist is best?", finalists_verdict(data.spec, found), pd.DataFrame(rows))]


def _row(finalist: Finalist, label: str) -> dict[str, Any]:
    again = finalist_sample(finalist)
    interval = mean_interval(again.values)
    return {
        "setting": label,
        "first trial": finalist.trial,
        "mean": finalist.mean,
        "at least": interval.low if interval else None,
        "at most": interval.high if interval else None,
        "median": statistics.median(again.finite) if again.finite else None,
        "replicates": finalist.replicates,
        "in the search": finalist.searched.mean,
    }
