"""The parts of a study: its search, and the trials that confirm what the search found."""

from dataclasses import replace

from hyperspool.master.analysis.data.frames import StudyData


def of_search(data: StudyData) -> StudyData:
    """The study without the trials that confirm finalists.

    Those repeat what was best. Counted with the search's own, they would make its settings look better, and its
    parameters matter more, than they are.
    """
    if data.spec.confirm is None:
        return data
    evaluations = tuple(seen for seen in data.evaluations if seen.stage.is_search)
    searched = {seen.trial for seen in evaluations}
    trials, curves = (frame[frame["trial"].isin(searched)] for frame in (data.trials, data.curves))
    return replace(data, trials=trials, curves=curves, evaluations=evaluations)
