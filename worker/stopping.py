"""Requests to stop the worker: a signal, or the end of standard input."""

import os
import signal
import threading
import time
from types import FrameType

from hyperspool.common.signals import REQUESTS
from hyperspool.common.watch import Wakeup

URGENT_AFTER_S = 1.0
"""Signals that arrive within this time of the first are the same request."""


class StopRequests:
    """Whether the process was asked to stop.

    One stop often arrives as several: a signal to the whole process tree, and the end of standard input when the master
    obeys that signal. Only a signal that comes later than `URGENT_AFTER_S` after the first is a second request.

    Args:
        bell: rung by every request.

    Attributes:
        is_requested: save and stop.
        is_urgent: stop without saving.
    """

    def __init__(self, bell: Wakeup) -> None:
        self.is_requested = False
        self.is_urgent = False
        self._first_signal_s: float | None = None
        self._bell = bell

    def listen(self, *, to_stdin: bool) -> None:
        """Take over the signals and, if asked to, wait for the end of standard input in a thread."""
        self._bell.ring_on_signals()
        for number in REQUESTS:
            signal.signal(number, self._on_signal)
        if to_stdin:
            threading.Thread(target=self._wait_for_end_of_stdin, daemon=True).start()

    def _on_signal(self, _number: int, _frame: FrameType | None) -> None:
        now_s = time.monotonic()
        if self._first_signal_s is None:
            self._first_signal_s = now_s
        self.is_requested = True
        self.is_urgent = now_s - self._first_signal_s > URGENT_AFTER_S

    def request(self) -> None:
        """Ask to save and stop."""
        self.is_requested = True
        self._bell.ring()

    def _wait_for_end_of_stdin(self) -> None:
        # Not through sys.stdin: a thread that holds its lock while the interpreter ends aborts the process.
        while os.read(0, 4096):
            pass
        self.request()
