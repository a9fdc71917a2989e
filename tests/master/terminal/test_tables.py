"""The tables of studies and workers at the widths of real terminals."""

import io

import pytest
from rich.console import Console

from hyperspool.common.records import Result
from hyperspool.master.results.standing import Standing
from hyperspool.master.results.state import Phase, StudyState
from hyperspool.master.terminal.tables import studies_table
from tests.conftest import spec_of
from tests.master.finalize.test_finalize import result_of

NAMES = (
    "a-study-with-a-long-name-that-goes-on-until-its-number-1",
    "a-study-with-a-long-name-that-goes-on-until-its-number-2",
)

STATE = StudyState(Phase.STOPPED, None, None)


def standing_of(name: str) -> Standing:
    spec = spec_of(name=name, trials=4)
    results: dict[tuple[int, int], Result] = {
        (trial, 0): result_of(spec, trial, 0.5 + trial, 0.25) for trial in range(2)
    }
    return Standing(spec, {**results})


def shown(width: int) -> str:
    console = Console(width=width, record=True, file=io.StringIO())
    console.print(studies_table([(standing_of(name), STATE) for name in NAMES]))
    return console.export_text()


@pytest.mark.parametrize("width", [60, 80, 200])
def test_no_width_cuts_a_studys_name(width: int) -> None:
    text = shown(width)
    assert "…" not in text
    for name in NAMES:
        assert name in "".join(text.split())
    assert max(map(len, text.splitlines())) <= width


def test_row_shows_progress_counts_and_the_best_trial() -> None:
    lines = shown(200).splitlines()
    assert lines[0].split() == ["study", "state", "done", "counts", "best"]
    assert lines[1].split("  ")[0] == NAMES[0]
    assert "2/4" in lines[1]
    assert "2 pending, 2 complete" in lines[1]
    assert "in trial 0" in lines[1]
