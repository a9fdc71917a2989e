"""Replicates: the same params several times, so that chance can be told from the setting."""

import math
from collections.abc import Sequence

from hyperspool.common.space import Params
from hyperspool.master.search.sampler import Observation, Sampler


class Replicated:
    """Has each setting of another search method evaluated several times in a row, and tells that method the mean.

    Trial i is replicate `i % replicates` of setting `i // replicates`. A batch may end between two replicates.

    Args:
        inner: the search method; to it, a setting is a trial.
        replicates: evaluations of each setting.
    """

    def __init__(self, inner: Sampler, replicates: int) -> None:
        self._inner, self._replicates = inner, replicates
        self._open: list[Params] = []
        self._waiting: list[Observation] = []

    def suggest(self, count: int) -> list[Params]:
        """The params of the next trials; the other method is asked once, for the settings that are new."""
        missing = -(-(count - len(self._open)) // self._replicates)
        if missing > 0:
            settings = self._inner.suggest(missing)
            self._open += [params for params in settings for _ in range(self._replicates)]
        suggested, self._open = self._open[:count], self._open[count:]
        return [dict(params) for params in suggested]

    def update(self, observations: Sequence[Observation]) -> None:
        """Pass on every setting that is now complete; keep the rest of a setting whose replicates are not all in."""
        self._waiting += observations
        complete = len(self._waiting) - len(self._waiting) % self._replicates
        settled, self._waiting = self._waiting[:complete], self._waiting[complete:]
        each = range(0, complete, self._replicates)
        self._inner.update([_settled(settled[first : first + self._replicates]) for first in each])


def mean_of(observations: Sequence[Observation]) -> float | None:
    """The mean of the values that are numbers; None if there is none."""
    numbers = [seen.number for seen in observations if seen.number is not None]
    # Divided first: the sum of two very large numbers is infinite.
    return math.fsum(number / len(numbers) for number in numbers) if numbers else None


def _settled(replicates: Sequence[Observation]) -> Observation:
    first = replicates[0]
    valued = [seen for seen in replicates if seen.number is not None]
    has_diverged = bool(valued) and all(seen.diverged for seen in valued)
    return Observation(first.trial // len(replicates), first.params, mean_of(replicates), has_diverged)
