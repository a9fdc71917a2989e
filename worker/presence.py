"""The heartbeat: one small file per worker that shows people and the master what the worker does now.

Nothing depends on this host's clock: an observer sees by the changing `beat`, on its own clock, that the worker lives.
The file is not flushed to disk, and a worker that leaves in good order removes it.
"""

import secrets
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from hyperspool.common import atomic
from hyperspool.common.claim import Claimant
from hyperspool.common.clock import now_text
from hyperspool.common.heartbeat import WorkerRecord
from hyperspool.common.issues import AttemptName
from hyperspool.common.layout import StudyFolder, study_folders
from hyperspool.common.shared_folder import time_by

BEAT_S = 2.0
"""Seconds between heartbeats; fewer if the study's `stale_s` is short."""
IDLE_SLOWER = 4
"""An idle worker, which holds nothing that anybody waits for, beats so many times more slowly."""
MIN_INTERVAL_S = 0.5
"""The least seconds between two heartbeats, even when there is news such as the next epoch."""
AWAY_S = 5.0
"""Seconds for which a study without an open job keeps the worker's file. Longer than a master takes between two
batches."""


FRESH_S = 60.0
"""A heartbeat that is older belongs to a worker that is gone, mostly: it beats every 2 s."""


def unused_name(root: Path, wish: str) -> str:
    """Return the wished name, or one with four more digits if a worker under that name seems to live.

    A scheduler that starts a job again gives it the old name, while the old process may go on on a host that it has
    lost sight of. Two workers that start at the same moment may still get one name: leave it to the worker to name
    itself.
    """
    for folder in study_folders(root):
        with suppress(OSError):
            age_s = time_by(folder.workers) - folder.worker(wish).stat().st_mtime
            if age_s < FRESH_S:
                return f"{wish[:95]}-{secrets.token_hex(2)}"
    return wish


class Presence:
    """Writes one worker's heartbeat into the studies that it serves.

    Args:
        claimant: the worker.
        device: the name of the worker's device.
        clock: seconds that only go forward.
        gpu: index or UUID of the device on this host; None: the CPU.
        job: the scheduler's job that runs the worker; None: no scheduler is known.
    """

    def __init__(
        self,
        claimant: Claimant,
        device: str,
        clock: Callable[[], float] = time.monotonic,
        gpu: str | None = None,
        job: str | None = None,
    ) -> None:
        self._claimant, self._device, self._clock, self._job = claimant, device, clock, job
        self.gpu = gpu
        self._beat_s = BEAT_S
        self._beat = 0
        self._last_s = float("-inf")
        self._news: object = None
        self._needed_s: dict[StudyFolder, float] = {}

    def loading(self, folder: StudyFolder) -> None:
        """Show in the one study that the worker serves that it has started, and takes no job yet."""
        self._needed_s[folder] = self._clock()
        self._write(folder, state="loading")

    def idle(self, open_studies: list[StudyFolder]) -> None:
        """Show that the worker waits for a job: in these studies, and for `AWAY_S` in those that it served before.

        Costs nothing while there is no news.
        """
        self._needed_s |= dict.fromkeys(open_studies, self._clock())
        self._leave_others()
        if self._is_due(news=frozenset(open_studies), slower=IDLE_SLOWER):
            for folder in self._needed_s:
                self._write(folder, state="idle")

    def running(
        self, folder: StudyFolder, attempt: AttemptName, epoch: int, epochs: int, stale_s: float, **software: object
    ) -> None:
        """Show that the worker evaluates a trial, and how far it is. Costs nothing while there is no news.

        Beats at least five times in `stale_s`, after which the worker would count as silent. `software` is the record's
        `versions` and `code`, once they are known.
        """
        self._beat_s = min(BEAT_S, stale_s / 5)
        self._needed_s[folder] = self._clock()
        if self._is_due(news=(folder, attempt, epoch)):
            self._leave_others()
            trial, rung, issue = attempt.issue
            progress = {"attempt": attempt.number, "epoch": epoch, "epochs": epochs}
            self._write(folder, state="running", trial=trial, rung=rung, issue=issue, **progress, **software)

    def leave(self) -> None:
        """Remove the worker's files."""
        for folder in self._needed_s:
            self._remove(folder)
        self._needed_s.clear()

    def _leave_others(self) -> None:
        # A study that no longer needs this worker must not go on showing its last state there.
        for folder, needed_s in list(self._needed_s.items()):
            if self._clock() - needed_s > AWAY_S:
                self._remove(folder)
                del self._needed_s[folder]

    def _remove(self, folder: StudyFolder) -> None:
        with suppress(OSError):
            atomic.remove(folder.worker(self._claimant.worker))

    def _is_due(self, news: object, slower: int = 1) -> bool:
        interval_s = slower * self._beat_s if news == self._news else MIN_INTERVAL_S
        if self._clock() - self._last_s < interval_s:
            return False
        self._news = news
        self._last_s = self._clock()
        return True

    def _write(self, folder: StudyFolder, *, state: str, **more: object) -> None:
        self._beat += 1
        worker = {
            "worker": self._claimant.worker,
            "host": self._claimant.host,
            "pid": self._claimant.pid,
            "device": self._device,
            "gpu": self.gpu,
            "job": self._job,
            "state": state,
            "beat": self._beat,
            "at": now_text(),
        }
        record = WorkerRecord.model_validate(worker | more)
        with suppress(OSError):  # a missed beat is no reason to stop, because the next one follows
            atomic.replace(folder.worker(self._claimant.worker), record.to_json(), durable=False)
