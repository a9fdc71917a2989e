"""Measures how long each worker has been silent: since its heartbeat last changed, by this process's monotonic clock.

No clock of another host is read, because clocks may be hours apart.
"""

import time
from collections.abc import Callable, Iterable

from hyperspool.common.heartbeat import WorkerRecord


class Silence:
    """Remembers when each worker's heartbeat was last seen to change.

    Args:
        clock: monotonic time in seconds.
    """

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._began_s = clock()
        self._seen: dict[str, tuple[tuple[int, int], float]] = {}

    def observe(self, records: Iterable[WorkerRecord]) -> None:
        """Note which heartbeats have changed since the last call."""
        now_s = self._clock()
        for record in records:
            heard = (record.pid, record.beat)
            if self._seen.get(record.worker, (None,))[0] != heard:
                self._seen[record.worker] = (heard, now_s)

    def forgive(self) -> None:
        """Restart every worker's silence from now, because the folder has refused heartbeats."""
        now_s = self._clock()
        self._began_s = now_s
        self._seen = {worker: (heard, now_s) for worker, (heard, _) in self._seen.items()}

    def silent_for_s(self, worker: str) -> float:
        """Seconds since the worker's heartbeat last changed; if it was never seen, since this object was made."""
        return self._clock() - self._seen[worker][1] if worker in self._seen else self._clock() - self._began_s
