"""Proposes a study again from its record, and compares.

The journal says which results each batch was proposed from. So whoever doubts a search, or has another version of a
library, can see whether the same method proposes the same from the same results.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from hyperspool.common.earlier import EarlierResult
from hyperspool.common.issues import EvaluationKey
from hyperspool.common.outcome import Finished
from hyperspool.common.study_spec import StudySpec
from hyperspool.common.values import same_params
from hyperspool.master.journal.entries import BatchEntry, ProposalEntry
from hyperspool.master.journal.journal import Batch, Journal
from hyperspool.master.search.known import Evaluation, Known, Proposal
from hyperspool.master.search.methods import make_endless
from hyperspool.master.search.sampler import Sampler


@dataclass(frozen=True)
class Replay:
    """The outcome of proposing a study again.

    Attributes:
        batches: how many batches were proposed again.
        proposals: how many proposals agreed.
        recorded: the first proposal that did not agree, as recorded; None if all did.
        proposed: what was proposed in its place; None if nothing was.
        missing: an evaluation whose result is needed and gone, so that the replay ended there; else None.
    """

    batches: int
    proposals: int
    recorded: ProposalEntry | None = None
    proposed: Proposal | None = None
    missing: EvaluationKey | None = None

    @property
    def agrees(self) -> bool:
        """Whether everything was proposed again as it is recorded."""
        return self.recorded is None and self.missing is None


def replay(
    spec: StudySpec,
    journal: Journal,
    results: Mapping[EvaluationKey, Finished],
    earlier: Sequence[EarlierResult] = (),
) -> Replay:
    """Propose the batches of a study again, each from the results that it was proposed from.

    Args:
        spec: the study.
        journal: of the study.
        results: of the study, by trial and rung.
        earlier: what the method learned from beside them.
    """
    known, agreed, samplers = Known(), 0, dict[tuple[int, int], Sampler]()
    for batch in journal.batches:
        was = _as_it_was(spec, batch.head)
        if (size := (was.replicates, was.epochs)) not in samplers:  # a method may keep a cache, so each is made once
            samplers[size] = make_endless(was, earlier)
        sampler = samplers[size]
        for key in batch.head.received_keys():
            if key not in results or key not in journal.entries:
                return Replay(batch.head.batch, agreed, missing=key)
            known.finish(Evaluation.of(journal.entries[key].proposal(), results[key], spec))
        asked_for = [entry for entry in batch.proposals if entry.stage.request]
        for entry in asked_for:
            known.propose(entry.proposal())
        count = len(batch.proposals) - len(asked_for)
        proposed = {each.key: each for each in (sampler.suggest(count, known) if count else ())}
        if (differing := _first_difference(batch, proposed)) is not None:
            return Replay(batch.head.batch, agreed, differing, proposed.get(differing.key))
        agreed += len(batch.proposals)
        for entry in batch.proposals:
            known.propose(entry.proposal())
    return Replay(len(journal.batches), agreed)


def _as_it_was(spec: StudySpec, head: BatchEntry) -> StudySpec:
    """Return the study as it was when a batch was proposed: it may have been given more replicates or epochs since."""
    was = spec.model_copy(update={"replicates": head.replicates or spec.replicates})
    if spec.budget is None or head.epochs is None:
        return was
    return was.model_copy(update={"budget": spec.budget.model_copy(update={"epochs": head.epochs})})


def _first_difference(batch: Batch, proposed: Mapping[EvaluationKey, Proposal]) -> ProposalEntry | None:
    for entry in batch.proposals:
        other = proposed.get(entry.key)
        if entry.stage.request:
            continue
        if other is None or not same_params(other.params, entry.params):
            return entry
        if (other.stage, other.starts_from) != (entry.stage, entry.starts_from):
            return entry
    return None
