"""The parts of a study: its search, the trials that confirm the best of it, and those that keep its constraints."""

from dataclasses import replace

from hyperspool.master.analysis.data.columns import KEEPS
from hyperspool.master.analysis.data.frames import StudyData


def of_search(data: StudyData) -> StudyData:
    """The study without the trials that confirm finalists.

    Confirming trials repeat the best settings. Counted as part of the search, they would bias it: its settings would
    look better, and its parameters more important, than they are.
    """
    if data.spec.confirm is None:
        return data
    evaluations = tuple(seen for seen in data.evaluations if seen.stage.is_search)
    searched = {seen.trial for seen in evaluations}
    trials, curves = (frame[frame["trial"].isin(searched)] for frame in (data.trials, data.curves))
    return replace(data, trials=trials, curves=curves, evaluations=evaluations)


def keeping(data: StudyData) -> StudyData:
    """The study without the trials that break a constraint: none of them is the best in any respect."""
    if data.spec.constraints is None:
        return data
    kept = set(data.trials.loc[data.trials[KEEPS], "trial"])
    trials, curves = (frame[frame["trial"].isin(kept)] for frame in (data.trials, data.curves))
    return replace(data, trials=trials, curves=curves)
