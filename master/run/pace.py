"""How often a running master looks at the shared folder.

On a local disk a look costs microseconds, and events announce most of what is new. On NFS each look is a request to the
server, which serves many others. So there a master that nobody works for asks for little: each few seconds a listing of
the jobs, which shows that somebody has come, and one other look, each in its turn.
"""

import time
from collections.abc import Callable
from enum import Enum, auto
from itertools import cycle
from pathlib import Path

from hyperspool.common.mounts import is_nfs, mount_of

QUIET_AFTER_S = 10.0
"""So long without a result or a living worker, and nobody works for the master."""
QUIET_LOOK_S = 3.0
"""A listing and another look, of which a study's file takes two requests: less than one request a second."""


class Look(Enum):
    """What a master looks at beside the listing of the jobs."""

    STUDY = auto()
    REQUESTS = auto()
    RESULTS = auto()
    WORKERS = auto()


EVERYTHING = frozenset(Look)


class Pace:
    """Says when to look at what.

    Args:
        folder: the study's folder of jobs.
        clock: monotonic time in seconds.
        is_far: whether each look is a request to a server; None: as the folder's mount says.
    """

    def __init__(
        self, folder: Path, clock: Callable[[], float] = time.monotonic, *, is_far: bool | None = None
    ) -> None:
        self._clock = clock
        mount = mount_of(folder) if is_far is None else None
        self._is_far = is_far if mount is None else is_nfs(mount)
        self._looked_s, self._stirred_s = float("-inf"), clock()
        self._turn = cycle(Look)

    def stir(self) -> None:
        """Note that a result has landed, so that somebody works for the master."""
        self._stirred_s = self._clock()

    def due(self, each_s: float, *, has_workers: bool) -> frozenset[Look]:
        """Return what is to be looked at now, beside the jobs; nothing before it is time.

        Args:
            each_s: how long between two looks where they are cheap, or somebody works.
            has_workers: whether a worker was alive when it was last looked for.
        """
        now_s = self._clock()
        self._stirred_s = now_s if has_workers else self._stirred_s
        is_quiet = self._is_far and now_s - self._stirred_s > QUIET_AFTER_S
        if now_s - self._looked_s < (max(each_s, QUIET_LOOK_S) if is_quiet else each_s):
            return frozenset()
        self._looked_s = now_s
        return frozenset({next(self._turn)}) if is_quiet else EVERYTHING
