"""Tables break between words alone, at every width."""

import io

import pytest
from rich.console import Console

from hyperspool.master.terminal.console import PIPED_WIDTH, Terminal
from hyperspool.master.terminal.tables import text_table, titles_table

TITLES = {
    "smith-learning-rates": "Constant, cyclical and one-cycle learning rates (Smith 2017, arXiv:1506.01186)",
    "own": "A search of mine",
}


def words_at(width: int, table: object) -> list[str]:
    console = Console(width=width, file=io.StringIO(), record=True)
    console.print(table)
    lines = console.export_text().splitlines()
    assert max(len(line.rstrip()) for line in lines) <= width
    return " ".join(lines).split()


@pytest.mark.parametrize("width", [22, 30, 40, 60, 80, 200])
def test_no_word_of_a_table_is_broken(width: int) -> None:
    words = words_at(width, titles_table("preset", TITLES))
    for name, title in TITLES.items():
        assert {name, *title.split()} <= set(words)


@pytest.mark.parametrize("width", [16, 24, 40, 80])
def test_numbers_and_the_words_of_headings_stay_whole(width: int) -> None:
    table = text_table(("setting", "mean value", "95% interval"), [("adam 0.1", "0.1234", "0.1 to 0.2")], names={0})
    assert {"setting", "mean", "value", "interval", "adam", "0.1234"} <= set(words_at(width, table))


def test_what_is_piped_has_one_line_per_row(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("COLUMNS", raising=False)
    console = Terminal(file=io.StringIO(), record=True)
    console.print(titles_table("preset", TITLES))
    assert console.width == PIPED_WIDTH
    assert len(console.export_text().splitlines()) == 1 + len(TITLES)


def test_width_of_a_pipe_may_be_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "50")
    assert Terminal(file=io.StringIO()).width == 50
