"""`hyperspool.Study`: a search from Python."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from hyperspool.api.asking import Asking
from hyperspool.api.claims import HeldTrial, HeldTrials
from hyperspool.api.running import UNNAMED, Function, objective_name, own_objectives, run_trials
from hyperspool.api.settings import Settings, Version
from hyperspool.common.errors import UsageError
from hyperspool.common.layout import StudyFolder
from hyperspool.common.study_spec import StudySpec
from hyperspool.common.validation import shown
from hyperspool.master.run.completion import Workers
from hyperspool.master.run.probing import need_importable
from hyperspool.master.search.methods import has_fixed_length
from hyperspool.worker.objectives.trial import Trial

if TYPE_CHECKING:
    import pandas as pd


class Study:
    """A search, which lives in a shared folder.

        import hyperspool as hs

        def valley(params, trial):
            return (params["x"] - 3) ** 2

        study = hs.Study("valley", space={"x": hs.Float(0, 10)}, root="search")
        study.run(valley, trials=30, workers=2)
        study.best, study.trials, study.curves

    The study is published by the first `run` or `ask`, and never changes from then on: the same call in another
    process, or on another day, goes on with it. Other settings under its name are refused. Without a space, the study
    that is published under the name is opened, whoever published it.

    Args:
        name: letters, digits, `.`, `_` and `-`.
        space: parameters by name: `Float`, `Int`, `Categorical`, a list of choices, or a single value, which is fixed.
        root: the shared folder; it gets `jobs/` and `results/`.
        direction: `minimize` or `maximize` (also with an s). Default: minimize.
        trials: how many in all. Default: no limit; `run` says how many are wanted. A grid has its own number.
        seed: of everything random. Default: 0.
        sampler: `random`, `tpe`, `gp`, `cmaes`, `nsga2`, `nsga3`, `pbt`, `qmc`, `auto`, `grid` or `coarse-to-fine`, or
            a dict with its settings. Default: random.
        epochs: the budget of a trial, for an objective that trains in epochs.
        batch: how many trials are proposed at once. Default: 8.
        measure: the name of the value, on axes and in tables.
        objectives: several at once, by measure: `{"error": "minimize", "size_mb": "minimize"}`. The value is the first
            that is not `seconds`; the others are metrics, or `seconds`.
        constraints: what a trial must keep to be among the best: `["size_mb <= 10"]`.
        limits: when to give a trial up, as in a study's file: `{"time_limit_s": 600}`.
        objective: the objective's name, which workers elsewhere know it by. Default: the function's.
        settings: any other key of a study's file: `{"confirm": {"finalists": 3}}`.

    Attributes:
        name: of the study.
        root: the shared folder.
    """

    def __init__(
        self,
        name: str,
        space: Mapping[str, object] | None = None,
        *,
        root: str | Path = ".",
        direction: str | None = None,
        trials: int | None = None,
        seed: int | None = None,
        sampler: str | Mapping[str, Any] | None = None,
        epochs: int | None = None,
        batch: int | None = None,
        measure: str | None = None,
        objectives: Mapping[str, str] | None = None,
        constraints: Sequence[str] | None = None,
        limits: Mapping[str, Any] | None = None,
        objective: str | None = None,
        settings: Mapping[str, Any] | None = None,
    ) -> None:
        self.name, self.root = name, Path(root)
        own = {"name": objective, "direction": direction, "measure": measure}
        several = [{"measure": name, "direction": way} for name, way in (objectives or {}).items()]
        table = {
            "trials": trials,
            "seed": seed,
            "batch": batch,
            "sampler": {"name": sampler} if isinstance(sampler, str) else sampler,
            "objectives": several or None,
            "constraints": None if constraints is None else list(constraints),
            "limits": limits,
            "budget": {"epochs": epochs} if epochs is not None else None,
            "objective": {key: value for key, value in own.items() if value is not None} or None,
        }
        given = {key: value for key, value in table.items() if value is not None}
        self._settings = Settings(name, self.root, space, given | dict(settings or {}))
        self._folder: StudyFolder = self._settings.folder  # refuses a name that cannot be a study's
        self._held = HeldTrials()
        self._asking: Asking | None = None
        self._asked_version: Version | None = None

    @classmethod
    def open(cls, name: str, root: str | Path = ".") -> Self:
        """Open the study that is published under a name, by Python or by `python -m master`.

        Raises:
            UsageError: there is none.
        """
        study = cls(name, root=root)
        study._settings.find(UNNAMED, None)
        return study

    def __repr__(self) -> str:
        return f"hyperspool.Study({self.name!r}, root={str(self.root)!r})"

    @property
    def spec(self) -> StudySpec:
        """The study as it is published, or as it will be."""
        return self._settings.find(UNNAMED, None)

    @property
    def trials(self) -> "pd.DataFrame":
        """A row for each trial so far; running and pending ones have no value yet. See `StudyData.trials`."""
        from hyperspool.master.analysis.data.so_far import trials_so_far

        return trials_so_far(self._folder, self.spec)

    @property
    def curves(self) -> "pd.DataFrame":
        """A row for each epoch that a trial reported, running trials too. See `StudyData.curves`."""
        from hyperspool.master.analysis.data.so_far import curves_so_far

        return curves_so_far(self._folder, self.spec)

    @property
    def best(self) -> "pd.Series[Any] | None":
        """The best setting so far: `best.trial`, `best.value`, `best.params` and what else `trials` says of that trial.

        With replicates `value` is their mean, and `trial` stands for them. None before a trial is COMPLETE.
        """
        from hyperspool.master.analysis.data.so_far import best_so_far

        return best_so_far(self._folder, self.spec)

    def run(
        self,
        objective: Function | str | None = None,
        trials: int | None = None,
        workers: int = 1,
        *,
        show: bool = True,
    ) -> Self:
        """Evaluate trials until the first `trials` of them have results.

        Trials that have a result are not evaluated again: after Ctrl-C, or in another process, the same call goes on,
        and a greater number adds to them. Failed trials count. Without `trials`, all trials of a study that has a
        limit. If another process runs the study, the workers take their share of its trials.

        Args:
            objective: a function of the params, a dict, and the `Trial`, that returns the value. It may be defined
                anywhere, also in a notebook: it is sent to the workers by cloudpickle, through a pipe. Or a text
                `module:function` or `file.py:function`. None: only workers that are started elsewhere know it.
            trials: how many trials shall have results in all, counted from the study's first.
            workers: processes to start for this run, on this machine: one for each GPU, in turn, or on the CPU.
            show: whether to show the progress.

        Returns:
            This study.

        Raises:
            UsageError: the arguments do not fit the study.
            SearchError: the study cannot be finished.
            KeyboardInterrupt: Ctrl-C, or the notebook's stop button, after the workers have saved and left.
        """
        if mine := sorted(trial for trial, _ in self._held.evaluations()):
            # The run would wait for these, and only this process can end them.
            raise UsageError(
                f"run: trial {mine[0]} was asked for and has no result yet; tell it, or give it back, first"
            )
        spec = self._settings.find(objective_name(objective), trials)
        own = own_objectives(spec.objective.name, objective, workers)
        wanted = self._wanted(spec, trials)
        if isinstance(objective, str) and workers and self._settings.version() is None:
            need_importable(spec.objective.name, own)
        self._settings.publish(spec)
        run_trials(self._folder, wanted, Workers(workers, own), is_shown=show)
        return self

    def ask(self, timeout_s: float | None = None) -> Trial | None:
        """Take a trial to evaluate in this process; `tell` ends it.

        It is a claim as a worker's: no other process gets the trial, and if this process dies, the trial is free at
        once. An open trial is taken if there is one, else the next one is proposed. Where another process runs the
        study, its trials are taken as they come. Several trials may be asked for before the first has its result.

        Args:
            timeout_s: how long to wait while other processes hold all open trials. Default: without end, because one
                of them may die and give its trial back.

        Returns:
            The trial: `trial.number`, `trial.params`, `trial.report(...)` and so on, as a function gets it. None if the
            study has a limit, and has no trial left but those that this process holds.

        Raises:
            TimeoutError: no trial came free in that time.
            UsageError: the next trials depend on those that this process holds: tell one first.
        """
        held = self._asker().ask(timeout_s)
        return held.trial if held else None

    def tell(self, trial: Trial | int, value: object = None, *, error: BaseException | str | None = None) -> None:
        """Report a trial that was asked for.

        Args:
            trial: the trial, or its number.
            value: what was measured: anything that `float()` turns into a finite number, or a `Measured`.
            error: why there is no value; the trial is then FAILED, or is tried again where the limits say so.

        Raises:
            TypeError: the value is not a number; the trial stays this process's.
            ValueError: the value is not finite, or lacks a metric that the study's objectives or constraints ask for;
                as above.
            UsageError: this process does not hold the trial: it has its result already, or was never asked for.
        """
        held = self._need(trial)
        if error is not None and value is not None:
            raise UsageError("tell: found a value and an error, expected one of them")
        held.conclude(held.finished(value) if error is None else held.failed(error))
        self._held.remove(held)

    def give_back(self, trial: Trial | int) -> None:
        """Give back a trial that was asked for, without a result: it is free for others, as if it was never asked for.

        Raises:
            UsageError: this process does not hold the trial.
        """
        held = self._need(trial)
        self._held.remove(held)
        held.give_back()

    def _asker(self) -> Asking:
        version = self._settings.version()
        if self._asking is None or version is None or self._asked_version != version:
            spec = self._settings.find(UNNAMED, None)
            self._settings.publish(spec)
            self._asking, self._asked_version = Asking(self._folder, spec, self._held), self._settings.version()
        return self._asking

    def _need(self, trial: Trial | int) -> HeldTrial:
        if isinstance(trial, Trial):
            number, held = trial.number, self._held.get((trial.number, trial.rung))
            held = held if held and held.trial is trial else None
        else:
            number, held = trial, self._held.of_number(trial)
        if held is None:
            raise UsageError(
                f"trial {shown(number)} of study {self.name} is not held here: it has its result, was given back, or "
                "was never asked for"
            )
        return held

    def _wanted(self, spec: StudySpec, trials: int | None) -> StudySpec:
        """The study with as many trials as `run` asks for."""
        if trials is None:
            if not spec.has_limit:
                raise UsageError(f"study {self.name} has no limit: say how many trials to run, as run(trials=30)")
            return spec
        if type(trials) is not int or not 1 <= trials <= spec.trials:
            raise UsageError(
                f"trials: found {shown(trials)}, expected a number from 1 to {spec.trials}, the study's own"
            )
        if trials < spec.trials and has_fixed_length(spec):
            raise UsageError(
                f"study {self.name} was published with {spec.trials} trials, and its search divides them up; run it "
                f"with trials={spec.trials}, or leave trials out"
            )
        return spec.model_copy(update={"trials": trials})
