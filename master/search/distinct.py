"""Keeps a method from proposing what it has proposed already, as long as the space has something else."""

from collections.abc import Callable, Hashable

from hyperspool.common.space import Params, Space
from hyperspool.common.values import setting_key
from hyperspool.master.search.counter_random import unit_number
from hyperspool.master.search.known import Known

ATTEMPTS = 4
"""How often the method itself is asked, with other random numbers each time."""
DRAWS = 64
"""How many random points are tried after that. In a space that is nearly used up, a trial may come twice."""


class Distinct:
    """The settings of a search so far, to which each new one is added.

    Args:
        space: the space to search.
        seed: the study's seed.
        known: holds the settings so far.
    """

    def __init__(self, space: Space, seed: int, known: Known) -> None:
        self._space, self._seed = space, seed
        self._taken: set[Hashable] = {setting_key(proposal.params) for proposal in known.proposals()}

    def take(self, trial: int, ask: Callable[[int], Params]) -> Params:
        """Return the params of a trial: the first that are new, else the method's first answer.

        Args:
            trial: the trial's number.
            ask: the method; it gets the number of the attempt, from 0.
        """
        first = ask(0)
        params = first
        for attempt in range(1, ATTEMPTS + DRAWS):
            if setting_key(params) not in self._taken:
                break
            params = ask(attempt) if attempt < ATTEMPTS else self._draw(trial, attempt)
        else:
            params = first
        self._taken.add(setting_key(params))
        return params

    def _draw(self, trial: int, attempt: int) -> Params:
        return self._space.at(lambda name: unit_number(self._seed, f"{name} again {attempt}", trial))
