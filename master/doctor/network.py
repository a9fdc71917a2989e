"""Checks of what several hosts have to do with a folder: who sees it, when a dead host's locks go, what is cached."""

import re
from collections.abc import Iterator
from contextlib import suppress
from pathlib import Path

from hyperspool.common.limits import Limits
from hyperspool.common.mounts import IN_MEMORY, MOUNTS, Mount, is_nfs, mount_of, why_seen_here_alone
from hyperspool.master.doctor.exports import KERNEL_LEASE_S, SYSTEM, Export, export_of, is_serving
from hyperspool.master.doctor.finding import Finding, Verdict

STATISTICS = "proc/self/mountstats"
CACHED_S = {"acregmin": 3, "acregmax": 60, "acdirmin": 30, "acdirmax": 60}
"""How long an NFS client believes what it knows of files and folders, in seconds, where the mount does not say it:
nfs(5)."""
LOOKUP_CACHES = {
    "none": "names are asked for each time",
    "pos": "of names, only those that are there are remembered",
}


def examine_network(root: Path, mounts: Path = MOUNTS, system: Path = SYSTEM) -> Iterator[Finding]:
    """Ask this host's own tables who shares a folder, and how.

    Args:
        root: the folder.
        mounts: the table of mounts.
        system: what stands for the root of the file system, with `proc` and `etc`.
    """
    mount = mount_of(root, mounts)
    if mount is None:
        return
    alone = why_seen_here_alone(root, mounts)
    export = export_of(root, system) if alone else None
    yield _reach(mount, alone, export, is_serving=is_serving(system))
    if export is not None:
        yield _freed_after(export.lease_s, "this host's NFS server")
    if is_nfs(mount):
        yield _lease(mount, system)
        yield _caches(mount)


def _reach(mount: Mount, alone: str | None, export: Export | None, *, is_serving: bool) -> Finding:
    if alone is None:
        return Finding("seen by", Verdict.OK, f"every host that mounts {mount.source}")
    if export is not None:
        return _of_export(export)
    if mount.kind in IN_MEMORY:
        return Finding("seen by", Verdict.WARNING, f"this host alone: {alone}", "the search is gone when it restarts")
    if is_serving:
        found = f"a process here serves NFS (port 2049), but no file that can be read says what it exports; {alone}"
        return Finding("seen by", Verdict.WARNING, found, "if hosts mount this folder, run `doctor --with-peer`")
    return Finding("seen by", Verdict.OK, f"this host alone: {alone}", "for workers on several hosts, use a shared one")


def _of_export(export: Export) -> Finding:
    found = f"this host, and those that mount {export.path}, which it exports over NFS ({export.source})"
    if export.is_cached:
        follows = (
            "NFS-Ganesha shows its clients for up to a minute (Attr_Expiration_Time) what was there before this host "
            "changed it: mount the export here too, and work in that"
        )
        return Finding("seen by", Verdict.WARNING, found, follows)
    follows = (
        "locks of this host and of its clients exclude each other; of a study that an earlier version began (claim "
        '"lock" in study.json), let either this host or the clients work'
    )
    return Finding("seen by", Verdict.OK, found, follows)


def _lease(mount: Mount, system: Path) -> Finding:
    if mount.options.get("vers", "4").startswith("3"):
        found = "over NFS 3, a dead host keeps its locks until it runs again"
        return Finding("dead hosts", Verdict.WARNING, found, f"{_passed_by()}; NFS 4 frees them by itself")
    with suppress(OSError):
        lease_s = lease_in((system / STATISTICS).read_text(errors="surrogateescape"), mount.point)
        if lease_s is not None:
            return _freed_after(lease_s, f"the server of {mount.source}")
    return _freed_after(KERNEL_LEASE_S, "an NFS server, unless it was told otherwise,")


def lease_in(statistics: str, point: Path) -> float | None:
    """The lease of the server behind a mount, in seconds, from `/proc/self/mountstats`; None if it is not there."""
    for device in re.split(r"^device ", statistics, flags=re.MULTILINE):
        if f" mounted on {point} with fstype nfs" in device:
            found = re.search(r"\blease_time=(\d+)", device)
            return float(found[1]) if found else None
    return None


def _freed_after(lease_s: float, who: str) -> Finding:
    found = f"{who} frees a dead host's locks {lease_s:g} s after it last heard of it"
    return Finding("dead hosts", Verdict.OK, found, f"its trials go on then, if not before: {_passed_by()}")


def _passed_by() -> str:
    stale_s = Limits().stale_s
    return f"after limits.stale_s ({stale_s:g} s unless the study says otherwise) a running master issues them again"


def _caches(mount: Mount) -> Finding:
    options = mount.options
    seconds = {
        name: int(options.get(name, "x")) if options.get(name, "x").isdigit() else default
        for name, default in CACHED_S.items()
    }
    names = LOOKUP_CACHES.get(
        options.get("lookupcache", ""), f"a name that was not there may stay hidden for {seconds['acdirmax']} s"
    )
    found = (
        f"of folders for {seconds['acdirmin']} to {seconds['acdirmax']} s, of files for {seconds['acregmin']} to "
        f"{seconds['acregmax']} s; {names}"
    )
    if "noac" in options:
        found, follows = "none (noac)", "each look is a request and each write waits: the search does not need noac"
        return Finding("caches", Verdict.WARNING, found, follows)
    if "nocto" in options and seconds["acdirmax"] > 1:
        follows = f"with nocto a new job may be listed {seconds['acdirmax']} s late: mount without nocto"
        return Finding("caches", Verdict.WARNING, found, follows)
    return Finding("caches", Verdict.OK, found, "a search lists its folders, and opening one asks the server")
