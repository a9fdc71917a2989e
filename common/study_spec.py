"""The study: what a TOML file or a preset describes, `study.json` publishes, and both sides check jobs against."""

from typing import Annotated, Any, Literal, Self

from pydantic import Field, field_validator, model_validator

from hyperspool.common.ablation import Ablation, cases_of
from hyperspool.common.final import SUFFIX
from hyperspool.common.grid import grid_problems, grid_size
from hyperspool.common.invocation import command_line
from hyperspool.common.locks import ClaimMode
from hyperspool.common.names import MAX_TRIALS, StudyName
from hyperspool.common.objectives import PARAMETERS, space_problems
from hyperspool.common.records import Budget, Job, Record, Result, Seed
from hyperspool.common.samplers import SamplerSpec
from hyperspool.common.space import Fixed, Space


class Objective(Record):
    """What is measured, and how a worker finds it."""

    name: Annotated[str, Field(pattern=r"^[A-Za-z][A-Za-z0-9_-]{0,63}$")]
    direction: Literal["minimise", "maximise"] = "minimise"
    threads: Annotated[int, Field(ge=1, le=1024)] = 1
    """CPU threads of a trial. Part of the study, because another number changes the last bits of what is measured."""


class Data(Record):
    """The data set that a training objective reads; its test part is read by a final evaluation, never by a search."""

    name: Literal["digits", "mnist", "cifar10"] = "digits"
    train_size: Annotated[int, Field(ge=1)] | None = None
    """How many of the first training examples are used; None: 1,000 of digits, 5,000 of the others."""
    final: Literal[True] | None = None
    """Train on the validation part too, and measure on the test part. Only for a study of one trial: no search."""


class Confirm(Record):
    """What follows a search: its best settings again, so that the winner is not merely the luckiest."""

    finalists: Annotated[int, Field(ge=1, le=1000)] = 0
    """How many of the best settings. Of an ablation the best one of each case."""
    replicates: Annotated[int, Field(ge=2, le=1000)] = 5
    """How often each of them is evaluated, under seeds of its own."""


Retries = Annotated[int, Field(ge=0, le=100)]


class Limits(Record):
    """When to give a trial up: each way in which an attempt fails has a count and a limit of its own.

    A retry is an attempt like any other: by any worker, from the trial's last checkpoint.
    """

    max_attempts: Annotated[int, Field(ge=1, le=100)] = 3
    """How often a trial's process may die before the trial is FAILED. A worker that is asked to stop does not count."""
    exception_retries: Retries = 0
    """How often a trial is tried again whose objective raised an error. The same params and seeds mostly raise the same
    error; a retry is for what passes: a data set out of reach, a device that is being reset."""
    out_of_memory_retries: Retries = 1
    """How often a trial is tried again that found no memory while another trial shared it. Alone, it is FAILED."""
    time_limit_retries: Retries = 0
    """How often a trial is tried again that came to its time limit: from its last checkpoint, with all of the time."""
    time_limit_s: Annotated[float, Field(gt=0)] | None = None
    """Longest time in seconds that one attempt may take; None: no limit."""
    max_issues: Annotated[int, Field(ge=1, le=1000)] = 20
    """How often a trial is issued, the first time included: again when its job or result was refused or disappeared, or
    its worker fell silent. Then the search ends, for somebody keeps interfering."""
    stale_s: Annotated[float, Field(ge=5)] = 60.0
    """After how many seconds of silence a worker's job is issued a second time. Workers beat five times as often."""


class StudySpec(Record):
    """One search, as a TOML file or a preset describes it and as `study.json` publishes it."""

    schema_version: Literal[1] = 1
    name: StudyName
    title: Annotated[str, Field(max_length=200)] = ""
    seed: Seed = 0
    trials: Annotated[int, Field(ge=1, le=MAX_TRIALS)] = 0
    """Of the search. A grid has as many as it has settings times replicates, unless it is told to end earlier."""
    replicates: Annotated[int, Field(ge=1, le=MAX_TRIALS)] = 1
    """How often each setting is evaluated, under independent seeds; a setting's replicates follow one another."""
    batch: Annotated[int, Field(ge=1, le=MAX_TRIALS)] = 8
    """Trials that the master proposes at once."""
    claim: ClaimMode = ClaimMode.LOCK
    """What makes a worker's claim exclusive: lock, or lease where the file system has no locks."""
    objective: Objective
    data: Data | None = None
    budget: Budget
    sampler: SamplerSpec = SamplerSpec()
    confirm: Confirm | None = None
    """Trials that follow the search's own and are numbered after them; None: none."""
    ablation: Ablation | None = None
    """Test cases, each of which is a search of its own by the study's sampler; None: one search of the whole space."""
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
    def _count_trials_of_cases(self) -> Self:
        if self.ablation is None:
            if self.confirm and not self.confirm.finalists:
                raise ValueError("confirm.finalists: missing; it is required, but for an ablation")
            return self
        if self.sampler.name == "grid":
            raise ValueError(
                "sampler.name: found 'grid'; an ablation tunes its cases by random or coarse-to-fine search"
            )
        if self.replicates > 1:
            raise ValueError("replicates: an ablation has confirm.replicates, of the best setting of each case")
        cases, settings = cases_of(self.ablation, self.space), self.ablation.settings
        if settings > 1 and not any(case.is_tuned for case in cases):
            raise ValueError(f"ablation.settings: found {settings}, but no case has a parameter left to tune")
        told = f"{len(cases)} cases of {settings} settings each"
        if self.trials not in {0, len(cases) * settings}:
            raise ValueError(
                f"trials: found {self.trials}, expected {len(cases) * settings}: {told} (ablation.settings)"
            )
        confirm = self.confirm or Confirm()
        if confirm.finalists not in {0, len(cases)}:
            raise ValueError(f"confirm.finalists: found {confirm.finalists}, expected {len(cases)}, one for each case")
        # Frozen for everyone else: what the study leaves out is filled in before anyone sees it.
        object.__setattr__(self, "trials", len(cases) * settings)
        object.__setattr__(self, "confirm", confirm.model_copy(update={"finalists": len(cases)}))
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

    @model_validator(mode="after")
    def _check_what_depends_on_trials(self) -> Self:
        of_case = self.ablation.settings if self.ablation else None
        settings = of_case or -(-self.trials // self.replicates)
        if problem := self.sampler.list_problem(self.space):
            raise ValueError(problem)
        if problem := self.sampler.length_problem(settings):
            raise ValueError(f"{'ablation.settings' if of_case else 'trials'}: {problem}")
        if self.confirm and not of_case and self.confirm.finalists > settings:
            raise ValueError(
                f"confirm.finalists: found {self.confirm.finalists}, but the search has {settings} settings"
            )
        if self.all_trials > MAX_TRIALS:
            raise ValueError(f"trials: with those that confirm the finalists {self.all_trials}, more than {MAX_TRIALS}")
        return self

    @model_validator(mode="after")
    def _check_test_part_is_not_searched_on(self) -> Self:
        if self.data is None or not self.data.final:
            return self
        is_fixed = all(isinstance(parameter, Fixed) for _, parameter in self.space.items())
        if self.all_trials > 1 or not is_fixed or not self.name.endswith(SUFFIX):
            raise ValueError(
                f"data.final: the test part is read once, by a study of one trial with fixed params whose name ends in "
                f"{SUFFIX}: {command_line('master', 'finalize', 'STUDY')} makes it"
            )
        if self.objective.name not in PARAMETERS:
            raise ValueError(f"data.final: only for {', '.join(PARAMETERS)}, found {self.objective.name}")
        return self

    @property
    def all_trials(self) -> int:
        """Trials of the search and those that confirm its finalists."""
        return self.trials + (self.confirm.finalists * self.confirm.replicates if self.confirm else 0)

    def problems_of(self, job: Job | Result) -> tuple[str, ...]:
        """What keeps a job or a result from being one of this study, one line each; empty if it is one."""
        lines = [f"study: found {job.study!r}, expected {self.name!r}"] if job.study != self.name else []
        if job.trial >= self.all_trials:
            lines.append(f"trial: found {job.trial}, expected 0 to {self.all_trials - 1}")
        return (*lines, *self.space.problems(job.params))
