"""Checks a journal against the study's search method, if its proposals follow from the seed alone."""

from dataclasses import replace

from hyperspool.common.study_spec import StudySpec
from hyperspool.master.journal.entries import ProposalEntry
from hyperspool.master.journal.file import JournalFile
from hyperspool.master.journal.journal import Journal
from hyperspool.master.search.known import Known
from hyperspool.master.search.methods import is_seeded, make_endless


def first_disagreement(journal: Journal, spec: StudySpec) -> ProposalEntry | None:
    """Return the first entry that differs from the seed's proposal; None if all agree or the method uses results."""
    if not journal.entries or not is_seeded(spec):
        return None
    proposals = make_endless(spec).suggest(len(journal.entries), Known())
    for proposal, entry in zip(proposals, journal.entries.values(), strict=False):
        if entry.stage.request is None and ProposalEntry.of(proposal, spec, entry.batch) != entry:
            return entry
    return None


def checked(found: JournalFile, spec: StudySpec) -> JournalFile:
    """Return the journal's file, cut before the first batch that disagrees with the study's seed."""
    wrong = first_disagreement(found.journal, spec)
    if wrong is None:
        return found
    damage = f"trial {wrong.trial} is not what the study's seed gives"
    return replace(found, journal=Journal(found.journal.batches[: wrong.batch]), damage=damage)
