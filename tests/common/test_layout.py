from pathlib import Path

import pytest

from hyperspool.common.errors import UsageError
from hyperspool.common.issued import last_issues
from hyperspool.common.issues import AttemptName, Issue
from hyperspool.common.layout import StudyFolder, study_folders


def test_a_trials_files_lie_in_a_folder_of_a_hundred(root: Path) -> None:
    folder = StudyFolder(root, "demo")
    assert folder.result(17) == root / "results/demo/trials/00000-00099/00017.json"
    assert folder.curve(12345) == root / "results/demo/trials/12300-12399/12345.csv"
    assert folder.result(999_999) == root / "results/demo/trials/999900-999999/999999.json"


def test_the_names_of_a_later_issue_hold_its_number(root: Path) -> None:
    folder = StudyFolder(root, "demo")
    assert folder.job(Issue(17)).name == "00017.json"
    assert folder.lock(Issue(17, number=2)).name == "00017-2.lock"
    assert folder.checkpoint(AttemptName(Issue(17, number=2), 3)).name == "00017.issue2.attempt3.pt"


@pytest.mark.parametrize("name", ["", "..", ".", ".hidden", "a/b", "../a", "/etc", "a\nb", "a" * 65, "é", "a b", "-x"])
def test_a_name_that_could_lead_elsewhere_is_not_a_study(root: Path, name: str) -> None:
    with pytest.raises(UsageError, match="cannot name a study"):
        StudyFolder(root, name)


def test_open_issues_are_listed_and_other_files_skipped(folder: StudyFolder) -> None:
    for name in (
        "00003.json",
        "00001-2.json",
        "00001.json",
        "00001.lock",
        "study.json",
        "master.lock",
        ".00002.json.abc.tmp",
        "٠٠٠٠١.json",
        "1.json",
        "00001-.json",
        "00004.json.bak",
        "000001.json",
        "00001-1.json",
        "00001-02.json",
    ):
        (folder.jobs / name).touch()
    assert folder.open_issues() == [Issue(1), Issue(1, number=2), Issue(3)]
    assert folder.locked_issues() == [Issue(1)]


def test_finished_finds_the_results_among_the_evaluations_asked_for(folder: StudyFolder) -> None:
    for trial in (0, 5, 250):
        folder.trial_folder(trial).mkdir(parents=True, exist_ok=True)
        folder.result(trial).touch()
    folder.curve(7).touch()
    assert folder.finished([(0, 0), (1, 0), (250, 0), (999, 0), (0, 1)]) == {(0, 0), (250, 0)}
    assert folder.all_finished() == [(0, 0), (5, 0), (250, 0)]


def test_a_missing_folder_is_an_empty_one(root: Path) -> None:
    folder = StudyFolder(root, "nothing")
    assert folder.open_issues() == []
    assert folder.all_finished() == []
    assert folder.worker_files() == []
    assert last_issues(folder) == {}


def test_checkpoints_come_latest_first_without_temporary_files(folder: StudyFolder) -> None:
    for name in (
        "00001.issue1.attempt1.pt",
        "00001.issue1.attempt10.pt",
        "00001.issue1.attempt2.pt",
        "00001.issue2.attempt1.pt",
        "00002.issue1.attempt1.pt",
        ".00001.issue1.attempt3.pt.abc.tmp",
    ):
        (folder.checkpoints / name).touch()
    assert [path.name for path in folder.checkpoints_of(1)] == [
        "00001.issue2.attempt1.pt",
        "00001.issue1.attempt10.pt",
        "00001.issue1.attempt2.pt",
        "00001.issue1.attempt1.pt",
    ]
    names = {path.name for _, path in folder.attempt_files(Issue(1))}
    assert ".00001.issue1.attempt3.pt.abc.tmp" in names
    assert len(names) == 4


def test_any_file_with_an_issue_number_shows_that_issue(folder: StudyFolder) -> None:
    folder.rejected.mkdir()
    assert last_issues(folder) == {}
    (folder.jobs / "00001.json").touch()
    (folder.jobs / "00002-3.lock").touch()
    assert last_issues(folder) == {(1, 0): 1, (2, 0): 3}
    (folder.rejected / "00001-4.json.0a1b2c3d").touch()
    (folder.rejected / "00001-4.json.0a1b2c3d.reason.txt").touch()
    assert last_issues(folder) == {(1, 0): 4, (2, 0): 3}
    (folder.running / "00001.issue6.attempt1.csv").touch()
    (folder.checkpoints / "00003.issue2.attempt1.pt").touch()
    assert last_issues(folder) == {(1, 0): 6, (2, 0): 3, (3, 0): 2}


def test_a_name_made_by_hand_leaves_the_next_issue_free(folder: StudyFolder) -> None:
    folder.rejected.mkdir()
    (folder.rejected / "00001-999999.json.0a1b2c3d").touch()
    (folder.jobs / "00002-999999.lock").touch()
    assert all(issue < 999_999 for issue in last_issues(folder).values())


def test_each_file_set_aside_counts_as_an_issue(folder: StudyFolder) -> None:
    folder.rejected.mkdir()
    for name in (
        "00001.json.0a1b2c3d",
        "00001.json.0a1b2c3d.reason.txt",
        "00001.json.00000000",
        "00001-2.json.12345678",
    ):
        (folder.rejected / name).touch()
    assert last_issues(folder) == {(1, 0): 3}


def test_studies_are_the_folders_with_a_published_study(root: Path, folder: StudyFolder) -> None:
    (root / "jobs" / "half").mkdir()
    (root / "jobs" / "not a study").mkdir()
    (root / "jobs" / "file").touch()
    assert [found.name for found in study_folders(root)] == ["demo"]
