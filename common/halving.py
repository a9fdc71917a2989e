"""Successive halving in a study: many trials get few epochs, and the best of them go on.

Sources: Jamieson and Talwalkar 2016, Non-stochastic Best Arm Identification and Hyperparameter Optimization, AISTATS;
Li et al. 2018, Hyperband, JMLR 18:185; Li et al. 2020, A System for Massively Parallel Hyperparameter Tuning, MLSys.
"""

import math
from typing import Annotated, Literal

from pydantic import Field

from hyperspool.common.records import MAX_EPOCHS, Record

TAKERS = ("random", "grid", "qmc", "tpe", "gp")
"""The samplers whose next proposal may follow from trials on different rungs."""
FEWEST_RUNGS = 2


class Halving(Record):
    """How trials are promoted from rung to rung."""

    name: Literal["successive", "asha", "hyperband"] = "asha"
    """`successive` waits until a rung is full. `asha` promotes whatever is among the best so far. `hyperband` is
    successive halving in brackets, of which each begins on a higher rung with fewer trials."""
    eta: Annotated[int, Field(ge=2, le=100)] = 3
    """One of so many trials is promoted, and gets so many times the epochs."""
    min_epochs: Annotated[int, Field(ge=1, le=MAX_EPOCHS)] = 1
    """The fewest epochs that a trial gets: the lowest rung has at least so many."""

    def ladder(self, epochs: int) -> tuple[int, ...]:
        """Return the epochs of each rung, the lowest first: the whole budget divided by powers of `eta`.

        Args:
            epochs: the study's budget, which is the highest rung.
        """
        rungs = [epochs]
        while epochs // self.eta ** len(rungs) >= self.min_epochs:
            rungs.append(epochs // self.eta ** len(rungs))
        return tuple(reversed(rungs))

    def problem(self, epochs: int | None, sampler: str) -> str | None:
        """Why a study cannot have this halving; None if it can.

        Args:
            epochs: the study's budget; None if it has none.
            sampler: the name of the study's sampler.
        """
        if epochs is None:
            return "budget.epochs: missing; halving divides the epochs of a trial among rungs"
        if len(self.ladder(epochs)) < FEWEST_RUNGS:
            return (
                f"halving: {epochs} epochs (budget.epochs) make a single rung, because {epochs} / {self.eta} (eta) is "
                f"less than {self.min_epochs} (min_epochs); expected at least two rungs"
            )
        if sampler not in TAKERS:
            return f"sampler.name: found {sampler!r}; with halving it is one of {', '.join(TAKERS)}"
        return None


def bracket_sizes(halving: Halving, rungs: int, trials: int) -> list[tuple[int, int]]:
    """Return the brackets of a study: for each, its lowest rung and its number of trials there.

    Hyperband's brackets come round again until all trials have a place; the last one may be cut short.

    Args:
        halving: of the study.
        rungs: how many there are.
        trials: of the study.
    """
    if halving.name != "hyperband":
        return [(0, trials)]
    found: list[tuple[int, int]] = []
    left = trials
    while left > 0:
        lowest = len(found) % rungs
        above = rungs - 1 - lowest
        size = math.ceil(rungs / (above + 1) * halving.eta**above)
        found.append((lowest, min(size, left)))
        left -= size
    return found
