"""`python -m tests.faults.launch worker|master ...` runs the project's own commands under faults.

The environment names the faults. So they reach the evaluating process too, which is started by spawn and imports this
module again:

    OOM_COUNTER=FILE     the file in which the kernel counts its kills
    REFUSING=FILE        while the file exists, writing to the shared folder fails with the error that the file names:
                         EDQUOT refuses content, EROFS every change
    FSYNC_S=SECONDS      how long each flush to disk takes
    RETRY_S=SECONDS      how long to wait before a refused operation is tried again
    LEASE_S=SECONDS      how long a lease may go untouched
    EVENTS=none|twice    no file system event arrives, or each arrives twice and once more for a file that is gone
    WATCHES=N            how many inotify instances the process gets
"""

import ctypes
import errno
import functools
import os
import sys
import time
from pathlib import Path
from typing import Any

from watchdog.events import FileMovedEvent, FileSystemEvent

from hyperspool.common import atomic, claim, locks, patience, watch
from hyperspool.worker import memory

CHANGES = frozenset({"os.remove", "os.rename", "os.link", "os.mkdir", "os.rmdir"})
CLONE_NEWUSER = 0x10000000
WRITING = os.O_WRONLY | os.O_RDWR | os.O_CREAT


def _bring_about_faults() -> None:
    if counter := os.environ.get("OOM_COUNTER"):
        memory.kernel_counter = functools.partial(Path, counter)
    if flag := os.environ.get("REFUSING"):
        _refuse_while_there_is(Path(flag))
    if pause_s := os.environ.get("FSYNC_S"):
        _slow_down(float(pause_s))
    if retry_s := os.environ.get("RETRY_S"):
        patience.RETRY_S = float(retry_s)
    if lease_s := os.environ.get("LEASE_S"):
        claim.Claims.__init__.__defaults__ = (float(lease_s),)
        locks.make_lock.__defaults__ = (float(lease_s),)
    if watches := os.environ.pop("WATCHES", ""):  # popped, so that it limits this process alone
        _limit_watches(watches)
    if fate := os.environ.get("EVENTS"):
        _tamper_with_events(fate)


def _refuse_while_there_is(flag: Path) -> None:
    write_all = atomic._write_all

    def write(descriptor: int, data: bytes) -> None:
        try:
            name = flag.read_text()
        except FileNotFoundError:
            write_all(descriptor, data)
        else:
            number = getattr(errno, name)
            raise OSError(number, os.strerror(number), "the shared folder")

    def heed(event: str, arguments: tuple[Any, ...]) -> None:
        is_change = event in CHANGES or (event == "open" and isinstance(arguments[2], int) and arguments[2] & WRITING)
        # A name without its folder belongs to a folder that was opened before. Whole paths may be files elsewhere.
        if is_change and isinstance(arguments[0], str) and not Path(arguments[0]).is_absolute() and flag.exists():
            number = getattr(errno, flag.read_text())
            if number == errno.EROFS:
                raise OSError(number, os.strerror(number), arguments[0])

    atomic._write_all = write
    sys.addaudithook(heed)


def _slow_down(pause_s: float) -> None:
    def pause(operation: str, _path: Path) -> None:
        if operation.startswith("fsync"):
            time.sleep(pause_s)

    atomic.after_operation = pause


def _limit_watches(count: str) -> None:
    # The kernel limits all processes of a user together. In a user namespace of its own only this process is limited.
    user = os.getuid()
    if ctypes.CDLL(None).unshare(CLONE_NEWUSER):
        sys.exit("no user namespace")
    Path("/proc/self/uid_map").write_text(f"{user} {user} 1")
    Path("/proc/sys/user/max_inotify_instances").write_text(count)


def _tamper_with_events(fate: str) -> None:
    hear = watch._Ringer.on_any_event

    def hear_twice(ringer: watch._Ringer, event: FileSystemEvent) -> None:
        hear(ringer, event)
        hear(ringer, event)
        hear(ringer, FileMovedEvent("", os.fsdecode(event.src_path) + ".gone"))

    def hear_nothing(_ringer: watch._Ringer, _event: FileSystemEvent) -> None:
        pass

    ringer: Any = watch._Ringer
    ringer.on_any_event = hear_twice if fate == "twice" else hear_nothing


_bring_about_faults()

if __name__ == "__main__":
    command = sys.argv.pop(1)
    if command == "worker":
        from hyperspool.worker.__main__ import main
    else:
        from hyperspool.master.__main__ import main
    main()
