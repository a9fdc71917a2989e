"""The project's own commands: as a message names them to a person, and as a process of ours starts another.

A person may have typed `python -m master` in a checkout, or `hyperspool` or `python -m hyperspool` anywhere. What a
message tells them to type next has the same form, so that it works where they are.
"""

import shlex
import shutil
import sys
from collections.abc import Iterable
from pathlib import Path

_SCRIPTS = {"master": "hyperspool", "worker": "hyperspool-worker"}
_MODULES = {"master": "hyperspool", "worker": "hyperspool.worker"}
_CHECKOUT = {"master": "master", "worker": "worker"}


def command_line(side: str, *arguments: str) -> str:
    """A command for a person to type, in the form in which this process's own command was typed.

    Args:
        side: `master` or `worker`.
        *arguments: what follows; quoted where the shell needs it.
    """
    return shlex.join([*_typed(side), *arguments])


def program_name(side: str) -> str:
    """What the help text calls the command of a side."""
    return " ".join(_typed(side, is_for_help=True))


def place_of(root: Path) -> list[str]:
    """The option that leads to a shared folder, or nothing if it is here."""
    return [] if root == Path() else ["--root", str(root)]


def each_with(option: str, values: Iterable[str]) -> list[str]:
    """A repeatable option with each of its values."""
    return [part for value in values for part in (option, value)]


def own_process(module: str) -> list[str]:
    """The start of a command that runs one of our modules in another process, from the same place as here.

    Python puts the working directory before everything else, and there may lie a person's `hyperspool.py`. It is kept
    out, unless our own package was found there.

    Args:
        module: below the package: `worker`, `master.doctor.partner`.
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
    """The package that this process was started with by `python -m`; None if it was started otherwise."""
    spec = getattr(sys.modules["__main__"], "__spec__", None)
    return spec.name.removesuffix(".__main__") if spec is not None else None


def _script(side: str) -> str | None:
    """The console script of a side beside the one that this process is; None if it is none."""
    here = Path(sys.argv[0])
    if here.name not in _SCRIPTS.values():
        return None
    script = here.with_name(_SCRIPTS[side])
    if shutil.which(script.name) == str(script):
        return script.name
    return _from_here(script)


def _python() -> str:
    """This interpreter, as it was typed if it was."""
    typed = sys.orig_argv[0] if sys.orig_argv else ""
    if typed and (typed == Path(typed).name or not Path(typed).is_absolute()):
        return typed
    return _from_here(Path(sys.executable), otherwise="python")


def _from_here(path: Path, otherwise: str | None = None) -> str:
    try:
        return str(path.relative_to(Path.cwd()))
    except ValueError:
        return otherwise or str(path)
