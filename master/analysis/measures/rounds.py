"""The rounds of a search from coarse to fine: where each drew, and what it found there."""

from dataclasses import dataclass, replace

import numpy as np
import pandas as pd

from hyperspool.common.space import Categorical, Fixed, Float, Int, Space
from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.data.observations import observations
from hyperspool.master.analysis.measures.settings import complete, value_text
from hyperspool.master.search.coarse_to_fine import CoarseToFine, best_of
from hyperspool.master.search.methods import make_method
from hyperspool.master.search.replicates import Replicated
from hyperspool.master.search.sampler import Observation, Sampler

BEST_SHOWN = 3
MAX_LISTED = 5
"""Values of a list that a table's cell has room for."""


@dataclass(frozen=True)
class Round:
    """One round, as far as it has come.

    Attributes:
        number: from 1.
        first: its first trial.
        last: its last trial.
        region: where it drew.
        trials: the rows of `StudyData.trials` that belong to it.
        best: its best trials, best first.
    """

    number: int
    first: int
    last: int
    region: Space
    trials: pd.DataFrame
    best: tuple[int, ...]

    @property
    def is_complete(self) -> bool:
        """Whether every trial has its result."""
        return len(self.trials) == self.last - self.first + 1

    @property
    def measured(self) -> "pd.Series[float]":
        """The finite values of its COMPLETE trials, diverged ones with the error of guessing."""
        measured: pd.Series[float] = complete(self.trials)["value"]
        return measured[np.isfinite(measured)]

    def ranges(self) -> dict[str, str]:
        """The values that each parameter was drawn from, by name, for people; fixed ones left out."""
        parameters = self.region.items()
        return {name: _range_text(parameter) for name, parameter in parameters if not isinstance(parameter, Fixed)}


def rounds(data: StudyData) -> list[Round]:
    """The rounds that have begun, in order; none for a study that does not search its one space from coarse to fine.

    Where a round drew follows from the results of those before, so it is computed as the master computes it. A round
    after one of which a result is missing or unreadable is not told.
    """
    method = make_method(data.spec)
    if data.spec.ablation or not isinstance(method, CoarseToFine):
        return []
    sampler: Sampler = Replicated(method, data.spec.replicates) if data.spec.replicates > 1 else method
    seen = _observations(data)
    found: list[Round] = []
    first = 0
    while first < data.spec.trials and (suggested := sampler.suggest(data.spec.trials - first)):
        span = range(first, first + len(suggested))
        trials = data.trials[data.trials["trial"].isin(span)]
        of_round = [seen[trial] for trial in span if trial in seen]
        best = tuple(entry.trial for entry in best_of(of_round, BEST_SHOWN))
        region = method.regions[-1]
        if of_round:
            found.append(Round(len(found) + 1, span.start, span.stop - 1, region, trials, best))
        sampler.update(of_round)  # of a round that is not complete, so that it suggests no more
        first = span.stop
    return found


def _observations(data: StudyData) -> dict[int, Observation]:
    """As the search method sees them: lower is better."""
    sign = 1.0 if data.spec.objective.direction == "minimise" else -1.0
    return {
        seen.trial: seen if seen.value is None else replace(seen, value=sign * seen.value)
        for seen in observations(data)
    }


def _range_text(parameter: Float | Int | Categorical | Fixed) -> str:
    match parameter:
        case Categorical():
            told = [value_text(choice) for choice in parameter.choices]
            return ", ".join(told) if len(told) <= MAX_LISTED else f"{len(told)} values from {told[0]} to {told[-1]}"
        case Fixed():
            return value_text(parameter.value)
        case _:
            low, high = _bound_text(parameter.low), _bound_text(parameter.high)
            return low if low == high else f"{low} to {high}"


def _bound_text(value: float) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
