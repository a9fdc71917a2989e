"""Rebuilds what a journal's file lacks from results and open jobs, for readers of the study."""

from collections.abc import Iterable, Mapping
from contextlib import suppress

from hyperspool.common.earlier import EarlierResults
from hyperspool.common.errors import ProtocolError
from hyperspool.common.issues import EvaluationKey
from hyperspool.common.layout import StudyFolder
from hyperspool.common.outcome import Finished
from hyperspool.common.reading import read_record
from hyperspool.common.records import Job, Result
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.journal.journal import Journal
from hyperspool.master.journal.proposer import Proposer


def unrecorded(journal: Journal, records: Iterable[Job | Finished]) -> dict[EvaluationKey, Job | Finished]:
    """Return the jobs and results whose evaluation a journal lacks."""
    return {record.evaluation: record for record in records if record.evaluation not in journal.entries}


def find_unrecorded(folder: StudyFolder, spec: StudySpec, journal: Journal) -> dict[EvaluationKey, Job | Finished]:
    """Return the valid jobs and results in a study's folder whose evaluation the journal lacks. Opens only those.

    Raises:
        OSError: the folder cannot be listed.
    """
    found: list[Job | Result] = []
    for issue in folder.open_issues():
        if issue.evaluation not in journal.entries:
            with suppress(OSError, ProtocolError):
                found.append(read_record(folder.job(issue), Job))
    for name in folder.all_finished():
        if name not in journal.entries:
            with suppress(OSError, ProtocolError):
                found.append(read_record(folder.result(*name), Result))
    return unrecorded(journal, [record for record in found if not spec.problems_of(record)])


def completed(
    journal: Journal,
    spec: StudySpec,
    results: Mapping[EvaluationKey, Finished],
    jobs: Iterable[Job] = (),
    earlier: EarlierResults | None = None,
) -> Journal:
    """Add to a journal the batches that it lacks and that results and jobs show; return the same journal.

    It proposes batch after batch, as the study's master does when it starts, until every result and job is recorded or
    the next batch depends on a missing result.
    """
    found = unrecorded(journal, [*jobs, *results.values()])
    if not found:
        return journal
    proposer = Proposer(spec, journal, earlier)
    for result in results.values():
        proposer.finish(result)
    while not found.keys() <= journal.entries.keys() and (batch := proposer.propose(found)):
        journal.add(batch)
        for entry in batch.proposals:
            if entry.key in results:
                proposer.finish(results[entry.key])
    return journal
