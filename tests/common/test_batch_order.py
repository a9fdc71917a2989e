import os
from pathlib import Path

import pytest

from hyperspool.common.batch_order import arranged, remove_order, write_order
from hyperspool.common.file_kinds import ORDER
from hyperspool.common.issues import EvaluationName, Issue
from hyperspool.common.layout import StudyFolder

ISSUES = [Issue(0), Issue(1), Issue(1, 1), Issue(2, number=2), Issue(3)]


def test_jobs_that_the_order_names_come_first(folder: StudyFolder) -> None:
    write_order(folder, [EvaluationName(7), EvaluationName(2), EvaluationName(1, 1)])
    assert arranged(folder, ISSUES, 0) == [Issue(2, number=2), Issue(1, 1), Issue(0), Issue(1), Issue(3)]


@pytest.mark.parametrize("content", [b"", b"\0" * 100, b"\xff 00002.json ../../x 3\n", b"00003\n" * 10**6])
def test_any_content_leaves_every_job_in_its_place(folder: StudyFolder, content: bytes) -> None:
    folder.path(ORDER).write_bytes(content)
    assert arranged(folder, ISSUES, 0) == ISSUES


def test_what_is_in_the_way_of_the_order_disturbs_nobody(folder: StudyFolder, tmp_path: Path) -> None:
    path, outside = folder.path(ORDER), tmp_path / "outside.txt"
    outside.write_text("00003\n")
    path.symlink_to(outside)
    assert arranged(folder, ISSUES, 0) == ISSUES
    write_order(folder, [EvaluationName(3)])
    assert outside.read_text() == "00003\n"
    assert not path.is_symlink()
    assert arranged(folder, ISSUES, 0)[0] == Issue(3)
    remove_order(folder)
    os.mkfifo(path)
    assert arranged(folder, ISSUES, 0) == ISSUES
    path.unlink()
    path.mkdir()
    remove_order(folder)
    assert not path.exists()


def test_an_own_order_differs_by_less_than_the_spread(folder: StudyFolder) -> None:
    issues = [Issue(trial) for trial in range(200)]
    write_order(folder, (issue.evaluation for issue in reversed(issues)))
    found = [arranged(folder, issues, 64) for _ in range(2)]
    assert found[0] != found[1]
    for each in found:
        assert sorted(each) == issues
        assert all(abs(place - (199 - issue.trial)) < 64 for place, issue in enumerate(each))
