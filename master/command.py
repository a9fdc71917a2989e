"""Commands that a message tells the user to type: ones that work where they are typed."""

import shlex
import sys
from collections.abc import Iterable
from pathlib import Path


def command_line(module: str, *arguments: str) -> str:
    """`python -m MODULE ARGUMENTS`, with this environment's Python if the shell would find another one."""
    return shlex.join([_python(), "-m", module, *arguments])


def place_of(root: Path) -> list[str]:
    """The option that leads to a shared folder, or nothing if it is here."""
    return [] if root == Path() else ["--root", str(root)]


def each_with(option: str, values: Iterable[str]) -> list[str]:
    """A repeatable option with each of its values."""
    return [part for value in values for part in (option, value)]


def _python() -> str:
    executable = Path(sys.executable)
    try:
        return str(executable.relative_to(Path.cwd()))
    except ValueError:
        return "python"
