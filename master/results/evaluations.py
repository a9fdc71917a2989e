"""Results with what each was for."""

from collections.abc import Iterable
from operator import attrgetter

from hyperspool.common.collector import paused_collector
from hyperspool.common.issues import EvaluationKey
from hyperspool.common.outcome import Finished
from hyperspool.common.records import Stage
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.journal.journal import Journal
from hyperspool.master.search.known import Evaluation, Proposal


def last_of_each(results: Iterable[Finished]) -> list[Finished]:
    """Return the result of each trial on the highest rung that it reached, in the order of their trials."""
    last: dict[int, Finished] = {}
    for result in sorted(results, key=lambda result: result.evaluation):
        last[result.trial] = result
    return list(last.values())


class EvaluationsSoFar:
    """The evaluations of a study whose results land one after another, as they were last asked for."""

    def __init__(self) -> None:
        self._of: tuple[Finished | None, int, int] = (None, 0, 0)
        self._found: list[Evaluation] = []

    def of(self, results: dict[EvaluationKey, Finished], journal: Journal, spec: StudySpec) -> list[Evaluation]:
        """Return what `evaluations_of` does, the same list as long as nothing has landed. It is not to be changed.

        Args:
            results: in the order in which they landed.
            journal: of the study.
            spec: the study.
        """
        last, counts = next(reversed(results.values()), None), (len(results), len(journal.entries))
        if self._of[0] is not last or self._of[1:] != counts:
            self._of, self._found = (last, *counts), evaluations_of(results.values(), journal, spec)
        return self._found


@paused_collector()
def evaluations_of(results: Iterable[Finished], journal: Journal, spec: StudySpec) -> list[Evaluation]:
    """Return results with their stages, in the order of their trials. The default stage is search."""
    found: list[Evaluation] = []
    for result in sorted(results, key=attrgetter("trial", "rung")):
        entry = journal.entries.get((result.trial, result.rung))
        stage = Stage(setting=result.trial)
        proposal = entry.proposal() if entry else Proposal(result.trial, result.params, stage, result.rung)
        found.append(Evaluation.of(proposal, result, spec))
    return found
