"""An ablation: one small search per test case, all in step; then the best setting of each case is evaluated again.

The order is fixed: the first round of every case, the second round of every case, and so on; then the best setting of
each case, in turns. Each proposal's stage records its case.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from hyperspool.common.records import Stage
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.search.coarse_to_fine import round_lengths
from hyperspool.master.search.known import Direction, Known, Proposal
from hyperspool.master.search.sampler import Sampler
from hyperspool.master.search.settings import finalists_of


@dataclass(frozen=True)
class Place:
    """The place of a trial in the order of an ablation.

    Attributes:
        case: the test case's number, from 0.
        replicate: the number of this evaluation of the case's best setting, from 0; None while the case is tuned.
        step: the trial's step; a step begins when all trials of the step before are finished.
    """

    case: int
    replicate: int | None
    step: int


def places(spec: StudySpec) -> list[Place]:
    """Return the order in which an ablation proposes its trials; empty for a study without test cases."""
    if spec.ablation is None or spec.confirm is None:
        return []
    cases = range(spec.confirm.finalists)
    lengths = round_lengths(spec.ablation.settings, spec.sampler.rounds or 1)
    found = [Place(case, None, step) for step, length in enumerate(lengths) for case in cases for _ in range(length)]
    return found + [Place(case, number, len(lengths)) for number in range(spec.confirm.replicates) for case in cases]


class AblationSearch:
    """Asks each case's search in turn, then evaluates the best setting of each case again.

    A round begins once the round before is finished in all cases. So a batch can hold trials of many cases, and the
    proposals depend neither on the batch size nor on the number of workers. The best setting of a case has the best
    mean, the earlier one among equals; if all of them failed, it is the first.

    Args:
        order: the place of each trial, in the order of proposals.
        searches: the search method of each case; it sees the case's settings as trials from 0 on.
        direction: the objective's direction.
    """

    def __init__(self, order: Sequence[Place], searches: Sequence[Sampler], direction: Direction) -> None:
        self._order, self._searches, self._direction = order, searches, direction

    def suggest(self, count: int, known: Known) -> list[Proposal]:
        """Suggest the next trials, at most to the end of the round."""
        first = known.next_trial
        if first == len(self._order) or self._is_waiting(known):
            return []
        step = self._order[first].step
        suggested: list[Proposal] = []
        of_case: dict[int, Known] = {}
        for trial in range(first, min(first + count, len(self._order))):
            place = self._order[trial]
            if place.step != step:
                break
            if place.case not in of_case:
                of_case[place.case] = _tuning(known, place.case)
            suggested.append(self._proposal(trial, place, of_case[place.case]))
        return suggested

    def _is_waiting(self, known: Known) -> bool:
        """Return whether a trial of an earlier step is pending: the next trial depends on it."""
        step = self._order[known.next_trial].step
        return any(self._order[trial].step < step for trial, _ in known.pending)

    def _proposal(self, trial: int, place: Place, tuning: Known) -> Proposal:
        if place.replicate is not None:
            best = finalists_of(tuning.evaluations.values(), 1, self._direction)[0]
            stage = Stage(kind="confirmation", setting=place.case, replicate=place.replicate, case=place.case)
            return Proposal(trial, dict(best.params), stage)
        inner = self._searches[place.case].suggest(1, tuning)[0]
        tuning.propose(inner)
        return Proposal(trial, inner.params, replace(inner.stage, case=place.case))


def _tuning(known: Known, case: int) -> Known:
    """Return what is known of a case's search, with its settings numbered from 0."""
    return known.select(lambda stage: stage.is_search and stage.case == case).renumbered()
