"""The records that travel through the shared folder: job, result, curve, worker. Frozen; extra fields refused.

A record is written as JSON of one schema version; a file of another version is refused with its reason, never guessed.
"""

import math
from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from hyperspool.common.issues import EvaluationName
from hyperspool.common.names import MAX_TRIALS, StudyName, WorkerName
from hyperspool.common.space import NAME_PATTERN, BoundedParams, Scalar, same_params

TrialNumber = Annotated[int, Field(ge=0, lt=MAX_TRIALS)]
Seed = Annotated[int, Field(ge=0, lt=2**32)]
Count = Annotated[int, Field(ge=0, lt=2**31)]
Rung = Annotated[int, Field(ge=0, lt=1000)]
# Texts and numbers that others read have bounds, or one file could fill the memory of whoever reads it.
Moment = Annotated[str, Field(max_length=40)]
"""When something happened; see `common.clock`."""
Label = Annotated[str, Field(max_length=255)]
Message = Annotated[str, Field(max_length=20_000)]
MAX_EPOCHS = 200_000
"""Of a trial, and so lines of its curve: 1.25 kB of memory each for whoever reads it."""

MAX_METRICS = 100


class Status(StrEnum):
    """Where a trial stands. The last three end it."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    COMPLETE = "COMPLETE"
    PRUNED = "PRUNED"
    FAILED = "FAILED"


class FailureKind(StrEnum):
    """How an attempt failed, and so, once the study's limit of that kind is reached, why its trial did."""

    EXCEPTION = "exception"
    """The objective raised an error."""
    TIME_LIMIT = "time_limit"
    """The attempt ran longer than the study's `limits.time_limit_s`."""
    OUT_OF_MEMORY = "out_of_memory"
    """The device or the host had no memory left."""
    WORKER_LOST = "worker_lost"
    """The process that evaluated it died."""


class Record(BaseModel):
    """Base of all records: frozen, strict about types, no unknown keys, no NaN or infinity unless a field says so."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    def to_json(self) -> bytes:
        """The record as a person wants to read it with `cat`: indented, without what is empty."""
        return self.model_dump_json(indent=2, exclude_none=True).encode() + b"\n"


class Budget(Record):
    """How much of its objective a job gets."""

    epochs: Annotated[int, Field(ge=1, le=MAX_EPOCHS)]


class Seeds(Record):
    """Where a trial's randomness comes from, one seed per source, all derived from the study's."""

    initialisation: Seed
    shuffling: Seed
    dropout: Seed


class Stage(Record):
    """What a trial is for. Recorded when it is proposed, so that nobody has to work it out from the trial's number."""

    kind: Literal["search", "confirmation"] = "search"
    """Whether the trial searches, or evaluates a finalist again."""
    setting: Count = 0
    """Which setting it evaluates, from 0: of its search, of its test case's search, or of the finalists."""
    replicate: Count = 0
    """Which evaluation of that setting it is, from 0."""
    round: Annotated[int, Field(ge=1, lt=2**31)] | None = None
    """The round of a search in rounds, from 1."""
    case: Count | None = None
    """The test case of an ablation, from 0, in the order of `hyperspool.common.ablation.cases_of`."""

    @property
    def is_search(self) -> bool:
        """Whether the trial belongs to the search, and so may lead it."""
        return self.kind == "search"


class Job(Record):
    """The file that asks for one trial to be evaluated at one budget."""

    schema_version: Literal[1] = 1
    study: StudyName
    trial: TrialNumber
    issue: Annotated[int, Field(ge=1, le=1_000_000)] = 1
    """Issue number of this evaluation; a job file's name is never used twice."""
    rung: Rung = 0
    """The level of successive halving; 0 where there is one level."""
    params: BoundedParams
    budget: Budget
    """How much of its objective this evaluation gets, all rungs below it included."""
    horizon: Budget | None = None
    """How long its schedules are; None: as long as the budget. A trial that stops short of it can be promoted."""
    continues: Rung | None = None
    """The rung of the same trial from whose kept checkpoint it goes on; None: it begins at the first epoch."""
    seeds: Seeds
    stage: Stage | None = None
    """What the trial is for; None in the jobs of versions that did not record it."""
    batch: Count | None = None
    """The batch in which it was proposed, from 0; None as for `stage`."""
    published_at: Moment

    @property
    def evaluation(self) -> EvaluationName:
        """What it asks for: trial and rung."""
        return EvaluationName(self.trial, self.rung)

    @property
    def horizon_epochs(self) -> int:
        """How many epochs its schedules are made for."""
        return (self.horizon or self.budget).epochs

    @property
    def can_be_promoted(self) -> bool:
        """Whether the trial may go on to a higher rung, so that its last checkpoint is kept."""
        return self.budget.epochs < self.horizon_epochs

    @model_validator(mode="after")
    def _check_budgets(self) -> Self:
        if self.horizon_epochs < self.budget.epochs:
            raise ValueError(f"horizon: found {self.horizon_epochs} epochs, expected at least {self.budget.epochs}")
        if self.continues is not None and self.continues >= self.rung:
            raise ValueError(f"continues: found {self.continues}, expected a rung below {self.rung}")
        return self

    def mismatches(self, result: "Result") -> tuple[str, ...]:
        """What keeps `result` from being a result of this evaluation, one line each; empty if it is one."""
        lines = [
            f"{name}: found {getattr(result, name)}, expected {getattr(self, name)}"
            for name in ("study", "trial", "rung", "budget", "horizon", "seeds")
            if getattr(result, name) != getattr(self, name)
        ]
        if not same_params(result.params, self.params):
            lines.append(f"params: found {result.params}, expected {self.params}")
        return tuple(lines)


class Failure(Record):
    """Why a trial is FAILED."""

    kind: FailureKind
    """How its last attempt failed."""
    message: Message
    traceback: Annotated[str, Field(max_length=200_000)] | None = None
    counts: dict[FailureKind, Count] = Field(default_factory=dict)
    """How many of the job's attempts failed in which way, the last one included."""


class Attribution(Record):
    """Who evaluated a trial, on what, with which versions."""

    worker: WorkerName
    host: Label
    pid: Count
    device: Label
    threads: Count
    versions: Annotated[dict[Label, Label], Field(max_length=100)] = Field(default_factory=dict)


class Times(Record):
    """When an attempt's steps happened (ISO 8601, UTC, by the worker's clock) and how long they took in seconds."""

    published_at: Moment
    claimed_at: Moment
    ended_at: Moment
    evaluation_s: Annotated[float, Field(ge=0, lt=1e15)]
    """Wall-clock time of this attempt from claim to end."""
    training_s: Annotated[float, Field(ge=0, lt=1e15)]
    """Sum of the curve's seconds, over earlier attempts whose epochs were resumed too."""


class ModelFile(Record):
    """A trained network in a file, as its worker wrote it."""

    size_bytes: Annotated[int, Field(ge=1, lt=2**40)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Result(Record):
    """The write-once end of a job, complete in itself; only the curve stands in a file beside it."""

    schema_version: Literal[1] = 1
    study: StudyName
    trial: TrialNumber
    rung: Rung = 0
    issue: Annotated[int, Field(ge=1, le=1_000_000)]
    attempt: Annotated[int, Field(ge=1, le=1_000_000)]
    status: Literal[Status.COMPLETE, Status.PRUNED, Status.FAILED]
    value: float | None = None
    """What the objective measured; None exactly if the trial is FAILED."""
    params: BoundedParams
    budget: Budget
    horizon: Budget | None = None
    """As in the job."""
    seeds: Seeds
    epochs: Count = 0
    """Number of lines of the curve."""
    stage: Stage | None = None
    """As in the job."""
    batch: Count | None = None
    """As in the job."""
    diverged: bool = False
    """A loss was not finite in epoch `epochs`; `value` is the error of guessing."""
    best_epoch: Annotated[int, Field(ge=1, lt=2**31)] | None = None
    best_value: float | None = None
    """The lowest finite validation error of the curve, first reached in `best_epoch`; None if there is none."""
    metrics: (
        Annotated[dict[Annotated[str, Field(pattern=NAME_PATTERN)], float], Field(max_length=MAX_METRICS)] | None
    ) = None
    """What the objective measured beside its value, by name; None if nothing."""
    model: ModelFile | None = None
    """Of a final evaluation: what it trained; None of any other trial."""
    resumed_from_epoch: Count = 0
    failure: Failure | None = None
    attribution: Attribution
    times: Times

    @property
    def evaluation(self) -> EvaluationName:
        """What it is a result of: trial and rung."""
        return EvaluationName(self.trial, self.rung)

    @property
    def can_be_promoted(self) -> bool:
        """Whether the trial may go on to a higher rung."""
        return not self.is_at_full_budget and self.status is not Status.FAILED

    @property
    def is_at_full_budget(self) -> bool:
        """Whether it got all of the horizon, so that it may be compared with others that did."""
        return self.horizon is None or self.budget.epochs >= self.horizon.epochs

    @property
    def seconds(self) -> float:
        """What the trial cost, as people compare it: the time of its epochs; without epochs, that of its attempt."""
        return self.times.training_s if self.epochs else self.times.evaluation_s

    @model_validator(mode="after")
    def _check_status(self) -> Self:
        if self.status is Status.FAILED and (self.failure is None or self.value is not None):
            raise ValueError("a FAILED result has a failure and no value")
        if self.status is not Status.FAILED and (self.failure is not None or self.value is None):
            raise ValueError(f"a {self.status} result has a value and no failure")
        return self


class EpochRecord(Record):
    """One line of a curve. What a user's objective does not report is NaN."""

    model_config = ConfigDict(allow_inf_nan=True)

    epoch: Annotated[int, Field(ge=1, lt=2**31)]
    """Above the line before's."""
    seconds: Annotated[float, Field(ge=0, lt=1e9, allow_inf_nan=False)]
    """Wall-clock time of this epoch: training and validation, without saving it."""
    training_loss: float
    validation_loss: float
    validation_error: float
    """Fraction of the validation part that is misclassified, in [0, 1]; any number of a user's objective."""
    learning_rate: float
    momentum: float = math.nan


def scalar_text(value: Scalar) -> str:
    """A parameter's value as people read it: four significant digits of a number."""
    return f"{value:.4g}" if isinstance(value, float) else str(value).lower() if isinstance(value, bool) else str(value)
