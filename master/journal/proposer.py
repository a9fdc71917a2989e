"""Proposes a study's batches one after another, each from everything that is known by then."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from hyperspool.common.clock import now_text
from hyperspool.common.earlier import EarlierResults
from hyperspool.common.issues import EvaluationKey
from hyperspool.common.outcome import Finished
from hyperspool.common.records import Job, Stage, Status
from hyperspool.common.space import Params
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.journal.check import follows_from_seed
from hyperspool.master.journal.entries import BatchEntry, ProposalEntry, spans
from hyperspool.master.journal.journal import Batch, Journal
from hyperspool.master.search.known import Evaluation, Known, Proposal
from hyperspool.master.search.methods import is_seeded, make_endless, make_sampler
from hyperspool.master.search.population import population_of
from hyperspool.master.search.rungs import rungs_of

Found = Mapping[EvaluationKey, Job | Finished]


class Proposer:
    """The search method of a study, and what it may know. It writes no files.

    Args:
        spec: the study.
        journal: the earlier proposals; the caller adds each batch that is proposed here.
        earlier: what the method learns from beside the study's own trials; None: nothing.
    """

    def __init__(self, spec: StudySpec, journal: Journal, earlier: EarlierResults | None = None) -> None:
        self._spec, self._journal = spec, journal
        seen = earlier.results if earlier else ()
        self._sampler, self._endless, self._rungs = make_sampler(spec, seen), make_endless(spec, seen), rungs_of(spec)
        self._known = Known(pending=(entry.proposal() for entry in journal.entries.values()))
        self._new: set[EvaluationKey] = set()  # finished, and not yet part of a batch's `told`
        self._received = journal.received

    def finish(self, result: Finished) -> None:
        """Add a result to what is known. A result that was never proposed is ignored."""
        entry = self._journal.entries.get(result.evaluation)
        if entry is None:
            return
        self._known.finish(Evaluation.of(entry.proposal(), result, self._spec))
        if entry.key not in self._received:
            self._new.add(entry.key)

    def reopen(self, key: EvaluationKey) -> ProposalEntry | None:
        """Take a result back, because its evaluation is to be repeated; return its entry."""
        if key in self._known.evaluations:
            self._known.reopen(key)
        self._new.discard(key)
        return self._journal.entries.get(key)

    def enqueue(self, requests: Mapping[str, Params]) -> Batch | None:
        """Return a batch of the settings that people asked for; None if the study has all of its trials.

        Args:
            requests: by name, the first one first; those that the journal has are left out.
        """
        known = {entry.stage.request for entry in self._journal.entries.values()}
        number, first = self._journal.next_batch, self._known.next_trial
        new = [(name, params) for name, params in requests.items() if name not in known]
        entries: list[ProposalEntry] = []
        room = max(self._spec.trials - first, 0)  # a confirmation's trials are numbered after the search's
        for trial, (name, params) in enumerate(new[:room], start=first):
            rung = self._rungs.lowest_of(trial) if self._rungs else 0
            budget = self._rungs.ladder[rung] if self._rungs else None
            proposal = Proposal(trial, params, Stage(setting=trial, request=name), rung, budget)
            entries.append(ProposalEntry.of(proposal, self._spec, number))
        return self._batch(entries) if entries else None

    def propose(self, found: Found, count: int | None = None) -> Batch | None:
        """Return the next batch; None while it depends on pending evaluations, and at the end of the study.

        Args:
            found: jobs and results that no journal records, because it was lost or the study's version kept none. The
                batch records their params, budgets and seeds as found, unless these follow from the study's seed alone:
                another version of a library may propose different ones, and finished work must stay valid.
            count: at most so many, above 0; None: the study's batch.
        """
        number = self._journal.next_batch
        if promoted := list(self._promoted(found, number)):
            return self._batch(promoted)
        # What is there was proposed, whatever the stopping rules say now that they know its results.
        sampler = self._sampler if found.keys() <= self._journal.entries.keys() else self._endless
        proposals = sampler.suggest(count or self._spec.batch, self._known)
        if not proposals:
            return None
        entries = [ProposalEntry.of(proposal, self._spec, number) for proposal in proposals]
        if replicates := list(self._replicates_found(entries, found)):
            return self._batch(replicates)
        return self._batch([self._as_found(entry, found) for entry in entries])

    def _as_found(self, entry: ProposalEntry, found: Found) -> ProposalEntry:
        record = found.get(entry.key)
        if record is None:
            return entry
        if record.stage and record.stage.request:  # the method did not propose it
            return replace(entry.as_found(record), stage=record.stage)
        return entry if is_seeded(self._spec) else entry.as_found(record)

    def never_promoted(self) -> set[EvaluationKey]:
        """Return the finished evaluations, but FAILED ones, from which no trial goes on now or later."""
        keeper = self._rungs or population_of(self._spec)
        if keeper is None:
            return set()
        below = {(each.trial, each.continues) for each in self._known.pending.values()}
        top = self._rungs.top if self._rungs and self._spec.can_grow_longer else None
        ended = self._known.evaluations.items()
        finished = {key for key, seen in ended if seen.status is not Status.FAILED and key[1] != top}
        # A FAILED trial may be retried, and starts from the same checkpoint again.
        unfinished = [each for each in self._known.proposals() if each.key not in finished]
        below |= {(each.starts_from, 0) for each in unfinished if each.starts_from is not None}
        return finished - below - keeper.may_be_promoted(self._known)

    def _promoted(self, found: Found, number: int) -> Iterable[ProposalEntry]:
        """Record promotions as found. The method might promote others now: it knew other results at that time."""
        recorded = self._journal.entries
        # Not by a difference of sets, which would look at every entry. There is nothing above, as nearly always.
        above = [key for key, record in found.items() if record.rung and key not in recorded]
        if not above:
            return
        every = self._journal.entries.keys() | found.keys()
        for key in sorted(above):
            record = found[key]
            below = [rung for trial, rung in every if trial == record.trial and rung < record.rung]
            if below and (record.trial, max(below)) in self._known.evaluations:
                lower = self._journal.entries[record.trial, max(below)]
                yield replace(lower.as_found(record), batch=number, rung=record.rung, continues=lower.rung)

    def _replicates_found(self, entries: Sequence[ProposalEntry], found: Found) -> Iterable[ProposalEntry]:
        """Record replicates as found, if the study had fewer once, so that the method numbers them otherwise now."""
        stages = {key: record.stage for entry in entries if (record := found.get(key := entry.key))}
        if self._spec.replicates == 1 or all(stages.get(entry.key, entry.stage) == entry.stage for entry in entries):
            return
        for entry in entries:
            record = found.get(entry.key)
            if record is None or record.stage is None:
                return
            own = replace(entry.as_found(record), stage=record.stage)
            if not follows_from_seed([own], self._spec):
                return
            yield own

    def _batch(self, entries: list[ProposalEntry]) -> Batch:
        for entry in entries:
            self._known.propose(entry.proposal())
        number = self._journal.next_batch
        head = BatchEntry(
            batch=number,
            proposals=len(entries),
            told=spans(self._new),
            replicates=self._spec.replicates,
            epochs=self._spec.epochs,
            at=now_text(),
        )
        self._received |= self._new
        self._new = set()
        return Batch(head, tuple(entries))
