"""Quasi-random search: scrambled Sobol points, which leave smaller gaps than random ones.

Source: Owen 1998, Scrambling Sobol' and Niederreiter-Xing Points, J. Complexity 14; scipy.stats.qmc.
"""

import warnings
from collections.abc import Iterable

import numpy as np
from scipy.stats import qmc

from hyperspool.common.records import Stage
from hyperspool.common.space import Fixed, Space
from hyperspool.master.search.counter_random import unit_number, word
from hyperspool.master.search.known import Known, Proposal

MAX_DIMENSIONS = qmc.Sobol.MAXDIM
Point = np.ndarray[tuple[int], np.dtype[np.float64]]


class QuasiRandomSearch:
    """Goes through a scrambled Sobol sequence, a point per trial. It never ends by itself.

    Args:
        space: the space to search; parameters beyond the first `MAX_DIMENSIONS` are drawn at random.
        seed: the study's seed, which scrambles the sequence.
    """

    def __init__(self, space: Space, seed: int) -> None:
        self._space, self._seed = space, seed
        names = [name for name, parameter in space.items() if not isinstance(parameter, Fixed)]
        self._place = {name: place for place, name in enumerate(names[:MAX_DIMENSIONS])}

    def suggest(self, count: int, known: Known) -> list[Proposal]:
        """Suggest the next `count` trials."""
        first = known.next_trial
        points = self._points(first, count)
        return [self._proposal(trial, point) for trial, point in enumerate(points, start=first)]

    def _proposal(self, trial: int, point: Point) -> Proposal:
        def unit_of(name: str) -> float:
            place = self._place.get(name)
            return unit_number(self._seed, name, trial) if place is None else float(point[place])

        return Proposal(trial, self._space.at(unit_of), Stage(setting=trial))

    def _points(self, first: int, count: int) -> Iterable[Point]:
        scramble = np.random.Generator(np.random.Philox(word(self._seed, "sobol", 0)))
        sequence = qmc.Sobol(max(len(self._place), 1), scramble=True, rng=scramble)
        if first:
            sequence.fast_forward(first)
        with warnings.catch_warnings():
            # It warns that a count that is no power of two is less balanced; a search ends where it ends.
            warnings.simplefilter("ignore", UserWarning)
            points: Iterable[Point] = sequence.random(count)
        return points
