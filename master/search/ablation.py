"""An ablation: a small search for each test case, round by round side by side, and the best of each case again.

Which trial belongs to which case is arithmetic, so that whoever looks at a result can tell: first the first round of
every case, then the second round of every case, and so on; then the best setting of each case, in turns.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hyperspool.common.space import Params
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.search.coarse_to_fine import round_lengths
from hyperspool.master.search.confirmation import finalists
from hyperspool.master.search.sampler import Observation, Sampler


@dataclass(frozen=True)
class Place:
    """Where a trial belongs.

    Attributes:
        case: the test case's number, from 0.
        setting: which of the case's settings it tries, from 0; None if it evaluates the best of them again.
        stage: the round, from 0; as many as there are rounds if it evaluates the best of a case again.
    """

    case: int
    setting: int | None
    stage: int


def places(spec: StudySpec) -> list[Place]:
    """Where each trial of an ablation belongs, by its number; empty for a study that is none."""
    if spec.ablation is None or spec.confirm is None:
        return []
    cases = range(spec.confirm.finalists)
    found: list[Place] = []
    first = 0
    lengths = round_lengths(spec.ablation.settings, spec.sampler.rounds or 1)
    for stage, length in enumerate(lengths):
        found += [Place(case, setting, stage) for case in cases for setting in range(first, first + length)]
        first += length
    return found + [Place(case, None, len(lengths)) for _ in range(spec.confirm.replicates) for case in cases]


class AblationSearch:
    """Asks each case's own search in turn, and evaluates the best setting of each case again.

    The trials of a round are suggested once those of the round before are in, of all cases: so a batch can hold trials
    of many cases, and what is suggested depends neither on the batch nor on the number of workers. The best setting of
    a case has the lowest value, the earlier one among equals; if all of them failed, the first.

    Args:
        order: where each trial belongs.
        searches: of each case, its search method; to it, the case's settings are trials from 0 on.
    """

    def __init__(self, order: Sequence[Place], searches: Sequence[Sampler]) -> None:
        self._order, self._searches = order, searches
        self._seen: list[list[Observation]] = [[] for _ in searches]
        self._best: dict[int, Params] = {}
        self._next = self._observed = 0

    def suggest(self, count: int) -> list[Params]:
        """The params of the next trials; a round's end ends them."""
        suggested: list[Params] = []
        while len(suggested) < count and self._next < len(self._order) and self._is_ready():
            place = self._order[self._next]
            if place.setting is None:
                suggested.append(self._best_of(place.case))
            else:
                suggested += self._searches[place.case].suggest(1)
            self._next += 1
        return suggested

    def update(self, observations: Sequence[Observation]) -> None:
        """Tell each case's search what became of its settings."""
        for seen in observations:
            place = self._order[seen.trial]
            if place.setting is not None:
                own = replace(seen, trial=place.setting)
                self._seen[place.case].append(own)
                self._searches[place.case].update([own])
        self._observed += len(observations)

    def _best_of(self, case: int) -> Params:
        if case not in self._best:
            self._best[case] = finalists(self._seen[case], 1)[0]
        return dict(self._best[case])

    def _is_ready(self) -> bool:
        """Whether the rounds before the next trial's, which it follows from, are in to their last trial."""
        return self._order[self._observed].stage == self._order[self._next].stage
