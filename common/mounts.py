"""What a mount's type and options say about its locks: do they hold between all hosts, or on one host only?

A kernel lock that two hosts do not share excludes nobody, and no process can find that out alone: each of them gets the
lock. The mount's type and options are all that can be known. So `why_locks_are_local` lets masters and workers refuse
`--claim lock` where locks are *known* not to be shared.

That also refuses a search on a single host, where such locks would do. The reason: one host cannot know that no second
one will join, two workers that hold one trial both write to its curve, and `--claim lease` works there too. Where
nothing is known (a virtual machine's shared folder, most of FUSE) nothing is refused; `python -m master doctor
--with-peer` finds out.

Sources: nfs(5), mount.lustre(8), mount.cifs(8), ocfs2(5) and gfs2(5) for the options; beegfs-client.conf; virtiofsd's
README; QEMU's hw/9pfs, whose server grants every lock. NFS 4.2, sshfs and GlusterFS 10 were measured with two clients.
"""

import re
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path

MOUNTS = Path("/proc/self/mountinfo")


class LockScope(StrEnum):
    """The processes between which a mount's file locks are exclusive."""

    ALL = "all"
    """All processes that see the file, on every host."""
    HOST = "host"
    """The processes of one host: locks of other hosts are not seen."""
    UNKNOWN = "unknown"
    """The mount's type and options do not say."""


@dataclass(frozen=True)
class Mount:
    """A mounted file system.

    Attributes:
        point: the mount point.
        kind: its type, as the kernel names it: `ext4`, `nfs4`, `fuse.sshfs`.
        source: the device or server.
        options: the superblock's options, in which network file systems show what they negotiated; a flag has an empty
            value.
    """

    point: Path
    kind: str
    source: str
    options: dict[str, str]


@dataclass(frozen=True)
class LockKnowledge:
    """The scope of a mount's locks, and how it is known."""

    scope: LockScope
    reason: str


_LOCAL = {"bcachefs", "btrfs", "exfat", "ext2", "ext3", "ext4", "f2fs", "jfs", "ramfs", "tmpfs", "vfat", "xfs", "zfs"}
IN_MEMORY = {"ramfs", "tmpfs"}
_OWN_OF_EACH_HOST = ("/tmp", "/var/tmp", "/scratch", "/local", "/localscratch")  # noqa: S108 - nothing is made there
_NFS = {"nfs", "nfs4"}
_KNOWN = {
    "ceph": LockKnowledge(LockScope.ALL, "the metadata server of CephFS keeps locks for all clients"),
    "fuse.ceph-fuse": LockKnowledge(LockScope.ALL, "the metadata server of CephFS keeps locks for all clients"),
    "fuse.sshfs": LockKnowledge(LockScope.HOST, "sshfs has no locks between mounts"),
    "fuse.glusterfs": LockKnowledge(
        LockScope.UNKNOWN,
        "GlusterFS shares locks between its clients, but with its default caches a client reads stale data under them",
    ),
    "ocfs2": LockKnowledge(
        LockScope.UNKNOWN, "OCFS2 shares locks of bytes only where a cluster manager in user space keeps them"
    ),
    "beegfs": LockKnowledge(
        LockScope.UNKNOWN, "BeeGFS shares locks only with tuneUseGlobalFileLocks = true in beegfs-client.conf"
    ),
    "9p": LockKnowledge(LockScope.UNKNOWN, "QEMU grants every lock that is asked for in a virtual machine's 9p folder"),
    "virtiofs": LockKnowledge(
        LockScope.UNKNOWN, "a virtual machine keeps virtiofs' locks to itself unless virtiofsd shares them"
    ),
    "overlay": LockKnowledge(
        LockScope.UNKNOWN, "an overlay belongs to one container: others see neither its files nor its locks"
    ),
}


def mount_of(path: Path, mounts: Path = MOUNTS) -> Mount | None:
    """The mount that a path lies on; None where the system has no `/proc/self/mountinfo` (macOS)."""
    try:
        lines = mounts.read_text(errors="surrogateescape").splitlines()
    except OSError:
        return None
    resolved = path.resolve()
    found = None
    for mount in filter(None, map(_parse, lines)):
        # Of two mounts at one point, the later one covers the earlier one.
        if resolved.is_relative_to(mount.point) and (found is None or mount.point.is_relative_to(found.point)):
            found = mount
    return found


def knowledge_of(mount: Mount) -> LockKnowledge:
    """What a mount's type and options say about its locks, of bytes (fcntl) and of files (flock)."""
    kind, options = mount.kind, mount.options
    if kind in _LOCAL:
        return LockKnowledge(LockScope.ALL, "the kernel of this host keeps its locks")
    if kind in _NFS:
        return _of_nfs(options)
    if kind == "lustre":
        return _of_lustre(options)
    if kind in {"cifs", "smb3"}:
        return _unless("nobrl", options, "the server of the share keeps locks")
    if kind == "gfs2":
        return _unless("localflocks", options, "the cluster's lock manager keeps locks")
    unknown = LockKnowledge(LockScope.UNKNOWN, f"it is not known whether the locks of {kind} hold between hosts")
    return _KNOWN.get(kind, unknown)


def why_locks_are_local(path: Path, mounts: Path = MOUNTS) -> str | None:
    """Why kernel locks under `path` are known to hold on this host only; None if that is not known."""
    mount = mount_of(path, mounts)
    if mount is None:
        return None
    known = knowledge_of(mount)
    if known.scope is not LockScope.HOST:
        return None
    return f"{mount.point} ({mount.kind}) does not share locks between hosts: {known.reason}"


def is_nfs(mount: Mount) -> bool:
    """Whether a mount is of NFS, of any version."""
    return mount.kind in _NFS


def why_seen_here_alone(path: Path, mounts: Path = MOUNTS) -> str | None:
    """Why other hosts see nothing of a folder, unless this host exports it; None if that is not known."""
    mount = mount_of(path, mounts)
    if mount is None:
        return None
    if mount.kind in IN_MEMORY:
        return f"{mount.point} ({mount.kind}) is in this host's memory"
    if mount.kind == "overlay":
        return f"{mount.point} (overlay) belongs to this container"
    if mount.kind not in _LOCAL:
        return None
    resolved = path.resolve()
    custom = next((folder for folder in _OWN_OF_EACH_HOST if resolved.is_relative_to(folder)), None)
    remark = f", and by custom each host has a {custom} of its own" if custom else ""
    return f"{mount.point} ({mount.kind}) is a disk of this host{remark}"


def _of_nfs(options: dict[str, str]) -> LockKnowledge:
    # `nolock` is shown as local_lock=all. Studies of earlier versions use flock, new ones the other kind.
    if options.get("local_lock") in {"flock", "posix", "all"} or "nolock" in options:
        shown = "nolock" if "nolock" in options else f"local_lock={options['local_lock']}"
        return LockKnowledge(LockScope.HOST, f"mounted with {shown}")
    version = f"NFS {options['vers']}" if "vers" in options else "NFS"
    return LockKnowledge(LockScope.ALL, f"the server of {version} keeps locks for all clients")


def _of_lustre(options: dict[str, str]) -> LockKnowledge:
    if "localflock" in options:
        return LockKnowledge(LockScope.HOST, "mounted with localflock")
    if "flock" in options:
        return LockKnowledge(LockScope.ALL, "mounted with flock, coherent across all clients")
    return LockKnowledge(LockScope.UNKNOWN, "mounted neither with flock nor with localflock")


def _unless(option: str, options: dict[str, str], reason: str) -> LockKnowledge:
    if option in options:
        return LockKnowledge(LockScope.HOST, f"mounted with {option}")
    return LockKnowledge(LockScope.ALL, reason)


def _parse(line: str) -> Mount | None:
    """The mount in a line of mountinfo: numbers, root, point, options, more, a dash, type, source, more options."""
    before, dash, after = line.partition(" - ")
    fields, rest = before.split(" "), after.split(" ")
    if not dash or len(fields) < 5 or len(rest) < 3:  # noqa: PLR2004 - the fields that proc(5) lists
        return None
    pairs = (option.partition("=") for option in rest[2].split(","))
    point = Path(unescaped(fields[4]))
    return Mount(point, rest[0], unescaped(rest[1]), {name: value for name, _, value in pairs})


def unescaped(text: str) -> str:
    """The text of a table of the kernel, with its octal escapes, for blanks and the like, decoded."""
    return re.sub(r"\\([0-7]{3})", lambda match: chr(int(match[1], 8)), text)
