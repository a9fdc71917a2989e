"""The lines of a journal: one line for a batch, then one line for each of its proposals."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from typing import Annotated, Literal, Self, cast

from pydantic import Field, TypeAdapter, model_validator

from hyperspool.common.clock import now_text
from hyperspool.common.issues import EvaluationKey
from hyperspool.common.names import MAX_TRIALS, StudyName
from hyperspool.common.outcome import Finished
from hyperspool.common.record_parts import PART
from hyperspool.common.records import (
    MAX_EPOCHS,
    Budget,
    Count,
    Job,
    Moment,
    Record,
    Rung,
    Seeds,
    Stage,
    TrialNumber,
)
from hyperspool.common.space import BoundedParams, same_params
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.search.counter_random import seeds_for
from hyperspool.master.search.known import Proposal

Span = Annotated[tuple[TrialNumber, TrialNumber, Rung], Field(strict=False)]
"""The first and last of consecutive trials, and their rung; so a whole batch takes one span."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalEntry:
    """One proposal: everything that its job says, and the trial's stage. Not a model, because there are so many."""

    __pydantic_config__ = PART

    entry: Literal["proposal"] = "proposal"
    batch: Count
    trial: TrialNumber
    rung: Rung = 0
    params: BoundedParams
    budget: Budget
    horizon: Budget | None = None
    continues: Rung | None = None
    starts_from: TrialNumber | None = None
    seeds: Seeds
    stage: Stage

    @classmethod
    def of(cls, proposal: Proposal, spec: StudySpec, batch: int) -> Self:
        """Make the entry of a proposal: with the study's epochs by default, and with the trial's seeds."""
        full = spec.horizon_epochs
        seeded_as = proposal.trial if proposal.seeded_as is None else proposal.seeded_as
        epochs = proposal.budget_epochs or spec.epochs
        return cls(
            batch=batch,
            trial=proposal.trial,
            rung=proposal.rung,
            params=proposal.params,
            budget=Budget(epochs=epochs),
            horizon=Budget(epochs=full) if epochs < full else None,
            continues=proposal.continues,
            starts_from=proposal.starts_from,
            seeds=seeds_for(spec, seeded_as, proposal.params),
            stage=proposal.stage,
        )

    def __post_init__(self) -> None:
        if self.horizon is not None or self.continues is not None or self.starts_from is not None:
            self.job("any")  # which says whether they fit together

    @property
    def key(self) -> EvaluationKey:
        """Trial and rung."""
        return self.trial, self.rung

    def proposal(self) -> Proposal:
        """The proposal that was recorded."""
        epochs, start = self.budget.epochs, self.starts_from
        return Proposal(self.trial, self.params, self.stage, self.rung, epochs, self.continues, start)

    def as_found(self, found: Job | Finished) -> Self:
        """Return the entry with the params, budget, horizon, start and seeds that its job or result holds."""
        names = ("params", "budget", "horizon", "starts_from", "seeds")
        return replace(self, **{name: getattr(found, name) for name in names})

    def is_met_by(self, found: Job | Finished) -> bool:
        """Whether a job or a result is of this proposal."""
        names = ("trial", "rung", "budget", "horizon", "starts_from", "seeds")
        is_same = all(getattr(found, name) == getattr(self, name) for name in names)
        return is_same and same_params(found.params, self.params)

    @classmethod
    def of_line(cls, line: bytes) -> Self:
        """Read the entry in a line of the journal.

        Raises:
            ValidationError: it is not a proposal.
        """
        return cast("Self", _PROPOSAL.validate_json(line))

    def line(self) -> str:
        """The entry as a line of the journal."""
        return _PROPOSAL.dump_json(self, exclude_none=True).decode()

    def job(self, study: StudyName, issue: int = 1) -> Job:
        """Return the job that asks for this evaluation."""
        return Job(
            study=study,
            trial=self.trial,
            rung=self.rung,
            issue=issue,
            params=self.params,
            budget=self.budget,
            horizon=self.horizon,
            continues=self.continues,
            starts_from=self.starts_from,
            seeds=self.seeds,
            stage=self.stage,
            batch=self.batch,
            published_at=now_text(),
        )


_PROPOSAL = TypeAdapter(ProposalEntry)


class BatchEntry(Record):
    """The head of a batch. The batch counts only if all of its proposals follow."""

    schema_version: Literal[1] = 1
    entry: Literal["batch"] = "batch"
    batch: Count
    proposals: Annotated[int, Field(ge=1, le=MAX_TRIALS)]
    """The number of proposals that follow."""
    told: Annotated[tuple[Span, ...], Field(max_length=MAX_TRIALS, strict=False)] = ()
    """The finished evaluations that the search method received for this batch and for no earlier one.

    The name is the key in the journal's file."""
    replicates: Annotated[int, Field(ge=1, le=MAX_TRIALS)] | None = None
    """How many replicates a setting had then: a study may get more. None in journals of versions that had no growth."""
    epochs: Annotated[int, Field(ge=1, le=MAX_EPOCHS)] | None = None
    """How many epochs the study had then; None as for `replicates`."""
    at: Moment

    @model_validator(mode="after")
    def _check_spans(self) -> Self:
        if any(last < first for first, last, _ in self.told):
            raise ValueError("told: a span ends before it begins")
        if sum(last - first + 1 for first, last, _ in self.told) > MAX_TRIALS:
            raise ValueError(f"told: more than {MAX_TRIALS} evaluations")
        return self

    def line(self) -> str:
        """The head as a line of the journal."""
        return self.model_dump_json(exclude_none=True)

    def received_keys(self) -> Iterator[EvaluationKey]:
        """The evaluations that the search method received, from the spans of `told`."""
        for first, last, rung in self.told:
            for trial in range(first, last + 1):
                yield trial, rung


def spans(keys: Iterable[EvaluationKey]) -> tuple[tuple[int, int, int], ...]:
    """Group evaluations into spans of consecutive trials, in order of rung and trial."""
    found: list[tuple[int, int, int]] = []
    for rung, trial in sorted((rung, trial) for trial, rung in keys):
        if found and found[-1][1:] == (trial - 1, rung):
            found[-1] = (found[-1][0], trial, rung)
        else:
            found.append((trial, trial, rung))
    return tuple(found)
