"""Whether a study runs, is stopped or is finished; since when, and for how long still."""

import time
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any

from hyperspool.common.layout import StudyFolder
from hyperspool.common.locks import ClaimMode, is_held
from hyperspool.common.shared_folder import time_by
from hyperspool.master.results.standing import Standing
from hyperspool.master.results.wording import duration_text


class Phase(StrEnum):
    """Where a study is in its life."""

    RUNNING = "running"
    STOPPED = "stopped"
    FINISHED = "finished"


@dataclass(frozen=True)
class StudyState:
    """The phase of a study.

    Attributes:
        phase: FINISHED once every trial has its result, else RUNNING while a master runs.
        since_s: when that began, by the file server's clock, in seconds since the epoch; None if no file says so.
        for_s: how long ago that was, by the same clock.
        left_s: an estimate of the seconds until the study is finished; None unless workers run it.
    """

    phase: Phase
    since_s: float | None
    for_s: float | None
    left_s: float | None = None

    def to_json(self) -> dict[str, Any]:
        """The state as `status --json` prints it."""
        since = (
            None if self.since_s is None else datetime.fromtimestamp(self.since_s, UTC).isoformat(timespec="seconds")
        )
        return {"state": self.phase.value, "since": since, "left_s": self.left_s}

    @property
    def sentence(self) -> str:
        """The state in words: `running since 2026-11-27 12:03, for 25 min; about 1 h 10 min left`."""
        if self.since_s is None or self.for_s is None:
            return self.phase.value
        moment = time.strftime("%Y-%m-%d %H:%M", time.localtime(self.since_s))
        passed = duration_text(max(self.for_s, 0.0))
        passed = f"for {passed}" if self.phase is Phase.RUNNING else f"{passed} ago"
        left = f"; about {duration_text(self.left_s)} left" if self.left_s else ""
        return f"{self.phase.value} since {moment}, {passed}{left}"


def is_master_running(folder: StudyFolder, mode: ClaimMode) -> bool:
    """Return whether a process runs a study as its master now. Takes no lock."""
    # A lease is a file of its own beside the one that says who holds it.
    lock = folder.master_lock
    return is_held(lock.with_suffix(".lease") if mode is ClaimMode.LEASE else lock, mode)


def state_of(folder: StudyFolder, standing: Standing) -> StudyState:
    """Read the state of a study.

    Args:
        folder: of the study.
        standing: of the study, just read.
    """
    now_s = time_by(folder.workers)
    landed_s = max((_changed_s(folder.result(*key)) or 0.0 for key in list(standing.results)[-1:]), default=0.0)
    if standing.is_finished:
        return _since(Phase.FINISHED, landed_s or None, now_s)
    # A master writes its lock file when it begins, and again when it ends in good order.
    wrote_s = _changed_s(folder.master_lock)
    if is_master_running(folder, standing.spec.claim):
        return _since(Phase.RUNNING, wrote_s, now_s, left_s(standing))
    last_s = max(landed_s, wrote_s or 0.0, _changed_s(folder.journal) or 0.0)
    return _since(Phase.STOPPED, last_s or None, now_s)


def left_s(standing: Standing) -> float | None:
    """Estimate the seconds until a study is finished: what its evaluations took so far, on the workers that run."""
    working = len(list(standing.running()))
    if not standing.results or not working:
        return None
    spent = [result.times.evaluation_s for result in standing.results.values()]
    done, total = standing.progress
    return sum(spent) / len(spent) * (total - done) / working


def _since(phase: Phase, since_s: float | None, now_s: float, left_s: float | None = None) -> StudyState:
    return StudyState(phase, since_s, None if since_s is None else now_s - since_s, left_s)


def _changed_s(path: Path) -> float | None:
    with suppress(OSError):
        return path.stat().st_mtime
    return None
