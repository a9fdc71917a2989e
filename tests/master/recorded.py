"""Journals as a study's master would have written them, for studies that a test made by hand."""

from collections.abc import Mapping

from hyperspool.common.issues import EvaluationKey
from hyperspool.common.layout import StudyFolder
from hyperspool.common.outcome import Finished
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.journal.entries import ProposalEntry
from hyperspool.master.journal.file import JournalFile, JournalWriter
from hyperspool.master.journal.journal import Batch, Journal
from hyperspool.master.journal.proposer import Proposer


def journal_of(spec: StudySpec, results: Mapping[EvaluationKey, Finished]) -> Journal:
    """What a master recorded that proposed what these are results of: every batch until one is not finished."""
    journal = Journal()
    proposer = Proposer(spec, journal)
    while all(key in results for key in journal.entries) and (batch := proposer.propose({})):
        journal.add(Batch(batch.head, tuple(_as_found(entry, results) for entry in batch.proposals)))
        for entry in batch.proposals:
            if result := results.get(entry.key):
                proposer.finish(result)
    return journal


def _as_found(entry: ProposalEntry, results: Mapping[EvaluationKey, Finished]) -> ProposalEntry:
    result = results.get(entry.key)
    return entry.as_found(result) if result else entry


def record(folder: StudyFolder, journal: Journal) -> None:
    """Write a journal's file."""
    writer = JournalWriter(folder, JournalFile(Journal()))
    for batch in journal.batches:
        writer.append(batch)
