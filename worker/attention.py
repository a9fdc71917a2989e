"""When a worker listens for new jobs: while it has none, and not while it evaluates.

Jobs appear a hundred at a time, and each event costs every listener a tenth of a millisecond: with 32 workers that is
more than all else that a trial without content costs. To look away and back costs half a millisecond. So a worker looks
away while it evaluates its first job, if it has seen a second one; otherwise when it has been busy for a while.
"""

import time
from collections.abc import Callable, Iterable
from pathlib import Path

from hyperspool.common.layout import StudyFolder
from hyperspool.common.watch import Appearance, FolderWatch
from hyperspool.worker.executor import Errands
from hyperspool.worker.reports import Reports

BUSY_S = 1.0


class Attention(Errands):
    """Follows the folders in which jobs appear, and does the errands of a busy worker.

    Args:
        reports: the results that wait.
        clock: seconds that only go forward.
    """

    def __init__(self, reports: Reports, clock: Callable[[], float] = time.monotonic) -> None:
        self._reports, self._clock = reports, clock
        self._watch: FolderWatch | None = None
        self._idle_s = clock()

    def listen(self, watch: FolderWatch, jobs: Path, studies: Iterable[StudyFolder]) -> bool:
        """Follow the folders of these studies.

        Args:
            watch: follows folders.
            jobs: the folder in which studies appear; it is followed too.
            studies: in whose folders jobs appear.

        Returns:
            Whether a folder is followed that was not before: what appeared in it is found by looking once more.
        """
        self._watch, self._idle_s = watch, self._clock()
        return watch.follow({jobs: Appearance.FOLDER} | {folder.jobs: Appearance.RENAMED for folder in studies})

    def begin(self, *, has_more: bool) -> None:
        """Note that a job was claimed.

        Args:
            has_more: whether there are others, so that this worker will not be idle soon.
        """
        if has_more:
            self._idle_s = float("-inf")

    def due_in_s(self) -> float:
        """How long the errands may still wait."""
        return self._reports.due_in_s()

    def do_if_due(self) -> None:
        """Report what has waited long enough; look away if the worker has been busy for long enough."""
        self._reports.do_if_due()
        if self._watch and self._clock() - self._idle_s > BUSY_S:
            self._watch.follow({})
            self._watch = None
