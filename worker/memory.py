"""Detects kernel out-of-memory kills, by the kernel's own count before and after a process has died.

The count is that of this process's control group if it has one of its own (cgroup v2, as in a container or under
Slurm); its children share it. Otherwise the count is that of the whole machine. Only the last few seconds matter, so
that another program's death is hardly ever taken for the child's.
"""

import re
import time
from collections import deque
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

WINDOW_S = 10.0
"""How far back a kill may lie. A killed process takes a while to die, because its memory, often many GiB, is freed
first."""
FRESH_S = 0.25
"""A count that is younger serves a trial that begins: to ask the kernel takes longer than a trial without content."""
_COUNT = re.compile(r"^oom_kill (\d+)$", re.MULTILINE)


class MemoryKills:
    """Follows the kernel's count of out-of-memory kills.

    Args:
        counter: a file with a line `oom_kill N`; None: the kernel's own.
        clock: seconds that only go forward.
    """

    def __init__(self, counter: Path | None = None, clock: Callable[[], float] = time.monotonic) -> None:
        self._counter = counter or kernel_counter()
        self._clock = clock
        self._seen: deque[tuple[float, int]] = deque()

    def begin(self) -> None:
        """Count from now on; kills of the last `FRESH_S` may be counted too."""
        while self._seen and (len(self._seen) > 1 or self._clock() - self._seen[0][0] >= FRESH_S):
            self._seen.popleft()
        self.look()

    def look(self) -> None:
        """Note the count now. Call it at least every second while the child runs; more often costs nothing."""
        now_s = self._clock()
        if self._seen and now_s - self._seen[-1][0] < WINDOW_S / 10:
            return
        if (count := self._count()) is not None:
            self._seen.append((now_s, count))
        while len(self._seen) > 1 and now_s - self._seen[1][0] > WINDOW_S:
            self._seen.popleft()

    def has_risen(self) -> bool:
        """Whether the kernel killed within the last `WINDOW_S`; False also where the kernel does not count."""
        count = self._count()
        if count is None or not self._seen:
            return False
        before = self._seen[0][1]
        self._seen.append((self._clock(), count))  # so that no later trial counts the same kill
        return count > before

    def _count(self) -> int | None:
        with suppress(OSError):  # no such file on this system
            if match := _COUNT.search(self._counter.read_text()):
                return int(match[1])
        return None


def kernel_counter(proc: Path = Path("/proc"), groups: Path = Path("/sys/fs/cgroup")) -> Path:
    """Return the file in which the kernel counts the kills that can have hit this process or its children.

    Args:
        proc: where the kernel shows processes.
        groups: where the kernel shows control groups.
    """
    with suppress(OSError):
        for line in (proc / "self" / "cgroup").read_text().splitlines():
            if line.startswith("0::/"):
                events = groups / line.removeprefix("0::/") / "memory.events"
                if _COUNT.search(events.read_text()):
                    return events
    return proc / "vmstat"
