"""The rounds of a coarse-to-fine search: the region that each round drew from, and its best trials."""

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
MAX_IN_CELL = 5
"""Most values of a list that a table's cell shows one by one."""


@dataclass(frozen=True)
class Round:
    """One round and its results so far.

    Attributes:
        number: from 1.
        first: its first trial.
        last: its last trial, which may not have a result yet.
        region: the part of the space that it draws from.
        trials: its rows of `StudyData.trials`.
        best: its best trials, at most `BEST_SHOWN`, best first.
    """

    number: int
    first: int
    last: int
    region: Space
    trials: pd.DataFrame
    best: tuple[int, ...]

    @property
    def is_complete(self) -> bool:
        """Whether every trial of the round has a result."""
        return len(self.trials) == self.last - self.first + 1

    @property
    def measured(self) -> "pd.Series[float]":
        """The finite values of its COMPLETE trials. A diverged trial counts with the error of guessing."""
        measured: pd.Series[float] = complete(self.trials)["value"]
        return measured[np.isfinite(measured)]

    def ranges(self) -> dict[str, str]:
        """The values that each parameter is drawn from, in words, by name. Fixed parameters are left out."""
        parameters = self.region.items()
        return {name: _range_text(parameter) for name, parameter in parameters if not isinstance(parameter, Fixed)}


def rounds(data: StudyData) -> list[Round]:
    """The rounds that have begun, in order; empty unless the study is a single search from coarse to fine.

    A round's region depends on the results of all earlier rounds. So the list ends with the first round of which a
    result is missing or unreadable.
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
            texts = [param_text(choice) for choice in parameter.choices]
            is_short = len(texts) <= MAX_IN_CELL
            return ", ".join(texts) if is_short else f"{len(texts)} values from {texts[0]} to {texts[-1]}"
        case Fixed():
            return param_text(parameter.value)
        case _:
            low, high = _bound_text(parameter.low), _bound_text(parameter.high)
            return low if low == high else f"{low} to {high}"


def _bound_text(value: float) -> str:
    return f"{value:.4g}" if isinstance(value, float) else str(value)
