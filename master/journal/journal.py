"""A study's journal in memory: the batches that were proposed, and the stage of each proposal."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from hyperspool.common.issues import EvaluationKey
from hyperspool.common.records import Stage
from hyperspool.common.sharing import SharedParts
from hyperspool.master.journal.entries import BatchEntry, ProposalEntry


@dataclass(frozen=True)
class Batch:
    """The trials that were proposed together.

    Attributes:
        head: the batch's number, and the results that the search method received.
        proposals: in the order of their trials.
    """

    head: BatchEntry
    proposals: tuple[ProposalEntry, ...]

    def lines(self) -> Iterator[str]:
        """The batch as lines of the journal's file."""
        yield self.head.line()
        yield from (entry.line() for entry in self.proposals)


class Journal:
    """The batches of a study, numbered from 0 without gaps.

    Args:
        batches: in the order of their numbers.
    """

    def __init__(self, batches: Iterable[Batch] = ()) -> None:
        self._batches: list[Batch] = []
        self._entries: dict[EvaluationKey, ProposalEntry] = {}
        self._trials: set[int] = set()
        self._shared = SharedParts()
        for batch in batches:
            self.add(batch)

    @property
    def batches(self) -> tuple[Batch, ...]:
        """Every batch, in order."""
        return tuple(self._batches)

    @property
    def next_batch(self) -> int:
        """The number of the next batch."""
        return len(self._batches)

    @property
    def entries(self) -> Mapping[EvaluationKey, ProposalEntry]:
        """Every proposal by trial and rung."""
        return self._entries

    @property
    def received(self) -> set[EvaluationKey]:
        """The finished evaluations that the search method has received so far."""
        return {key for batch in self._batches for key in batch.head.received_keys()}

    @property
    def trial_count(self) -> int:
        """How many trials are proposed."""
        return len(self._trials)

    def add(self, batch: Batch) -> None:
        """Add the next batch."""
        for entry in batch.proposals:  # frozen, but equal: nobody notices
            object.__setattr__(entry, "budget", self._shared.budget(entry.budget))
        self._batches.append(batch)
        self._entries |= {entry.key: entry for entry in batch.proposals}
        self._trials |= {entry.trial for entry in batch.proposals}

    def stage(self, trial: int, rung: int = 0) -> Stage | None:
        """The stage of an evaluation; None if it was never proposed."""
        entry = self._entries.get((trial, rung))
        return entry.stage if entry else None
