"""Workers that hold a job and say nothing: told by their heartbeat's change on this process's own monotonic clock."""

import time
from collections.abc import Callable, Iterable

from hyperspool.common.heartbeat import WorkerRecord


class Silence:
    """Remembers when each worker's heartbeat was last seen to change.

    Args:
        clock: seconds that only go forward.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began_s = clock()
        self._seen: dict[str, tuple[tuple[int, int], float]] = {}

    def observe(self, records: Iterable[WorkerRecord]) -> None:
        """Take in the heartbeats as they are now."""
        now_s = self._clock()
        for record in records:
            heard = (record.pid, record.beat)
            if self._seen.get(record.worker, (None,))[0] != heard:
                self._seen[record.worker] = (heard, now_s)

    def forgive(self) -> None:
        """Count everybody's silence anew: the folder refused what they had to say."""
        now_s = self._clock()
        self._began_s = now_s
        self._seen = {worker: (heard, now_s) for worker, (heard, _) in self._seen.items()}

    def silent_for_s(self, worker: str) -> float:
        """Seconds since the worker's heartbeat changed; since this process began to look, if it was never seen."""
        return self._clock() - self._seen[worker][1] if worker in self._seen else self._clock() - self._began_s
