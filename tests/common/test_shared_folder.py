import os
import re
import subprocess
from errno import EACCES, EDQUOT, EIO
from pathlib import Path

import pytest

from hyperspool.common.errors import FolderError
from hyperspool.common.shared_folder import open_shared_folder


def test_an_empty_folder_becomes_a_shared_folder_without_litter(tmp_path: Path) -> None:
    open_shared_folder(tmp_path)
    open_shared_folder(tmp_path)
    assert sorted(path.name for path in tmp_path.rglob("*")) == ["jobs", "results"]


def test_a_missing_folder_is_never_created(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match="there is no such folder; create it, mount it, or correct --root"):
        open_shared_folder(tmp_path / "mnt" / "lab")
    assert not (tmp_path / "mnt").exists()


def test_a_file_is_not_a_shared_folder(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(FolderError, match="is not a folder"):
        open_shared_folder(tmp_path / "file")


def test_a_read_only_file_system_is_named(small_disk: Path) -> None:
    subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
    with pytest.raises(FolderError, match="mounted read-only"):
        open_shared_folder(small_disk)


def test_a_full_file_system_is_named(small_disk: Path) -> None:
    (small_disk / "big").write_bytes(bytes(1024 * 1024))
    with pytest.raises(FolderError, match="the disk is full"):
        open_shared_folder(small_disk)


@pytest.mark.parametrize(
    ("errno", "message"),
    [
        (EACCES, "you may not write there; ask for the permission"),
        (EDQUOT, "your disk quota is used up"),
        (EIO, "it cannot be written (Input/output error)"),
    ],
)
def test_any_other_refusal_says_what_to_do(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, errno: int, message: str
) -> None:
    def refuse(_descriptor: int, _data: bytes) -> int:
        raise OSError(errno, os.strerror(errno))

    monkeypatch.setattr(os, "write", refuse)
    with pytest.raises(FolderError, match=re.escape(message)):
        open_shared_folder(tmp_path)


def test_a_folder_that_everybody_may_write_to_is_warned_of(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    open_shared_folder(tmp_path)
    assert not caplog.messages
    for mode in (0o777, 0o1777):  # the second is the mode of /tmp
        caplog.clear()
        tmp_path.chmod(mode)
        open_shared_folder(tmp_path)
        assert [message.split(";")[0] for message in caplog.messages] == [
            f"everybody on this machine may write to {tmp_path}, and so can forge results and waste the workers' time"
        ]
        advice = f"give a folder of your own in {tmp_path} as --root" if mode == 0o1777 else f"chmod o-w {tmp_path}"
        assert caplog.messages[0].endswith(f"; unless you mean it: {advice}")
    caplog.clear()
    tmp_path.chmod(0o2770)
    (tmp_path / "jobs").chmod(0o777)
    open_shared_folder(tmp_path)
    assert caplog.messages[0].endswith(f"chmod o-w {tmp_path / 'jobs'}")


@pytest.mark.parametrize("name", ["jobs", "results"])
def test_a_link_in_place_of_jobs_or_results_is_refused(tmp_path: Path, name: str) -> None:
    root, elsewhere = tmp_path / "root", tmp_path / "elsewhere"
    root.mkdir()
    elsewhere.mkdir()
    (root / name).symlink_to(elsewhere)
    with pytest.raises(FolderError, match="symbolic link"):
        open_shared_folder(root)
    assert list(elsewhere.iterdir()) == []
