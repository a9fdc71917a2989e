import os
import subprocess
import sys
import threading
from errno import EEXIST, ENOSPC, EPERM
from pathlib import Path

import pytest

from hyperspool.common import atomic
from hyperspool.common.errors import FolderError
from tests.processes import REPOSITORY


@pytest.fixture
def operations(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The names of the operations, in order."""
    seen: list[str] = []
    monkeypatch.setattr(atomic, "after_operation", lambda operation, _path: seen.append(operation))
    return seen


def names(folder: Path) -> list[str]:
    return sorted(path.name for path in folder.iterdir())


def test_the_first_writer_wins_and_the_second_changes_nothing(tmp_path: Path) -> None:
    path = tmp_path / "00000.json"
    assert atomic.write_once(path, b"first") is True
    assert atomic.write_once(path, b"second") is False
    assert path.read_bytes() == b"first"
    assert names(tmp_path) == ["00000.json"]


def test_of_many_writers_at_once_exactly_one_wins(tmp_path: Path) -> None:
    program = (
        "import sys; from pathlib import Path; from hyperspool.common import atomic\n"
        "sys.stdin.readline()\n"
        "print(sum(atomic.write_once(Path(sys.argv[1]) / str(i), sys.argv[2].encode() * 1000) for i in range(200)))"
    )
    writers = [
        subprocess.Popen(
            [sys.executable, "-c", program, str(tmp_path), str(number)],
            cwd=REPOSITORY,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        for number in range(4)
    ]
    for writer in writers:
        assert writer.stdin
        writer.stdin.write("go\n")
        writer.stdin.flush()
    wins = [int(writer.communicate(timeout=60)[0]) for writer in writers]
    assert sum(wins) == 200
    contents = [path.read_bytes() for path in tmp_path.iterdir()]
    assert len(contents) == 200
    assert all(content == content[:1] * 1000 for content in contents)


def test_a_reader_sees_a_replaced_file_whole_at_any_time(tmp_path: Path) -> None:
    path = tmp_path / "worker.json"
    texts = [b"a" * 100_000, b"b" * 10]
    atomic.replace(path, texts[0], durable=False)
    is_done = threading.Event()

    def write() -> None:
        for turn in range(500):
            atomic.replace(path, texts[turn % 2], durable=False)
        is_done.set()

    writer = threading.Thread(target=write)
    writer.start()
    while not is_done.is_set():
        assert path.read_bytes() in texts
    writer.join()
    assert names(tmp_path) == ["worker.json"]


def test_an_append_closes_off_a_torn_line(tmp_path: Path) -> None:
    path = tmp_path / "00000.lock"
    atomic.append_line(path, "one")
    with path.open("a") as file:
        file.write("tor")
    atomic.append_line(path, "two")
    assert path.read_text() == "one\ntor\ntwo\n"


def test_an_append_follows_no_link(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").touch()
    (tmp_path / "link").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(OSError, match="link"):
        atomic.append_line(tmp_path / "link", "text")


@pytest.mark.parametrize("durable", [True, False])
def test_a_full_disk_leaves_the_old_content_and_no_litter(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, durable: bool
) -> None:
    path = tmp_path / "file"
    atomic.replace(path, b"old", durable=durable)

    def no_space(_descriptor: int, _data: object) -> int:
        raise OSError(ENOSPC, os.strerror(ENOSPC))

    with monkeypatch.context() as patched:
        patched.setattr(os, "write", no_space)
        with pytest.raises(OSError, match="No space left"):
            atomic.replace(path, b"new", durable=durable)
        with pytest.raises(OSError, match="No space left"):
            atomic.write_once(tmp_path / "other", b"new")
    assert path.read_bytes() == b"old"
    assert names(tmp_path) == ["file"]


def test_a_link_whose_answer_was_lost_is_a_win(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    link = os.link

    def link_twice(source: str, target: str, **options: int) -> None:
        link(source, target, **options)  # type: ignore[arg-type]  # as it was called
        raise FileExistsError(EEXIST, os.strerror(EEXIST))

    monkeypatch.setattr(os, "link", link_twice)
    assert atomic.write_once(tmp_path / "00000.json", b"mine") is True
    assert names(tmp_path) == ["00000.json"]


def test_a_file_system_without_hard_links_is_named_as_such(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(_source: str, _target: str, **_options: int) -> None:
        raise OSError(EPERM, os.strerror(EPERM))

    monkeypatch.setattr(os, "link", refuse)
    with pytest.raises(FolderError, match="refuses hard links"):
        atomic.write_once(tmp_path / "00000.json", b"mine")
    assert names(tmp_path) == []


def test_a_durable_write_flushes_the_file_before_rename_and_folder(tmp_path: Path, operations: list[str]) -> None:
    atomic.write_once(tmp_path / "once", b"x")
    assert operations == ["write", "fsync", "link", "unlink", "fsync folder"]
    operations.clear()
    atomic.replace(tmp_path / "replaced", b"x", durable=True)
    assert operations == ["write", "fsync", "rename", "fsync folder"]
    operations.clear()
    atomic.replace_many({tmp_path / "a": b"x", tmp_path / "b": b"x"})
    assert operations == ["write", "write", "rename", "rename", "fsync folder"]


def test_temporary_files_are_known_by_their_names(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen: list[str] = []

    def crash(_operation: str, path: Path) -> None:
        seen.append(path.name)
        raise KeyboardInterrupt

    monkeypatch.setattr(atomic, "after_operation", crash)
    with pytest.raises(KeyboardInterrupt):
        atomic.replace(tmp_path / "00000.json", b"x", durable=True)
    assert all(atomic.is_temporary(name) for name in seen)
    assert not atomic.is_temporary("00000.json")
