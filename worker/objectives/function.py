"""A user's own Python function as an objective."""

import importlib
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

    It takes the params, a dict, and the `Trial`, and returns the value; see `Trial`.

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
    """Make an objective of a user's function, which takes the params and the trial."""
    return partial(_call, function)


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


def _call(function: Callable[..., object], trial: Trial) -> Measured:
    trial.begin()
    value = function(dict(trial.params), trial)
    return value if isinstance(value, Measured) else Measured(value)  # type: ignore[arg-type]  # Measured checks it
