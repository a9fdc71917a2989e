"""When the parent ends an evaluation: at its time limit, or after a request to stop."""

import time
from contextlib import suppress
from multiprocessing.connection import Connection

from hyperspool.worker.messages import Stop

TICK_S = 0.5
"""The parent wakes up so often to show that it lives."""
STOP_GRACE_S = 5.0
"""How long a child may take to save when it is asked to stop; then it is killed. Clusters grant more than that."""
PREPARE_LIMIT_S = 3600.0
"""How long a child may take before training begins: importing torch, and on first use downloading a data set."""


class Ending:
    """Says when to end an evaluation.

    Args:
        limit_s: seconds for the training; None: no limit.
    """

    def __init__(self, limit_s: float | None) -> None:
        self.has_begun = self.is_stopping = self.is_child_spent = False
        self.limit_s = PREPARE_LIMIT_S
        self._training_limit_s = float("inf") if limit_s is None else limit_s
        self._deadline_s = time.monotonic() + PREPARE_LIMIT_S
        self._kill_at_s = float("inf")

    def begin(self) -> None:
        """Let the study's time limit count from now on, because preparation is over."""
        self.has_begun, self.limit_s = True, self._training_limit_s
        self._deadline_s = time.monotonic() + self.limit_s

    def timeout_s(self) -> float:
        """How long the parent may wait for the child."""
        return max(min(TICK_S, self._deadline_s - time.monotonic()), 0.0)

    def is_over(self) -> bool:
        """Whether the child has used up its time."""
        return time.monotonic() >= self._deadline_s

    def ask_to_stop(self, connection: Connection) -> None:
        """Ask the child to stop; its grace begins."""
        self.is_stopping, self._kill_at_s = True, time.monotonic() + STOP_GRACE_S
        with suppress(OSError):  # the child has just died, and the next round of `_exchange` will find that out
            connection.send(Stop())

    def is_grace_over(self, *, is_urgent: bool) -> bool:
        """Whether the child has used up its grace; an urgent request ends the grace at once."""
        return self.is_stopping and (is_urgent or time.monotonic() >= self._kill_at_s)
