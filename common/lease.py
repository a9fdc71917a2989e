"""A lease: a file that its holder touches, and that may be taken over once it has been seen untouched long enough.

It is filelock's lease, with one addition. filelock never takes over a lease whose file is empty, and a holder that dies
between creating the file and writing into it leaves such a file.
"""

import logging
import os
import time
from contextlib import suppress
from pathlib import Path

from filelock import SoftFileLease, Timeout

from hyperspool.common import atomic
from hyperspool.common.confinement import parent_of

POLL_S = 0.2
"""How often a process that waits for a lease looks at it."""

logger = logging.getLogger(__name__)

Look = tuple[int, int, int, int]
"""What a look at a lease's file saw: inode, mtime and ctime in nanoseconds, size in bytes."""


class Lease:
    """A lease on a file, not yet held.

    A lease's age is measured by watching it, so keep the object from one try to the next.

    Args:
        path: the file.
        lease_s: how long it may go untouched; the same for all processes that want it.
    """

    def __init__(self, path: Path, lease_s: float) -> None:
        self._path, self._lease_s = path, lease_s
        self._lease = SoftFileLease(path, lease_duration=lease_s, thread_local=False)
        self._empty: tuple[Look, float] | None = None

    @property
    def is_lost(self) -> bool:
        """Whether another process has taken it over since we acquired it."""
        return self._lease.compromise is not None

    def acquire(self, *, blocking: bool = True) -> None:
        """Take it, waiting for it if `blocking`.

        Raises:
            filelock.Timeout: another process holds it.
            ValueError: its holder uses another `lease_s`.
        """
        while True:
            try:
                self._lease.acquire(blocking=False)
            except Timeout:
                self._remove_if_forsaken()
                if not blocking:
                    raise
            else:
                return
            time.sleep(POLL_S)

    def outlast(self) -> bool:
        """Take it once its holder has shown no sign of life for long enough; False if the holder shows one first."""
        logger.warning("%s is held; waiting %g s for a sign of life from its holder", self._path, self._lease_s)
        began_s, seen = time.monotonic(), look_at(self._path)
        while time.monotonic() - began_s < 2 * self._lease_s:
            with suppress(Timeout):
                self.acquire(blocking=False)
                return True
            if (now := look_at(self._path)) is not None and now != seen:
                return False
            time.sleep(min(POLL_S, self._lease_s / 10))
        return False

    def release(self) -> None:
        """Let it go and remove its file."""
        self._lease.release()

    def _remove_if_forsaken(self) -> None:
        seen, now_s = look_at(self._path), time.monotonic()
        if seen is None or seen[-1] > 0:
            self._empty = None
        elif self._empty is None or self._empty[0] != seen:
            self._empty = (seen, now_s)
        elif now_s - self._empty[1] >= self._lease_s:
            # RACE: the file's maker may only have been stopped before it wrote; or another contender removes the empty
            # file first and makes its own, which we then remove. Either one finds its file gone at its next heartbeat
            # and drops the attempt, as after a takeover. Until then two may evaluate, and REPORT lets one of them win.
            with suppress(OSError):
                atomic.remove(self._path)
            self._empty = None


def look_at(path: Path) -> Look | None:
    """A lease's file as it is now; None if it does not exist. Opens it: a network file system then asks the server."""
    try:
        with parent_of(path) as parent:
            descriptor = os.open(path.name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=parent)
    except OSError:
        return None
    try:
        status = os.fstat(descriptor)
    finally:
        os.close(descriptor)
    return status.st_ino, status.st_mtime_ns, status.st_ctime_ns, status.st_size
