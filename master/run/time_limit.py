"""The stopping rule `wall_clock_s`: no batch is proposed once the study's time is over.

When a study began is recorded in `jobs/<study>/clock.json` and never worked out again: by the clock of the file server,
because the next master may run on another host. While a master runs, its own monotonic clock counts on from there.
"""

import time
from collections.abc import Callable
from datetime import datetime

from hyperspool.common import atomic
from hyperspool.common.clock import text_of
from hyperspool.common.file_kinds import CLOCK
from hyperspool.common.layout import StudyFolder
from hyperspool.common.shared_folder import time_by
from hyperspool.common.stopping import StudyClock
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.journal.journal import Journal
from hyperspool.master.studies.clock import read_clock


class TimeLimit:
    """The time of one study. Only its master may use one.

    Args:
        folder: the study's folder.
        spec: the study; without the rule no time is recorded.
        monotonic_s: a clock in seconds that never goes back.

    Attributes:
        clock: the study's record; None before it was asked for.
    """

    def __init__(self, folder: StudyFolder, spec: StudySpec, monotonic_s: Callable[[], float] = time.monotonic) -> None:
        self._folder, self._monotonic_s = folder, monotonic_s
        self._limit_s = spec.stop.wall_clock_s if spec.stop else None
        self.clock: StudyClock | None = None
        self._began_s = 0.0

    def has_run_out(self, journal: Journal) -> bool:
        """Whether the time is over; that it is so is recorded.

        Args:
            journal: of the study: it began with its first batch, or begins now.

        Raises:
            OSError: the folder refuses the record.
        """
        if self._limit_s is None:
            return False
        clock = self.clock or self._begin(journal)
        passed_s = self._monotonic_s() - self._began_s
        if passed_s < self._limit_s:
            return False
        if not clock.has_run_out(self._limit_s):
            self.clock = clock.model_copy(update={"out_after_s": round(passed_s, 3)})
            atomic.replace(self._folder.path(CLOCK), self.clock.to_json(), durable=True)
        return True

    def _begin(self, journal: Journal) -> StudyClock:
        now_s = time_by(self._folder.jobs)
        clock = read_clock(self._folder)
        if clock is None:
            clock = StudyClock(began_at=journal.batches[0].head.at if journal.batches else text_of(now_s))
            atomic.replace(self._folder.path(CLOCK), clock.to_json(), durable=True)
        self.clock = clock
        # A journal of a host whose clock is ahead must not give the study more time than the rule does.
        passed_s = max(now_s - datetime.fromisoformat(clock.began_at).timestamp(), 0.0)
        self._began_s = self._monotonic_s() - passed_s
        return clock
