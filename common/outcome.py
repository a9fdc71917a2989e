"""What a process keeps of a finished evaluation.

A master, or a command that looks at a study, holds one outcome for each of perhaps a hundred thousand evaluations. A
result as it is read, a checked model, takes several times the memory.
"""

from typing import NamedTuple, Self

from hyperspool.common.issues import EvaluationName
from hyperspool.common.records import (
    Attribution,
    Budget,
    Failure,
    KeptFile,
    ModelFile,
    Result,
    Seeds,
    Stage,
    Status,
    Times,
)
from hyperspool.common.space import Params


class Outcome(NamedTuple):
    """A result but for the study's name. Its fields are those of `hyperspool.common.records.Result`."""

    trial: int
    rung: int
    issue: int
    attempt: int
    status: Status
    value: float | None
    params: Params
    budget: Budget
    horizon: Budget | None
    starts_from: int | None
    seeds: Seeds
    epochs: int
    stage: Stage | None
    batch: int | None
    diverged: bool
    best_epoch: int | None
    best_value: float | None
    metrics: dict[str, float] | None
    model: ModelFile | None
    files: tuple[KeptFile, ...] | None
    resumed_from_epoch: int
    failure: Failure | None
    attribution: Attribution
    times: Times

    @classmethod
    def of(cls, result: Result) -> Self:
        """Make the outcome of a result; it shares the result's parts."""
        own = result.__dict__
        return cls._make(own[name] for name in cls._fields)

    @property
    def evaluation(self) -> EvaluationName:
        """The evaluation that it is of: trial and rung."""
        return EvaluationName(self.trial, self.rung)

    @property
    def can_be_promoted(self) -> bool:
        """As of `Result`."""
        return self.status is Status.COMPLETE and self.horizon is not None and self.budget.epochs < self.horizon.epochs

    @property
    def seconds(self) -> float:
        """As of `Result`."""
        return self.times.training_s if self.epochs else self.times.evaluation_s


Finished = Result | Outcome
"""A finished evaluation, as it was read or as it is kept."""
