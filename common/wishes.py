"""What people want of a study that runs: two small files among its jobs, which any host may write.

    jobs/<study>/pause.json    nobody claims a job, and the master proposes nothing, as long as the file is there
    jobs/<study>/stop.json     the master ends as on Ctrl-C; it removes the file

A worker finds them in the listing that it makes anyway, a master by one listing a second. A client of a network file
system finds them as soon as it finds jobs.

RACE: the master ends by itself before it sees the wish to stop. Then the file is left; it was for that master alone, so
the next one removes it when it starts.
"""

import socket
from contextlib import suppress

from hyperspool.common import atomic
from hyperspool.common.asked import Wish
from hyperspool.common.clock import now_text
from hyperspool.common.file_kinds import JOB, PAUSE, STOP_MASTER, FileKind
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


def has_claimable(folder: StudyFolder) -> bool:
    """Whether a study has open jobs and is not paused, from one listing.

    Raises:
        OSError: the folder cannot be listed.
    """
    names = names_of(folder.jobs)
    return PAUSE.suffix not in names and any(isinstance(JOB.parse(name), Issue) for name in names)
