from errno import EACCES, ENOSPC

import pytest

from hyperspool.common.patience import RETRY_S, until_possible


def never(_seconds: float) -> None:
    raise AssertionError("paused")


class Disk:
    """Refuses the first few tries."""

    def __init__(self, refusals: int, errno: int = ENOSPC) -> None:
        self.left, self.errno = refusals, errno

    def write(self) -> str:
        if self.left:
            self.left -= 1
            raise OSError(self.errno, "refused", "/mnt/lab/00000.json")
        return "written"


def test_a_possible_action_is_done_at_once() -> None:
    assert until_possible(Disk(0).write, "it", lambda: False, pause=never) == "written"


def test_a_full_disk_is_waited_out_and_said_once(caplog: pytest.LogCaptureFixture) -> None:
    pauses: list[float] = []
    with caplog.at_level("WARNING"):
        assert until_possible(Disk(3).write, "worker lab-1", lambda: False, pause=pauses.append) == "written"
    assert pauses == [RETRY_S] * 3
    said = [record.getMessage() for record in caplog.records]
    assert said == [
        "worker lab-1 waits: refused (/mnt/lab/00000.json); trying again every 5 s",
        "worker lab-1 goes on",
    ]


def test_an_error_that_will_not_pass_is_raised_at_once() -> None:
    with pytest.raises(PermissionError):
        until_possible(Disk(1, EACCES).write, "it", lambda: False, pause=never)


def test_waiting_ends_when_the_process_is_asked_to_stop() -> None:
    with pytest.raises(OSError, match="refused"):
        until_possible(Disk(1).write, "it", lambda: True, pause=never)
