"""Confirmation: a search's best settings again, under seeds of their own.

The best of many noisy values is low partly because it was lucky. Only values that had no part in choosing a setting
tell what the setting is worth.
"""

from collections.abc import Hashable, Sequence

from hyperspool.common.space import Params
from hyperspool.master.search.replicates import mean_of
from hyperspool.master.search.sampler import Observation, Sampler


class Confirmed:
    """A search method, and after its last trial the best settings again and again, in turns.

    Trials of equal params are one setting; it counts with the mean of its finite values, the earlier setting first
    among equals. If fewer settings have a value than there are finalists to be, those share all the trials; if none has
    one, the first settings of the search are tried again.

    Args:
        inner: the search method.
        trials: how many it has.
        finalists: how many of its settings are evaluated again.
        replicates: how often each.
    """

    def __init__(self, inner: Sampler, trials: int, finalists: int, replicates: int) -> None:
        self._inner, self._trials, self._finalists = inner, trials, finalists
        self._end = trials + finalists * replicates
        self._next = 0
        self._seen: list[Observation] = []
        self._chosen: list[Params] = []

    def suggest(self, count: int) -> list[Params]:
        """The params of the next trials; the end of the search ends a batch."""
        if self._next < self._trials:
            suggested = self._inner.suggest(min(count, self._trials - self._next))
        elif len(self._seen) < self._trials:
            suggested = []
        else:
            self._chosen = self._chosen or finalists(self._seen, self._finalists)
            turns = range(self._next - self._trials, min(self._next + count, self._end) - self._trials)
            suggested = [dict(self._chosen[turn % len(self._chosen)]) for turn in turns]
        self._next += len(suggested)
        return suggested

    def update(self, observations: Sequence[Observation]) -> None:
        """Pass on what belongs to the search."""
        of_search = [seen for seen in observations if seen.trial < self._trials]
        if of_search:
            self._seen += of_search
            self._inner.update(of_search)


def finalists(observations: Sequence[Observation], count: int) -> list[Params]:
    """The best settings of a finished search, as `Confirmed` has them."""
    settings: dict[Hashable, list[Observation]] = {}
    for seen in observations:
        settings.setdefault(setting_key(seen.params), []).append(seen)
    listed = list(settings.values())
    means = [mean_of(setting) for setting in listed]
    ranked = sorted((mean, place) for place, mean in enumerate(means) if mean is not None)
    places = [place for _, place in ranked] or range(len(listed))
    return [listed[place][0].params for place in places[:count]]


def setting_key(params: Params) -> Hashable:
    """What trials of the same setting, and only those, have in common."""
    # 1 is 1.0 and hashes alike, as it should; true is 1 too, which it should not be.
    return frozenset((name, isinstance(value, bool), value) for name, value in params.items())
