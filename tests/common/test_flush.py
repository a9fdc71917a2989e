"""Several files are flushed at once, and an error of one of them is raised."""

import multiprocessing
import os
from collections.abc import Iterator
from errno import EBADF, EIO
from pathlib import Path

import pytest

from hyperspool.common import flush as flush_module
from hyperspool.common import kernel_flush
from hyperspool.common.flush import flush


@pytest.fixture
def descriptors(tmp_path: Path) -> Iterator[list[int]]:
    for number in range(100):
        (tmp_path / f"{number}").write_bytes(b"x" * 1000)
    opened = [os.open(tmp_path / f"{number}", os.O_RDONLY) for number in range(100)]
    opened.append(os.open(tmp_path, os.O_RDONLY | os.O_DIRECTORY))
    yield opened
    for each in opened:
        os.close(each)


@pytest.fixture(params=["kernel", "threads"])
def way(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    if request.param == "threads":
        monkeypatch.setattr(kernel_flush, "try_flush", lambda _: False)
    else:
        monkeypatch.setattr(flush_module, "_flush_by_threads", lambda _: pytest.fail("the kernel did not take them"))
    return str(request.param)


def test_files_and_folders_are_flushed_together(descriptors: list[int], way: str) -> None:
    for count in (2, 16, len(descriptors)):
        flush(descriptors[-count:])


@pytest.mark.parametrize("place", [0, 1, 5, 70])
def test_what_cannot_be_flushed_raises_its_error(descriptors: list[int], place: int) -> None:
    closed = os.dup(descriptors[0])
    os.close(closed)
    with pytest.raises(OSError, match="Bad file descriptor") as raised:
        flush([*descriptors[:place], closed, *descriptors[place:]])
    assert raised.value.errno == EBADF


class FailingDisk:
    """A kernel that takes all, and finds out later that one cannot be written."""

    def flush(self, descriptors: list[int]) -> tuple[int, list[int]]:
        return len(descriptors), [EIO]


def test_an_error_of_the_disk_is_raised(descriptors: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel_flush, "_kernel", FailingDisk)
    with pytest.raises(OSError, match="Input/output error"):
        flush(descriptors)


def test_a_fork_flushes_too(descriptors: list[int]) -> None:
    flush(descriptors)
    fork = multiprocessing.get_context("fork").Process(target=flush, args=(descriptors,))
    fork.start()
    fork.join()
    assert fork.exitcode == 0


def test_where_the_kernel_refuses_threads_flush(descriptors: list[int], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(kernel_flush, "_kernel", lambda: None)
    flush(descriptors)
