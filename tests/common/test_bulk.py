import os
from pathlib import Path

from hyperspool.common.bulk import read_files
from hyperspool.common.errors import ProtocolError
from hyperspool.common.reading import MAX_RECORD_BYTES


def test_what_is_no_file_is_named_and_passed_over(tmp_path: Path) -> None:
    (tmp_path / "outside").write_bytes(b"not ours")
    folder = tmp_path / "folder"
    folder.mkdir()
    (folder / "a").write_bytes(b"one")
    (folder / "link").symlink_to(tmp_path / "outside")
    os.mkfifo(folder / "pipe")
    (folder / "folder").mkdir()
    (folder / "huge").write_bytes(b"")
    os.truncate(folder / "huge", MAX_RECORD_BYTES + 1)
    (folder / "z").write_bytes(b"two")
    found = {read.name: read for read in read_files(folder, ("a", "link", "pipe", "folder", "huge", "gone", "z"))}
    assert {name: read.content for name, read in found.items() if read.content} == {"a": b"one", "z": b"two"}
    reasons = {name: str(read.error) for name, read in found.items() if isinstance(read.error, ProtocolError)}
    assert set(reasons) == {"link", "pipe", "folder", "huge"}
    assert "symbolic link" in reasons["link"]
    assert "longer than" in reasons["huge"]
    assert isinstance(found["gone"].error, FileNotFoundError)


def test_a_file_that_is_not_wanted_is_not_read(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"one")
    changed_s = (tmp_path / "a").stat().st_mtime
    (read,) = read_files(tmp_path, ("a",), lambda _name, at_s: at_s != changed_s)
    assert read == ("a", None, changed_s, None)
