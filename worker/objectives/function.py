"""A user's own Python function as an objective."""

import importlib
import inspect
import sys
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType

from hyperspool.common.definitions import FunctionDefinition
from hyperspool.common.errors import UnableError
from hyperspool.worker.objectives.measured import Measured
from hyperspool.worker.objectives.trial import ObjectiveFunction, Trial


def find_function(definition: FunctionDefinition) -> ObjectiveFunction:
    """Import a user's function.

    It takes the params, a dict, and the `Trial`, or the params alone, and returns the value; see `Trial`.

    Raises:
        UnableError: it cannot be imported.
    """
    module, _, function = definition.target.rpartition(":")
    try:
        found: Callable[..., object] = getattr(_imported(module, definition.folder), function)
    except Exception as error:
        raise UnableError(f"the objective {definition} cannot be imported: {error!r}") from error
    return called_with(found)


def called_with(function: Callable[..., object]) -> ObjectiveFunction:
    """Make an objective of a user's function, which takes the params and the trial, or the params alone."""
    return partial(_call, function, _takes_trial(function))


def _imported(module: str, folder: Path) -> ModuleType:
    if not module.endswith(".py"):
        _search_first(folder)
        return importlib.import_module(module)
    # A file is imported under its own name from its own folder. So processes that the objective starts, which import
    # its module again by name, find it too.
    path = (folder / module).resolve(strict=True)
    _search_first(path.parent)
    imported = importlib.import_module(path.stem)
    if imported.__file__ is None or Path(imported.__file__).resolve() != path:
        raise ImportError(f"the name {path.stem} belongs to the module {imported.__file__}; rename the file {path}")
    return imported


def _search_first(folder: Path) -> None:
    if (entry := str(folder)) not in sys.path:
        sys.path.insert(0, entry)


def _takes_trial(function: Callable[..., object]) -> bool:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # C defines it and does not say
        return True
    if any(parameter.kind is parameter.VAR_POSITIONAL for parameter in parameters):
        return True
    positional = [each for each in parameters if each.kind in {each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD}]
    return len(positional) != 1


def _call(function: Callable[..., object], takes_trial: bool, trial: Trial) -> Measured:  # noqa: FBT001 - for partial
    trial.begin()
    params = dict(trial.params)
    value = function(params, trial) if takes_trial else function(params)
    return value if isinstance(value, Measured) else Measured(value)  # type: ignore[arg-type]  # Measured checks it
