"""Learns a program's options: asks a Python script's own parser, or reads the help text of any other program."""

import json
import os
import re
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Annotated, Any

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from hyperspool.common.errors import UsageError
from hyperspool.common.parameters import MAX_TEXT
from hyperspool.common.values import Scalar
from hyperspool.master.init import hook
from hyperspool.master.init.help_text import options_in
from hyperspool.master.init.option import Form, Kind, Option, Program
from hyperspool.master.init.probe import Ended, is_executable, run_bounded

_MAX_SOURCE = 2_000_000
_READS_ARGUMENTS = re.compile(
    r"argv|[Aa]rg_?[Pp]arse|arg_parser|parse_args|\bclick\b|typer|optparse|getopt|docopt|\bfire\b|\babsl\b|FLAGS|tyro"
    r"|hydra|\bcli\b|CLI\b|\btap\b|\bTap\b|simple_parsing|jsonargparse|cyclopts|plac\b|defopt|confuse"
)
"""What a script names that reads its command line, in one way or another."""
_DEFAULT = re.compile(r"\s*[(\[][^()\[\]]*\bdefaults?\b(?:[^()\[\]]|%\(default\)s)*[)\]]", re.IGNORECASE)
"""The default in an option's help, in brackets: it is known already."""
_IMPORT = re.compile(r"^\s*(?:from|import)\s+([\w.]+)", re.MULTILINE)


class _Found(BaseModel):
    """One option as the hook writes it."""

    model_config = ConfigDict(extra="forbid")

    flags: Annotated[tuple[str, ...], Field(min_length=1)]
    off_flag: str | None = None
    form: Form
    kind: Kind | None = None
    default: Scalar | None = None
    choices: tuple[Scalar, ...] | None = None
    low: float | None = None
    high: float | None = None
    required: bool = False
    help: str = ""

    def to_option(self) -> Option:
        """The option, with a default of its own kind: argparse also takes `default="0.1"` with `type=float`."""
        default = self.default
        if isinstance(default, int) and not isinstance(default, bool) and self.kind is Kind.FLOAT:
            default = float(default)
        if isinstance(default, str) and self.kind in {Kind.FLOAT, Kind.INT}:
            try:
                default = float(default) if self.kind is Kind.FLOAT else int(default)
            except ValueError:
                default = None
        said = _DEFAULT.sub("", self.help).replace("%%", "%").strip()
        listed = tuple(dict.fromkeys(choice for choice in self.choices or () if len(str(choice)) <= MAX_TEXT))
        return Option(
            self.flags, self.form, self.kind, default, listed, self.off_flag, self.low, self.high, self.required, said
        )


class _Answer(BaseModel):
    """What the hook writes of a script."""

    model_config = ConfigDict(extra="forbid")

    reader: str
    sub_commands: tuple[str, ...] = ()
    options: tuple[_Found, ...] = ()


def read_program(path: Path, folder: Path, python: str | None, limit_s: float) -> Program:
    """Run a program with `--help` and return what its command line offers.

    Args:
        path: a Python script, or a program that the system can run.
        folder: the folder of the study's file, in which its command runs.
        python: the interpreter for a script; None: the one that runs this.
        limit_s: the number of seconds that it may take.

    Raises:
        UsageError: there is no such program, it cannot be run, or no options of it are found.
    """
    if not path.is_file():
        what = "is a folder, not a script" if path.is_dir() else "does not exist"
        raise UsageError(f"{path} {what}; expected a Python script, a program, or a W&B sweep's .yaml")
    source = _source(path)
    if path.suffix == ".py" or re.match(r"#!.*\bpython", source):
        program = _read_script(path, _from(folder, path), python, source, limit_s)
    elif is_executable(path):
        named = _from(folder, path)
        ended = run_bounded([str(path.absolute()), "--help"], str(path), limit_s)
        program = Program((named if "/" in named else f"./{named}",), _from_text(path, ended), source, "--help")
    else:
        raise UsageError(
            f"{path} is neither a Python script (its name ends in .py) nor a program that the system can run; "
            f"if it is a program: chmod +x {path}"
        )
    return program


def _from(folder: Path, path: Path) -> str:
    """A program's path for a command that runs in a folder."""
    return os.path.relpath(path.absolute(), folder.absolute())


def _source(path: Path) -> str:
    """The text of a script; empty for a binary file, in which no names are to be looked for."""
    try:
        with path.open("rb") as stream:
            return stream.read(_MAX_SOURCE).decode("utf-8")
    except UnicodeDecodeError:
        return ""
    except OSError as error:
        raise UsageError(f"{path} cannot be read: {error.strerror}") from error


def _read_script(path: Path, named: str, python: str | None, source: str, limit_s: float) -> Program:
    _need_command_line(path, source)
    interpreter = shutil.which(python) if python else _usual_python()
    if interpreter is None:
        raise UsageError(f"--python {python}: there is no such program")
    with tempfile.TemporaryDirectory() as folder:
        out = Path(folder) / "options.json"
        ended = run_bounded([interpreter, hook.__file__, str(out), str(path)], str(path), limit_s)
        answer = _answer(path, out)
    command = (python or "python", named)
    if answer is None:
        return Program(command, _from_text(path, ended), source, "--help")
    if answer.sub_commands:
        raise UsageError(
            f"{path} has sub-commands ({', '.join(answer.sub_commands[:8])}), and init reads the options of a script "
            "without them: give the one that trains a script of its own, or write the study's file by hand"
        )
    return Program(command, tuple(found.to_option() for found in answer.options), source, answer.reader)


def _usual_python() -> str:
    """The interpreter that `python` in a command stands for on this machine's workers."""
    is_active = os.environ.get("VIRTUAL_ENV") or os.environ.get("CONDA_PREFIX")
    return (shutil.which("python") if is_active else None) or sys.executable


def _answer(path: Path, out: Path) -> _Answer | None:
    try:
        text = out.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None
    try:
        given: Any = json.loads(text)
        return _Answer.model_validate(given)
    except (ValueError, ValidationError) as error:
        raise UsageError(f"{path}: its options could not be read: {error}") from error


def _need_command_line(path: Path, source: str) -> None:
    """Refuse a script that cannot have options: to run it would be to train.

    A script that imports files of its own is given the benefit of the doubt: they may read the command line.
    """
    if _READS_ARGUMENTS.search(source):
        return
    tops = {name.split(".")[0] for name in _IMPORT.findall(source)}
    if any((path.parent / top).is_dir() or (path.parent / f"{top}.py").is_file() for top in tops if top):
        return
    raise UsageError(
        f"{path} was not run: it has no options, for nothing in it reads a command line (argparse, click, typer, ...). "
        "Give it an option for each value that is to be searched: argparse takes five lines"
    )


def _from_text(path: Path, ended: Ended) -> tuple[Option, ...]:
    """The options in a program's help text. Many programs print it and end with another status than 0."""
    if found := options_in(ended.output):
        return found
    if "ModuleNotFoundError" in ended.output:
        hint = "; --python names the interpreter that the script runs in"
    elif ended.status:
        hint = ""
    else:
        hint = "; init finds options of argparse, click and typer, or lines such as `--lr X  the step (default 0.1)`"
    failed = "failed before it showed its options" if ended.status else "shows no options when it is run with --help"
    raise UsageError(f"{path} {failed}: {ended.ending}{hint}\n  its last lines:{ended.last_lines}")
