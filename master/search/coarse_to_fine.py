"""Search from coarse to fine: rounds of random search, each in the region of the best settings so far."""

from collections.abc import Iterable, Sequence
from itertools import accumulate

from hyperspool.common.records import Stage
from hyperspool.common.space import Space
from hyperspool.master.search.known import Direction, Evaluation, Known, Proposal
from hyperspool.master.search.narrowing import first_region, narrowed
from hyperspool.master.search.random_search import draw


class CoarseToFine:
    """Draws each round from a region, which the best settings of all rounds so far narrow for the next round.

    A round must be finished before the next one is suggested. A setting that failed, was pruned or diverged is never
    among the best; among equals the earlier setting is better. With fewer than two best settings nothing is narrowed.

    Args:
        space: the study's space.
        seed: the study's seed.
        lengths: the number of settings in each round.
        keep: the number of best settings that narrow the region.
        direction: the objective's direction.
    """

    def __init__(self, space: Space, seed: int, lengths: Sequence[int], keep: int, direction: Direction) -> None:
        self._space, self._seed, self._keep, self._direction = space, seed, keep, direction
        self._ends = tuple(accumulate(lengths))

    def suggest(self, count: int, known: Known) -> list[Proposal]:
        """Suggest the next settings, at most to the end of the round."""
        first = known.next_trial
        number = sum(end <= first for end in self._ends)
        start = self._ends[number - 1] if number else 0
        if number == len(self._ends) or any(trial < start for trial, _ in known.pending):
            return []
        region = self.region(number, known)
        return [
            Proposal(trial, draw(region, self._seed, trial), Stage(setting=trial, round=number + 1))
            for trial in range(first, min(first + count, self._ends[number]))
        ]

    def region(self, number: int, known: Known) -> Space:
        """Return the region that a round draws from.

        Args:
            number: the round's number, from 0.
            known: holds every evaluation of the earlier rounds; other evaluations are ignored.
        """
        region = first_region(self._space)
        for earlier in range(number):
            seen = [evaluation for evaluation in known.evaluations.values() if evaluation.trial < self._ends[earlier]]
            best = [evaluation.params for evaluation in best_of(seen, self._keep, self._direction)]
            region = narrowed(self._space, region, best)
        return region


def round_lengths(settings: int, rounds: int) -> tuple[int, ...]:
    """Divide the settings evenly among the rounds; the remainder goes into the first, where the space is widest."""
    each, rest = divmod(settings, rounds)
    return (each + rest, *[each] * (rounds - 1))


def best_of(evaluations: Iterable[Evaluation], count: int, direction: Direction) -> list[Evaluation]:
    """Return the best evaluations, best first, ties by trial. Failed, pruned and diverged ones are left out.

    Behind those that keep the study's constraints come those that break one, the least broken first.
    """
    counting = [seen for seen in evaluations if seen.number is not None and not seen.diverged]
    return sorted(counting, key=lambda seen: (seen.excess, seen.loss(direction), seen.trial))[:count]
