"""CMA-ES: an evolution strategy that adapts a normal distribution to the best trials, generation by generation.

Source: Hansen 2016, The CMA Evolution Strategy: A Tutorial, arXiv:1604.00772; computed by the package cmaes.
"""

import math
from collections.abc import Sequence
from functools import partial

import numpy as np
from cmaes import CMA

from hyperspool.common.records import Stage
from hyperspool.common.space import Fixed, Params, Space
from hyperspool.master.search.counter_random import word
from hyperspool.master.search.distinct import Distinct
from hyperspool.master.search.known import Direction, Evaluation, Known, Proposal

FIRST_STEP = 1 / 4
"""The first standard deviation, as a share of each parameter's range on its own scale."""


class EvolutionStrategy:
    """Draws each generation from a normal distribution, which all generations before it have shaped.

    A generation must be finished before the next one is suggested. The distribution is worked out again from the
    results, generation by generation, so nothing is carried along. A trial that failed, was pruned or diverged counts
    as the worst of its generation; one that breaks a constraint is worse than all that keep them.

    Args:
        space: has at least two parameters to search, all of them numbers without conditions.
        seed: the study's seed.
        direction: the objective's direction.
    """

    def __init__(self, space: Space, seed: int, direction: Direction) -> None:
        self._space, self._seed, self._direction = space, seed, direction
        self._searched = {name: one for name, one in space.items() if not isinstance(one, Fixed)}
        self.generation = 4 + math.floor(3 * math.log(len(self._searched)))

    def suggest(self, count: int, known: Known) -> list[Proposal]:
        """Suggest the next trials, at most to the end of the generation."""
        number = known.next_trial // self.generation
        start = number * self.generation
        if any(trial < start for trial, _ in known.pending):
            return []
        distinct = Distinct(self._space, self._seed, known)
        state = self._state(number, known)
        proposals: list[Proposal] = []
        for trial in range(known.next_trial, min(known.next_trial + count, start + self.generation)):
            params = distinct.take(trial, partial(self._draw, state, trial))
            proposals.append(Proposal(trial, params, Stage(setting=trial)))
        return proposals

    def _state(self, number: int, known: Known) -> CMA:
        size = len(self._searched)
        state = CMA(
            mean=np.full(size, 0.5),
            sigma=FIRST_STEP,
            bounds=np.array([[0.0, 1.0]] * size),
            population_size=self.generation,
        )
        finished = known.finished()
        for generation in range(number):
            # One after the other without a gap: all of them are finished, and a trial has one evaluation.
            own = finished[generation * self.generation : (generation + 1) * self.generation]
            state.tell([(self._point(seen.params), loss) for seen, loss in _with_losses(own, self._direction)])
        return state

    def _draw(self, state: CMA, trial: int, attempt: int) -> Params:
        state.reseed_rng(word(self._seed, f"cma {attempt}", trial) >> 32)
        point = state.ask()
        place = dict(zip(self._searched, map(float, point), strict=True))
        return self._space.at(lambda name: place.get(name, 0.0))

    def _point(self, params: Params) -> "np.ndarray[tuple[int], np.dtype[np.float64]]":
        return np.array([parameter.to_unit(params[name]) for name, parameter in self._searched.items()])


def _with_losses(own: Sequence[Evaluation], direction: Direction) -> list[tuple[Evaluation, float]]:
    losses = [math.inf if seen.diverged else seen.loss(direction) for seen in own]
    finite = [loss for loss in losses if math.isfinite(loss)]
    worst = max(finite, default=0.0)
    # Only the order counts: the next greater numbers put those that break a constraint behind, the least broken first.
    broken = sorted((seen for seen in own if not seen.keeps_constraints), key=lambda seen: (seen.excess, seen.trial))
    beyond: dict[int, float] = {}
    for seen in broken:
        beyond[seen.trial] = math.nextafter(max([worst, *beyond.values()]), math.inf)
    return [
        (seen, loss if math.isfinite(loss) else beyond.get(seen.trial, worst))
        for seen, loss in zip(own, losses, strict=True)
    ]
