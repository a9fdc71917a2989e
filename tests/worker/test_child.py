import os
import queue
import signal
import threading
from multiprocessing import Pipe

import pytest

from hyperspool.worker.child import _listen
from hyperspool.worker.messages import Evaluate, ProbeDevice, Stop


class Exited(BaseException):
    """Raised by a test in place of ending the process."""


def test_the_child_ends_its_group_when_its_parent_is_gone(monkeypatch: pytest.MonkeyPatch) -> None:
    def end(group: int, number: int) -> None:
        assert (group, number) == (0, signal.SIGKILL)
        raise Exited

    monkeypatch.setattr(os, "killpg", end)
    ours, theirs = Pipe()
    inbox: queue.SimpleQueue[ProbeDevice | Evaluate] = queue.SimpleQueue()
    stop = threading.Event()
    ours.send(ProbeDevice())
    ours.send(Stop())
    ours.close()
    with pytest.raises(Exited):
        _listen(theirs, inbox, stop)
    assert inbox.get_nowait() == ProbeDevice()
    assert stop.is_set()
    theirs.close()
