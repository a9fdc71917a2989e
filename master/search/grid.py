"""Grid search: every combination of the listed values; the first parameter varies slowest."""

from itertools import islice

from hyperspool.common.grid import grid
from hyperspool.common.records import Stage
from hyperspool.common.space import Params, Space
from hyperspool.master.search.known import Known, Proposal


class GridSearch:
    """Goes through the grid once and then ends.

    Args:
        space: a space that has a grid (`hyperspool.common.grid.grid_problems` finds no problem).
    """

    def __init__(self, space: Space) -> None:
        self._settings = grid(space)
        # A cache: the first settings of the grid, as many as were asked for. A grid may be too long to hold whole.
        self._drawn: list[Params] = []

    def suggest(self, count: int, known: Known) -> list[Proposal]:
        """Suggest the next `count` settings; fewer at the end of the grid."""
        first, end = known.next_trial, known.next_trial + count
        self._drawn += islice(self._settings, max(end - len(self._drawn), 0))
        trials = range(first, min(end, len(self._drawn)))
        return [Proposal(trial, dict(self._drawn[trial]), Stage(setting=trial)) for trial in trials]
