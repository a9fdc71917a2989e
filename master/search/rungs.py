"""Which trials of successive halving are promoted, and which never can be. Pure functions of what is known."""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from hyperspool.common.halving import Halving, bracket_sizes
from hyperspool.common.issues import EvaluationKey
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.search.known import Direction, Evaluation, Known


@dataclass(frozen=True)
class Bracket:
    """Trials that compete with each other.

    Attributes:
        trials: their numbers.
        lowest: the rung on which they begin.
    """

    trials: range
    lowest: int


class Rungs:
    """The rungs of a study.

    Args:
        halving: how trials are promoted.
        epochs: the study's budget.
        trials: how many the study has.
        direction: the objective's direction.

    Attributes:
        ladder: the epochs of each rung, the lowest first.
        brackets: in the order of their trials.
    """

    def __init__(self, halving: Halving, epochs: int, trials: int, direction: Direction) -> None:
        self._eta, self._direction = halving.eta, direction
        self._is_patient = halving.name != "asha"
        self.ladder = halving.ladder(epochs)
        self.brackets: list[Bracket] = []
        first = 0
        for lowest, size in bracket_sizes(halving, len(self.ladder), trials):
            self.brackets.append(Bracket(range(first, first + size), lowest))
            first += size

    @property
    def top(self) -> int:
        """The highest rung, on which a trial gets the whole budget."""
        return len(self.ladder) - 1

    def lowest_of(self, trial: int) -> int:
        """The rung on which a trial begins."""
        return next(bracket.lowest for bracket in self.brackets if trial in bracket.trials)

    def planned(self) -> Iterator[tuple[int, int]]:
        """Yield how many evaluations each rung will have, if no trial fails: pairs of rung and number."""
        for bracket in self.brackets:
            count = len(bracket.trials)
            for rung in range(bracket.lowest, self.top + 1):
                yield rung, count
                count = max(count // self._eta, 1)

    def promotions(self, known: Known) -> list[EvaluationKey]:
        """Return the evaluations to promote now that are not promoted yet, those of higher rungs first, best first."""
        by_rung = _by_rung(known)
        found: list[EvaluationKey] = []
        for bracket in self.brackets:
            chosen = self._filled(bracket, known) if self._is_patient else self._best_so_far(by_rung)
            found += [key for key in chosen if (key[0], key[1] + 1) not in by_rung.proposed]
        if not found and not known.pending and known.next_trial >= self.brackets[-1].trials.stop:
            found = self._last_one(by_rung)
        return sorted(found, key=lambda key: -key[1])

    def may_be_promoted(self, known: Known) -> set[EvaluationKey]:
        """Return the finished evaluations that are not promoted and still may be.

        A trial's rank on its rung only falls as others finish. So one that is not among the best, by the number that
        the rung will promote in the end, never will be.
        """
        by_rung = _by_rung(known)
        found: set[EvaluationKey] = set()
        for bracket in self.brackets:
            if bracket.trials.start >= known.next_trial:
                break
            size = len(bracket.trials)  # of the rung, in the end
            for rung in range(bracket.lowest, self.top):
                own = [seen for seen in by_rung.finished.get(rung, ()) if seen.trial in bracket.trials]
                best = self._best(own, max(size // self._eta, 1))
                waiting = {(trial, rung) for trial in best if (trial, rung + 1) not in by_rung.proposed}
                found |= waiting
                if self._is_patient:
                    size = max(size // self._eta, 1)
                else:  # trials that were among the best early are promoted too, so a rung may get more than its share
                    above = sum(level == rung + 1 for _, level in by_rung.proposed)
                    size = min(size, above + len(waiting) + size - len(own))
        return found

    def _filled(self, bracket: Bracket, known: Known) -> Iterator[EvaluationKey]:
        """Yield the evaluations that each full rung of a bracket promotes, up to the first rung that is not full."""
        members: Sequence[int] = bracket.trials
        for rung in range(bracket.lowest, self.top):
            own = [known.evaluations[trial, rung] for trial in members if (trial, rung) in known.evaluations]
            if len(own) < len(members):
                return
            members = self._best(own, max(len(own) // self._eta, 1))
            yield from ((trial, rung) for trial in members)

    def _best_so_far(self, by_rung: "_ByRung") -> Iterator[EvaluationKey]:
        for rung in range(self.top):
            own = by_rung.finished.get(rung, [])
            yield from ((trial, rung) for trial in self._best(own, len(own) // self._eta))

    def _last_one(self, by_rung: "_ByRung") -> list[EvaluationKey]:
        """Return the best evaluation of the highest rung reached, unless a trial got the whole budget.

        Few trials make rungs of fewer than `eta`. A search ends with at least one trial that can be compared.
        """
        for rung in range(self.top, -1, -1):
            if best := self._best(by_rung.finished.get(rung, []), 1):
                return [] if rung == self.top else [(best[0], rung)]
        return []

    def _best(self, evaluations: Iterable[Evaluation], count: int) -> list[int]:
        """Return the best trials; ties by trial. Failed, pruned, diverged and forbidden ones are never among them."""
        ranked = [seen for seen in evaluations if math.isfinite(seen.loss(self._direction)) and not seen.diverged]
        ranked.sort(key=lambda seen: (seen.loss(self._direction), seen.trial))
        return [seen.trial for seen in ranked[:count]]


@dataclass(frozen=True)
class _ByRung:
    """What is known of each rung: the finished evaluations, and the keys of all that are proposed."""

    finished: dict[int, list[Evaluation]]
    proposed: set[EvaluationKey]


def _by_rung(known: Known) -> _ByRung:
    finished: dict[int, list[Evaluation]] = {}
    for evaluation in known.finished():
        finished.setdefault(evaluation.proposal.rung, []).append(evaluation)
    return _ByRung(finished, {*known.evaluations, *known.pending})


def rungs_of(spec: StudySpec) -> Rungs | None:
    """Return the rungs of a study; None if all of its trials get the whole budget."""
    if spec.halving is None:
        return None
    return Rungs(spec.halving, spec.epochs, spec.trials, spec.objective.direction)
