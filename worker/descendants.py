"""Finds and ends all that a process started, also what left its process group. Linux alone; elsewhere it finds nothing.

A process that leaves its group (by setsid, a double fork, or as a daemon) still descends from the one that started it:
the kernel gives an orphan to its nearest ancestor that called `adopt_orphans`. So the tree below such a process is all
that it ever started, as long as the process itself lives.

As a program (`python -I -S descendants.py`) this module is a worker's guardian. It ends the tree of the worker's child
when the worker is gone, however that ended: the end of its standard input tells. It imports the standard library alone,
so that it starts in some ten milliseconds and takes little memory.
"""

import os
import signal
import sys
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

PR_SET_CHILD_SUBREAPER = 36
END_S = 2.0
"""How long to wait for killed processes to be gone. Freeing a huge memory may take longer."""
PAUSE_S = 0.005


class Process(NamedTuple):
    """A process as /proc shows it."""

    pid: int
    parent: int
    is_dead: bool
    """Whether it is a zombie: it has ended, and its parent has not asked how."""
    started: str
    """When it started, in clock ticks since the machine did. With `pid` it names one process for ever."""


def adopt_orphans() -> None:
    """Let the kernel give this process the orphans among its descendants, in place of the machine's first process."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0)


def process(pid: int) -> Process | None:
    """The process of this number; None if there is none, or if this system has no /proc."""
    with suppress(OSError, IndexError, ValueError):
        # The name, in parentheses, may itself hold blanks and parentheses.
        fields = Path(f"/proc/{pid}/stat").read_bytes().rpartition(b")")[2].decode().split()
        return Process(pid, int(fields[1]), fields[0] in "ZX", fields[19])
    return None


def descendants(root: int, spare: Callable[[Process], bool] = lambda _process: False) -> list[Process]:
    """What descends from a process, without it, parents first.

    Args:
        root: the process's number.
        spare: the processes to leave out, each with all that descends from it only by `root`'s direct children.
    """
    children: dict[int, list[Process]] = {}
    for pid in _all_pids():
        if found := process(pid):
            children.setdefault(found.parent, []).append(found)
    tree = [child for child in children.get(root, []) if not spare(child)]
    for each in tree:  # grows while it is walked
        tree += children.get(each.pid, [])
    return tree


def end(root: int, spare: Callable[[Process], bool] = lambda _process: False) -> list[Process]:
    """End all that descends from a process, but not the process; return what was alive.

    They are stopped before they are killed: what forks for ever cannot stay ahead of the look at /proc. The call waits
    up to `END_S` until they are dead. Those whose parent is this process leave no zombie.

    Args:
        root: the process's number. It lives, or this process has adopted its orphans.
        spare: as for `descendants`.
    """
    ended: dict[int, Process] = {}
    while new := [each for each in descendants(root, spare) if not each.is_dead and each.pid not in ended]:
        for each in new:
            _signal(each, signal.SIGSTOP)
            ended[each.pid] = each
    for each in ended.values():
        _signal(each, signal.SIGKILL)
    wait_for(ended.values())
    reap(each.pid for each in descendants(root, spare) if each.is_dead)
    return list(ended.values())


def wait_for(processes: Iterable[Process], limit_s: float = END_S) -> None:
    """Wait until these processes have ended, up to `limit_s`."""
    deadline_s = time.monotonic() + limit_s
    left = list(processes)
    while left := [each for each in left if is_running(each)]:
        if time.monotonic() >= deadline_s:
            return
        time.sleep(PAUSE_S)


def is_running(one: Process) -> bool:
    """Whether this very process still runs."""
    now = process(one.pid)
    return now is not None and not now.is_dead and now.started == one.started


def reap(pids: Iterable[int]) -> None:
    """Let those of the dead whose parent is this process leave the list of processes."""
    for pid in pids:
        with suppress(ChildProcessError):
            os.waitpid(pid, os.WNOHANG)


def _all_pids() -> list[int]:
    try:
        return [int(name) for name in os.listdir("/proc") if name.isdecimal()]  # noqa: PTH208 - a path of each is not needed
    except OSError:
        return []


def _signal(one: Process, number: int) -> None:
    with suppress(ProcessLookupError, PermissionError):  # gone; another user's, by setuid
        os.kill(one.pid, number)


def guard() -> None:
    """Be the guardian: read lines `pid started`, one for each process to guard; then end the last one's tree."""
    guarded: Process | None = None
    for line in sys.stdin:
        pid, started = line.split()
        guarded = Process(int(pid), 0, is_dead=False, started=started)
    if guarded and is_running(guarded):
        _signal(guarded, signal.SIGSTOP)  # so that it starts nothing more
        end(guarded.pid)
        _signal(guarded, signal.SIGKILL)


if __name__ == "__main__":
    guard()
