"""The study: what a TOML file or a preset describes, `study.json` publishes, and both sides check jobs against."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from common.grid import grid_problems, grid_size
from common.locks import ClaimMode
from common.names import MAX_TRIALS, StudyName
from common.objectives import PARAMETERS, space_problems
from common.records import Budget, Job, Record, Result, Seed
from common.space import Space


class Objective(Record):
    """What is measured, and how a worker finds it."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,63}$")]
    direction: Literal["minimise", "maximise"] = "minimise"
    threads: Annotated[int, Field(ge=1, le=1024)] = 1
    """CPU threads of a trial. Part of the study, because another number changes the last bits of what is measured."""


class Data(Record):
    """The data set that a training objective reads; its test part is never read during a search."""

    name: Literal["digits", "mnist", "cifar10"] = "digits"
    train_size: Annotated[int, Field(ge=1)] | None = None
    """How many of the first training examples are used; None: 1,000 of digits, 5,000 of the others."""


class Sampler(Record):
    """How params are proposed."""

    name: Literal["random", "grid"] = "random"


class Limits(Record):
    """When to give a trial up."""

    max_attempts: Annotated[int, Field(ge=1, le=100)] = 3
    """How often a trial's process may die before the trial is FAILED. A worker that is asked to stop does not count."""
    time_limit_s: Annotated[float, Field(gt=0)] | None = None
    """Longest time in seconds that one attempt may take; None: no limit."""
    stale_s: Annotated[float, Field(ge=5)] = 60.0
    """After how many seconds of silence a worker's job is issued a second time. Workers beat five times as often."""


class StudySpec(Record):
    """One search, as a TOML file or a preset describes it and as `study.json` publishes it."""

    schema_version: Literal[1] = 1
    name: StudyName
    title: Annotated[str, Field(max_length=200)] = ""
    seed: Seed = 0
    trials: Annotated[int, Field(ge=1, le=MAX_TRIALS)] = 0
    """A grid has as many as it has settings times replicates, unless it is told to end earlier."""
    replicates: Annotated[int, Field(ge=1, le=MAX_TRIALS)] = 1
    """How often each setting is evaluated, under independent seeds; a setting's replicates follow one another."""
    batch: Annotated[int, Field(ge=1, le=MAX_TRIALS)] = 8
    """Trials that the master proposes at once."""
    claim: ClaimMode = ClaimMode.LOCK
    """What makes a worker's claim exclusive: lock, or lease where the file system has no locks."""
    objective: Objective
    data: Data | None = None
    budget: Budget
    sampler: Sampler = Sampler()
    limits: Limits = Limits()
    space: Space

    @model_validator(mode="before")
    @classmethod
    def _name_the_data(cls, given: Any) -> Any:
        # What is trained on is part of a study even if its author left it out: the published file says it.
        if isinstance(given, dict) and isinstance(objective := given.get("objective"), dict):
            name = objective.get("name")
            if isinstance(name, str) and name in PARAMETERS:
                return {"data": {"name": "digits"}} | given
        return given

    @field_validator("space")
    @classmethod
    def _check_space_is_not_empty(cls, space: Space) -> Space:
        if not len(space):
            raise ValueError("no parameter; a study searches at least one")
        return space

    @model_validator(mode="after")
    def _check_space_fits_objective(self) -> Self:
        if problems := space_problems(self.objective.name, self.space):
            raise ValueError("; ".join(problems))
        return self

    @model_validator(mode="after")
    def _count_trials(self) -> Self:
        if self.sampler.name != "grid":
            if not self.trials:
                raise ValueError("trials: missing; it is required, but for a grid")
            return self
        if problems := grid_problems(self.space):
            raise ValueError("; ".join(problems))
        settings = grid_size(self.space, limit=MAX_TRIALS)
        if settings * self.replicates > MAX_TRIALS:
            raise ValueError(f"space: a grid of more than {MAX_TRIALS} trials, replicates included; that is too large")
        if self.trials > settings * self.replicates:
            each = f", {self.replicates} replicates each" if self.replicates > 1 else ""
            raise ValueError(
                f"trials: found {self.trials}, expected at most {settings * self.replicates}: the grid has {settings} "
                f"settings{each}"
            )
        if not self.trials:
            # Frozen for everyone else: what the study leaves out is filled in before anyone sees it.
            object.__setattr__(self, "trials", settings * self.replicates)
        return self

    def problems_of(self, job: Job | Result) -> tuple[str, ...]:
        """What keeps a job or a result from being one of this study, one line each; empty if it is one."""
        lines = [f"study: found {job.study!r}, expected {self.name!r}"] if job.study != self.name else []
        if job.trial >= self.trials:
            lines.append(f"trial: found {job.trial}, expected 0 to {self.trials - 1}")
        return (*lines, *self.space.problems(job.params))
