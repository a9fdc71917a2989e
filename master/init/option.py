"""What is known of a program's command line: its options, their kinds, defaults and choices."""

import re
from dataclasses import dataclass
from enum import StrEnum

from hyperspool.common.values import Scalar

_MAX_NAME = 60


class Kind(StrEnum):
    """The kind of values that an option takes."""

    FLOAT = "float"
    INT = "int"
    BOOL = "bool"
    TEXT = "text"
    PATH = "path"
    TRUTH = "truth"
    """argparse's `type=bool`, which takes every text for true, also "False"."""


class Form(StrEnum):
    """How an option stands on the command line."""

    VALUE = "value"
    """`--lr 0.1`."""
    FLAG_ON = "flag_on"
    """`--nesterov` switches something on."""
    FLAG_OFF = "flag_off"
    """`--no-nesterov` switches something off."""
    TOGGLE = "toggle"
    """`--nesterov` and `--no-nesterov`."""
    SEVERAL = "several"
    """`--layers 32 64`, or an option that may be repeated."""
    COUNT = "count"
    """`-vv`."""
    POSITIONAL = "positional"
    """A value without a flag before it."""


@dataclass(frozen=True)
class Option:
    """One option of a program.

    Args:
        flags: its spellings, such as `-l` and `--lr`; of a positional argument its name alone.
        form: how it stands on the command line.
        kind: the kind of its values; None: unknown.
        default: the value that holds where the option is left out; None: unknown, or none.
        choices: the values that it may have; empty: not a list.
        off_flag: of a toggle, the flag that switches it off.
        low: the lowest value that the program accepts; None: unknown.
        high: the highest value that it accepts; None: unknown.
        is_required: whether the program refuses to run without it.
        help: what the program says of it.
    """

    flags: tuple[str, ...]
    form: Form = Form.VALUE
    kind: Kind | None = None
    default: Scalar | None = None
    choices: tuple[Scalar, ...] = ()
    off_flag: str | None = None
    low: float | None = None
    high: float | None = None
    is_required: bool = False
    help: str = ""

    @property
    def flag(self) -> str:
        """The spelling for a command: the longest, which says most."""
        return max(self.flags, key=len)

    @property
    def name(self) -> str:
        """Its name as a parameter: letters, digits and underscores, a letter first."""
        bare = re.sub(r"[^A-Za-z0-9]+", "_", self.flag).strip("_")[:_MAX_NAME].rstrip("_")
        return bare if re.match(r"[A-Za-z]", bare) else f"option_{bare}".rstrip("_")

    @property
    def words(self) -> tuple[str, ...]:
        """The words of its name, in small letters: `learningRate` and `--learning-rate` are `learning`, `rate`."""
        parted = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", self.name).lower()
        return tuple(word for word in parted.split("_") if word)


@dataclass(frozen=True)
class Program:
    """A program, and what its command line offers.

    Args:
        command: the words that start it, such as `python`, `train.py`.
        options: its options, in its own order.
        source: the text that its metrics' names may be found in; empty for a compiled program.
        reader: what read the options: `argparse`, `click`, or `--help`.
    """

    command: tuple[str, ...]
    options: tuple[Option, ...]
    source: str
    reader: str
