"""Results with what each was for."""

from collections.abc import Iterable

from hyperspool.common.records import Result, Stage
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.journal.journal import Journal
from hyperspool.master.search.known import Evaluation, Proposal


def last_of_each(results: Iterable[Result]) -> list[Result]:
    """Return the result of each trial on the highest rung that it reached, in the order of their trials."""
    last: dict[int, Result] = {}
    for result in sorted(results, key=lambda result: result.evaluation):
        last[result.trial] = result
    return list(last.values())


def evaluations_of(results: Iterable[Result], journal: Journal, spec: StudySpec) -> list[Evaluation]:
    """Return results with their stages, in the order of their trials. The default stage is search."""
    found: list[Evaluation] = []
    for result in sorted(results, key=lambda result: (result.trial, result.rung)):
        entry = journal.entries.get((result.trial, result.rung))
        stage = Stage(setting=result.trial)
        proposal = entry.proposal() if entry else Proposal(result.trial, result.params, stage, result.rung)
        found.append(Evaluation.of(proposal, result, spec))
    return found
