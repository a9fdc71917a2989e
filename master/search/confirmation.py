"""Confirmation: a search's best settings again, under seeds of their own.

The best of many noisy values is low partly because it was lucky. Only values that had no part in choosing a setting
say what the setting is worth.
"""

from hyperspool.common.records import Stage
from hyperspool.master.search.known import Direction, Known, Proposal
from hyperspool.master.search.sampler import Sampler
from hyperspool.master.search.settings import finalists_of


class Confirmed:
    """A search method, and after its last trial the best settings again and again, in turns.

    A setting counts with the mean of its finite values, the earlier setting first among equals. If fewer settings have
    a value than there are finalists to be, those share all the trials; if none has one, the first settings of the
    search are tried again.

    Args:
        inner: the search method.
        trials: how many it has.
        finalists: how many of its settings are evaluated again.
        replicates: how often each.
        direction: of the objective.
    """

    def __init__(self, inner: Sampler, trials: int, finalists: int, replicates: int, direction: Direction) -> None:
        self._inner, self._trials, self._finalists, self._direction = inner, trials, finalists, direction
        self._confirming = finalists * replicates

    def suggest(self, count: int, known: Known) -> list[Proposal]:
        """The next trials; the end of the search ends a batch."""
        search = known.select(lambda stage: stage.is_search)
        if search.next_trial < self._trials:
            return self._inner.suggest(min(count, self._trials - search.next_trial), search)
        if search.pending:
            return []
        chosen = finalists_of(search.evaluations.values(), self._finalists, self._direction)
        done = known.next_trial - self._trials
        return [
            Proposal(
                self._trials + turn,
                dict(chosen[turn % len(chosen)].params),
                Stage(kind="confirmation", setting=turn % len(chosen), replicate=turn // len(chosen)),
            )
            for turn in range(done, min(done + count, self._confirming))
        ]
