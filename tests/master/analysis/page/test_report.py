import csv
import re
import shutil
from pathlib import Path

import pandas as pd
import pytest

from hyperspool.common import atomic
from hyperspool.common.layout import StudyFolder
from hyperspool.master.analysis.page import report
from hyperspool.master.analysis.page.render import MISSING, Page, ShownOutput, render, shown_table
from hyperspool.master.analysis.page.report import Written, write_report
from tests.conftest import MakeStudy, spec_of
from tests.processes import Processes


def test_a_report_has_a_page_figures_and_tables(
    curved_report: Written,
) -> None:
    written, out = curved_report, curved_report.page.parent
    page = written.page.read_text()
    pictures = sorted(path.name for path in (out / "figures").iterdir())
    assert {"best-so-far.png", "best-so-far.svg", "timeline.png"} <= set(pictures)
    assert len(pictures) == 2 * written.figures
    assert page.count("<svg ") == written.figures
    with (out / "tables" / "trials.csv").open() as file:
        assert [int(row["trial"]) for row in csv.DictReader(file)] == list(range(12))
    with (out / "tables" / "curves.csv").open() as file:
        assert len(list(csv.DictReader(file))) == 12 * 3
    assert "12 of 12" in page
    assert "<b>bold" not in page
    assert "&lt;b&gt;bold" in page
    assert set(re.findall(r"https?://[^ \"]*", page)) <= {"http://www.w3.org/2000/svg", "http://www.w3.org/1999/xlink"}


def test_tile_and_caption_count_the_same_time_and_workers(curved_report: Written) -> None:
    page = curved_report.page.read_text()
    (evaluated,) = re.findall(r"All workers together evaluated for ([^<]*?) and waited", page)[-1:]
    assert f"<b>{evaluated}</b><span>of evaluation, from claim to end" in page
    (workers,) = set(re.findall(r"12 trials on (\d workers?(?:, at most \d at once)?), from claim to end", page))
    assert f"from the first claim to the last result, on {workers}<" in page


@pytest.fixture
def _undrawn(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leave out the figures, which take most of a report's time, in tests of the page's text."""
    monkeypatch.setattr(report, "sections", lambda *_: [])


@pytest.mark.usefixtures("_undrawn")
def test_the_report_of_a_running_study_names_missing_trials(curved_copy: StudyFolder, tmp_path: Path) -> None:
    for trial in range(4, 12):
        curved_copy.result(trial).unlink()
    curved_copy.result(3).write_text("{torn")
    curved_copy.curve(2).write_text("torn")
    page = write_report(curved_copy, tmp_path / "out").page.read_text()
    assert "3 of 12" in page
    assert "The study is not finished: 0 running, 9 waiting" in page
    assert str(curved_copy.result(3)) in page
    assert str(curved_copy.curve(2)) in page


def test_the_report_of_an_empty_study_says_so(folder: StudyFolder, tmp_path: Path) -> None:
    written = write_report(folder, tmp_path / "out")
    assert "No trial has a result yet" in written.page.read_text()
    assert written.figures == 0


@pytest.mark.usefixtures("_undrawn")
def test_failed_trials_are_counted_by_reason(
    root: Path, processes: Processes, make_study: MakeStudy, tmp_path: Path
) -> None:
    study = make_study("raising", trials=8, batch=8)
    processes.finish(processes.master(study, "--workers", "2", "--objective", "raising=tests.objectives:raising"))
    page = write_report(StudyFolder(root, "demo"), tmp_path / "out").page.read_text()
    assert "FAILED and have no value" in page
    assert "times: ValueError: x is too large for me" in page


def test_a_second_report_replaces_the_first(folder: StudyFolder, tmp_path: Path) -> None:
    first = write_report(folder, tmp_path / "out")
    first.page.write_text("old")
    assert write_report(folder, tmp_path / "out") == first
    assert first.page.read_text() != "old"


def test_the_page_escapes_all_text_of_a_study() -> None:
    page = Page(
        name="demo",
        title="<script>alert(1)</script>",
        facts=(),
        notes=("<img src=x>",),
        best=None,
        best_of="trials",
        fixed="",
        answers=(),
        sections=(),
        settings=None,
        trials=None,
        outputs=(ShownOutput("<img src=y>", "<img src=z>"),),
        made=(),
        study_json=spec_of().to_json().decode(),
    )
    html = render(page)
    assert "<script>alert" not in html
    assert "<img" not in html


def test_a_table_shows_dashes_and_counts_its_hidden_rows() -> None:
    frame = pd.DataFrame({"value": [0.01, float("nan")], "params_batch_size": [16, 32], "kind": ["a", None]})
    shown = shown_table(frame, {}, max_rows=1)
    assert [column.label for column in shown.columns] == ["value", "batch size", "kind"]
    assert [column.is_text for column in shown.columns] == [False, False, True]
    assert shown.rows == (("0.0100", "16", "a"),)
    assert shown.left_out == "The CSV file has 1 more row."
    assert shown_table(frame, {}).rows[1] == (MISSING, "32", MISSING)


def test_a_deleted_study_has_no_report(folder: StudyFolder, tmp_path: Path) -> None:
    shutil.rmtree(folder.jobs)
    atomic.make_folder(folder.jobs)
    with pytest.raises(ValueError, match="no study 'demo'"):
        write_report(folder, tmp_path / "out")
