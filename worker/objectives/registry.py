"""Finds an objective by its name. Only the worker's command line can add one; no file in the shared folder can."""

import importlib
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path

from hyperspool.common.errors import UnableError
from hyperspool.worker.objectives.trial import Measured, ObjectiveFunction, Trial


def find_objective(name: str, objectives: tuple[tuple[str, str], ...]) -> ObjectiveFunction:
    """Return the callable for an objective's name.

    A user's function takes the params, a dict, and the `Trial`, and returns the value; see `Trial`.

    Args:
        name: of the objective, as the study gives it.
        objectives: the user's objectives: name and `module:function`.

    Raises:
        UnableError: this worker was not given an objective of that name, or cannot import it.
    """
    if name in BUILT_IN:
        return BUILT_IN[name]
    targets = dict(objectives)
    if name not in targets:
        known = ", ".join([*BUILT_IN, *targets])
        raise UnableError(
            f"the study's objective {name!r} is not known to this worker (known: {known}); "
            f"start the worker with --objective {name}=MODULE:FUNCTION"
        )
    module, _, function = targets[name].partition(":")
    here = str(Path.cwd())  # an installed command does not search the current folder for modules
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        found: Callable[..., object] = getattr(importlib.import_module(module), function)
    except Exception as error:
        raise UnableError(f"the objective {name}={targets[name]} cannot be imported: {error!r}") from error
    return partial(_call, found)


def _call(function: Callable[..., object], trial: Trial) -> Measured:
    trial.begin()
    value = function(dict(trial.params), trial)
    return value if isinstance(value, Measured) else Measured(value)  # type: ignore[arg-type]  # Measured checks it


def _train(name: str, trial: Trial) -> Measured:
    try:  # only here: the first two import torch, and without the third a worker of other objectives starts faster
        from hyperspool.worker.objectives.final import evaluate_final
        from hyperspool.worker.objectives.network import evaluate_network
        from hyperspool.worker.training.params import NETWORKS
    except ImportError as error:
        raise UnableError(f"what {name} needs cannot be imported here: {error}") from error
    evaluate = evaluate_final if trial.is_final else evaluate_network
    return evaluate(trial, NETWORKS[name])


BUILT_IN: dict[str, ObjectiveFunction] = {name: partial(_train, name) for name in ("cnn", "mlp")}
"""The objectives that train a network and measure its error: `cnn` and `mlp`."""
