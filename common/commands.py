"""A command as an objective: any program, whose arguments are filled in for each trial."""

import re
import shlex
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from string import Formatter
from typing import Any

from hyperspool.common.errors import StudyError, UsageError
from hyperspool.common.space import Categorical, Fixed, Float, Int, Scalar, Space
from hyperspool.common.validation import shown, unknown_key

FACTS = ("epochs", "horizon", "seed", "device", "trial", "folder", "checkpoint_dir")
"""What a command can be given besides the parameters."""

Part = str | tuple[str, ...]

_FLAG = re.compile(r"\{(\w+):(-[^{}|]+)(?:\|(-[^{}|]+))?\}")
"""A placeholder that stands for a flag: the parameter, the flag if it is true, and the one if it is false."""


@dataclass(frozen=True)
class CommandDefinition:
    """A command that evaluates a trial.

    Attributes:
        name: the objective's name in the study.
        parts: the arguments, the program first. `{name}` stands for a parameter or one of `FACTS`, `{{` for a brace. A
            group of arguments is left out as a whole when one of its parameters is not active. `{name:--flag}` is an
            argument of its own, which stands there if the parameter is true; `{name:--flag|--no-flag}` also says what
            stands there if it is false.
        folder: the working directory.
        metrics: a pattern with the groups `name` and `value`, which finds metrics in what the command prints; None:
            only lines of JSON are understood.
    """

    name: str
    parts: tuple[Part, ...]
    folder: Path
    metrics: str | None = None

    def __post_init__(self) -> None:
        """Check braces and pattern.

        Raises:
            StudyError: the command is empty, a brace is not a placeholder, or the pattern is not one.
        """
        problems = [f"objective.command: {problem}" for part in self._texts() for problem in _brace_problems(part)]
        if not self.parts or not isinstance(self.parts[0], str) or not self.parts[0]:
            problems.append("objective.command: expected a program first")
        if self.metrics is not None:
            problems += [f"objective.metrics: {problem}" for problem in _pattern_problems(self.metrics)]
        if problems:
            raise StudyError(f"objective {self.name}", tuple(problems))

    def __str__(self) -> str:
        """The definition as `--command` takes it."""
        words = [f"[{shlex.join(part)}]" if isinstance(part, tuple) else shlex.quote(part) for part in self.parts]
        return f"{self.name}={' '.join(words)}"

    def arguments(self, values: Mapping[str, Scalar], facts: Mapping[str, str]) -> list[str]:
        """The command line of a trial.

        Args:
            values: the active parameters.
            facts: by name, `FACTS` among them.

        Raises:
            KeyError: a placeholder outside a group has no value.
        """
        texts = dict(facts) | {name: argument_text(value) for name, value in values.items()}
        arguments: list[str] = []
        for part in self.parts:
            group = (part,) if isinstance(part, str) else part
            if isinstance(part, str) or all(name in texts for text in group for name in _placeholders(text)):
                arguments += [word for text in group if (word := _filled(text, texts)) is not None]
        return arguments

    def problems(self, space: Space) -> tuple[str, ...]:
        """Why the command does not fit a study's space, one line each; empty if it does."""
        names = dict(space.items())
        known = [*names, *FACTS]
        lines = [
            f"objective.command: placeholder {unknown_key(name, known)}"
            for name in dict.fromkeys(name for text in self._texts() for name in _placeholders(text))
            if name not in known
        ]
        alone = {name for part in self.parts if isinstance(part, str) for name in _placeholders(part)}
        lines += [
            f"objective.command: {{{name}}} is not active in every trial; put its arguments into a list of their own, "
            f'such as ["--{name}", "{{{name}}}"], which is then left out'
            for name in sorted(alone & names.keys())
            if getattr(names[name], "when", None)
        ]
        flags = dict.fromkeys(flag[1] for text in self._texts() if (flag := _FLAG.fullmatch(text)))
        lines += [
            f"objective.command: {{{name}:--flag}} stands for a flag, so {name} is a list of true and false"
            for name in flags
            if name not in names or not _is_switch(names[name])
        ]
        return tuple(lines)

    def unused(self, space: Space) -> tuple[str, ...]:
        """The parameters that no placeholder names. The command finds them in HYPERSPOOL_PARAMS alone."""
        used = {name for text in self._texts() for name in _placeholders(text)}
        return tuple(name for name, _ in space.items() if name not in used)

    def _texts(self) -> Iterable[str]:
        for part in self.parts:
            yield from (part,) if isinstance(part, str) else part


def argument_text(value: Scalar) -> str:
    """A parameter's value as an argument: numbers read back exactly, truth values are `true` and `false`."""
    return str(value).lower() if isinstance(value, bool) else repr(value) if isinstance(value, float) else str(value)


def command_of(objective: Mapping[str, Any], name: str, path: Path) -> CommandDefinition:
    """The command in a study file's table `objective`.

    Args:
        objective: the table.
        name: of the objective.
        path: of the file; its folder is the working directory.

    Raises:
        StudyError: the command is not valid.
    """
    given, metrics = objective["command"], objective.get("metrics")
    if isinstance(given, str):
        raise StudyError(
            str(path),
            (f'objective.command: found a text, expected a list: ["{given.split(" ")[0]}", "--option", ...]',),
        )
    is_list = isinstance(given, list) and all(
        isinstance(part, str) or (isinstance(part, list) and part and all(isinstance(text, str) for text in part))
        for part in given
    )
    if not is_list:
        raise StudyError(str(path), (f"objective.command: found {shown(given)}, expected a list of texts",))
    if metrics is not None and not isinstance(metrics, str):
        raise StudyError(str(path), (f"objective.metrics: found {shown(metrics)}, expected a pattern in a text",))
    parts = tuple(tuple(part) if isinstance(part, list) else part for part in given)
    return CommandDefinition(name, parts, path.absolute().parent, metrics)


def command_from_option(option: str) -> CommandDefinition:
    """The command in an option `--command NAME='PROGRAM --option {parameter} [--other {parameter}]'`.

    Arguments in brackets are left out when their parameter is not active.

    Raises:
        UsageError: the option does not have that form.
        StudyError: the command is not valid.
    """
    name, equals, text = option.partition("=")
    try:
        words = shlex.split(text)
    except ValueError as error:
        raise UsageError(f"--command {option}: {error}") from None
    if not (equals and name and words):
        raise UsageError(
            f"--command {option}: expected NAME='PROGRAM ARGUMENTS', e.g. train='python train.py --lr {{lr}}'"
        )
    return CommandDefinition(name, tuple(_grouped(words)), Path.cwd())


def _grouped(words: Sequence[str]) -> Iterable[Part]:
    rest = list(words)
    while rest:
        end = next((number for number, word in enumerate(rest) if word.endswith("]")), None)
        if rest[0].startswith("[") and end is not None and any("{" in word for word in rest[: end + 1]):
            group, rest = rest[: end + 1], rest[end + 1 :]
            group[0] = group[0][1:]
            group[-1] = group[-1][:-1]
            yield tuple(word for word in group if word)
        else:
            yield rest.pop(0)


def _placeholders(text: str) -> list[str]:
    return [name for _, name, _, _ in Formatter().parse(text) if name is not None]


def _filled(text: str, texts: Mapping[str, str]) -> str | None:
    """An argument with its placeholders filled in; None for a flag that does not stand there."""
    if flag := _FLAG.fullmatch(text):
        return flag[2] if texts[flag[1]] == "true" else flag[3]
    return "".join(before + (texts[name] if name is not None else "") for before, name, _, _ in Formatter().parse(text))


def _is_switch(parameter: Float | Int | Categorical | Fixed) -> bool:
    match parameter:
        case Categorical():
            return all(isinstance(choice, bool) for choice in parameter.choices)
        case Fixed():
            return isinstance(parameter.value, bool)
        case _:
            return False


def _brace_problems(text: str) -> list[str]:
    if _FLAG.fullmatch(text):
        return []
    try:
        found = list(Formatter().parse(text))
    except ValueError as error:
        return [f"{shown(text)}: {error}; write a brace that is no placeholder twice"]
    return [
        f"{shown(text)}: expected a name between the braces; write a brace that is no placeholder twice"
        for _, name, form, conversion in found
        if name is not None and (form or conversion or not name.isidentifier())
    ]


def _pattern_problems(pattern: str) -> list[str]:
    try:
        groups = re.compile(pattern).groupindex
    except re.error as error:
        return [f"{shown(pattern)} is not a pattern: {error}"]
    return [f"{shown(pattern)} has no group (?P<{name}>...)" for name in ("name", "value") if name not in groups]
