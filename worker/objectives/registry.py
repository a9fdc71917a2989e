"""Finds an objective by its name. No file in the shared folder can add one: only the worker's command line does."""

import importlib
import sys
from collections.abc import Callable
from pathlib import Path

from hyperspool.common.errors import UnableError
from hyperspool.worker.objectives.trial import Measured, ObjectiveFunction, Trial


def _cnn(trial: Trial) -> Measured:
    try:
        from hyperspool.worker.objectives.cnn import evaluate_cnn  # brings torch along
    except ImportError as error:
        raise UnableError(f"what cnn needs cannot be imported here: {error}") from error
    return evaluate_cnn(trial)


def _mlp(trial: Trial) -> Measured:
    try:
        from hyperspool.worker.objectives.mlp import evaluate_mlp  # brings torch along
    except ImportError as error:
        raise UnableError(f"what mlp needs cannot be imported here: {error}") from error
    return evaluate_mlp(trial)


BUILT_IN: dict[str, ObjectiveFunction] = {"cnn": _cnn, "mlp": _mlp}


def find_objective(name: str, objectives: tuple[tuple[str, str], ...]) -> ObjectiveFunction:
    """The callable for an objective's name.

    A user's function takes the params, a dict, and the `Trial`, and returns the value; see `Trial`.

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
    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    try:
        found: Callable[..., object] = getattr(importlib.import_module(module), function)
    except Exception as error:
        raise UnableError(f"the objective {name}={targets[name]} cannot be imported: {error!r}") from error
    return lambda trial: _call(found, trial)


def _call(function: Callable[..., object], trial: Trial) -> Measured:
    trial.begin()
    value = function(dict(trial.params), trial)
    return value if isinstance(value, Measured) else Measured(value)  # type: ignore[arg-type]  # Measured looks at it
