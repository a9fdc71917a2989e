"""Whose turn it is to load, where many workers start on one machine at the same moment.

Loading keeps a core busy. If 64 workers load at once on two cores, each takes as long as all of them together, and so
does the first result. In turns the first ones work while the others still wait.

A turn is the lock on one of as many files as there are cores, in a folder of this user's on this machine. The kernel
frees it when its holder ends. Nothing but time depends on it: a worker that gets none within `LIMIT_S`, or finds no
place for the files, starts all the same.
"""

import fcntl
import os
import stat
import tempfile
import time
from contextlib import suppress
from pathlib import Path
from typing import Any, Self

LIMIT_S = 5.0
"""By then the first of many workers are at work. Those whose loading hangs are not to stop all others."""
PAUSE_S = 0.05


class Turn:
    """The right to load now. A child that is spawned takes it over with its arguments; it ends when all have ended it.

    Args:
        descriptor: of the locked file; None: nothing is held.
    """

    def __init__(self, descriptor: int | None) -> None:
        self._descriptor = descriptor

    @classmethod
    def wait(cls, folder: Path | None = None, count: int | None = None, limit_s: float = LIMIT_S) -> Self:
        """Wait until fewer workers load than there are cores, or for `limit_s`.

        Args:
            folder: of the files that are locked; None: this user's on this machine.
            count: how many load at once; None: as many as there are cores for this process.
            limit_s: the longest wait.
        """
        end_s = time.monotonic() + limit_s
        number = count or _cores()
        with suppress(OSError):
            place = _own_folder() if folder is None else folder
            priority = os.nice(0)  # who runs with priority does not wait for who does not
            while True:
                for slot in range(number):
                    if (descriptor := _try_lock(place / f"{priority}.{(os.getpid() + slot) % number}")) is not None:
                        return cls(descriptor)
                if time.monotonic() > end_s:
                    break
                time.sleep(PAUSE_S)
        return cls(None)

    @property
    def is_held(self) -> bool:
        """Whether it was this worker's turn, and has not ended."""
        return self._descriptor is not None

    def end(self) -> None:
        """Let the next worker load."""
        if self._descriptor is not None:
            os.close(self._descriptor)
            self._descriptor = None

    def __reduce__(self) -> tuple[Any, ...]:
        from multiprocessing.reduction import DupFd

        return _taken_over, (None if self._descriptor is None else DupFd(self._descriptor),)


def _taken_over(duplicate: Any) -> Turn:
    return Turn(None if duplicate is None else duplicate.detach())


def _cores() -> int:
    return len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1


def _own_folder() -> Path:
    # Others may write in the folder around it. What they put there under this name is not used.
    folder = Path(tempfile.gettempdir(), f"hyperspool-{os.getuid()}")
    with suppress(FileExistsError):
        folder.mkdir(mode=0o700)
    found = folder.lstat()
    if not stat.S_ISDIR(found.st_mode) or found.st_uid != os.getuid() or found.st_mode & 0o022:
        raise PermissionError(f"{folder} is not a folder of this user's alone")
    return folder


def _try_lock(path: Path) -> int | None:
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT | os.O_NOFOLLOW | os.O_CLOEXEC, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    except OSError:
        os.close(descriptor)
        raise
    return descriptor
