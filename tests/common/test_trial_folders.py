import hashlib
from pathlib import Path

import pytest

from hyperspool.common import trial_folders
from hyperspool.common.issues import EvaluationName, Issue
from hyperspool.common.layout import StudyFolder
from hyperspool.common.trial_folders import files_of, kept_files, remove_all_saved, remove_if_empty, saved_of

TRIAL = EvaluationName(7, 0)


@pytest.fixture
def study(root: Path) -> StudyFolder:
    return StudyFolder(root, "demo")


def test_kept_files_are_listed_with_size_and_digest(study: StudyFolder) -> None:
    folder = files_of(study, TRIAL)
    (folder / "plots").mkdir()
    (folder / "plots" / "a.png").write_bytes(b"picture")
    (folder / "link").symlink_to("/etc/passwd")
    files, problem = kept_files(study, TRIAL)
    assert [(file.name, file.size_bytes, file.sha256) for file in files] == [
        ("plots/a.png", 7, hashlib.sha256(b"picture").hexdigest())
    ]
    assert problem is None


@pytest.mark.parametrize(("files", "size"), [(101, 0), (2, 60)])
def test_too_many_kept_files_are_said(
    study: StudyFolder, monkeypatch: pytest.MonkeyPatch, files: int, size: int
) -> None:
    monkeypatch.setattr(trial_folders, "MAX_KEPT_BYTES", 100)
    for number in range(files):
        (files_of(study, TRIAL) / f"{number:03}").write_bytes(b"x" * size)
    kept, problem = kept_files(study, TRIAL)
    assert len(kept) == (100 if size == 0 else 1)
    assert f"the result lists the first {len(kept)}" in str(problem)


def test_empty_folder_goes(study: StudyFolder) -> None:
    folder = files_of(study, TRIAL)
    assert kept_files(study, TRIAL) == ((), None)
    remove_if_empty(study, TRIAL)
    assert not folder.exists()
    (files_of(study, TRIAL) / "kept").touch()
    remove_if_empty(study, TRIAL)
    assert folder.exists()


def test_link_in_the_folders_place_is_not_followed(study: StudyFolder, tmp_path: Path) -> None:
    private = tmp_path / "private"
    private.mkdir()
    (private / "key").touch()
    saved_of(study, Issue(8))
    (study.results / "saved" / "00007").symlink_to(private)
    assert list(saved_of(study, Issue(7, number=2)).iterdir()) == []
    with pytest.raises(OSError, match=r"Not a directory|link"):
        saved_of(study, Issue(7))
    remove_all_saved(study)
    assert (private / "key").exists()


def test_trial_that_starts_from_another_begins_with_its_copy(study: StudyFolder) -> None:
    (saved_of(study, Issue(7)) / "last.pt").write_text("issue 1")
    (saved_of(study, Issue(7, number=2)) / "last.pt").write_text("issue 2")
    own = saved_of(study, Issue(9), starts_from=7) / "last.pt"
    assert own.read_text() == "issue 2"
    own.write_text("trial 9")
    assert (saved_of(study, Issue(9, number=2), starts_from=7) / "last.pt").read_text() == "trial 9"
    assert (saved_of(study, Issue(7, number=2)) / "last.pt").read_text() == "issue 2"
    assert list(saved_of(study, Issue(10), starts_from=8).iterdir()) == []


def test_next_rung_and_issue_begin_with_a_copy(study: StudyFolder) -> None:
    (saved_of(study, Issue(7)) / "last.pt").write_text("rung 0")
    (saved_of(study, Issue(8)) / "last.pt").write_text("another trial")
    second = saved_of(study, Issue(7, number=2)) / "last.pt"
    second.write_text("issue 2")
    promoted = saved_of(study, Issue(7, 1)) / "last.pt"
    assert promoted.read_text() == "issue 2"
    promoted.write_text("rung 1")
    assert second.read_text() == "issue 2"
    assert (saved_of(study, Issue(7)) / "last.pt").read_text() == "rung 0"
    remove_all_saved(study)
    assert not (study.results / "saved").exists()
