"""Replicates: the same params several times, so that chance can be told from the setting."""

import math
from collections.abc import Sequence

from common.space import Params
from master.search.sampler import Observation, Sampler


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
        """The params of the next `count` trials; the other method is asked once, for the settings that are new."""
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
        self._inner.update([_mean(settled[first : first + self._replicates]) for first in each])


def _mean(replicates: Sequence[Observation]) -> Observation:
    values = [seen.value for seen in replicates if seen.value is not None and math.isfinite(seen.value)]
    first = replicates[0]
    # Divided first: the sum of two very large numbers is infinite.
    value = math.fsum(value / len(values) for value in values) if values else None
    return Observation(first.trial // len(replicates), first.params, value)
