"""Checks that only ask the operating system: mount, free space, permissions, limits of file events."""

import os
import stat
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from hyperspool.common.mounts import MOUNTS, LockScope, knowledge_of, mount_of
from hyperspool.common.shared_folder import close_to_others
from hyperspool.master.doctor.finding import ANY_CLAIM, BY_LOCK, Finding, Verdict

MIB = 2**20
GIB = 2**30
MIN_ROOM_BYTES = 16 * MIB
SPARSE_ROOM_BYTES = GIB
"""Below this, a warning: a checkpoint of the largest preset takes some MiB, and every worker keeps one."""
MIN_NAMES = 100
SPARSE_NAMES = 10_000
"""Below this, a warning: every trial makes two files that stay."""
LIMITS = Path("/proc/sys/fs/inotify")
PROCESSES = Path("/proc")
SPARSE_INSTANCES = 16
"""Below this, a warning: a worker and a master each take one inotify instance."""
SPARSE_WATCHES = 1024
"""Below this, a warning: a worker watches one folder per study, a master one per hundred open trials."""


def check_mount(root: Path, mounts: Path = MOUNTS) -> Finding:
    """What do the mount's type and options say about its locks?"""
    mount = mount_of(root, mounts)
    if mount is None:
        return Finding("mount", Verdict.WARNING, "this system does not say what is mounted", _try_a_peer())
    known = knowledge_of(mount)
    found = f"{mount.kind} on {mount.point}: {known.reason}"
    match known.scope:
        case LockScope.ALL:
            return Finding("mount", Verdict.OK, found)
        case LockScope.HOST:
            follows = "two hosts could hold the same lock, so masters and workers refuse --claim lock here"
            return Finding("mount", Verdict.WARNING, found, follows, BY_LOCK)
        case LockScope.UNKNOWN:
            return Finding("mount", Verdict.WARNING, found, _try_a_peer())


def check_room(scratch: Path) -> Finding:
    """Is there room for files, in bytes and in inodes?"""
    free = os.statvfs(scratch)
    room = free.f_bavail * free.f_frsize
    # Some file systems (btrfs) create inodes as needed, and report a total of 0.
    names = free.f_favail if free.f_files else None
    found = f"{_size_text(room)} free" + ("" if names is None else f", {names:,} names (inodes)")
    if room < MIN_ROOM_BYTES or (names is not None and names < MIN_NAMES):
        return Finding("room", Verdict.FAILED, found, "a search would soon stop: free some space", ANY_CLAIM)
    if room < SPARSE_ROOM_BYTES or (names is not None and names < SPARSE_NAMES):
        return Finding("room", Verdict.WARNING, found, "a large search may run out of space")
    return Finding("room", Verdict.OK, found)


def check_permissions(root: Path) -> Finding:
    """May anyone on this machine write to the folder?"""
    open_to_all: list[Path] = []
    shown: list[str] = []
    for folder in (root, root / "jobs", root / "results"):
        with suppress(FileNotFoundError):
            status = folder.stat()
            name = "." if folder == root else folder.name
            shown.append(f"{name} {stat.filemode(status.st_mode)}")
            if status.st_mode & stat.S_IWOTH:
                open_to_all.append(folder)
    found = ", ".join(shown)
    if open_to_all:
        follows = f"anyone on this machine may change the search: {close_to_others(open_to_all)}"
        return Finding("permissions", Verdict.WARNING, found, follows)
    return Finding("permissions", Verdict.OK, found)


def check_event_limits(limits: Path = LIMITS, processes: Path = PROCESSES) -> Finding:
    """Do this user's inotify limits leave room for watching folders?"""
    try:
        instances = int((limits / "max_user_instances").read_text(encoding="ascii"))
        watches = int((limits / "max_user_watches").read_text(encoding="ascii"))
    except (OSError, ValueError):
        return Finding("event limits", Verdict.OK, "this system has no limits that we know of")
    used = sum(_is_inotify(link) for link in _open_files(processes))
    found = f"{used} of {instances} inotify instances in use, {watches:,} watches allowed"
    if instances - used < SPARSE_INSTANCES or watches < SPARSE_WATCHES:
        follows = (
            "beyond that, workers find changes only by looking regularly: raise fs.inotify.max_user_instances or "
            "_watches"
        )
        return Finding("event limits", Verdict.WARNING, found, follows)
    return Finding("event limits", Verdict.OK, found)


def _open_files(processes: Path) -> Iterable[Path]:
    for process in processes.glob("[0-9]*"):
        with suppress(OSError):  # the process ended meanwhile, or belongs to another user
            if process.stat().st_uid == os.getuid():
                yield from (process / "fd").iterdir()


def _is_inotify(link: Path) -> bool:
    with suppress(OSError):
        return "inotify" in os.readlink(link)  # noqa: PTH115 - no path: anon_inode:inotify
    return False


def _size_text(size_bytes: int) -> str:
    return f"{size_bytes / GIB:,.1f} GiB" if size_bytes >= GIB else f"{size_bytes / MIB:,.0f} MiB"


def _try_a_peer() -> str:
    return "if several hosts will work here, run `doctor --with-peer` on two of them at once"
