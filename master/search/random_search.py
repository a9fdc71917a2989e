"""Random search: all trials are independent.

Source: Bergstra and Bengio 2012, Random Search for Hyper-Parameter Optimization, JMLR 13.
"""

from hyperspool.common.records import Stage
from hyperspool.common.space import Params, Space
from hyperspool.master.search.counter_random import unit_number
from hyperspool.master.search.known import Known, Proposal


class RandomSearch:
    """Draws each parameter of each trial independently and uniformly on its scale. It never ends by itself.

    Args:
        space: the space to draw from.
        seed: the study's seed.
    """

    def __init__(self, space: Space, seed: int) -> None:
        self._space, self._seed = space, seed

    def suggest(self, count: int, known: Known) -> list[Proposal]:
        """Suggest the next `count` trials."""
        trials = range(known.next_trial, known.next_trial + count)
        return [Proposal(trial, draw(self._space, self._seed, trial), Stage(setting=trial)) for trial in trials]


def draw(space: Space, seed: int, trial: int) -> Params:
    """Return the params of one trial."""
    return space.at(lambda name: unit_number(seed, name, trial))
