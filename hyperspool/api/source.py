"""The digest of a function's source, so that results of two versions of it can be told apart."""

import hashlib
import inspect
from collections.abc import Iterator
from pathlib import Path
from types import CodeType, FunctionType

from hyperspool.common.definitions import FunctionDefinition
from hyperspool.worker.code import DIGEST_CHARACTERS, sources_of


def digest_of(function: object) -> str | None:
    """Return the digest of a function's source; None if there is none, as of a function that C defines.

    It covers the function, the functions beside it that it calls, and the modules of the same folder that their file
    imports. It does not cover the rest of that file: a script that only asks for more trials is the same version.
    """
    function = inspect.unwrap(function) if callable(function) else function
    if not isinstance(function, FunctionType):
        return None
    try:
        texts = sorted(inspect.getsource(each) for each in _with_called(function))
        path = Path(inspect.getsourcefile(function) or "")
    except (OSError, TypeError):
        return None
    total = hashlib.sha256("\n".join(texts).encode())
    if path.is_file():
        beside = sources_of(FunctionDefinition("own", f"{path.name}:own", path.parent)) - {path}
        for other in sorted(beside):
            total.update(f"{other.name} {hashlib.sha256(other.read_bytes()).hexdigest()}\n".encode())
    return total.hexdigest()[:DIGEST_CHARACTERS]


def _with_called(function: FunctionType) -> set[FunctionType]:
    found: set[FunctionType] = set()
    begun = [function]
    while begun:
        each = begun.pop()
        if each in found:
            continue
        found.add(each)
        known = {**each.__globals__, **inspect.getclosurevars(each).nonlocals}
        named = (known.get(name) for name in _names(each.__code__))
        begun += [other for other in named if isinstance(other, FunctionType) and other.__module__ == each.__module__]
    return found


def _names(code: CodeType) -> Iterator[str]:
    yield from (*code.co_names, *code.co_freevars)
    for constant in code.co_consts:
        if isinstance(constant, CodeType):  # a function or a comprehension inside
            yield from _names(constant)
