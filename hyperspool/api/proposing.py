"""One more trial, proposed and published by this process as the study's master for that moment."""

import threading
import time
from collections.abc import Callable
from enum import Enum, auto

from hyperspool.common.errors import StudyBusyError
from hyperspool.common.layout import StudyFolder
from hyperspool.common.study_spec import StudySpec
from hyperspool.common.watch import Wakeup
from hyperspool.master.run.loop import Search
from hyperspool.master.run.only_master import only_master


class Offer(Enum):
    """The outcome of an offer."""

    MADE = auto()
    """A trial was proposed and published."""
    NONE = auto()
    """The search method has no trial to propose now."""
    BUSY = auto()
    """Another process is the study's master now."""


class Proposing:
    """Proposes trials of one study. What it read of the study is kept as long as no other master recorded anything.

    Args:
        folder: the study's folder.
        spec: the study as published.
    """

    def __init__(self, folder: StudyFolder, spec: StudySpec) -> None:
        self._folder, self._spec = folder, spec
        self._bell = Wakeup()
        self._search: Search | None = None
        self._end_s = float("inf")
        self._is_ours: Callable[[], bool] = lambda: True
        self._lock = threading.Lock()

    def offer(self, end_s: float) -> Offer:
        """Propose and publish a trial, or a batch of a study with a limit.

        Args:
            end_s: when to stop waiting for a folder that refuses, on the monotonic clock.
        """
        # Of a study without a limit one trial is proposed, so that no trial is left over that nobody asked for.
        count = self._spec.batch if self._spec.has_limit else 1
        try:
            with self._lock, only_master(self._folder, self._spec.claim, wait_s=0.0) as self._is_ours:
                self._end_s = end_s
                search, self._search = self._opened(), None
                is_made = search.offer(count)
                self._search = search  # only now: an error in the middle leaves it with half of a batch
                return Offer.MADE if is_made else Offer.NONE
        except StudyBusyError:
            return Offer.BUSY

    def _opened(self) -> Search:
        if self._search is not None and self._search.is_current:
            return self._search
        search = Search(self._folder, self._spec, self._bell, self._should_stop)
        search.reopen()
        return search

    def _should_stop(self) -> bool:
        return time.monotonic() > self._end_s or not self._is_ours()
