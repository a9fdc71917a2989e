import re
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest

from hyperspool.common.layout import StudyFolder
from hyperspool.common.reading import record_of
from hyperspool.common.records import Result
from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.figures import best_so_far
from hyperspool.master.analysis.figures.figure import NamedFigure
from hyperspool.master.analysis.page import report
from hyperspool.master.analysis.page.watching import LivePage, watch_report
from hyperspool.master.results import reading

LANDED = 12


@pytest.fixture(autouse=True)
def drawn(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many results each drawing of the figures was of; there is one figure."""
    counts: list[int] = []

    def sections(data: StudyData, _: object) -> list[tuple[str, list[NamedFigure]]]:
        counts.append(len(data.results))
        return [("Figures", best_so_far.figures(data))]

    monkeypatch.setattr(report, "sections", sections)
    monkeypatch.setattr(report, "answers", lambda *_: [])
    return counts


@pytest.fixture
def land(curved_copy: StudyFolder, tmp_path: Path) -> Callable[[int], None]:
    """Takes all results but the first away; the function brings them back up to a number."""
    for trial in range(1, LANDED):
        shutil.move(curved_copy.result(trial), tmp_path / f"{trial}.json")

    def landed(count: int) -> None:
        for trial in range(count):
            if (tmp_path / f"{trial}.json").exists():
                shutil.move(tmp_path / f"{trial}.json", curved_copy.result(trial))

    return landed


def rows(out: Path) -> dict[str, str]:
    page = (out / "report.html").read_text()
    return dict(re.findall(r'<tr data-trial="(\d+)" class="(\w+)">', page))


def test_a_live_page_shows_each_new_result(
    curved_copy: StudyFolder, tmp_path: Path, land: Callable[[int], None]
) -> None:
    page, out = LivePage(curved_copy, tmp_path / "out"), tmp_path / "out"
    page.refresh()
    assert list(rows(out).values()).count("COMPLETE") == 1
    land(4)
    assert not page.refresh().is_finished
    assert [trial for trial, status in rows(out).items() if status == "COMPLETE"] == ["0", "1", "2", "3"]
    assert 'data-live="2.0"' in (out / "report.html").read_text()


def test_a_result_is_read_once_by_a_live_page(
    curved_copy: StudyFolder, tmp_path: Path, land: Callable[[int], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    page = LivePage(curved_copy, tmp_path / "out")
    page.refresh()
    land(4)
    read: list[str] = []

    def counted(text: bytes, path: Path, kind: type[Result]) -> Result:
        read.append(path.name)
        return record_of(text, path, kind)

    monkeypatch.setattr(reading, "record_of", counted)
    page.refresh()
    page.refresh()
    assert read == ["00001.json", "00002.json", "00003.json"]


def test_figures_are_drawn_again_at_a_quarter_more(
    curved_copy: StudyFolder, tmp_path: Path, land: Callable[[int], None], drawn: list[int]
) -> None:
    page = LivePage(curved_copy, tmp_path / "out")
    for count in (1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11):
        land(count)
        page.refresh()
    assert drawn == [1, 2, 3, 4, 5, 7, 9]
    text = (tmp_path / "out" / "report.html").read_text()
    assert "Figures and answers are those of the first 9 results; they follow by and by." in text
    assert not (tmp_path / "out" / "figures").exists()


def test_the_watch_ends_with_the_study_and_its_report(
    curved_copy: StudyFolder, tmp_path: Path, land: Callable[[int], None]
) -> None:
    said: list[Path] = []
    written = watch_report(curved_copy, tmp_path / "out", said.append, wait=lambda _: land(LANDED))
    assert said == [written.page]
    assert 'data-live="0.0"' in written.page.read_text()
    assert (tmp_path / "out" / "figures" / "best-so-far.png").is_file()


def test_an_interrupted_watch_leaves_a_page_that_stays(
    curved_copy: StudyFolder, tmp_path: Path, land: Callable[[int], None]
) -> None:
    def interrupt(_: float) -> None:
        land(3)
        raise KeyboardInterrupt

    written = watch_report(curved_copy, tmp_path / "out", lambda _: None, wait=interrupt)
    assert 'data-live="0.0"' in written.page.read_text()
    assert list(rows(tmp_path / "out").values()).count("COMPLETE") == 3


def test_a_live_page_rests_longer_than_it_works(
    curved_copy: StudyFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    ticks = iter([100.0, 103.0])
    monkeypatch.setattr("time.process_time", lambda: next(ticks))
    page = LivePage(curved_copy, tmp_path / "out")
    page.refresh()
    assert page.wait_s == 30.0
