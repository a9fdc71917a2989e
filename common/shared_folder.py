"""Opens the shared folder: checks that it exists and can be used, with one clear message if not."""

import logging
import os
import shlex
import stat
import time
from collections.abc import Sequence
from errno import EACCES, EDQUOT, ENOSPC, ENOTDIR, EPERM, EROFS
from pathlib import Path

from hyperspool.common.confinement import TOP_FOLDERS, confine, make_folder, parent_of
from hyperspool.common.errors import FolderError
from hyperspool.common.probe import probe_in

_REASONS = {
    EROFS: "the file system is mounted read-only; mount it for writing or choose another --root",
    ENOTDIR: "it is a symbolic link, or not a folder; give the folder that really holds it as --root",
    EACCES: "you may not write there; ask for the permission or choose another --root",
    EPERM: "you may not write there; ask for the permission or choose another --root",
    ENOSPC: "the disk is full; make room or choose another --root",
    EDQUOT: "your disk quota is used up; make room or choose another --root",
}
_PROBE_BYTES = 4096

logger = logging.getLogger(__name__)


def open_shared_folder(root: Path) -> None:
    """Check that `root` is a folder that can be written, and create `jobs/` and `results/` in it.

    The root itself is never created: if it is missing, a file system is probably not mounted. Logs a warning if
    everybody on the machine may write to it.

    Raises:
        FolderError: what is wrong with it and what to do.
    """
    need_folder(root)
    confine(root)
    for folder in (root / name for name in TOP_FOLDERS):
        try:
            make_folder(folder)
            _try_to_write(folder)
        except OSError as error:
            reason = _REASONS.get(error.errno or 0, f"it cannot be written ({error.strerror})")
            raise FolderError(folder.absolute(), reason) from error
    _warn_of_strangers(root)


def _warn_of_strangers(root: Path) -> None:
    """Log a warning if everybody on the machine may write to the folder."""
    folders = (root, *(root / name for name in TOP_FOLDERS))
    if open_ones := [folder for folder in folders if folder.stat().st_mode & stat.S_IWOTH]:
        # The sticky bit, as on /tmp, keeps strangers from removing files, but not from adding jobs and results.
        logger.warning(
            "everybody on this machine may write to %s, and so can forge results and waste the workers' time; "
            "unless you mean it: %s",
            open_ones[0].absolute(),
            close_to_others(open_ones),
        )


def close_to_others(folders: Sequence[Path]) -> str:
    """Return what to do about folders that everybody may write to: a command, or where to work instead.

    Args:
        folders: one or more; the first is the highest.
    """
    first = folders[0].absolute()
    if first.stat().st_mode & stat.S_ISVTX:  # /tmp and its like are everybody's on purpose
        return f"give a folder of your own in {first} as --root"
    return shlex.join(["chmod", "o-w", *(str(folder.absolute()) for folder in folders)])


def need_folder(root: Path) -> None:
    """Check that `root` is a folder, for commands that only read.

    Raises:
        FolderError: it is missing, or not a folder.
    """
    if not root.is_dir():
        reason = (
            "it is not a folder; correct"
            if root.exists()
            else "there is no such folder; create it, mount it, or correct"
        )
        raise FolderError(root.absolute(), f"{reason} --root")


def takes_files(folder: Path) -> bool:
    """Whether a file can be written in a folder now: False if it is full, over quota, read-only or cut off."""
    try:
        _try_to_write(folder)
    except OSError:
        return False
    return True


def time_by(folder: Path) -> float:
    """The time in seconds by the clock that dates files in a folder; by this host's if none can be written there."""
    try:
        return _try_to_write(folder)
    except OSError:
        return time.time()


def _try_to_write(folder: Path) -> float:
    """Write a file and remove it. Returns the time of writing, by the file server's clock."""
    with probe_in(folder) as probe:
        with parent_of(probe) as parent:
            descriptor = os.open(probe.name, os.O_WRONLY | os.O_CREAT | os.O_EXCL, dir_fd=parent)
        try:
            os.write(descriptor, bytes(_PROBE_BYTES))
            return os.fstat(descriptor).st_mtime
        finally:
            os.close(descriptor)
