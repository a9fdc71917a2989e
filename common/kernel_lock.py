"""A kernel lock on a file: exclusive between processes and hosts, and free at the moment when its holder dies.

New studies use an open-file-description lock (`F_OFD_SETLK`, fcntl(2)). It covers bytes of a file, as the locks do
that a client of NFS has at its server. So processes on the server's own disk and clients of it exclude each other,
which `flock` does not achieve: a local `flock` and the server's locks for clients do not see each other. Like `flock`,
the lock belongs to the open file and not to the process: no other descriptor of the file that is closed takes it away,
and it would live on in a forked child, so a fork closes its descriptor at once.

Studies that an earlier version published are still claimed by `flock`, as their `study.json` says.
"""

import fcntl
import os
import stat
import struct
from errno import EACCES, EAGAIN, EISDIR, ELOOP, EMLINK, ENOSYS, ENXIO, EXDEV
from pathlib import Path
from weakref import WeakSet

from hyperspool.common.confinement import parent_of

_SETLK: int | None = getattr(fcntl, "F_OFD_SETLK", None)
_GETLK: int | None = getattr(fcntl, "F_OFD_GETLK", None)
HAS_OFD = _SETLK is not None
"""Whether this system has open-file-description locks; Linux does."""
_FLOCK_STRUCT = "hhqqi4x"
"""Type, whence, start, length and process of `struct flock`. Start and length 0: the whole file. Process: must be 0."""


_held: "WeakSet[KernelLock]" = WeakSet()


class KernelLock:
    """A lock on a file, not yet held.

    Args:
        path: the file; it is made if it is missing.
        is_flock: use `flock`, as earlier versions do.

    Attributes:
        descriptor: of the locked file, for reading and appending; None while the lock is not held.
    """

    def __init__(self, path: Path, *, is_flock: bool) -> None:
        self._path, self._is_flock = path, is_flock
        self.descriptor: int | None = None

    def try_acquire(self) -> bool:
        """Take it; False if another process, or another object of this one, holds it, or the file lost its name.

        RACE: its holder may remove the file between our opening and locking it. Such a file has no name any more, and a
        lock on it would exclude nobody.

        Raises:
            OSError: a link, a pipe or a folder is in the file's place, it has a second name, or the file system
                refuses. Nothing is held then.
        """
        flags = os.O_RDWR | os.O_APPEND | os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
        with parent_of(self._path) as parent:
            descriptor = os.open(self._path.name, flags, 0o666, dir_fd=parent)
            try:
                if self._is_locked_now(descriptor) and _is_named(self._path, descriptor, parent):
                    self.descriptor, descriptor = descriptor, -1
                    _held.add(self)
            finally:
                if descriptor >= 0:
                    os.close(descriptor)
        return self.descriptor is not None

    def release(self) -> None:
        """Let it go."""
        descriptor, self.descriptor = self.descriptor, None
        _held.discard(self)
        if descriptor is not None:
            os.close(descriptor)

    def send(self) -> None:
        """Send what was appended to the server of a network file system, as closing the file would. Flushes nothing."""
        if self.descriptor is not None:
            os.close(os.dup(self.descriptor))

    def __del__(self) -> None:
        self.release()

    def _is_locked_now(self, descriptor: int) -> bool:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise OSError(EXDEV, "Not a regular file; it is not locked", str(self._path))
        try:
            if self._is_flock:
                fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
            else:
                fcntl.fcntl(descriptor, _needed(_SETLK), struct.pack(_FLOCK_STRUCT, fcntl.F_WRLCK, 0, 0, 0, 0))
        except OSError as error:
            if error.errno in {EAGAIN, EACCES}:
                return False
            raise
        return True


def _let_go_in_fork() -> None:
    # Closing the copy frees nothing: the parent's descriptor is of the same open file.
    for lock in list(_held):
        lock.release()


os.register_at_fork(after_in_child=_let_go_in_fork)


def is_locked(path: Path, *, is_flock: bool) -> bool:
    """Whether a process holds the lock on a file now. Takes nothing and creates nothing."""
    try:
        with parent_of(path) as parent:
            descriptor = os.open(path.name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=parent)
    except OSError:
        return False
    try:
        if is_flock:
            fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
            return False
        asked = struct.pack(_FLOCK_STRUCT, fcntl.F_WRLCK, 0, 0, 0, 0)
        found = fcntl.fcntl(descriptor, _needed(_GETLK), asked)
        return bool(struct.unpack(_FLOCK_STRUCT, found)[0] != fcntl.F_UNLCK)
    except OSError as error:
        return error.errno in {EAGAIN, EACCES}
    finally:
        os.close(descriptor)


def is_in_the_way(error: OSError) -> bool:
    """Whether a lock could not be taken because something else than a lock file is in its place."""
    return error.errno in {EISDIR, ELOOP, EMLINK, ENXIO, EXDEV}


def _is_named(path: Path, descriptor: int, parent: int) -> bool:
    try:
        named = os.lstat(path.name, dir_fd=parent)
    except FileNotFoundError:
        return False
    opened = os.fstat(descriptor)
    if not os.path.samestat(named, opened):
        return False
    if opened.st_nlink > 1:
        raise OSError(EMLINK, "The file has a second name (a hard link), so no worker can have made it", str(path))
    return True


def _needed(command: int | None) -> int:
    if command is None:
        raise OSError(ENOSYS, "This system has no open-file-description locks")
    return command
