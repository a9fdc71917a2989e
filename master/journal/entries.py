"""The lines of a journal: a line for a batch, then a line for each of its proposals."""

from collections.abc import Iterable, Iterator
from typing import Annotated, Literal, Self

from pydantic import Field, model_validator

from hyperspool.common.clock import now_text
from hyperspool.common.issues import EvaluationKey
from hyperspool.common.names import MAX_TRIALS, StudyName
from hyperspool.common.records import Budget, Count, Job, Moment, Record, Result, Rung, Seeds, Stage, TrialNumber
from hyperspool.common.space import BoundedParams
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.search.known import Proposal
from hyperspool.master.search.seeds import seeds_for

Span = Annotated[tuple[TrialNumber, TrialNumber, Rung], Field(strict=False)]
"""The first and the last of consecutive trials, and their rung: a whole batch is one span."""


class ProposalEntry(Record):
    """One proposal: all that its job says, and what the trial is for."""

    entry: Literal["proposal"] = "proposal"
    batch: Count
    trial: TrialNumber
    rung: Rung = 0
    params: BoundedParams
    budget: Budget
    horizon: Budget | None = None
    continues: Rung | None = None
    seeds: Seeds
    stage: Stage

    @classmethod
    def of(cls, proposal: Proposal, spec: StudySpec, batch: int) -> Self:
        """The entry of a proposal: the study's budget where it names none, and the seeds that belong to its trial."""
        full = spec.budget.epochs
        epochs = proposal.budget_epochs or full
        return cls(
            batch=batch,
            trial=proposal.trial,
            rung=proposal.rung,
            params=proposal.params,
            budget=Budget(epochs=epochs),
            horizon=Budget(epochs=full) if epochs < full else None,
            continues=proposal.continues,
            seeds=seeds_for(spec, proposal.trial, proposal.params),
            stage=proposal.stage,
        )

    @property
    def key(self) -> EvaluationKey:
        """Trial and rung."""
        return self.trial, self.rung

    def proposal(self) -> Proposal:
        """The proposal that was recorded."""
        return Proposal(self.trial, self.params, self.stage, self.rung, self.budget.epochs, self.continues)

    def as_found(self, found: Job | Result) -> Self:
        """The entry with what a job or a result of it says was asked for."""
        names = ("params", "budget", "horizon", "seeds")
        return self.model_copy(update={name: getattr(found, name) for name in names})

    def job(self, study: StudyName, issue: int = 1) -> Job:
        """The job that asks for it."""
        return Job(
            study=study,
            trial=self.trial,
            rung=self.rung,
            issue=issue,
            params=self.params,
            budget=self.budget,
            horizon=self.horizon,
            continues=self.continues,
            seeds=self.seeds,
            stage=self.stage,
            batch=self.batch,
            published_at=now_text(),
        )


class BatchEntry(Record):
    """The head of a batch. The batch counts if all of its proposals follow, and not otherwise."""

    schema_version: Literal[1] = 1
    entry: Literal["batch"] = "batch"
    batch: Count
    proposals: Annotated[int, Field(ge=1, le=MAX_TRIALS)]
    """How many follow."""
    told: Annotated[tuple[Span, ...], Field(max_length=MAX_TRIALS, strict=False)] = ()
    """The finished evaluations that the search method was given for this batch and for no batch before."""
    at: Moment

    @model_validator(mode="after")
    def _check_spans(self) -> Self:
        if any(last < first for first, last, _ in self.told):
            raise ValueError("told: a span ends before it begins")
        if sum(last - first + 1 for first, last, _ in self.told) > MAX_TRIALS:
            raise ValueError(f"told: more than {MAX_TRIALS} evaluations")
        return self

    def told_keys(self) -> Iterator[EvaluationKey]:
        """The evaluations of `told`."""
        for first, last, rung in self.told:
            for trial in range(first, last + 1):
                yield trial, rung


def spans(keys: Iterable[EvaluationKey]) -> tuple[tuple[int, int, int], ...]:
    """Evaluations as spans of consecutive trials, in order."""
    found: list[tuple[int, int, int]] = []
    for rung, trial in sorted((rung, trial) for trial, rung in keys):
        if found and found[-1][1:] == (trial - 1, rung):
            found[-1] = (found[-1][0], trial, rung)
        else:
            found.append((trial, trial, rung))
    return tuple(found)
