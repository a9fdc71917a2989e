"""Proposes a study's batches one after another, each from everything that is known by then."""

from collections.abc import Mapping

from hyperspool.common.clock import now_text
from hyperspool.common.issues import EvaluationKey
from hyperspool.common.records import Job, Result
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.journal.entries import BatchEntry, ProposalEntry, spans
from hyperspool.master.journal.journal import Batch, Journal
from hyperspool.master.search.known import Evaluation, Known
from hyperspool.master.search.methods import is_seeded, make_sampler


class Proposer:
    """The search method of a study, and what it may know. It writes no files.

    Args:
        spec: the study.
        journal: the earlier proposals; the caller adds each batch that is proposed here.
    """

    def __init__(self, spec: StudySpec, journal: Journal) -> None:
        self._spec, self._journal = spec, journal
        self._sampler = make_sampler(spec)
        self._known = Known(pending=(entry.proposal() for entry in journal.entries.values()))
        self._new: set[EvaluationKey] = set()  # finished, and not yet part of a batch's `told`
        self._received = journal.received

    def finish(self, result: Result) -> None:
        """Add a result to what is known. A result that was never proposed is ignored."""
        entry = self._journal.entries.get(result.evaluation)
        if entry is None:
            return
        self._known.finish(Evaluation.of(entry.proposal(), result))
        if entry.key not in self._received:
            self._new.add(entry.key)

    def propose(self, found: Mapping[EvaluationKey, Job | Result], count: int | None = None) -> Batch | None:
        """Return the next batch; None while it depends on pending evaluations, and at the end of the study.

        Args:
            found: jobs and results that no journal records, because it was lost or the study's version kept none. The
                batch records their params, budgets and seeds as found, unless these follow from the study's seed alone:
                another version of a library may propose different ones, and finished work must stay valid.
            count: at most so many, above 0; None: the study's batch.
        """
        left = self._spec.all_trials - self._known.next_trial
        proposals = self._sampler.suggest(min(count or self._spec.batch, left), self._known) if left > 0 else []
        if not proposals:
            return None
        number = len(self._journal.batches)
        entries = [ProposalEntry.of(proposal, self._spec, number) for proposal in proposals]
        if not is_seeded(self._spec):
            entries = [entry.as_found(found[entry.key]) if entry.key in found else entry for entry in entries]
        for entry in entries:
            self._known.propose(entry.proposal())
        head = BatchEntry(batch=number, proposals=len(entries), told=spans(self._new), at=now_text())
        self._received |= self._new
        self._new = set()
        return Batch(head, tuple(entries))
