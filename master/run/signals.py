"""Signals as requests to stop, for as long as a study runs."""

import signal
import threading
from collections.abc import Callable
from types import FrameType, TracebackType
from typing import Self

from hyperspool.common.signals import REQUESTS
from hyperspool.common.watch import Wakeup

ANNOUNCE_S = 1.0
"""Longest time that the end waits for the announcement to be printed, so that it comes before what follows."""


class StopSignals:
    """Takes over the signals while the block runs; afterwards they are handled as before.

    The first signal asks to stop, the second raises KeyboardInterrupt, so that nothing is waited for any more. In a
    thread other than the main one nothing is taken over, because Python handles signals in the main thread alone.

    Attributes:
        bell: rung by every signal.
        received: the signals so far.
        announce: called once, from another thread, as soon as the first signal has come: whatever this process does
            then, and it may be computing for seconds, a person learns at once that it was heard.
    """

    def __init__(self) -> None:
        self.bell = Wakeup()
        self.received: list[int] = []
        self.announce: Callable[[], object] | None = None
        self._heard = threading.Event()
        self._announcer = threading.Thread(target=self._announce, daemon=True)
        self._before: dict[int, object] = {}

    def __enter__(self) -> Self:
        if threading.current_thread() is threading.main_thread():
            self._announcer.start()
            self._before = {number: signal.signal(number, self._stop) for number in REQUESTS}
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        for number, handler in self._before.items():
            # None: a handler that was not installed from Python, and that Python cannot install again
            signal.signal(number, handler if handler is not None else signal.SIG_DFL)  # type: ignore[arg-type]
        self._heard.set()
        if self._announcer.is_alive():
            self._announcer.join(ANNOUNCE_S)
        self.bell.close()

    def pass_on(self) -> None:
        """Send this process the first signal again, for a program that runs a study and was meant by the signal too.

        Call it after the block. Ctrl-C raises KeyboardInterrupt; SIGTERM ends a program that does not handle it.
        """
        if self.received:
            signal.raise_signal(self.received[0])

    def _stop(self, number: int, _frame: FrameType | None) -> None:
        if self.received:
            raise KeyboardInterrupt
        self.received.append(number)
        self._heard.set()
        self.bell.ring()

    def _announce(self) -> None:
        # Not in the signal's handler: that may have interrupted this process in the middle of printing.
        self._heard.wait()
        if self.received and self.announce:
            self.announce()
