"""How many trials a worker evaluates and how long it lives, as a scheduler that ends it at a set time asks for."""

import os
import statistics
import threading
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace

from hyperspool.worker.stopping import StopRequests

MARGIN_S = 15.0
"""The worker lets go so long before its end: a trial that does not ask is ended after 5 s, and the rest is for a slow
folder and the interpreter's own end."""
SLURM_END = "SLURM_JOB_END_TIME"
"""When the time limit ends a Slurm job, in seconds since 1970. Newer versions of Slurm set it, and the scripts of
`launch` for older ones."""
REMEMBERED = 20
"""Evaluations of which the time to the first checkpoint is remembered."""


@dataclass(frozen=True)
class Life:
    """The limits of a worker's life.

    Attributes:
        trials: leave after so many; None: no limit.
        lifetime_s: leave within so many seconds; None: no limit.
        ended_to: the descriptor of a pipe to which each ended trial is written, for the supervisor of several slots.
    """

    trials: int | None = None
    lifetime_s: float | None = None
    ended_to: int | None = None

    def with_end_of_job(self, environment: Mapping[str, str], now_s: float) -> "Life":
        """Return the limits with the end of the Slurm job that this process belongs to, if it belongs to one.

        Args:
            environment: of this process.
            now_s: seconds since 1970.
        """
        end = environment.get(SLURM_END, "")
        if not end.isdecimal():
            return self
        left_s = max(int(end) - now_s, 0.0)
        return replace(self, lifetime_s=left_s if self.lifetime_s is None else min(left_s, self.lifetime_s))


class Lifetime:
    """Says whether a worker should begin another trial, and asks it to stop when its time is over.

    Args:
        life: the limits.
        clock: seconds that only go forward.
    """

    def __init__(self, life: Life, clock: Callable[[], float] = time.monotonic) -> None:
        self._trials_left, self._ended_to, self._clock = life.trials, life.ended_to, clock
        self._end_s = None if life.lifetime_s is None else clock() + life.lifetime_s - MARGIN_S
        self._first_saves_s: deque[float] = deque(maxlen=REMEMBERED)

    def watch(self, stop: StopRequests) -> None:
        """Ask the worker to save and stop when its time is over."""
        if self._end_s is not None:
            timer = threading.Timer(max(self._end_s - self._clock(), 0.0), stop.request)
            timer.daemon = True
            timer.start()

    def ended(self, seconds: float, epochs: int) -> None:
        """Count an evaluation.

        Args:
            seconds: from its start to its end.
            epochs: that it went through; 0 if it reports none, and so has nothing to go on from before its end.
        """
        self._first_saves_s.append(seconds / max(epochs, 1))
        if self._trials_left is not None:
            self._trials_left -= 1
        if self._ended_to is not None:
            with suppress(OSError):  # the supervisor is gone, or has not read for long
                os.write(self._ended_to, f"{os.getpid()} {seconds:.6f} {epochs}\n".encode())

    @property
    def has_had_its_trials(self) -> bool:
        """Whether the worker has evaluated as many trials as it may."""
        return self._trials_left is not None and self._trials_left <= 0

    @property
    def is_over(self) -> bool:
        """Whether the time is over, whatever else ended the worker."""
        return self._end_s is not None and self._clock() >= self._end_s

    @property
    def left_s(self) -> float | None:
        """How much of `--lifetime` is left, the margin included; None if the worker has no end."""
        return None if self._end_s is None else self._end_s + MARGIN_S - self._clock()

    @property
    def is_too_short(self) -> bool:
        """Whether a trial that began now would probably be stopped before its first checkpoint: nothing would stay."""
        if self._end_s is None:
            return False
        needed_s = statistics.median(self._first_saves_s) if self._first_saves_s else 0.0
        return self._end_s - self._clock() <= needed_s
