"""A figure or an answer that fails costs itself alone."""

from pathlib import Path

import pytest

from hyperspool.common.layout import StudyFolder
from hyperspool.master.analysis.answers import catalogue as questions
from hyperspool.master.analysis.figures import best_so_far, grids
from hyperspool.master.analysis.page.report import write_report
from tests.commands import call_here


def _fails(*_: object) -> None:
    raise ValueError("no such <thing>")


def test_what_fails_is_named_and_ends_with_status_1(
    curved_study: StudyFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    whole = write_report(curved_study, tmp_path / "whole")
    assert whole.missing == ()
    monkeypatch.setattr(best_so_far, "best_so_far_figure", _fails)
    monkeypatch.setattr(grids, "figures", _fails)
    monkeypatch.setattr(questions, "_QUESTIONS", (_fails, *questions._QUESTIONS))
    called = call_here("master", "report", "demo", "--root", str(curved_study.root), "--out", str(tmp_path / "rest"))
    assert called.returncode == 1
    assert "The figure 'Best value so far' could not be made: ValueError: no such <thing>" in called.stderr
    page = (tmp_path / "rest" / "report.html").read_text()
    for what in ("The figure &#39;Best value so far&#39;", "The figures of grids", "The answer  fails"):
        assert f"{what} could not be made: ValueError: no such &lt;thing&gt;" in page
    assert f"{whole.figures - 1} figures" in called.stdout


def test_a_folder_that_cannot_be_written_ends_the_report(
    curved_study: StudyFolder, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuses(*_: object, **__: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("hyperspool.master.analysis.figures.files.atomic.replace", refuses)
    with pytest.raises(OSError, match="No space"):
        write_report(curved_study, tmp_path)
