"""A user's own objectives: what an objective's name stands for on this machine.

A study in the shared folder names its objective and says no more about it. What the name stands for is said on a
command line: by `--objective NAME=MODULE:FUNCTION`, by `--command NAME='PROGRAM ARGUMENTS'`, or by a study file that
the person names there. So nothing in the shared folder can make a worker run anything.
"""

from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from hyperspool.common.commands import CommandDefinition, command_from_option, command_of
from hyperspool.common.errors import StudyError, UsageError
from hyperspool.common.invocation import each_with
from hyperspool.common.objectives import PARAMETERS
from hyperspool.common.sent import SentDefinition
from hyperspool.common.study_file import read_study_file
from hyperspool.common.validation import shown

LOCAL_KEYS = ("function", "command", "metrics")
"""The keys of a study file's table `objective` that stay on this machine: they are not part of the study."""


@dataclass(frozen=True)
class FunctionDefinition:
    """A Python function.

    Attributes:
        name: the objective's name in the study.
        target: `MODULE:FUNCTION`, or `FILE.py:FUNCTION` with a path relative to `folder`.
        folder: searched for modules first.
    """

    name: str
    target: str
    folder: Path

    def __post_init__(self) -> None:
        """Check the form of the target.

        Raises:
            UsageError: it is not `MODULE:FUNCTION` or `FILE.py:FUNCTION`.
        """
        module, colon, function = self.target.rpartition(":")
        if not (colon and module and function.isidentifier()):
            raise UsageError(
                f"objective {self.name}: found function {shown(self.target)}, expected MODULE:FUNCTION or "
                "FILE.py:FUNCTION, e.g. my_module:evaluate"
            )

    def __str__(self) -> str:
        """The definition as `--objective` takes it."""
        return f"{self.name}={self.target}"


Definition = FunctionDefinition | CommandDefinition | SentDefinition


@dataclass(frozen=True)
class OwnObjectives:
    """The user's own objectives as a command line gives them.

    Attributes:
        objectives: the values of `--objective`.
        commands: the values of `--command`.
        study_files: the values of `--study-file`.
        sent: a function object, which this process sends to the workers that it starts; no option says it.
    """

    objectives: tuple[str, ...] = ()
    commands: tuple[str, ...] = ()
    study_files: tuple[Path, ...] = ()
    sent: SentDefinition | None = None

    @property
    def arguments(self) -> list[str]:
        """The options again, for a message or another process. `run` and workers take the same ones."""
        return [
            *each_with("--objective", self.objectives),
            *each_with("--command", self.commands),
            *each_with("--study-file", map(str, self.study_files)),
        ]

    def with_study(self, study: str) -> "OwnObjectives":
        """Add the study file that a command runs, if it is one and says what its objective stands for.

        What an option says of that objective goes before the file, like any option. An invalid file is not added:
        whoever reads the whole study says what is wrong with it.
        """
        path = Path(study)
        if path.suffix != ".toml" or path in self.study_files:
            return self
        said = {option.partition("=")[0] for option in (*self.objectives, *self.commands)}
        with suppress(UsageError):
            definition = definition_of(read_study_file(path), path)
            if definition is not None and definition.name not in said:
                return replace(self, study_files=(*self.study_files, path))
        return self

    def definitions(self) -> tuple[Definition, ...]:
        """What the options define.

        Raises:
            UsageError: an option is malformed, a name is built in, a name is defined in two ways, or a study file
                defines nothing.
            StudyError: a study file is not valid.
        """
        found: list[Definition] = [_function_from_option(option) for option in self.objectives]
        found += [_checked(command_from_option(option), f"--command {option}") for option in self.commands]
        for path in self.study_files:
            definition = definition_of(read_study_file(path), path)
            if definition is None:
                raise UsageError(
                    f"--study-file {path}: it has no objective.function and no objective.command, so it defines no "
                    "objective"
                )
            found.append(definition)
        return _unique([*found, self.sent] if self.sent else found)


def definition_of(table: dict[str, Any], path: Path) -> Definition | None:
    """What a study file's objective stands for; None if the file does not say.

    Args:
        table: of the file.
        path: of the file, whose folder is searched for modules.

    Raises:
        StudyError: the definition is not valid.
        UsageError: the objective's name is built in.
    """
    objective = table.get("objective")
    if not isinstance(objective, dict) or not any(key in objective for key in LOCAL_KEYS):
        return None
    source = f"{path}: objective.name"
    match objective:
        case {"function": _, "command": _}:
            raise StudyError(str(path), ("objective: found function and command, expected one of them",))
        case {"command": _}:
            name = str(objective.get("name", path.stem))
            return _checked(command_of(objective, name, path), source)
        case {"function": str(target)}:
            name = str(objective.get("name", target.rpartition(":")[2]))
            return _checked(FunctionDefinition(name, target, path.absolute().parent), source)
        case {"function": target}:
            problem = f"objective.function: found {shown(target)}, expected a text MODULE:FUNCTION"
        case _:
            problem = "objective.metrics: it says how a command prints its metrics, but there is no objective.command"
    raise StudyError(str(path), (problem,))


def published_table(table: dict[str, Any], path: Path) -> dict[str, Any]:
    """A study file's table as the study is published: with its objective's name, and without what it stands for.

    Args:
        table: of the file.
        path: of the file.

    Raises:
        StudyError: the definition is not valid.
        UsageError: the objective's name is built in.
    """
    definition = definition_of(table, path)
    if definition is None:
        return table
    kept = without_own_keys(table)
    return kept | {"objective": {"name": definition.name} | kept["objective"]}


def without_own_keys(table: dict[str, Any]) -> dict[str, Any]:
    """A study file's table without what its objective's name stands for."""
    objective = table.get("objective")
    if not isinstance(objective, dict):
        return table
    return table | {"objective": {key: value for key, value in objective.items() if key not in LOCAL_KEYS}}


def _function_from_option(option: str) -> Definition:
    name, equals, target = option.partition("=")
    if not (equals and name and ":" in target):
        raise UsageError(f"--objective {option}: expected NAME=MODULE:FUNCTION, e.g. mine=my_module:evaluate")
    return _checked(FunctionDefinition(name, target, Path.cwd()), f"--objective {option}")


def _checked(definition: Definition, source: str) -> Definition:
    if definition.name in PARAMETERS:
        raise UsageError(f"{source}: {definition.name} is built in; choose another name")
    return definition


def _unique(definitions: Iterable[Definition]) -> tuple[Definition, ...]:
    unique: dict[str, Definition] = {}
    for definition in definitions:
        if unique.setdefault(definition.name, definition) != definition:
            raise UsageError(
                f"objective {definition.name} is defined twice: {unique[definition.name]} and {definition}"
            )
    return tuple(unique.values())
