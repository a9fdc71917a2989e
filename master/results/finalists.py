"""Finalists: the best settings of a search, ranked only by the replicates that evaluated them again.

A finalist's value in the search does not count: it is low partly because the finalist was chosen for it.
"""

from collections.abc import Hashable, Iterable
from dataclasses import dataclass

from hyperspool.common.space import Params
from hyperspool.master.search.known import Direction, Evaluation
from hyperspool.master.search.settings import Setting, ranked, settings_of


@dataclass(frozen=True)
class Finalist:
    """A setting that was evaluated again.

    Attributes:
        searched: the setting's evaluations in the search.
        again: its replicates after the search.
    """

    searched: Setting
    again: Setting

    @property
    def params(self) -> Params:
        """Its params, as in the search."""
        return self.searched.params

    @property
    def trial(self) -> int:
        """The trial of the search that stands for it."""
        return self.searched.representative.trial

    @property
    def mean(self) -> float | None:
        """The mean of its replicates' finite values; None if no replicate has one."""
        return self.again.mean

    @property
    def replicates(self) -> int:
        """The number of its replicates with a finite value."""
        return sum(seen.number is not None for seen in self.again.evaluations)


def finalists(evaluations: Iterable[Evaluation], direction: Direction) -> list[Finalist]:
    """Return the finalists of a study whose search is over, best mean first, those without a mean last.

    Args:
        evaluations: the study's finished evaluations; replicates may still be open.
        direction: the objective's direction.
    """
    every = list(evaluations)
    searched: dict[Hashable, Setting] = {
        setting.key: setting for setting in settings_of(seen for seen in every if seen.stage.is_search)
    }
    again = ranked(settings_of(seen for seen in every if not seen.stage.is_search), direction)
    return [Finalist(searched[setting.key], setting) for setting in again if setting.key in searched]
