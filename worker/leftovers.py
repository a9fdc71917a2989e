"""What a trial left behind in the child process: processes, which are ended, and threads, which nobody can end."""

import os
import sys
import threading
import time
from contextlib import suppress
from pathlib import Path

from hyperspool.worker import descendants
from hyperspool.worker.descendants import Process
from hyperspool.worker.messages import LeftBehind

GRACE_S = 0.3
"""How long what is left may take to end by itself: a pool that was shut down a moment ago is about to."""
MAX_NAMES = 3
MAX_NAME = 60
HELPERS = (b"resource_tracker import main", b"forkserver import main")
"""In the command lines of Python's own helper processes and of joblib's. They serve one trial after another."""


class Leftovers:
    """Compares the process after a trial with what it was before."""

    def __init__(self) -> None:
        self._threads = set(threading.enumerate())

    def end(self) -> LeftBehind | None:
        """End the processes that the trial left behind; return what it left, or None if that was nothing.

        Daemon threads do not count: by making them so, their author said that they may be forgotten. Nor do those of a
        thread pool that wait for work: the trial would have to give it to them.
        """
        processes = _end_processes() if _has_children() else []
        threads = [thread for thread in threading.enumerate() if thread not in self._threads and not thread.daemon]
        deadline_s = time.monotonic() + GRACE_S
        for thread in threads:
            thread.join(max(deadline_s - time.monotonic(), 0.0))
        names = [thread.name for thread in threads if thread.is_alive() and not _is_idle(thread)]
        return LeftBehind(_listed(processes), _listed(names)) if processes or names else None


def _is_idle(thread: threading.Thread) -> bool:
    # PyTorch's compiler keeps such a pool. A thread that works has a frame above that of the pool.
    frame = sys._current_frames().get(thread.ident or 0)  # noqa: SLF001 - documented, in spite of its name
    return (
        frame is not None
        and frame.f_code.co_name == "_worker"
        and frame.f_globals.get("__name__") == "concurrent.futures.thread"
    )


def _has_children() -> bool:
    # One system call, where a look at every process of the machine takes milliseconds. This process adopts all orphans
    # among its descendants, so if it has no child, it has no descendant.
    try:
        os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOHANG | os.WNOWAIT)
    except ChildProcessError:
        return False
    return True


def _end_processes() -> list[str]:
    own = os.getpid()
    if left := _living(own):
        _shut_loky_down()
        descendants.wait_for(left, GRACE_S)
    names = [_name(each) for each in _living(own)]
    if names:
        descendants.end(own, _is_helper)
    descendants.reap(each.pid for each in descendants.descendants(own) if each.is_dead)
    return names


def _shut_loky_down() -> None:
    # joblib keeps its pool for the next call, and notices only by chance that its processes were killed.
    for name in ("joblib.externals.loky", "loky"):
        if loky := sys.modules.get(name):
            with suppress(Exception):  # another version may do it in another way; the processes are ended below
                loky.get_reusable_executor(reuse=True).shutdown(wait=True, kill_workers=True)


def _living(own: int) -> list[Process]:
    return [each for each in descendants.descendants(own, _is_helper) if not each.is_dead]


def _is_helper(process: Process) -> bool:
    line = _command_line(process.pid)
    return any(mark in line for mark in HELPERS)


def _name(process: Process) -> str:
    line = _command_line(process.pid)
    if line == _command_line(os.getpid()):
        return "a fork"
    return line.replace(b"\0", b" ").decode(errors="replace").strip()[:MAX_NAME] or "a process"


def _command_line(pid: int) -> bytes:
    with suppress(OSError):
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    return b""


def _listed(names: list[str]) -> tuple[str, ...]:
    more = len(names) - MAX_NAMES
    return (*names[:MAX_NAMES], f"{more} more") if more > 0 else tuple(names)
