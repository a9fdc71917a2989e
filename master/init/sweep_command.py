"""Turns a W&B sweep's command, with its macros, into the command of a study."""

import re
import shlex
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from hyperspool.common.errors import UsageError
from hyperspool.common.validation import shown
from hyperspool.master.init.draft import Row, literally

_DEFAULT = ("${env}", "${interpreter}", "${program}", "${args}")
_MACRO = re.compile(r"\$\{([^}]*)\}")
_MACRO_OR_TEXT = re.compile(r"\$\{[^}]*\}|[^$]+|\$")


@dataclass(frozen=True)
class Argument:
    """A parameter of a sweep as it stands in a command.

    Args:
        name: its name in the sweep.
        placeholder: what stands in its place: `{lr}`.
        flag: the row of its flag, if it is true or false: what `args_no_boolean_flags` asks for.
    """

    name: str
    placeholder: str
    flag: Row | None = None


class SweepCommand:
    """The command of a sweep.

    Args:
        given: the sweep's `command`; None: W&B's default.
        program: the sweep's `program`.
    """

    def __init__(self, given: Any, program: str | None) -> None:
        self.remarks: list[str] = []
        self._program = program
        self._parts = _parts(given)
        if program is None and any("${program}" in part for part in self._parts):
            raise UsageError("program: missing; it is required, unless command does without ${program}")

    @property
    def has_flags(self) -> bool:
        """Whether true and false are given by a flag that is there or not."""
        return any("${args_no_boolean_flags}" in part for part in self._parts)

    def rows(self, arguments: Sequence[Argument]) -> list[Row]:
        """The command's lines: the words that start the program, then an argument a line."""
        start: list[str] = []
        rows: list[Row] = []
        for part in self._parts:
            macro = _MACRO.fullmatch(part)
            if macro and macro[1].startswith("args"):
                rows += self._arguments(macro[1], arguments)
            elif part == "${env}":  # /usr/bin/env looks the program up on the path, as is done here anyway
                continue
            else:
                word = self._filled(part)
                if rows:
                    rows.append(Row((word,)))
                else:
                    start.append(word)
        if not any(part.startswith("${args") for part in self._parts):
            self.remarks.append(
                "The command passes no parameters: W&B's server gave them to the program. Put an option for each into "
                "the command, or let the program read HYPERSPOOL_PARAMS."
            )
        return [Row(tuple(start)), *rows]

    def _filled(self, part: str) -> str:
        """A word of the command without its macros."""

        def fill(macro: re.Match[str]) -> str:
            if macro[1] in {"interpreter", "program"}:
                return "python" if macro[1] == "interpreter" else self._program or ""
            name = macro[1].rpartition(":")[2].upper()
            self.remarks.append(f"Fill in {name} in the command, for {macro[0]}.")
            return name

        return "".join(
            fill(macro) if (macro := _MACRO.fullmatch(piece)) else literally(piece)
            for piece in _MACRO_OR_TEXT.findall(part)
        )

    def _arguments(self, macro: str, arguments: Sequence[Argument]) -> Iterator[Row]:
        if macro in {"args_json", "args_json_file"}:
            self.remarks.append(
                f"${{{macro}}}: the parameters stand as JSON in the variable HYPERSPOOL_PARAMS instead."
            )
            return
        for argument in arguments:
            match macro:
                case "args_no_hyphens":
                    yield Row((f"{argument.name}={argument.placeholder}",))
                case "args_no_equals":
                    yield Row((f"--{argument.name}", argument.placeholder))
                case "args_no_boolean_flags" if argument.flag:
                    yield argument.flag
                case _:
                    yield Row((f"--{argument.name}={argument.placeholder}",))


def _parts(given: Any) -> list[str]:
    if given is None:
        return list(_DEFAULT)
    try:
        parts = shlex.split(given) if isinstance(given, str) else given
    except ValueError as error:
        raise UsageError(f"command: {error}") from error
    if not isinstance(parts, list) or not parts or any(isinstance(part, list | dict) for part in parts):
        raise UsageError(f"command: found {shown(given)}, expected a list of words")
    return [str(part) for part in parts]
