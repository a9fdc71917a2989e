"""The records that travel through the shared folder: job and result. Frozen; no extra fields.

A record is written as JSON of one schema version. A file of another version is refused with the reason, never guessed.
"""

from enum import StrEnum
from typing import Annotated, Literal, Self

from pydantic import BaseModel, ConfigDict, Field, model_validator

from hyperspool.common.issues import EvaluationName
from hyperspool.common.names import MAX_TRIALS, StudyName, WorkerName
from hyperspool.common.record_parts import Count, Moment, Seed, Seeds, Stage, Times
from hyperspool.common.space import NAME_PATTERN, BoundedParams, Scalar, same_params

# Also exports the parts of records, so that code about records imports from one module.
__all__ = [
    "Attribution",
    "Budget",
    "Count",
    "Failure",
    "FailureKind",
    "Job",
    "KeptFile",
    "Label",
    "Message",
    "ModelFile",
    "Moment",
    "Record",
    "Result",
    "Rung",
    "Seed",
    "Seeds",
    "Stage",
    "Status",
    "StudyBudget",
    "Times",
    "TrialNumber",
    "scalar_text",
]

TrialNumber = Annotated[int, Field(ge=0, lt=MAX_TRIALS)]
Rung = Annotated[int, Field(ge=0, lt=1000)]
# Texts and numbers that others read are bounded: without that, one file could fill its readers' memory.
Label = Annotated[str, Field(max_length=255)]
Message = Annotated[str, Field(max_length=20_000)]
MAX_EPOCHS = 200_000
"""Limit of a trial's epochs, and so of its curve's lines: each takes a reader 1.3 kB of memory."""
MAX_METRICS = 100
"""Limit of the metrics of a curve, and of those beside a value."""
MAX_FILES = 100
"""Limit of the files that a trial may keep."""


class Status(StrEnum):
    """The state of a trial. The last three states are final."""

    PENDING = "PENDING"
    RUNNING = "RUNNING"
    COMPLETE = "COMPLETE"
    PRUNED = "PRUNED"
    FAILED = "FAILED"


class FailureKind(StrEnum):
    """How an attempt failed; it becomes the trial's failure once the study's limit of that kind is reached."""

    EXCEPTION = "exception"
    """The objective raised an error."""
    TIME_LIMIT = "time_limit"
    """The attempt ran longer than the study's `limits.time_limit_s`."""
    OUT_OF_MEMORY = "out_of_memory"
    """The device or the host had no memory left."""
    WORKER_LOST = "worker_lost"
    """The evaluating process died."""


class Record(BaseModel):
    """Base of all records: frozen, strict about types, no unknown keys, no NaN or infinity unless a field says so."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    def to_json(self) -> bytes:
        """The record as indented JSON, for reading with `cat`; fields without a value are left out."""
        return self.model_dump_json(indent=2, exclude_none=True).encode() + b"\n"


class Budget(Record):
    """How much of its objective a job gets."""

    epochs: Annotated[int, Field(ge=1, le=MAX_EPOCHS)]


class StudyBudget(Budget):
    """How much of its objective each trial of a study gets."""

    horizon: Annotated[int, Field(ge=1, le=MAX_EPOCHS)] | None = None
    """The epochs that schedules span and up to which trials may go on later, so that their last checkpoints are kept.
    None: as many as `epochs`."""

    @model_validator(mode="after")
    def _check_horizon(self) -> Self:
        if self.horizon is not None and self.horizon < self.epochs:
            raise ValueError(f"horizon: found {self.horizon}, expected at least the {self.epochs} of epochs")
        return self


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
    """How much of its objective this evaluation gets, including what the rungs below it got."""
    horizon: Budget | None = None
    """How long its schedules are; None: as long as the budget. A trial whose budget is shorter can be promoted."""
    continues: Rung | None = None
    """The rung of the same trial whose kept checkpoint it goes on from; None: it begins at the first epoch."""
    starts_from: TrialNumber | None = None
    """The trial whose kept checkpoint it goes on from, with params of its own; None: no other trial's."""
    seeds: Seeds
    stage: Stage | None = None
    """What the trial is for; None in jobs of versions that did not record it."""
    batch: Count | None = None
    """The number of the batch in which it was proposed, from 0; None as for `stage`."""
    published_at: Moment

    @property
    def evaluation(self) -> EvaluationName:
        """The evaluation that it asks for: trial and rung."""
        return EvaluationName(self.trial, self.rung)

    @property
    def horizon_epochs(self) -> int:
        """The number of epochs that its schedules span."""
        return (self.horizon or self.budget).epochs

    @property
    def can_be_promoted(self) -> bool:
        """Whether the trial may go on to a higher rung, or another start from it, so its last checkpoint is kept."""
        return self.budget.epochs < self.horizon_epochs

    @model_validator(mode="after")
    def _check_budgets(self) -> Self:
        if self.horizon_epochs < self.budget.epochs:
            raise ValueError(f"horizon: found {self.horizon_epochs} epochs, expected at least {self.budget.epochs}")
        if self.continues is not None and self.continues >= self.rung:
            raise ValueError(f"continues: found {self.continues}, expected a rung below {self.rung}")
        if self.starts_from is not None and self.starts_from >= self.trial:
            raise ValueError(f"starts_from: found {self.starts_from}, expected a trial before {self.trial}")
        return self

    def mismatches(self, result: "Result") -> tuple[str, ...]:
        """Why `result` is not a result of this evaluation, one line per reason; empty if it is one."""
        lines = [
            f"{name}: found {getattr(result, name)}, expected {getattr(self, name)}"
            for name in ("study", "trial", "rung", "budget", "horizon", "starts_from", "seeds")
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
    """The number of the job's failed attempts by kind, including the last one."""


class Attribution(Record):
    """Where a trial was evaluated: worker, host, process, device, and versions of the software."""

    worker: WorkerName
    host: Label
    pid: Count
    device: Label
    threads: Count
    versions: Annotated[dict[Label, Label], Field(max_length=100)] = Field(default_factory=dict)
    code: Annotated[str, Field(pattern=r"^[0-9a-f]{16}$")] | None = None
    """The digest of the source of a user's own objective; None for the networks."""


class ModelFile(Record):
    """The size and digest of the file in which a worker stored a trained network."""

    size_bytes: Annotated[int, Field(ge=1, lt=2**40)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class KeptFile(Record):
    """A file that a trial kept in its folder."""

    name: Annotated[str, Field(min_length=1, max_length=255)]
    """Its path below the folder."""
    size_bytes: Annotated[int, Field(ge=0, lt=2**50)]
    sha256: Annotated[str, Field(pattern=r"^[0-9a-f]{64}$")]


class Result(Record):
    """The write-once end of a job. It is complete in itself, except for the curve in a file beside it."""

    schema_version: Literal[1] = 1
    study: StudyName
    trial: TrialNumber
    rung: Rung = 0
    issue: Annotated[int, Field(ge=1, le=1_000_000)]
    attempt: Annotated[int, Field(ge=1, le=1_000_000)]
    status: Literal[Status.COMPLETE, Status.PRUNED, Status.FAILED]
    value: float | None = None
    """What the objective measured; None if the trial is FAILED, and only then."""
    params: BoundedParams
    budget: Budget
    horizon: Budget | None = None
    """As in the job."""
    starts_from: TrialNumber | None = None
    """As in the job."""
    seeds: Seeds
    epochs: Count = 0
    """Number of lines of the curve."""
    stage: Stage | None = None
    """As in the job."""
    batch: Count | None = None
    """As in the job."""
    diverged: bool = False
    """True: a loss was not finite in epoch `epochs`, and `value` is the error of guessing."""
    best_epoch: Annotated[int, Field(ge=1, lt=2**31)] | None = None
    best_value: float | None = None
    """The best number of the curve, first reached in `best_epoch`, as `hyperspool.common.epochs.best_epoch` says; None
    if the curve has no such number."""
    metrics: (
        Annotated[dict[Annotated[str, Field(pattern=NAME_PATTERN)], float], Field(max_length=MAX_METRICS)] | None
    ) = None
    """What else the objective measured, by name; None if nothing."""
    model: ModelFile | None = None
    """The trained network of a final evaluation; None for any other trial."""
    files: Annotated[tuple[KeptFile, ...], Field(max_length=MAX_FILES)] | None = None
    """What the trial keeps in its folder; None if nothing."""
    resumed_from_epoch: Count = 0
    failure: Failure | None = None
    attribution: Attribution
    times: Times

    @property
    def evaluation(self) -> EvaluationName:
        """The evaluation that it is a result of: trial and rung."""
        return EvaluationName(self.trial, self.rung)

    @property
    def can_be_promoted(self) -> bool:
        """Whether the trial may go on to a higher rung or to more epochs, or another start from it."""
        return self.status is Status.COMPLETE and self.horizon is not None and self.budget.epochs < self.horizon.epochs

    @property
    def seconds(self) -> float:
        """The cost of the trial, for comparison: the time of its epochs, or of its attempt if it has no epochs."""
        return self.times.training_s if self.epochs else self.times.evaluation_s

    @model_validator(mode="after")
    def _check_status(self) -> Self:
        if self.status is Status.FAILED and (self.failure is None or self.value is not None):
            raise ValueError("a FAILED result has a failure and no value")
        if self.status is not Status.FAILED and (self.failure is not None or self.value is None):
            raise ValueError(f"a {self.status} result has a value and no failure")
        return self


def scalar_text(value: Scalar) -> str:
    """A parameter's value, for people: floats with four significant digits, `true` and `false` in lower case."""
    return f"{value:.4g}" if isinstance(value, float) else str(value).lower() if isinstance(value, bool) else str(value)
