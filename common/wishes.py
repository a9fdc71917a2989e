"""What people want of a study that runs: two small files among its jobs, which any host may write.

    jobs/<study>/pause.json    nobody claims a job, and the master proposes nothing, as long as the file is there
    jobs/<study>/stop.json     the master ends as on Ctrl-C; it removes the file

A worker finds them in the listing that it makes anyway, a master by one listing a second. A client of a network file
system finds them as soon as it finds jobs.

RACE: the master ends by itself before it sees the wish to stop. Then the file is left; it was for that master alone, so
the next one removes it when it starts.
"""

import socket
from collections.abc import Collection
from contextlib import suppress
from typing import NamedTuple

from hyperspool.common import atomic
from hyperspool.common.asked import Wish
from hyperspool.common.clock import now_text
from hyperspool.common.file_kinds import JOB, LEASE, LOCK, ORDER, PAUSE, STOP_MASTER, FileKind
from hyperspool.common.issues import Issue
from hyperspool.common.layout import StudyFolder, names_of


def wish(folder: StudyFolder, kind: FileKind) -> bool:
    """Write a wish; return False if it is there already.

    Raises:
        OSError: the folder refuses the file.
    """
    return atomic.write_once(folder.path(kind), Wish(host=socket.gethostname(), at=now_text()).to_json())


def wishes(folder: StudyFolder) -> set[FileKind]:
    """The wishes that are there, from one fresh listing."""
    names = set(names_of(folder.jobs))
    return {kind for kind in (PAUSE, STOP_MASTER) if kind.suffix in names}


def withdraw(folder: StudyFolder, kind: FileKind) -> bool:
    """Remove a wish; return False if it is not there."""
    if kind not in wishes(folder):
        return False
    with suppress(FileNotFoundError):  # somebody else did so meanwhile
        atomic.remove(folder.path(kind))
    return True


class Claimable(NamedTuple):
    """What a listing of a study's jobs shows to a worker."""

    issues: list[Issue]
    """The open issues by name; none while the study is paused."""
    has_open: bool
    """Whether there are open ones."""
    locked: Collection[Issue]
    """Those that have a lock or lease file. Most of these are held; nobody has begun the others."""
    is_ordered: bool
    """Whether the master suggests an order (`hyperspool.common.batch_order`)."""


def claimable(folder: StudyFolder) -> Claimable:
    """What a worker could claim, from one listing.

    Raises:
        OSError: the folder cannot be listed.
    """
    names = names_of(folder.jobs)
    issues = sorted(issue for name in names if isinstance(issue := JOB.parse(name), Issue))
    locked = {issue for name in names for kind in (LOCK, LEASE) if isinstance(issue := kind.parse(name), Issue)}
    return Claimable([] if PAUSE.suffix in names else issues, bool(issues), locked, ORDER.suffix in names)
