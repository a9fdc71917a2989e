"""Random search: every trial independent of every other.

Source: Bergstra and Bengio 2012, Random Search for Hyper-Parameter Optimization, JMLR 13.
"""

from collections.abc import Sequence

from hyperspool.common.space import Params, Space
from hyperspool.master.search.counter_random import unit_number
from hyperspool.master.search.sampler import Observation


class RandomSearch:
    """Draws each parameter of each trial by itself, uniformly on its scale.

    Args:
        space: where to draw.
        seed: the study's.
    """

    def __init__(self, space: Space, seed: int) -> None:
        self._space, self._seed = space, seed
        self._next = 0

    def suggest(self, count: int) -> list[Params]:
        """The params of the next `count` trials."""
        trials = range(self._next, self._next + count)
        self._next += count
        return [draw(self._space, self._seed, trial) for trial in trials]

    def update(self, observations: Sequence[Observation]) -> None:
        """Nothing to learn from: the next trial does not depend on the last."""


def draw(space: Space, seed: int, trial: int) -> Params:
    """The params of one trial."""
    return space.at(lambda name: unit_number(seed, name, trial))
