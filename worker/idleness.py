"""A worker without a job: what it logs, and when it has waited long enough to leave."""

import logging
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from hyperspool.common.layout import study_folders

IDLE_EXIT_S = 5.0
"""With `--exit-when-idle`, seconds without any open job. Longer than a master takes between two batches."""
TELL_S = 1.0
"""Seconds without a job before the worker logs that it waits. The next batch mostly comes sooner."""

logger = logging.getLogger(__name__)


class Idleness:
    """Measures how long the worker has had no job.

    Args:
        root: the shared folder.
        study: the only study that the worker serves; None: all.
        is_leaving: whether to leave after `IDLE_EXIT_S` without an open job.
        clock: seconds that only go forward.
    """

    def __init__(
        self, root: Path, study: str | None, *, is_leaving: bool, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._root, self._study, self._is_leaving, self._clock = root, study, is_leaving, clock
        self._is_looking_for_study = study is not None
        self.end()

    def end(self) -> None:
        """Start again: there was a job."""
        self._since_s = self._nothing_open_since_s = self._clock()
        self._is_logged = False

    def is_over(self, *, has_open: bool) -> bool:
        """Return whether the worker should leave. Logs once what it waits for, after `TELL_S`.

        Args:
            has_open: whether there are open jobs, which other workers hold.
        """
        now_s = self._clock()
        if has_open:
            self._nothing_open_since_s = now_s
        if self._is_leaving and now_s - self._nothing_open_since_s > IDLE_EXIT_S:
            logger.info("no open job for %g s; leaving", IDLE_EXIT_S)
            return True
        if not self._is_logged and now_s - self._since_s >= TELL_S:
            self._is_logged = True
            self._log()
        return False

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
