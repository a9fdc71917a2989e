"""Checks a journal against the study's search method, if its proposals follow from the seed alone."""

from collections.abc import Collection
from dataclasses import replace

from hyperspool.common.records import Stage
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.journal.entries import ProposalEntry
from hyperspool.master.journal.file import JournalFile
from hyperspool.master.journal.journal import Journal
from hyperspool.master.search.counter_random import seeds_for
from hyperspool.master.search.known import Known, Proposal
from hyperspool.master.search.methods import is_seeded, make_endless, make_search_of_settings, settings_count

TOGETHER = 1024
"""Proposals that are made again at once."""


def first_disagreement(journal: Journal, spec: StudySpec) -> ProposalEntry | None:
    """Return the first entry that differs from the seed's proposal; None if all agree or the method uses results."""
    entries = list(journal.entries.values())
    if not entries or not is_seeded(spec):
        return None
    if spec.replicates > 1:
        return _first_wrong_replicate(entries, spec)
    search = make_endless(spec)
    for first in range(0, len(entries), TOGETHER):  # not all at once, which would take as much memory as the journal
        some = entries[first : first + TOGETHER]
        before = Known(pending=[Proposal(first - 1, {}, Stage())] if first else [])
        for proposal, entry in zip(search.suggest(len(some), before), some, strict=False):
            if entry.stage.request is None and not _agrees(entry, proposal, spec):
                return entry
    return None


def _agrees(entry: ProposalEntry, proposal: Proposal, spec: StudySpec) -> bool:
    # Where the method has a say in no more than params, as nearly always, the rest need not be made to be compared.
    is_plain = proposal == Proposal(proposal.trial, proposal.params, proposal.stage)
    if not is_plain or spec.can_grow_longer or entry.horizon or entry.continues is not None:
        return ProposalEntry.of(proposal, spec, entry.batch) == entry
    return (
        (entry.trial, entry.rung, entry.params, entry.stage) == (proposal.trial, 0, proposal.params, proposal.stage)
        and entry.budget.epochs == spec.epochs
        and entry.starts_from is None
        and entry.seeds == seeds_for(spec, proposal.trial, proposal.params)
    )


def follows_from_seed(entries: Collection[ProposalEntry], spec: StudySpec) -> bool:
    """Return whether replicates have the params that the seed gives their settings; True if the method uses results."""
    return not is_seeded(spec) or _first_wrong_replicate(entries, spec) is None


def _first_wrong_replicate(entries: Collection[ProposalEntry], spec: StudySpec) -> ProposalEntry | None:
    # A trial's number says nothing about its setting: the study may have had fewer replicates when it was proposed.
    count = min(max(entry.stage.setting for entry in entries) + 1, settings_count(spec))
    settings = make_search_of_settings(spec).suggest(count, Known())
    for entry in entries:
        if entry.stage.setting >= len(settings) or entry.stage.replicate >= spec.replicates:
            return entry
        setting = settings[entry.stage.setting]
        stage = replace(setting.stage, replicate=entry.stage.replicate)
        if ProposalEntry.of(Proposal(entry.trial, setting.params, stage), spec, entry.batch) != entry:
            return entry
    return None


def checked(found: JournalFile, spec: StudySpec) -> JournalFile:
    """Return the journal's file, cut before the first batch that disagrees with the study's seed."""
    wrong = first_disagreement(found.journal, spec)
    if wrong is None:
        return found
    damage = f"trial {wrong.trial} is not what the study's seed gives"
    return replace(found, journal=Journal(found.journal.batches[: wrong.batch]), damage=damage)
