"""The rounds of a search from coarse to fine: where each drew, and what it found there."""

from dataclasses import dataclass

import numpy as np
import pandas as pd

from hyperspool.common.space import Categorical, Fixed, Float, Int, Space
from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.measures.settings import complete
from hyperspool.master.results.wording import param_text
from hyperspool.master.search.coarse_to_fine import best_of, round_lengths
from hyperspool.master.search.known import Known
from hyperspool.master.search.methods import coarse_to_fine, settings_count
from hyperspool.master.search.replicates import of_settings

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
    """The rounds that have begun, in order; empty unless the study searches its one space from coarse to fine.

    Where a round drew follows from the results of the rounds before it. A round after one of which a result is missing
    or unreadable is left out.
    """
    spec = data.spec
    if spec.ablation or spec.sampler.rounds is None:
        return []
    search = of_settings(Known(data.evaluations).select(lambda stage: stage.is_search), spec.replicates)
    method = coarse_to_fine(spec, spec.space, settings_count(spec))
    found: list[Round] = []
    for number, length in enumerate(round_lengths(settings_count(spec), spec.sampler.rounds)):
        own = [seen for seen in data.evaluations if seen.stage.round == number + 1]
        if not own:
            break
        first = min(entry.trial for entry in data.journal.entries.values() if entry.stage.round == number + 1)
        best = tuple(seen.trial for seen in best_of(own, BEST_SHOWN, spec.objective.direction))
        trials = data.trials[data.trials["trial"].isin([seen.trial for seen in own])]
        last = min(first + length * spec.replicates, spec.trials) - 1
        found.append(Round(number + 1, first, last, method.region(number, search), trials, best))
        if not found[-1].is_complete:
            break
    return found


def _range_text(parameter: Float | Int | Categorical | Fixed) -> str:
    match parameter:
        case Categorical():
            told = [param_text(choice) for choice in parameter.choices]
            return ", ".join(told) if len(told) <= MAX_LISTED else f"{len(told)} values from {told[0]} to {told[-1]}"
        case Fixed():
            return param_text(parameter.value)
        case _:
            low, high = _bound_text(parameter.low), _bound_text(parameter.high)
            return low if low == high else f"{low} to {high}"


def _bound_text(value: float) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
