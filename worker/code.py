"""Which code an objective runs: the person's own files, their digest, and whether they have changed.

The files are found by reading the imports in the source, and not by looking at what was imported: then the digest is
the same whether a module is imported at the top or in the middle of the function, and this process imports nothing.
"""

import ast
import hashlib
from collections.abc import Iterator, Mapping
from contextlib import suppress
from pathlib import Path

from hyperspool.common.commands import CommandDefinition
from hyperspool.common.definitions import Definition
from hyperspool.common.sent import SentDefinition

MAX_FILES = 1000
"""Limit of the files that are followed; a person's own modules are a few dozen."""
DIGEST_CHARACTERS = 16
NOT_THEIRS = frozenset({"site-packages", "dist-packages", "hyperspool"})
"""Folders of installed packages, and our own package, which lies in the working folder of a checkout."""

Signature = tuple[tuple[Path, int, int], ...]
"""Each file with its time of change in nanoseconds and its size."""


class ObjectiveCode:
    """The code of a worker's own objectives. Looking again costs a look at each file's time and size.

    Args:
        objectives: the user's objectives.
    """

    def __init__(self, objectives: tuple[Definition, ...]) -> None:
        self._definitions: Mapping[str, Definition] = {definition.name: definition for definition in objectives}
        self._known: dict[str, tuple[Signature, str]] = {}

    def digest(self, objective: str) -> str | None:
        """The digest of an objective's source as it is now; None for the networks and code outside the folder."""
        definition = self._definitions.get(objective)
        if definition is None:
            return None
        if isinstance(definition, SentDefinition):  # it came over a pipe and cannot change
            return definition.code
        signature, digest = self._known.get(objective, ((), ""))
        if not signature or signature != _signature([path for path, _, _ in signature]):
            files = sorted(sources_of(definition))
            signature, digest = _signature(files), _digest(files)
            self._known[objective] = signature, digest
        return digest if signature else None


def sources_of(definition: Definition) -> set[Path]:
    """The files of an objective: its module or the files that its command names, and what they import from there."""
    if isinstance(definition, SentDefinition):
        return set()
    if isinstance(definition, CommandDefinition):
        named = [part for part in definition.parts if isinstance(part, str)]
        begun = [path for part in named if "{" not in part and _is_file(path := definition.folder / part)]
        folder = definition.folder
    else:
        module = definition.target.rpartition(":")[0]
        if module.endswith(".py"):
            begun = [path for path in [definition.folder / module] if _is_file(path)]
            folder = (definition.folder / module).parent
        else:
            begun, folder = list(_module_files(module, definition.folder)), definition.folder
    found: set[Path] = set()
    while begun and len(found) < MAX_FILES:
        path = begun.pop()
        if path not in found and not NOT_THEIRS.intersection(path.parts[len(folder.parts) :]):
            found.add(path)
            begun += _imported(path, path.parent if isinstance(definition, CommandDefinition) else folder)
    return found


def _imported(path: Path, folder: Path) -> Iterator[Path]:
    if path.suffix != ".py":
        return
    try:
        tree = ast.parse(path.read_bytes())
    except (OSError, SyntaxError, ValueError, RecursionError):
        return  # the child says what is wrong with it
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield from _module_files(alias.name, folder)
        elif isinstance(node, ast.ImportFrom):
            base = path.parents[node.level - 1] if 0 < node.level <= len(path.parents) else folder
            names = [".".join(filter(None, (node.module, alias.name))) for alias in node.names]
            for name in (*([node.module] if node.module else []), *names):
                yield from _module_files(name, base)


def _module_files(module: str, folder: Path) -> Iterator[Path]:
    # The packages on the way are imported too.
    here = folder
    for part in module.split("."):
        here /= part
        for path in (here.with_name(f"{part}.py"), here / "__init__.py"):
            if _is_file(path):
                yield path


def _is_file(path: Path) -> bool:
    with suppress(OSError, ValueError):  # a name that is too long, or holds a zero byte
        return path.is_file()
    return False


def _signature(files: list[Path]) -> Signature:
    found = []
    for path in files:
        with suppress(OSError):
            status = path.stat()
            found.append((path, status.st_mtime_ns, status.st_size))
    return tuple(found)


def _digest(files: list[Path]) -> str:
    total = hashlib.sha256()
    for path in files:
        with suppress(OSError):
            content = hashlib.sha256(path.read_bytes()).hexdigest()
            total.update(f"{path.name} {content}\n".encode())  # not the path: it may differ from host to host
    return total.hexdigest()[:DIGEST_CHARACTERS]
