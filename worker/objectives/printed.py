"""Finds metrics in what a command prints, and puts those of one epoch together."""

import json
import math
import re
from collections.abc import Iterator
from dataclasses import dataclass, field

from hyperspool.common.epochs import name_problem

MAX_LINE_BYTES = 64 * 1024
"""A longer line is passed on, but not searched for metrics."""
QUIET_S = 1.0
"""An epoch that got no metric for so long can be recorded, although it may get more. Bounds how often that happens."""


@dataclass
class Epoch:
    """The metrics that were printed for one epoch.

    Attributes:
        number: as printed; None if the command prints none.
        metrics: by name; where a name came twice, the last number.
        at_s: when the last of them was printed, in seconds of the clock that the lines came with.
    """

    number: int | None = None
    metrics: dict[str, float] = field(default_factory=dict)
    at_s: float = 0.0


class Lines:
    """Cuts a stream of bytes into lines of text. A line that is too long is left out, whatever its length."""

    def __init__(self) -> None:
        self._begun = b""
        self._is_too_long = False

    def feed(self, printed: bytes) -> Iterator[str]:
        """The lines that `printed` ends; at the end of the stream, feed a newline."""
        *ended, begun = printed.split(b"\n")
        for line in ended:
            whole = self._begun + line
            if not self._is_too_long and len(whole) <= MAX_LINE_BYTES:
                yield whole.decode(errors="replace")
            self._begun, self._is_too_long = b"", False
        self._begun += begun
        if len(self._begun) > MAX_LINE_BYTES:
            self._begun, self._is_too_long = b"", True


class Epochs:
    """Puts the metrics of lines together to epochs.

    A line of JSON is an object whose numbers are metrics; in any other line, the pattern finds them. `epoch` is the
    number of an epoch. A new epoch begins with another number; where no number is printed, with a metric that this
    epoch has already.

    Args:
        pattern: with the groups `name` and `value`; None: only JSON is understood.
    """

    def __init__(self, pattern: str | None) -> None:
        self._pattern = re.compile(pattern) if pattern is not None else None
        self._epoch = Epoch()

    def feed(self, line: str, now_s: float) -> Epoch | None:
        """Take in a line.

        Returns:
            The epoch that it ends; None if it ends none.
        """
        found = dict(self._metrics(line))
        number = found.pop("epoch", None)
        if number is not None and not (number.is_integer() and number >= 0):
            number = None
        if not found and number is None:
            return None
        ended = None
        if number is None:
            is_next = not self._epoch.metrics.keys().isdisjoint(found)
        else:  # what was printed before the first number belongs to it
            is_next = self._epoch.number not in {None, int(number)}
        if is_next:
            ended, self._epoch = self.end(), Epoch()
        if number is not None:
            self._epoch.number = int(number)
        self._epoch.metrics |= found
        self._epoch.at_s = now_s
        return ended

    def quiet(self, now_s: float) -> Epoch | None:
        """The epoch so far, if it has a number, and nothing came for it in the last `QUIET_S`.

        An epoch without a number might still get one.
        """
        is_quiet = self._epoch.number is not None and now_s - self._epoch.at_s >= QUIET_S
        return self.end() if is_quiet else None

    def end(self) -> Epoch | None:
        """The last epoch; None if it has no metric."""
        return self._epoch if self._epoch.metrics else None

    def _metrics(self, line: str) -> Iterator[tuple[str, float]]:
        for name, value in self._pairs(line):
            cleaned = re.sub(r"\W", "_", name)
            if cleaned == "epoch" or name_problem(cleaned) is None:
                yield cleaned, value

    def _pairs(self, line: str) -> Iterator[tuple[str, float]]:
        text = line.strip()
        if text.startswith("{"):
            try:
                record = json.loads(text)
            except (ValueError, RecursionError):
                record = None  # half a line, or no JSON at all: the pattern may know it
            if isinstance(record, dict):
                yield from ((name, float(value)) for name, value in record.items() if _is_number(value))
                return
        for match in self._pattern.finditer(text) if self._pattern else ():
            if match["name"] and (number := _number(match["value"])) is not None:
                yield match["name"], number


def _is_number(value: object) -> bool:
    if isinstance(value, int) and not isinstance(value, bool):
        return abs(value) < 2**1000  # a longer one is no float
    return isinstance(value, float)


def _number(text: str | None) -> float | None:
    try:
        return float((text or "").rstrip(".,;"))
    except ValueError:
        return None


def value_of(history: list[float], *, is_best: bool, is_maximised: bool) -> float:
    """The value of a trial: the last number of its measure, or the best one that is finite."""
    finite = [number for number in history if math.isfinite(number)]
    if not is_best or not finite:
        return history[-1]
    return max(finite) if is_maximised else min(finite)
