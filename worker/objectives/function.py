"""A user's own Python function as an objective."""

import importlib
import inspect
import sys
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path
from types import ModuleType

from hyperspool.common.definitions import FunctionDefinition
from hyperspool.common.errors import UnableError
from hyperspool.common.validation import shown
from hyperspool.worker.objectives.measured import Measured
from hyperspool.worker.objectives.trial import ObjectiveFunction, Trial

EXPECTED = "a function of the params and the trial, f(params, trial), or of the params alone, f(params)"
MAX_ARGUMENTS = 2


def find_function(definition: FunctionDefinition) -> ObjectiveFunction:
    """Import a user's function.

    It takes the params, a dict, and the `Trial`, or the params alone, and returns the value; see `Trial`.

    Raises:
        UnableError: it cannot be imported.
    """
    module, _, function = definition.target.rpartition(":")
    try:
        found: Callable[..., object] = getattr(_imported(module, definition.folder), function)
        return called_with(found)
    except (Exception, SystemExit) as error:
        raise UnableError(f"the objective {definition} cannot be imported: {error!r}{_place_of(error)}") from error


def called_with(function: Callable[..., object]) -> ObjectiveFunction:
    """Make an objective of a user's function, which takes the params and the trial, or the params alone.

    An async function is run to its end.

    Raises:
        TypeError: it is not a function that can be called like this.
    """
    if inspect.isclass(function) or inspect.isgeneratorfunction(function) or not callable(function):
        kind = "a class" if inspect.isclass(function) else "a generator" if callable(function) else shown(function)
        raise TypeError(f"found {kind}, expected {EXPECTED}")
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


def _place_of(error: BaseException) -> str:
    """Where in the person's own code an import has failed; empty if it is not there."""
    frames = traceback.extract_tb(error.__traceback__)
    own = [frame for frame in frames if frame.filename != __file__ and not frame.filename.startswith("<frozen")]
    return f" ({own[-1].filename}:{own[-1].lineno})" if own else ""


def _search_first(folder: Path) -> None:
    if (entry := str(folder)) not in sys.path:
        sys.path.insert(0, entry)


def _takes_trial(function: Callable[..., object]) -> bool:
    try:
        parameters = inspect.signature(function).parameters.values()
    except (TypeError, ValueError):  # C defines it and does not say
        return True
    positional = [each for each in parameters if each.kind in {each.POSITIONAL_ONLY, each.POSITIONAL_OR_KEYWORD}]
    needed = [each.name for each in positional if each.default is each.empty]
    named = [each.name for each in parameters if each.kind is each.KEYWORD_ONLY and each.default is each.empty]
    has_more = any(each.kind is each.VAR_POSITIONAL for each in parameters)
    if len(needed) > MAX_ARGUMENTS or named or not (positional or has_more):
        given = ", ".join([*needed, *named])
        raise TypeError(f"found a function of ({given}), expected {EXPECTED}")
    return has_more or len(positional) != 1


def _call(function: Callable[..., object], takes_trial: bool, trial: Trial) -> Measured:  # noqa: FBT001 - for partial
    trial.begin()
    params = dict(trial.params)
    value = function(params, trial) if takes_trial else function(params)
    if inspect.iscoroutine(value):
        import asyncio  # takes a tenth of a worker's start, and hardly any objective needs it

        value = asyncio.run(value)
    if value is None:
        raise TypeError("the objective returned None, expected a finite number: is a return missing?")
    return value if isinstance(value, Measured) else Measured(value)  # type: ignore[arg-type]  # Measured checks it
