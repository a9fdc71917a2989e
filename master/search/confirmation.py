"""Confirmation: the best settings of a search are evaluated again, with seeds of their own.

The best of many noisy values is low partly by luck. Only values that played no part in choosing a setting show how
good the setting is.
"""

from hyperspool.common.records import Stage
from hyperspool.master.search.known import Direction, Known, Proposal
from hyperspool.master.search.sampler import Sampler
from hyperspool.master.search.settings import finalists_of


class Confirmed:
    """Runs a search method, then evaluates its best settings again, in turns.

    Settings are ranked by the mean of their finite values, the earlier setting first among equals. If fewer settings
    have a value than finalists are wanted, these settings share all the trials. If no setting has a value, the first
    settings of the search are evaluated again.

    Args:
        inner: the search method.
        trials: the number of its trials.
        finalists: the number of settings that are evaluated again.
        replicates: the number of evaluations of each finalist.
        direction: the objective's direction.
    """

    def __init__(self, inner: Sampler, trials: int, finalists: int, replicates: int, direction: Direction) -> None:
        self._inner, self._trials, self._finalists, self._direction = inner, trials, finalists, direction
        self._confirming = finalists * replicates

    def suggest(self, count: int, known: Known) -> list[Proposal]:
        """Suggest the next trials. The end of the search ends a batch."""
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
