import ctypes
import os
import signal
import threading
from collections.abc import Iterator
from errno import EMFILE
from pathlib import Path

import pytest

from hyperspool.common.watch import Appearance, FolderWatch, Wakeup

LONG_S = 20.0


@pytest.fixture
def bell() -> Iterator[Wakeup]:
    wakeup = Wakeup()
    yield wakeup
    wakeup.close()


def test_a_wait_ends_at_the_bell_or_its_timeout(bell: Wakeup) -> None:
    assert bell.wait(0.0) is False
    bell.ring()
    bell.ring()
    assert bell.wait(LONG_S) is True
    assert bell.wait(0.0) is False
    threading.Timer(0.01, bell.ring).start()
    assert bell.wait(LONG_S) is True


def test_ringing_more_often_than_a_pipe_holds_never_blocks(bell: Wakeup) -> None:
    for _ in range(100_000):
        bell.ring()
    assert bell.wait(0.0) is True
    assert bell.wait(0.0) is False


def test_a_signal_rings_the_bell(bell: Wakeup) -> None:
    seen: list[int] = []
    before = signal.signal(signal.SIGUSR1, lambda number, _frame: seen.append(number))
    try:
        bell.ring_on_signals()
        threading.Timer(0.01, os.kill, (os.getpid(), signal.SIGUSR1)).start()
        assert bell.wait(LONG_S) is True
        assert seen == [signal.SIGUSR1]
    finally:
        signal.set_wakeup_fd(-1)
        signal.signal(signal.SIGUSR1, before)


@pytest.mark.parametrize("appearance", list(Appearance))
def test_the_awaited_kind_of_change_rings_the_bell(tmp_path: Path, bell: Wakeup, appearance: Appearance) -> None:
    source = tmp_path / ".00000.json.abc.tmp"
    source.write_text("{}")
    with FolderWatch(bell) as watch:
        watch.follow({tmp_path: appearance})
        assert watch.why_polling is None
        match appearance:
            case Appearance.RENAMED:
                source.rename(tmp_path / "00000.json")
            case Appearance.LINKED:
                os.link(source, tmp_path / "00000.json")
            case Appearance.FOLDER:
                (tmp_path / "study").mkdir()
            case Appearance.LINKED_BELOW:
                (tmp_path / "00000-00099").mkdir()
                os.link(source, tmp_path / "00000-00099" / "00000.json")
        assert bell.wait(LONG_S) is True


def test_locks_and_temporary_files_do_not_ring_for_jobs(tmp_path: Path, bell: Wakeup) -> None:
    with FolderWatch(bell) as watch:
        watch.follow({tmp_path: Appearance.RENAMED})
        (tmp_path / "00000.lock").touch()
        (tmp_path / "00000.lock").unlink()
        (tmp_path / ".00000.json.abc.tmp").touch()
        assert bell.wait(0.2) is False
        (tmp_path / ".00000.json.abc.tmp").rename(tmp_path / "00000.json")
        assert bell.wait(LONG_S) is True


def test_folders_can_be_followed_and_left_after_they_vanish(tmp_path: Path, bell: Wakeup) -> None:
    first, second, gone = (tmp_path / name for name in ("first", "second", "gone"))
    first.mkdir()
    second.mkdir()
    with FolderWatch(bell) as watch:
        watch.follow({first: Appearance.LINKED, gone: Appearance.LINKED})
        watch.follow({second: Appearance.LINKED})
        (first / "00000.json").touch()
        assert bell.wait(0.2) is False
        first.joinpath("00000.json").unlink()
        first.rmdir()
        gone.mkdir()
        watch.follow({gone: Appearance.LINKED, second: Appearance.LINKED})
        (gone / "00000.json").touch()
        assert bell.wait(LONG_S) is True
        watch.follow({})


def test_without_inotify_instances_the_watch_says_why_it_polls(tmp_path: Path, bell: Wakeup) -> None:
    libc = ctypes.CDLL(None, use_errno=True)
    taken: list[int] = []
    try:
        while (descriptor := libc.inotify_init1(0)) >= 0:
            taken.append(descriptor)
        assert ctypes.get_errno() == EMFILE
        with FolderWatch(bell) as watch:
            watch.follow({tmp_path: Appearance.LINKED})
            assert watch.why_polling is not None
            assert "looking for changes by the clock" in watch.why_polling
            (tmp_path / "00000.json").touch()
            assert bell.wait(0.1) is False
    finally:
        for descriptor in taken:
            os.close(descriptor)


def test_a_watch_gives_its_threads_and_descriptors_back(tmp_path: Path, bell: Wakeup) -> None:
    def resources() -> set[object]:
        return {*threading.enumerate(), *(path.name for path in Path("/proc/self/fd").iterdir())}

    before = resources()
    for _ in range(5):
        with FolderWatch(bell) as watch:
            watch.follow({tmp_path: Appearance.LINKED})
    # What an earlier test left behind may end meanwhile, so only what is new counts.
    assert resources() - before == set()
