"""What all benchmarks share: how large a run is, runs that alternate, and a row of the table.

A benchmark is a module with a generator:

    def rows(size: Size) -> Iterator[Row]:
        seconds = alternate({"ours": ours, "peer": peer}, rounds=size.of(tiny=1, daily=5, full=11))
        yield Row("no-op trials per second", seconds["ours"], "1/s", Peer("optuna", seconds["peer"]), times_at_least(3))

    if __name__ == "__main__":
        run_alone(__doc__, rows)

It is listed in `benchmarks.__main__`, so that `make bench` runs it and `benchmarks/RESULTS.md` shows it. Absolute times
mean little on shared machines. So a figure stands beside what it is compared with, measured in the same run, and the
ratio is that of the medians. Only the standard library is needed here, so that the benchmark of the training runs where
torch and numpy are.
"""

import argparse
import gc
import statistics
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from importlib import import_module
from typing import TypeVar

T = TypeVar("T")


class Size(StrEnum):
    """How large a run is."""

    TINY = "tiny"
    """Seconds, in continuous integration: it shows that the benchmark works, and its figures mean nothing."""
    DAILY = "daily"
    """At most about a minute for each module."""
    FULL = "full"
    """What the bars are judged by."""

    def of(self, *, tiny: T, daily: T, full: T) -> T:
        """Choose by the size."""
        return {Size.TINY: tiny, Size.DAILY: daily, Size.FULL: full}[self]


@dataclass(frozen=True)
class Bar:
    """What is to be reached.

    Attributes:
        limit: the number.
        is_least: whether it is the least allowed, or the most.
        is_ratio: whether it is a bar of the ratio to the peer, or of the value itself.
    """

    limit: float
    is_least: bool = False
    is_ratio: bool = False

    def holds(self, found: float) -> bool:
        """Whether the number found reaches the bar."""
        return found >= self.limit if self.is_least else found <= self.limit


def at_most(limit: float) -> Bar:
    """The value is at most this."""
    return Bar(limit)


def at_least(limit: float) -> Bar:
    """The value is at least this."""
    return Bar(limit, is_least=True)


def times_at_most(limit: float) -> Bar:
    """The ratio to the peer is at most this."""
    return Bar(limit, is_ratio=True)


def times_at_least(limit: float) -> Bar:
    """The ratio to the peer is at least this."""
    return Bar(limit, is_least=True, is_ratio=True)


@dataclass(frozen=True)
class Peer:
    """What a figure is compared with.

    Attributes:
        name: what it is.
        values: in the unit of the row, measured in the same run.
        is_speed: whether the ratio says how many times as fast we are (theirs / ours) and not ours / theirs. Choose it
            where the values are times.
    """

    name: str
    values: Sequence[float]
    is_speed: bool = False


@dataclass(frozen=True)
class Row:
    """A figure, beside what it is compared with and what it is to reach.

    Attributes:
        name: what was measured. Rows of one module have different names.
        values: of the repeated runs; empty if it was not measured here.
        unit: of the values.
        peer: what it is compared with; None: nothing but the bar.
        bar: what it is to reach; None: it is only watched.
        note: why it was not measured, or what else is to be known.
    """

    name: str
    values: Sequence[float]
    unit: str
    peer: Peer | None = None
    bar: Bar | None = None
    note: str = ""

    @property
    def ratio(self) -> float | None:
        """The ratio of the medians; None without a peer."""
        if self.peer is None or not self.values:
            return None
        ours, theirs = statistics.median(self.values), statistics.median(self.peer.values)
        above, below = (theirs, ours) if self.peer.is_speed else (ours, theirs)
        return above / below if below else float("inf")

    @property
    def is_reached(self) -> bool | None:
        """Whether the bar is reached; None: there is no bar, or nothing was measured."""
        if self.bar is None or not self.values:
            return None
        found = self.ratio if self.bar.is_ratio else statistics.median(self.values)
        return found is not None and self.bar.holds(found)


def not_measured(name: str, why: str) -> Row:
    """A row for what cannot be measured on this machine."""
    return Row(name, (), "", note=f"not measured: {why}")


def alternate(
    runs: Mapping[str, Callable[[], T]], rounds: int, each: Callable[[str, T], None] = lambda _name, _value: None
) -> dict[str, list[T]]:
    """Do all runs in turn, again and again, in every second round from the last to the first.

    What slows the machine down for a while then slows all of them down.

    Args:
        runs: what is run, by name. Each returns what it measured.
        rounds: how often.
        each: is called after each run.
    """
    found: dict[str, list[T]] = {name: [] for name in runs}
    for number in range(rounds):
        for name in reversed(list(runs)) if number % 2 else runs:
            gc.collect()  # what one run leaves behind is not to be paid by the next
            value = runs[name]()
            found[name].append(value)
            each(name, value)
    return found


def seconds_of(work: Callable[[], object]) -> Callable[[], float]:
    """A run that measures the seconds of some work."""

    def measured() -> float:
        began_s = time.perf_counter()
        work()
        return time.perf_counter() - began_s

    return measured


COLUMNS = ("what", "here", "compared with", "ratio", "bar", "reached", "note")


def cells_of(row: Row) -> tuple[str, ...]:
    """The texts of a row, a text for each of `COLUMNS`."""
    here = _shown(row.values, row.unit)
    there = f"{row.peer.name}: {_shown(row.peer.values, row.unit)}" if row.peer else ""
    ratio = "" if row.ratio is None else f"{row.ratio:.3g}x"
    bar = _bar_text(row.bar, row.unit) if row.bar else ""
    return row.name, here, there, ratio, bar, {None: "", True: "yes", False: "NO"}[row.is_reached], row.note


def _shown(values: Sequence[float], unit: str) -> str:
    if not values:
        return "-"
    middle, least, most = statistics.median(values), min(values), max(values)
    spread = f" ({number(least)} to {number(most)})" if len(values) > 1 else ""
    return f"{number(middle)} {unit}{spread}".replace(" %", " %").strip()


def number(value: float) -> str:
    """Three significant digits, without an exponent for what is large."""
    return f"{value:,.0f}" if abs(value) >= 1000 else f"{value:.3g}"  # noqa: PLR2004 - where three digits end


def _bar_text(bar: Bar, unit: str) -> str:
    direction = "at least" if bar.is_least else "at most"
    return f"{direction} {number(bar.limit)}{'x' if bar.is_ratio else f' {unit}'}"


def markdown(rows: Iterable[Row]) -> str:
    """The rows as a table of Markdown, without the columns that are empty in all of them."""
    texts = [cells_of(row) for row in rows]
    used = [place for place, _ in enumerate(COLUMNS) if any(cells[place] for cells in texts)]
    table = [COLUMNS, tuple("---" for _ in COLUMNS), *texts]
    return "".join("| " + " | ".join(cells[place] for place in used) + " |\n" for cells in table)


def show(row: Row) -> None:
    """Print a row as soon as it is known."""
    name, *rest = cells_of(row)
    print(f"{name:<58} {'   '.join(filter(None, rest))}", flush=True)


def rows_of(name: str, size: Size) -> list[Row]:
    """Run a benchmark here, and print its rows one by one."""
    rows: list[Row] = []
    for row in import_module(f"benchmarks.{name}").rows(size):
        show(row)
        rows.append(row)
    return rows


def run_alone(doc: str | None, rows: Callable[[Size], Iterator[Row]]) -> None:
    """The command line of one benchmark: `python -m benchmarks.NAME [--size tiny|daily|full]`."""
    parser = argparse.ArgumentParser(description=doc, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=Size, choices=list(Size), default=Size.DAILY)
    size: Size = parser.parse_args(sys.argv[1:]).size
    for row in rows(size):
        show(row)
