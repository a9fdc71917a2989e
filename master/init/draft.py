"""A study in the making: what is written to its file, and what its author is told of it."""

from dataclasses import dataclass, field
from typing import Literal

from pydantic import ValidationError

from hyperspool.common.errors import UsageError
from hyperspool.common.space import Categorical, Fixed, Float, Int, Space
from hyperspool.common.validation import explain

Parameter = Float | Int | Categorical | Fixed


@dataclass(frozen=True)
class Row:
    """One line of the command in the file: an option and its value, as a rule.

    Args:
        words: the arguments.
    """

    words: tuple[str, ...]


@dataclass(frozen=True)
class Entry:
    """One parameter of the space, and the comment beside it."""

    name: str
    parameter: Parameter
    comment: str = ""


def literally(word: str) -> str:
    """A word of a command in which no brace is a placeholder."""
    return word.replace("{", "{{").replace("}", "}}")


def flag_row(name: str, flag: str, off_flag: str | None = None) -> Row:
    """A flag that stands in the command where a parameter is true.

    Args:
        name: the parameter.
        flag: the flag.
        off_flag: what stands there where the parameter is false; None: nothing.
    """
    return Row((f"{{{name}:{flag}|{off_flag}}}" if off_flag else f"{{{name}:{flag}}}",))


@dataclass
class Draft:
    """A study in the making.

    Args:
        name: the study's name.
        origin: the file that it is made from.
        command: the command, an option a line.
        space: the parameters.
        measure: the name of the value; `value` where nobody knows it.
        measure_comment: where that name comes from.
        direction: what is good.
        has_pattern: whether metrics are printed as `name=value`, so that a pattern has to find them.
        trials: the number of trials.
        trials_comment: why that number.
        epochs: the budget; None: the program has no option for it.
        epochs_comment: what the budget is for this program.
        sampler: its name; empty: random search.
        remarks: what the file's author has to know, as comments at its top and on the terminal.
        left_out: options and keys that the file does not use, with the reason.
        guesses: the parameters whose range is a guess.
    """

    name: str
    origin: str
    command: list[Row] = field(default_factory=list)
    space: list[Entry] = field(default_factory=list)
    measure: str = "value"
    measure_comment: str = ""
    direction: Literal["minimise", "maximise"] = "minimise"
    has_pattern: bool = False
    trials: int = 30
    trials_comment: str = ""
    epochs: int | None = None
    epochs_comment: str = ""
    sampler: str = ""
    remarks: list[str] = field(default_factory=list)
    left_out: list[tuple[str, str]] = field(default_factory=list)
    guesses: list[str] = field(default_factory=list)

    def checked_space(self) -> Space:
        """The space as a study has it.

        Raises:
            UsageError: there is nothing to search, or more than a study may have.
        """
        if not any(not isinstance(entry.parameter, Fixed) for entry in self.space):
            reasons = "; ".join(f"{name}: {reason}" for name, reason in self.left_out[:5])
            raise UsageError(f"{self.origin} has nothing to search{f' ({reasons})' if reasons else ''}")
        try:
            return Space({entry.name: entry.parameter for entry in self.space})
        except ValidationError as error:
            raise UsageError(f"{self.origin}: {'; '.join(explain(error, Space))}") from error
