"""Random search: every trial independent of every other.

Source: Bergstra and Bengio 2012, Random Search for Hyper-Parameter Optimization, JMLR 13.
"""

from hyperspool.common.records import Stage
from hyperspool.common.space import Params, Space
from hyperspool.master.search.counter_random import unit_number
from hyperspool.master.search.known import Known, Proposal


class RandomSearch:
    """Draws each parameter of each trial by itself, uniformly on its scale. It has no end of its own.

    Args:
        space: where to draw.
        seed: the study's.
    """

    def __init__(self, space: Space, seed: int) -> None:
        self._space, self._seed = space, seed

    def suggest(self, count: int, known: Known) -> list[Proposal]:
        """The next `count` trials."""
        trials = range(known.next_trial, known.next_trial + count)
        return [Proposal(trial, draw(self._space, self._seed, trial), Stage(setting=trial)) for trial in trials]


def draw(space: Space, seed: int, trial: int) -> Params:
    """The params of one trial."""
    return space.at(lambda name: unit_number(seed, name, trial))
