"""The study, as TOML files and presets describe it and `study.json` publishes it. Both sides check jobs against it."""

from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, field_validator, model_validator

from hyperspool.common.ablation import Ablation, cases_of
from hyperspool.common.final import SUFFIX
from hyperspool.common.goals import Constraints, Goals, goals_problem, with_value
from hyperspool.common.grid import grid_trials
from hyperspool.common.halving import Halving
from hyperspool.common.invocation import command_line
from hyperspool.common.limits import Limits
from hyperspool.common.locks import ClaimMode
from hyperspool.common.names import MAX_TRIALS, StudyName
from hyperspool.common.objectives import PARAMETERS, space_problems
from hyperspool.common.outcome import Finished
from hyperspool.common.population import PBT, planned
from hyperspool.common.pruning import Pruning
from hyperspool.common.records import Job, Record, Result, Seed, Status, StudyBudget
from hyperspool.common.samplers import SamplerSpec
from hyperspool.common.space import Fixed, Params, Space
from hyperspool.common.stopping import Stop
from hyperspool.common.study_objective import Data, Objective


class Confirm(Record):
    """Evaluations of the best settings after a search, with new seeds, so that the winner was not merely lucky."""

    finalists: Annotated[int, Field(ge=1, le=1000)] = 0
    """Number of best settings to evaluate again. An ablation always takes the best one of each case."""
    replicates: Annotated[int, Field(ge=2, le=1000)] = 5
    """Number of evaluations of each finalist, each with its own seeds."""


def _mode(value: Any) -> Any:
    return None if value == "synchronous" else value


class StudySpec(Record):
    """One search, as a TOML file or a preset describes it and as `study.json` publishes it."""

    schema_version: Literal[1] = 1
    name: StudyName
    title: Annotated[str, Field(max_length=200)] = ""
    seed: Seed = 0
    trials: Annotated[int, Field(ge=1, le=MAX_TRIALS)] = 0
    """Trials of the search. For a grid: settings times replicates by default, or fewer; for pbt: all generations."""
    replicates: Annotated[int, Field(ge=1, le=MAX_TRIALS)] = 1
    """Number of evaluations of each setting, with independent seeds; a setting's replicates follow one another."""
    batch: Annotated[int, Field(ge=1, le=MAX_TRIALS)] = 8
    """Number of trials that the master proposes at once; an asynchronous study proposes them one after another. For pbt
    the default is a generation."""
    mode: Annotated[Literal["asynchronous"] | None, BeforeValidator(_mode)] = None
    """How trials are proposed. `synchronous`, which is stored as None: a batch, once the last one is finished, so that
    proposals do not depend on the number of workers. `asynchronous`: whenever a worker would have to wait."""
    claim: ClaimMode = ClaimMode.LOCK
    """What makes a worker's claim exclusive: lock, or lease where the file system has no locks. `study.json` says which
    kind of lock: `with_lock_kind` of `hyperspool.master.studies.published`."""
    objective: Objective
    objectives: Goals | None = None
    """What is searched for at once, if that is more than the objective's value; the value is one of them."""
    constraints: Constraints | None = None
    """What a trial must keep to be among the best."""
    data: Data | None = None
    budget: StudyBudget | None = None
    """Epochs of each trial; None: the objective has no epochs."""
    sampler: SamplerSpec = SamplerSpec()
    halving: Halving | None = None
    """Promotion of the best trials from few epochs to the whole budget; None: every trial gets the whole budget."""
    pruning: Pruning | None = None
    """Early ends of running trials that do badly; None: every trial uses its budget."""
    stop: Stop = None
    """Rules that end the study before its last trial; None: it ends with that."""
    confirm: Confirm | None = None
    """Confirmation of the best settings; its trials are numbered after the search's. None: no confirmation."""
    ablation: Ablation | None = None
    """Test cases, each tuned in its own search by the study's sampler; None: one search of the whole space."""
    limits: Limits = Limits()
    space: Space

    @model_validator(mode="before")
    @classmethod
    def _name_the_data(cls, given: Any) -> Any:
        # The data set is part of the study even if its author left it out: the published file must name it.
        if isinstance(given, dict) and isinstance(objective := given.get("objective"), dict):
            name = objective.get("name")
            if isinstance(name, str) and name in PARAMETERS:
                given = {"data": {"name": "digits"}} | given
            return with_value(given)
        return given

    @field_validator("space")
    @classmethod
    def _check_space_is_not_empty(cls, space: Space) -> Space:
        if not len(space):
            raise ValueError("no parameter; a study searches at least one")
        return space

    @model_validator(mode="after")
    def _check_network_has_a_budget(self) -> Self:
        if self.budget is None and self.objective.name in PARAMETERS:
            raise ValueError(f"budget.epochs: missing; {self.objective.name} trains for a number of epochs")
        return self

    @model_validator(mode="after")
    def _check_space_fits_objective(self) -> Self:
        if problems := space_problems(self.objective.name, self.space):
            raise ValueError("; ".join(problems))
        return self

    @model_validator(mode="after")
    def _check_several_objectives(self) -> Self:
        if self.objectives is None:
            return self
        if problem := goals_problem(self.objectives, self.objective.value_measure, self.objective.direction):
            raise ValueError(f"objectives: {problem}")
        if problem := self.sampler.several_problem():
            raise ValueError(problem)
        for key in ("ablation", "confirm", "halving", "pruning"):
            if getattr(self, key):
                raise ValueError(f"{key}: a study of several objectives has no single best trial; leave it out")
        if self.replicates > 1:
            raise ValueError("replicates: with several objectives, trials are compared one by one; leave it out")
        return self

    @model_validator(mode="after")
    def _count_trials_of_cases(self) -> Self:
        if self.ablation is None:
            if self.confirm and not self.confirm.finalists:
                raise ValueError("confirm.finalists: missing; it is required, except for an ablation")
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
        product = f"{len(cases)} cases of {settings} settings each"
        if self.trials not in {0, len(cases) * settings}:
            raise ValueError(
                f"trials: found {self.trials}, expected {len(cases) * settings}: {product} (ablation.settings)"
            )
        confirm = self.confirm or Confirm()
        if confirm.finalists not in {0, len(cases)}:
            raise ValueError(f"confirm.finalists: found {confirm.finalists}, expected {len(cases)}, one for each case")
        # Fills in what the study leaves out. The record is frozen, but nobody has seen it yet.
        object.__setattr__(self, "trials", len(cases) * settings)
        object.__setattr__(self, "confirm", confirm.model_copy(update={"finalists": len(cases)}))
        return self

    @model_validator(mode="after")
    def _count_trials(self) -> Self:
        if self.sampler.name == "grid":
            object.__setattr__(self, "trials", grid_trials(self.space, self.replicates, self.trials, MAX_TRIALS))
        elif self.sampler.name == PBT:
            self._plan_population()
        elif not self.trials:
            raise ValueError("trials: missing; it is required, except for a grid and pbt")
        return self

    def _plan_population(self) -> None:
        around = [key for key in ("ablation", "confirm", "halving", "pruning", "stop") if getattr(self, key)]
        epochs, name = self.budget.epochs if self.budget else None, self.objective.name
        around += ["budget.horizon"] if self.budget and self.budget.horizon else []
        others = [*around, *(["replicates"] if self.replicates > 1 else [])]
        sampler, trials = planned(self.sampler, epochs, self.trials, name, self.space, others)
        batch = self.batch if "batch" in self.model_fields_set else sampler.population
        for key, value in (("sampler", sampler), ("trials", trials), ("batch", batch)):  # as for an ablation
            object.__setattr__(self, key, value)

    @model_validator(mode="after")
    def _check_what_depends_on_trials(self) -> Self:
        of_case = self.ablation.settings if self.ablation else None
        settings = of_case or -(-self.trials // self.replicates)
        if problem := self.sampler.list_problem(self.space) or self.sampler.space_problem(self.space):
            raise ValueError(problem)
        if problem := self.sampler.length_problem(settings):
            raise ValueError(f"{'ablation.settings' if of_case else 'trials'}: {problem}")
        if self.confirm and not of_case and self.confirm.finalists > settings:
            raise ValueError(
                f"confirm.finalists: found {self.confirm.finalists}, but the search has {settings} settings"
            )
        if self.all_trials > MAX_TRIALS:
            raise ValueError(f"trials: {self.all_trials} with those that confirm the finalists, more than {MAX_TRIALS}")
        return self

    @model_validator(mode="after")
    def _check_horizon(self) -> Self:
        if self.budget and self.budget.horizon and (self.confirm or self.ablation):
            other = "confirm" if self.confirm else "an ablation"
            raise ValueError(f"budget.horizon: not together with {other}, whose trials follow from finished ones")
        return self

    @model_validator(mode="after")
    def _check_halving(self) -> Self:
        if self.halving is None:
            return self
        if problem := self.halving.problem(self.budget.epochs if self.budget else None, self.sampler.name):
            raise ValueError(problem)
        if self.replicates > 1 or self.confirm or self.ablation:
            other = "replicates" if self.replicates > 1 else "an ablation" if self.ablation else "confirm"
            raise ValueError(f"halving: not together with {other}")
        if self.halving.name != "asha" and not self.has_limit:
            raise ValueError(f"trials: missing; with halving.name = {self.halving.name!r} they are divided up")
        return self

    @model_validator(mode="after")
    def _check_early_ends(self) -> Self:
        epochs, metric = self.budget.epochs if self.budget else None, self.objective.epoch_metric
        if self.pruning and (problem := self.pruning.problem(epochs, metric)):
            raise ValueError(problem)
        method = "halving" if self.halving else self.sampler.name
        is_confirmed, is_several = self.confirm is not None, self.objectives is not None
        if self.stop and (problem := self.stop.problem(method, is_confirmed=is_confirmed, is_several=is_several)):
            raise ValueError(problem)
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
    def epochs(self) -> int:
        """Epochs of a trial's job: 1 for an objective without epochs."""
        return self.budget.epochs if self.budget else 1

    @property
    def horizon_epochs(self) -> int:
        """Epochs that the schedules of a trial span."""
        return (self.budget.horizon if self.budget else None) or self.epochs

    @property
    def can_grow_longer(self) -> bool:
        """Whether the study may be given more epochs, so that its trials keep their last checkpoints."""
        return self.horizon_epochs > self.epochs

    @property
    def has_rungs(self) -> bool:
        """Whether a trial may have several evaluations: it is promoted, or the study has been given more epochs."""
        return self.halving is not None or (self.budget is not None and self.budget.horizon is not None)

    def is_at_full_budget(self, result: Finished) -> bool:
        """Whether an evaluation got all the epochs of the study, so that it may be compared with others."""
        return result.budget.epochs >= self.epochs

    def trial_status(self, result: Finished) -> Status:
        """The status of a trial whose last evaluation this is.

        A trial that was stopped below the study's epochs is PRUNED by halving and by pbt; in a study that was given
        more epochs it is PENDING, because it will go on.
        """
        if result.status is not Status.COMPLETE or self.is_at_full_budget(result):
            return result.status
        return Status.PRUNED if self.halving or self.sampler.name == PBT else Status.PENDING

    @property
    def all_trials(self) -> int:
        """Number of trials of the search and of its confirmation."""
        return self.trials + (self.confirm.finalists * self.confirm.replicates if self.confirm else 0)

    @property
    def has_limit(self) -> bool:
        """Whether the study ends by itself. One of `MAX_TRIALS` trials goes on as long as somebody wants more."""
        return self.trials < MAX_TRIALS

    def so_far(self, proposed: int) -> Self:
        """The study as it is shown: one without a limit has as many trials as are proposed."""
        return self if self.has_limit else self.model_copy(update={"trials": max(proposed, 1)})

    def problems_of(self, job: Job | Result) -> tuple[str, ...]:
        """Why a job or a result does not belong to this study, one line per reason; empty if it does."""
        lines = [f"study: found {job.study!r}, expected {self.name!r}"] if job.study != self.name else []
        return (*lines, *self.problems_of_trial(job.trial, job.params))

    def problems_of_trial(self, trial: int, params: Params) -> tuple[str, ...]:
        """Why a trial with these params does not belong to this study, one line per reason; empty if it does."""
        lines = [f"trial: found {trial}, expected 0 to {self.all_trials - 1}"] if trial >= self.all_trials else []
        return (*lines, *self.space.problems(params))
