"""The same searches by other libraries' own code, asked for as many trials at once as there are workers.

Optuna is always there. SMAC (`pip install smac`) and NePS (`pip install neural-pipeline-search`) take part if they are
installed: neither is needed for anything else, and NePS holds other libraries at older versions.
"""

import logging
import random
import tempfile
from collections.abc import Callable, Hashable, Sequence
from importlib import import_module
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
import optuna
from optuna.distributions import CategoricalDistribution
from optuna.samplers import BaseSampler, CmaEsSampler, GPSampler, TPESampler
from optuna.trial import FixedTrial

from benchmarks.functions import Function, study_of
from benchmarks.playing import MakeSearcher
from hyperspool.common.space import Params
from hyperspool.master.search.encoding import Encoding


class Optuna:
    """A sampler of Optuna's, asked and told by its own study, as a process of its users does.

    Args:
        sampler: of Optuna's.
        function: is searched.
    """

    ahead = 0

    def __init__(self, sampler: BaseSampler, function: Function) -> None:
        self._study = optuna.create_study(sampler=sampler)
        self._encoding = _encoding(function)
        self._open: dict[Hashable, optuna.Trial] = {}

    def ask(self, count: int) -> Sequence[tuple[Hashable, Params]]:
        """Propose."""
        asked = [self._study.ask() for _ in range(count)]
        self._open |= {trial.number: trial for trial in asked}
        return [(trial.number, self._encoding.ask(trial)) for trial in asked]

    def tell(self, name: Hashable, height: float) -> None:
        """Take in a result."""
        self._study.tell(self._open.pop(name), height)


class Smac:
    """SMAC's search by a random forest, as its authors advise it for hyperparameters."""

    ahead = 0

    def __init__(self, function: Function, seed: int, trials: int) -> None:
        smac, runhistory = import_module("smac"), import_module("smac.runhistory")
        self._encoding, self._value = _encoding(function), runhistory.TrialValue
        self._place = tempfile.TemporaryDirectory()
        scenario = smac.Scenario(
            _config_space(self._encoding, function, seed),
            output_directory=Path(self._place.name),
            deterministic=True,
            n_trials=trials,
            seed=seed,
        )
        facade = smac.HyperparameterOptimizationFacade
        self._facade = facade(scenario, _never_called, logging_level=logging.ERROR, overwrite=True)
        self._open: dict[Hashable, Any] = {}

    def ask(self, count: int) -> Sequence[tuple[Hashable, Params]]:
        """Propose."""
        asked = [self._facade.ask() for _ in range(count)]
        self._open |= {id(info): info for info in asked}
        return [(id(info), self._encoding.ask(_answering(dict(info.config)))) for info in asked]

    def tell(self, name: Hashable, height: float) -> None:
        """Take in a result."""
        self._facade.tell(self._open.pop(name), self._value(cost=height), save=False)


class Neps:
    """NePS's search by a Gaussian process. It knows no conditions."""

    ahead = 0

    def __init__(self, function: Function, seed: int, _trials: int) -> None:
        random.seed(seed)
        np.random.seed(seed)  # noqa: NPY002 - NePS draws from the generators that all share
        import_module("torch").manual_seed(seed)
        neps = import_module("neps")
        self._encoding = _encoding(function)
        space = type("Searched", (neps.PipelineSpace,), _neps_parameters(self._encoding, neps))()
        self._search = neps.AskAndTell(optimizer=neps.algorithms.bayesian_optimization(space))

    def ask(self, count: int) -> Sequence[tuple[Hashable, Params]]:
        """Propose."""
        asked = [self._search.ask() for _ in range(count)]
        return [(trial.metadata.id, self._encoding.ask(_answering(dict(trial.config)))) for trial in asked]

    def tell(self, name: Hashable, height: float) -> None:
        """Take in a result."""
        self._search.tell(name, {"objective_to_minimize": height})


OPTUNA: dict[str, Callable[[int], BaseSampler]] = {
    "optuna tpe": lambda seed: TPESampler(seed=seed, multivariate=True, group=True, constant_liar=True),
    "optuna gp": lambda seed: GPSampler(seed=seed, warn_independent_sampling=False),
    "optuna cmaes": lambda seed: CmaEsSampler(seed=seed, warn_independent_sampling=False),
}
"""Makes the samplers whose methods are here too, with the same settings, from a seed."""


def _optuna(make: Callable[[int], BaseSampler]) -> MakeSearcher:
    return lambda function, seed, _trials: Optuna(make(seed), function)


def others() -> dict[str, MakeSearcher]:
    """The searchers by name: Optuna's, and those of other libraries that are installed."""
    optional: dict[str, tuple[str, MakeSearcher]] = {"smac": ("smac", Smac), "neps": ("neps", Neps)}
    installed = {name: make for name, (module, make) in optional.items() if find_spec(module)}
    return {name: _optuna(make) for name, make in OPTUNA.items()} | installed


def _encoding(function: Function) -> Encoding:
    return Encoding(study_of(function, "random", 0, 1).space)


def _answering(numbers: dict[str, Any]) -> Any:
    # Optuna's trial with given params: it says what each parameter of the encoding has in a space of other libraries.
    return FixedTrial({name: getattr(number, "item", lambda n=number: n)() for name, number in numbers.items()})


def _never_called(_config: object, seed: int = 0) -> float:
    raise NotImplementedError("SMAC is asked and told")


def _config_space(encoding: Encoding, function: Function, seed: int) -> Any:
    library = import_module("ConfigSpace")
    space = library.ConfigurationSpace(seed=seed)
    kinds = {"FloatDistribution": library.Float, "IntDistribution": library.Integer}
    for name, one in encoding.distributions.items():
        if isinstance(one, CategoricalDistribution):
            space.add(library.Categorical(name, one.choices))
        else:
            space.add(kinds[type(one).__name__](name, (one.low, one.high), log=one.log))  # type: ignore[attr-defined]
    parameters = study_of(function, "random", 0, 1).space.root
    for name, parameter in parameters.items():
        for other, values in parameter.when.items():
            wanted = [parameters[other].choices.index(value) for value in values]  # type: ignore[union-attr]
            space.add(library.InCondition(space[name], space[other], wanted))
    return space


def _neps_parameters(encoding: Encoding, neps: Any) -> dict[str, Any]:
    kinds = {"FloatDistribution": neps.Float, "IntDistribution": neps.Integer}
    return {
        name: neps.Categorical(one.choices)
        if isinstance(one, CategoricalDistribution)
        else kinds[type(one).__name__](one.low, one.high, log=one.log)  # type: ignore[attr-defined]
        for name, one in encoding.distributions.items()
    }
