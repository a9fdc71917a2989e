"""The pictures of the documentation: each has its command, and a window is drawn as a terminal shows it."""

import re

from benchmarks.pictures.screen import lines_of
from benchmarks.pictures.studies import DOCS, PICTURES, RANGE_TEST, SHOWN, written_studies
from hyperspool.master.studies.preset import preset_names


def test_every_shown_figure_has_its_picture_on_a_page() -> None:
    pages = "".join(page.read_text() for page in (*DOCS.glob("*.md"), DOCS.parent / "README.md"))
    shown = set(re.findall(r"pictures/([\w-]+\.png)", pages))
    made = {f"{picture}.png" for pictures in SHOWN.values() for picture in pictures.values()}
    assert made <= shown
    assert shown == {path.name for path in PICTURES.iterdir()}


def test_every_shown_study_is_known() -> None:
    assert {*SHOWN} <= {*preset_names(), *written_studies(), RANGE_TEST}


def test_a_window_shows_what_was_drawn_last_in_each_place() -> None:
    text = "head\r\n\x1b[31mone\x1b[0m\r\ntwo\r\x1b[2K\x1b[1A\x1b[2Kthree\r\nfour"
    assert lines_of(text) == ["head", "three", "four"]
