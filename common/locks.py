"""Exclusive holds between processes and hosts: kernel locks, or leases where the file system has no locks.

The kernel frees a kernel lock at the moment its holder dies. A lease is a file that its holder touches. A process that
has seen it untouched for `LEASE_S`, on its own monotonic clock, may take it over, and the former holder may still be
running.
"""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from enum import StrEnum
from errno import EINVAL, ENOLCK, ENOSYS, EOPNOTSUPP
from pathlib import Path

from filelock import Timeout

from hyperspool.common import atomic
from hyperspool.common.confinement import check_way
from hyperspool.common.kernel_lock import HAS_OFD, KernelLock, is_locked
from hyperspool.common.lease import Lease
from hyperspool.common.mounts import why_locks_are_local
from hyperspool.common.probe import probe_in

LEASE_S = 30.0
"""How long a lease may go untouched before it may be taken over. Its holder touches it every third of that."""
WAIT_POLL_S = 0.2


class ClaimMode(StrEnum):
    """What makes a claim exclusive, as `study.json` records it.

    All processes of a study use one mode, because they ignore each other's. A version that does not know the recorded
    mode refuses the study.
    """

    LOCK = "ofd"
    """An open-file-description lock: `--claim lock`."""
    FLOCK = "lock"
    """A lock by `flock`: `--claim lock` in the studies that earlier versions published."""
    LEASE = "lease"

    @property
    def word(self) -> str:
        """How people ask for it."""
        return "lease" if self is ClaimMode.LEASE else "lock"


class ClaimChoice(StrEnum):
    """What people may ask for."""

    LOCK = "lock"
    LEASE = "lease"


NEW_LOCK = ClaimMode.LOCK if HAS_OFD else ClaimMode.FLOCK
"""The kernel lock of a new study."""

Lock = KernelLock | Lease


def make_lock(path: Path, mode: ClaimMode, lease_s: float = LEASE_S) -> Lock:
    """A lock or lease on a file, not yet held.

    Raises:
        OSError: the file's folder does not exist, or a link is on the way to it.
    """
    check_way(path)
    return Lease(path, lease_s) if mode is ClaimMode.LEASE else KernelLock(path, is_flock=mode is ClaimMode.FLOCK)


def try_acquire(lock: Lock) -> bool:
    """Take a lock without waiting; False if another process holds it.

    Raises:
        OSError: the file system refuses, for now or for good.
        ValueError: the holder of the lease uses another duration.
    """
    if isinstance(lock, KernelLock):
        return lock.try_acquire()
    try:
        lock.acquire(blocking=False)
    except Timeout:
        return False
    return True


def is_lost(lock: Lock) -> bool:
    """Whether a lease that was held has been taken over. A kernel lock never is, as far as this host knows."""
    return isinstance(lock, Lease) and lock.is_lost


def is_held(path: Path, mode: ClaimMode) -> bool:
    """Whether a process holds the lock or lease on a file now. Takes nothing and creates nothing.

    It does not see a holder that comes a moment later. For a lease the answer is a hint, because it compares the file's
    time with this host's clock.
    """
    if mode is not ClaimMode.LEASE:
        return is_locked(path, is_flock=mode is ClaimMode.FLOCK)
    try:
        return time.time() - path.lstat().st_mtime < LEASE_S
    except OSError:
        return False


def why_unknown_here(mode: ClaimMode) -> str | None:
    """Why this system cannot claim in a mode at all; None if it can."""
    if mode is ClaimMode.LOCK and not HAS_OFD:
        return "this system has no open-file-description locks (F_OFD_SETLK), by which the study is claimed"
    return None


def why_no_locks(folder: Path) -> str | None:
    """Why kernel locks fail in a folder, or hold on this host only; None if neither is known. Tries a lock."""
    if reason := why_locks_are_local(folder):
        return reason
    with probe_in(folder) as probe:
        lock = make_lock(probe, NEW_LOCK)
        try:
            try_acquire(lock)
            lock.release()
        except OSError as error:
            if error.errno in {ENOSYS, EOPNOTSUPP, ENOLCK, EINVAL}:
                return f"the file system of {folder} has no locks ({error.strerror})"
            raise
    return None


@contextmanager
def held(path: Path, mode: ClaimMode, text: str, lease_s: float = LEASE_S) -> Iterator[Callable[[], bool] | None]:
    """Hold a lock while a block runs.

    Args:
        path: the lock file. It stays afterwards: unlike a job, a study is locked again and again. A lease lies beside
            it.
        mode: lock or lease.
        text: what the file says about its holder.
        lease_s: how long a lease may go untouched.

    Yields:
        A function that returns whether the lock is still ours; None if another process holds it. None comes at once for
        a lock. A lease is watched until it is touched or expires, because its holder may have died on another host.
    """
    lock = make_lock(path.with_suffix(".lease") if mode is ClaimMode.LEASE else path, mode, lease_s)
    if not try_acquire(lock) and not (isinstance(lock, Lease) and lock.outlast()):
        yield None
        return
    try:
        atomic.write_note(path, text)
        yield lambda: not is_lost(lock)
    finally:
        lock.release()


@contextmanager
def waiting_for(path: Path, mode: ClaimMode, on_wait: Callable[[], None]) -> Iterator[None]:
    """Hold a lock while a block runs. Waits for the lock first, and calls `on_wait` once if it has to wait."""
    lock = make_lock(path, mode)
    if not try_acquire(lock):
        on_wait()
        while not try_acquire(lock):
            time.sleep(WAIT_POLL_S)
    try:
        yield
    finally:
        lock.release()
