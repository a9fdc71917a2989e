"""Every benchmark runs, at its smallest size; and the file of results keeps what was measured before."""

import math
from importlib import import_module
from pathlib import Path

import pytest

from benchmarks.__main__ import BENCHMARKS
from benchmarks.harness import Peer, Row, Size, alternate, at_most, not_measured, times_at_least
from benchmarks.results import write

TITLES = {"first": "the first", "second": "the second"}


@pytest.mark.parametrize("name", BENCHMARKS)
def test_a_benchmark_runs_at_its_smallest_size(name: str) -> None:
    rows = list(import_module(f"benchmarks.{name}").rows(Size.TINY))
    assert rows
    assert len({row.name for row in rows}) == len(rows)
    assert [row for row in rows if not (row.note or row.values)] == []
    assert all(math.isfinite(value) for row in rows for value in row.values)


def test_a_run_replaces_its_own_table_alone(tmp_path: Path) -> None:
    path = tmp_path / "RESULTS.md"
    for name, value in (("second", 1.25), ("first", 2.5), ("second", 3.75)):
        write({name: [Row("time", [value], "s", bar=at_most(3))]}, TITLES, Size.TINY, path)
    text = path.read_text()
    assert text.index("## first: the first") < text.index("2.5 s") < text.index("## second: the second")
    assert "| time | 3.75 s | at most 3 s | NO |" in text
    assert "1.25" not in text


def test_ratios_are_of_medians_and_bars_name_their_side() -> None:
    peer = Peer("peer", [6.0, 60.0, 1.0], is_speed=True)
    row = Row("time", [2.0, 3.0, 99.0], "s", peer, times_at_least(2))
    assert (row.ratio, row.is_reached) == (2.0, True)
    assert not Row("time", [4.0], "s", peer, times_at_least(2)).is_reached
    assert not_measured("GPU", "no GPU").is_reached is None


def test_runs_alternate_in_turning_order() -> None:
    order: list[str] = []
    alternate({"a": lambda: order.append("a"), "b": lambda: order.append("b")}, rounds=3)
    assert order == ["a", "b", "b", "a", "a", "b"]
