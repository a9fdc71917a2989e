"""Search from coarse to fine: rounds of random search, each where the best settings so far lie."""

from collections.abc import Sequence
from itertools import accumulate

from hyperspool.common.space import Params, Space
from hyperspool.master.search.narrowing import first_region, narrowed
from hyperspool.master.search.random_search import draw
from hyperspool.master.search.sampler import Observation


class CoarseToFine:
    """Draws a round from a region, the next one from that region narrowed by the best settings of all rounds so far.

    A round must be complete before the next one is suggested. What failed or diverged is never among the best; among
    equals the earlier setting is better. Where fewer than two settings are left, nothing is narrowed.

    Args:
        space: the study's.
        seed: the study's.
        lengths: settings of each round.
        keep: how many of the best settings decide.

    Attributes:
        regions: where each round draws, up to the one that is under way.
    """

    def __init__(self, space: Space, seed: int, lengths: Sequence[int], keep: int) -> None:
        self._space, self._seed, self._keep = space, seed, keep
        self._ends = tuple(accumulate(lengths))
        self._seen: list[Observation] = []
        self._next = 0
        self.regions = [first_region(space)]

    def suggest(self, count: int) -> list[Params]:
        """The params of the next settings; a round's end ends them."""
        end = self._ends[len(self.regions) - 1]
        trials = range(self._next, min(self._next + count, end))
        self._next = trials.stop
        return [draw(self.regions[-1], self._seed, trial) for trial in trials]

    def update(self, observations: Sequence[Observation]) -> None:
        """Take settings in; with the last of a round, narrow."""
        self._seen += observations
        if len(self.regions) < len(self._ends) and len(self._seen) == self._ends[len(self.regions) - 1]:
            best = [seen.params for seen in best_of(self._seen, self._keep)]
            self.regions.append(narrowed(self._space, self.regions[-1], best))


def round_lengths(settings: int, rounds: int) -> tuple[int, ...]:
    """As many settings in each round; what does not divide evenly goes into the first, where the space is widest."""
    each, rest = divmod(settings, rounds)
    return (each + rest, *[each] * (rounds - 1))


def best_of(observations: Sequence[Observation], count: int) -> list[Observation]:
    """The best observations, best first, the earlier one first among equals; none that failed or diverged."""
    ranked = [(seen.number, seen.trial, seen) for seen in observations if not seen.diverged and seen.number is not None]
    return [seen for _, _, seen in sorted(ranked, key=lambda entry: entry[:2])[:count]]
