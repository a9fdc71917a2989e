"""A search method for inside a wrapper, which records what the wrapper asks for and passes in."""

from hyperspool.common.records import Stage
from hyperspool.master.search.known import Evaluation, Known, Proposal


class Listening:
    """Proposes x = 0, 1, 2, and so on.

    Attributes:
        asked: how many proposals each call asked for.
        shown: the finished evaluations of each call.
        pending: the trials of each call that had no result yet.
    """

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.shown: list[list[Evaluation]] = []
        self.pending: list[list[int]] = []

    def suggest(self, count: int, known: Known) -> list[Proposal]:
        self.asked.append(count)
        self.shown.append(known.finished())
        self.pending.append([trial for trial, _ in known.pending])
        trials = range(known.next_trial, known.next_trial + count)
        return [Proposal(trial, {"x": trial}, Stage(setting=trial)) for trial in trials]
