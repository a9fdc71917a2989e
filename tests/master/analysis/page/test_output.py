"""The last lines of trials on the page."""

from pathlib import Path

import pytest

from hyperspool.common import atomic
from hyperspool.common.attempts import AttemptEvent
from hyperspool.common.issues import Issue
from hyperspool.common.layout import StudyFolder
from hyperspool.common.reading import read_record
from hyperspool.common.records import Failure, FailureKind, Result, Status
from hyperspool.master.analysis.page import output, report
from hyperspool.master.analysis.page.report import write_report


def fail(folder: StudyFolder, trial: int) -> None:
    result = read_record(folder.result(trial), Result)
    failure = Failure(kind=FailureKind.EXCEPTION, message="ValueError: <too> large", counts={FailureKind.EXCEPTION: 1})
    changed = result.model_copy(update={"status": Status.FAILED, "value": None, "failure": failure})
    atomic.replace(folder.result(trial), changed.to_json(), durable=False)


def printed(folder: StudyFolder, trial: int, text: bytes) -> None:
    atomic.make_folder(folder.logs)
    (folder.logs / f"{trial:05}.issue1.attempt1.log").write_bytes(text)


@pytest.fixture
def out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(report, "sections", lambda *_: [])
    return tmp_path / "out"


def test_failed_trials_show_their_last_lines_escaped(curved_copy: StudyFolder, out: Path) -> None:
    fail(curved_copy, 4)
    printed(curved_copy, 4, b"".join(b"<script>line %d\x1b\n" % number for number in range(90)) + b"\xff\n")
    page = write_report(curved_copy, out).page.read_text()
    assert "<summary>Trial 4: ValueError: &lt;too&gt; large</summary>" in page
    assert "&lt;script&gt;line 89" in page
    assert "line 70\\x1b" not in page
    assert "\\xff</pre>" in page
    assert "<script>line" not in page


def test_page_shows_failed_trials_first_and_only_some(
    curved_copy: StudyFolder, out: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(output, "TROUBLED_SHOWN", 2)
    monkeypatch.setattr(output, "BEST_SHOWN", 1)
    for trial in range(12):
        printed(curved_copy, trial, b"something\n")
    for trial in (9, 7, 8):
        fail(curved_copy, trial)
    page = write_report(curved_copy, out).page.read_text()
    shown = [part.split(":")[0] for part in page.split("<summary>Trial ")[1:]]
    assert shown[:2] == ["7", "8"]
    assert len(shown) == 3


def test_page_shows_trials_that_died_or_were_pruned(curved_copy: StudyFolder, out: Path) -> None:
    for trial in (2, 3, 5):
        printed(curved_copy, trial, b"something\n")
    fail(curved_copy, 5)
    pruned = read_record(curved_copy.result(2), Result).model_copy(update={"status": Status.PRUNED, "value": 0.5})
    atomic.replace(curved_copy.result(2), pruned.to_json(), durable=False)
    curved_copy.result(3).unlink()
    (curved_copy.logs / "00003.issue1.attempt2.log").write_bytes(b"the second\n")
    shared = {"worker": "lab-1", "host": "h", "pid": 1, "at": "now"}
    events = (
        {"event": "claimed", "attempt": 1},
        {"event": "lost", "attempt": 1, "reason": "killed by SIGKILL"},
        {"event": "claimed", "attempt": 2},
    )
    lines = [AttemptEvent.model_validate(shared | event).to_line() for event in events]
    curved_copy.lock(Issue(3, 0, 1)).write_text("\n".join((*lines, "")))
    curved_copy.lock(Issue(3, 0, 2)).write_text("\n".join((*lines, "")))
    page = write_report(curved_copy, out).page.read_text()
    titles = [part.split("</summary>")[0] for part in page.split("<summary>")[1:]][:3]
    assert titles == [
        "Trial 5: ValueError: &lt;too&gt; large",
        "Trial 3: attempt 1 on lab-1: killed by SIGKILL",
        "Trial 2: PRUNED at 0.5000",
    ]
    assert "<pre>the second</pre>" in page


def test_page_without_output_has_no_such_section(curved_copy: StudyFolder, out: Path) -> None:
    assert 'id="output"' not in write_report(curved_copy, out).page.read_text()
