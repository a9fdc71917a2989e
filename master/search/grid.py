"""Grid search: every combination of the listed values, the last parameter of the file changing fastest."""

from collections.abc import Sequence
from itertools import islice

from hyperspool.common.grid import grid
from hyperspool.common.space import Params, Space
from hyperspool.master.search.sampler import Observation


class GridSearch:
    """Goes through the grid once; after its end there is nothing more to suggest.

    Args:
        space: one that has a grid (`common.grid.grid_problems`).
    """

    def __init__(self, space: Space) -> None:
        self._settings = grid(space)

    def suggest(self, count: int) -> list[Params]:
        """The params of the next `count` settings; fewer at the end of the grid."""
        return list(islice(self._settings, count))

    def update(self, observations: Sequence[Observation]) -> None:
        """Nothing to learn from: the grid is fixed."""
