"""The one notion of best: the settings of a study's search, ranked.

`run`, `status`, `top`, the live view, the page and `finalize` all name what comes first here. A setting's value is the
mean of its trials in the search, so that no lucky replicate leads; once a study has confirmed its finalists, these
come first, by the mean of their fresh replicates.
"""

import heapq
import math
import statistics
from collections.abc import Collection, Hashable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from hyperspool.common.collector import paused_collector
from hyperspool.common.issues import EvaluationKey
from hyperspool.common.outcome import Finished
from hyperspool.common.space import Params
from hyperspool.common.study_spec import StudySpec
from hyperspool.common.values import setting_key
from hyperspool.master.results.finalists import Finalist
from hyperspool.master.results.front import Front
from hyperspool.master.results.trade_off import entry_json
from hyperspool.master.results.wording import counted
from hyperspool.master.search.known import Direction, Evaluation, loss_of
from hyperspool.master.search.settings import Setting, settings_of


@dataclass(frozen=True)
class RankedSetting:
    """A setting of the search that has a value and keeps the study's constraints.

    Attributes:
        searched: its evaluations in the search, at the full budget.
        planned: how many of them the study makes of each setting.
        confirmed: its fresh replicates; None if it is not a finalist, or the finalists are not confirmed yet.
    """

    searched: Setting
    planned: int = 1
    confirmed: Finalist | None = None

    @property
    def trial(self) -> int:
        """The trial that stands for it: its first one with a number."""
        return self.searched.representative.trial

    @property
    def key(self) -> EvaluationKey:
        """The evaluation of that trial."""
        return self.searched.representative.proposal.key

    @property
    def params(self) -> Params:
        """Its params."""
        return self.searched.params

    @property
    def numbers(self) -> tuple[float, ...]:
        """The finite values of its trials in the search."""
        return tuple(seen.number for seen in self.searched.evaluations if seen.number is not None)

    @property
    def value(self) -> float:
        """What the search says that it is worth: the mean of those values."""
        return self.searched.mean or 0.0

    @property
    def best_known(self) -> float:
        """What it is ranked by: the mean of its fresh replicates if it is confirmed, else its value."""
        confirmed = self.confirmed.mean if self.confirmed else None
        return self.value if confirmed is None else confirmed

    @property
    def has_replicates(self) -> bool:
        """Whether its value is, or will be, the mean of several trials."""
        return self.planned > 1 or len(self.searched.evaluations) > 1

    @property
    def is_settled(self) -> bool:
        """Whether all of its replicates have results, so that its value is no longer that of a lucky first one."""
        return len(self.searched.evaluations) >= self.planned

    @property
    def deviation(self) -> float | None:
        """The standard deviation of its values; None if there are fewer than two."""
        return statistics.stdev(self.numbers) if len(self.numbers) > 1 else None

    @property
    def replicates_text(self) -> str:
        """How many trials its value is the mean of: `5`, or `2 of 5` while others have no result or no number."""
        every = max(self.planned, len(self.searched.evaluations))
        return f"{len(self.numbers)}" if len(self.numbers) == every else f"{len(self.numbers)} of {every}"

    @property
    def basis(self) -> str:
        """What `best_known` is, if it is not the value of one trial: `mean of 5 fresh replicates`; else empty."""
        if self.confirmed:
            return f"mean of {counted(self.confirmed.replicates, 'fresh replicate')}"
        return f"mean of {self.replicates_text} replicates" if self.has_replicates else ""

    def to_json(self, spec: StudySpec, result: Finished) -> dict[str, Any]:
        """The setting as `top --json` prints it.

        Args:
            spec: the study.
            result: of the trial that stands for it.
        """
        entry = entry_json(spec, result) | {"value": self.value}
        if self.has_replicates:
            trials = [seen.trial for seen in self.searched.evaluations]
            entry |= {"replicates": len(self.numbers), "deviation": self.deviation, "trials": trials}
        if self.confirmed:
            entry["confirmed"] = {"mean": self.confirmed.mean, "replicates": self.confirmed.replicates}
        return entry


@paused_collector()
def ranked_settings(
    spec: StudySpec,
    searched: Iterable[Evaluation],
    confirmed: Iterable[Finalist],
    front: Front | None,
    count: int | None = None,
) -> list[RankedSetting]:
    """Rank the settings of a search, best first; the earlier wins a tie.

    Confirmed finalists lead, in their order. Settings of which a replicate has no result yet come behind all others.
    Those without a number, or that break a constraint, are left out.

    Args:
        spec: the study.
        searched: the finished evaluations of its search, at the full budget.
        confirmed: the finalists with a mean, best first; empty until all have their results.
        front: of a study with several objectives, which compares trials one by one: these lead, in its order.
        count: return the best so many; None: all.
    """
    finalists = {one.searched.key: one for one in confirmed}
    settings = [Setting((seen,)) for seen in searched] if front else settings_of(searched)
    found = [
        each
        for each in settings
        if each.mean is not None and (not spec.constraints or each.keeps_constraints or each.key in finalists)
    ]
    places = _places(finalists, front)
    direction = spec.objective.direction

    def rank(each: Setting) -> tuple[int, bool, float, int]:
        first = each.representative.proposal
        place = places.get(first.key if front else each.key, len(places)) if places else 0
        is_open = len(each.evaluations) < spec.replicates
        return place, is_open, loss_of(each.mean or 0.0, direction), first.trial

    best = sorted(found, key=rank) if count is None else heapq.nsmallest(count, found, key=rank)
    return [RankedSetting(each, spec.replicates, finalists.get(each.key) if finalists else None) for each in best]


def best_so_far(
    numbers: Iterable[tuple[Hashable, float | None]], replicates: int, direction: Direction
) -> list[float | None]:
    """Return the mean of the best settled setting after each trial; None while there is none.

    Args:
        numbers: of each trial, in order: its setting, and its value; None: it has none that counts.
        replicates: the trials of each setting.
        direction: the objective's direction.
    """
    own: dict[Hashable, list[float | None]] = {}
    means: dict[Hashable, float] = {}
    best: Hashable = None
    found: list[float | None] = []
    for setting, number in numbers:
        own.setdefault(setting, []).append(number)
        counting = [each for each in own[setting] if each is not None]
        if counting and len(own[setting]) >= replicates:
            means[setting] = math.fsum(each / len(counting) for each in counting)
            # Another trial of the best setting may have made it worse than others.
            rivals = means if setting == best else [name for name in (best, setting) if name in means]
            best = min(rivals, key=lambda name: loss_of(means[name], direction))
        found.append(means.get(best))
    return found


def values_so_far(spec: StudySpec, searched: Iterable[Evaluation]) -> list[float]:
    """Return the best value after each evaluation of a search, from the first settled setting on.

    Args:
        spec: the study; it has one objective.
        searched: the finished evaluations of its search, at the full budget, in the order in which they landed.
    """
    numbers = ((setting_key(seen.params), seen.number if seen.keeps_constraints else None) for seen in searched)
    found = best_so_far(numbers, spec.replicates, spec.objective.direction)
    return [value for value in found if value is not None]


def _places(finalists: Collection[Hashable], front: Front | None) -> Mapping[Hashable, int]:
    leading = [seen.proposal.key for seen in front.evaluations] if front else list(finalists)
    return {key: place for place, key in enumerate(leading)}


def best_trials(spec: StudySpec, searched: Iterable[Evaluation], front: Front | None) -> list[EvaluationKey]:
    """Rank the single trials of a search by their own values, as `top --trials` lists them.

    What is left out, and the place of the front, is as in `ranked_settings`.
    """
    direction = spec.objective.direction
    found = [seen for seen in searched if seen.number is not None and seen.keeps_constraints]
    ordered = sorted(found, key=lambda seen: (seen.loss(direction), seen.trial))
    leading = [seen.proposal.key for seen in front.evaluations] if front else []
    return list(dict.fromkeys([*leading, *(seen.proposal.key for seen in ordered)]))
