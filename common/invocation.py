"""The project's own commands: for messages to a person, and for starting our own processes.

A person may have typed `python -m master` in a checkout, or `hyperspool` or `python -m hyperspool` anywhere. The
commands in messages have the same form, so that they work where the person is.
"""

import os
import shlex
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

_SCRIPTS = {"master": "hyperspool", "worker": "hyperspool-worker"}
_MODULES = {"master": "hyperspool", "worker": "hyperspool.worker"}
COMPLETION_OPTIONS = frozenset({"--install-completion", "--show-completion"})
"""Typer's own. A shell completes what one program takes, so `python -m master` installs completion for `hyperspool`."""
_CHECKOUT = {"master": "master", "worker": "worker"}


def command_line(side: str, *arguments: str) -> str:
    """A command for a person to type, in the same form as this process's own command.

    Args:
        side: `master` or `worker`.
        *arguments: the command's arguments; quoted where the shell needs it.
    """
    return shlex.join([*_typed(side), *arguments])


def program_name(side: str) -> str:
    """The name of a side's command in help texts; the console script's where a shell is to complete its commands."""
    script = _SCRIPTS[side]
    asks = f"_{script.replace('-', '_').upper()}_COMPLETE"
    if COMPLETION_OPTIONS.intersection(sys.argv[1:2]) or asks in os.environ:
        return script
    return " ".join(_typed(side, is_for_help=True))


def place_of(root: Path) -> list[str]:
    """The `--root` option for a shared folder; empty if it is the working directory."""
    return [] if root == Path() else ["--root", str(root)]


def each_with(option: str, values: Iterable[str]) -> list[str]:
    """A repeatable option, once for each value."""
    return [part for value in values for part in (option, value)]


def own_process(module: str) -> list[str]:
    """The beginning of a command that runs one of our modules in another process, from the same package as here.

    `python -m` searches the working directory first, and a person's own `hyperspool.py` may lie there. So that
    directory is kept out of the search path, unless our own package was found there.

    Args:
        module: its name below the package: `worker`, `master.doctor.partner`.
    """
    home = Path(__file__).resolve().parent.parent
    safe = [] if home == Path.cwd().resolve() else ["-P"]
    return [sys.executable, *safe, "-m", f"hyperspool.{module}"]


def _typed(side: str, *, is_for_help: bool = False) -> list[str]:
    module = _main_module()
    if module is None and (script := _script(side)):
        return [script]
    names = _CHECKOUT if module in {"master", "worker"} else _MODULES
    python = "python" if is_for_help else _python()
    return [python, "-m", names[side]]


def _main_module() -> str | None:
    """The package in `python -m PACKAGE` that started this process; None if it was started in another way."""
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    return spec.name.removesuffix(".__main__") if spec is not None else None


def _script(side: str) -> str | None:
    """The console script of a side, beside this process's own; None if this process is not a console script."""
    here = Path(sys.argv[0])
    if here.name not in _SCRIPTS.values():
        return None
    script = here.with_name(_SCRIPTS[side])
    if shutil.which(script.name) == str(script):
        return script.name
    return _from_here(script)


def _python() -> str:
    """This interpreter, as it was typed if it was typed at all."""
    typed = sys.orig_argv[0] if sys.orig_argv else ""
    if typed and (typed == Path(typed).name or not Path(typed).is_absolute()):
        return typed
    return _from_here(Path(sys.executable), otherwise="python")


def _from_here(path: Path, otherwise: str | None = None) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return otherwise or str(path)
