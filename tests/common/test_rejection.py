import pytest

from hyperspool.common.issues import Issue
from hyperspool.common.layout import StudyFolder
from hyperspool.common.rejection import set_aside


def test_a_file_set_aside_is_kept_and_logged_once(folder: StudyFolder, caplog: pytest.LogCaptureFixture) -> None:
    path = folder.job(Issue(0))
    path.write_text("{")
    kept = set_aside(folder, path, "not valid JSON:\n  EOF")
    assert kept is not None
    assert kept.read_text() == "{"
    assert "not valid JSON:\n  EOF" in kept.with_name(f"{kept.name}.reason.txt").read_text()
    assert caplog.messages == [f"{path}: not valid JSON: EOF; set aside as {kept.relative_to(folder.root)}"]


def test_a_file_moved_by_another_process_is_not_logged(folder: StudyFolder, caplog: pytest.LogCaptureFixture) -> None:
    assert set_aside(folder, folder.job(Issue(0)), "not valid JSON") is None
    assert caplog.messages == []
