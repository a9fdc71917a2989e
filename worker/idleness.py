"""A worker without a job: what it logs, and when it has waited long enough to leave."""

import logging
import time
from collections.abc import Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from hyperspool.common.file_kinds import MASTER_LEASE
from hyperspool.common.layout import StudyFolder, study_folders
from hyperspool.common.locks import ClaimMode, is_held

RESCAN_S = 1.0
"""Seconds between two looks at `jobs/` without an event; also how soon the job of a killed worker is found free."""
WAITED_S = 10.0
LONGEST_RESCAN_S = 5.0
IDLE_EXIT_S = 5.0
"""With `--exit-when-idle`, seconds without any open job, and without a master that could publish one."""
TELL_S = 1.0
"""Seconds without a job before the worker logs that it waits. The next batch mostly comes sooner."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Waiting:
    """How long a worker waits for jobs.

    Attributes:
        exit_when_idle: leave after `IDLE_EXIT_S` without an open job, whoever holds it, unless a master runs.
        max_idle_s: leave after so many seconds without a free job, though others hold open ones; None: never.
        wait_s: until the worker has its first job, leave after so many seconds instead; None: as later.
    """

    exit_when_idle: bool = False
    max_idle_s: float | None = None
    wait_s: float | None = None


class Idleness:
    """Measures how long the worker has had no job.

    Args:
        root: the shared folder.
        study: the only study that the worker serves; None: all.
        waiting: how long the worker waits.
        clock: seconds that only go forward.
    """

    def __init__(
        self, root: Path, study: str | None, waiting: Waiting, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._root, self._study, self._waiting, self._clock = root, study, waiting, clock
        self._is_looking_for_study = study is not None
        self.end()
        self._had_job = False

    def pause_s(self, listings: int) -> float:
        """Return how long to wait for an event before the next look, which costs a file server as many listings.

        After `WAITED_S` without a job a worker makes fewer than one a second.
        """
        has_waited = self._clock() - self._since_s > WAITED_S
        return min(RESCAN_S * 1.2 * listings, LONGEST_RESCAN_S) if has_waited else RESCAN_S

    def end(self) -> None:
        """Start again: there was a job."""
        self._since_s = self._nothing_open_since_s = self._clock()
        self._is_logged, self._had_job = False, True

    def is_over(self, *, has_open: bool, studies: Iterable[StudyFolder] = ()) -> bool:
        """Return whether the worker should leave. Logs once what it waits for, after `TELL_S`.

        Args:
            has_open: whether there are open jobs, which other workers hold.
            studies: that the worker can serve. A master of one of them may publish the next batch.
        """
        now_s = self._clock()
        is_quiet = self._waiting.exit_when_idle and now_s - self._nothing_open_since_s > IDLE_EXIT_S
        if has_open or (is_quiet and any(map(_has_master, studies))):
            self._nothing_open_since_s = now_s
        if reason := self._reason_to_leave(now_s - self._since_s, now_s - self._nothing_open_since_s):
            logger.info("%s; leaving", reason)
            return True
        if not self._is_logged and now_s - self._since_s >= TELL_S:
            self._is_logged = True
            self._log()
        return False

    def _reason_to_leave(self, idle_s: float, nothing_open_s: float) -> str | None:
        waiting = self._waiting
        if waiting.wait_s is not None and not self._had_job:
            return f"no first job within {waiting.wait_s:g} s" if idle_s > waiting.wait_s else None
        if waiting.max_idle_s is not None and idle_s > waiting.max_idle_s:
            return f"no free job for {waiting.max_idle_s:g} s"
        if waiting.exit_when_idle and nothing_open_s > IDLE_EXIT_S:
            return f"no open job for {IDLE_EXIT_S:g} s"
        return None

    def _log(self) -> None:
        is_missing = self._is_looking_for_study and not self._is_study_there()
        self._is_looking_for_study = False
        if is_missing:
            logger.info("no study %s here yet; waiting", self._study)
        else:
            logger.info("waiting for jobs")

    def _is_study_there(self) -> bool:
        with suppress(OSError):  # out of reach for now, which the queue logs
            return any(folder.name == self._study for folder in study_folders(self._root))
        return True


def _has_master(folder: StudyFolder) -> bool:
    is_locked = any(is_held(folder.master_lock, mode) for mode in (ClaimMode.LOCK, ClaimMode.FLOCK))
    return is_locked or is_held(folder.path(MASTER_LEASE), ClaimMode.LEASE)
