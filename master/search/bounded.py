"""Ends a search after the study's number of trials."""

from hyperspool.master.search.known import Known, Proposal
from hyperspool.master.search.sampler import Sampler


class Bounded:
    """Suggests the trials of another search method, up to a number of them.

    Args:
        inner: the search method; most never end by themselves.
        trials: how many there are in all.
    """

    def __init__(self, inner: Sampler, trials: int) -> None:
        self._inner, self._trials = inner, trials

    def suggest(self, count: int, known: Known) -> list[Proposal]:
        """Suggest the next trials; none once all have been proposed."""
        left = self._trials - known.next_trial
        return self._inner.suggest(min(count, left), known) if left > 0 else []
