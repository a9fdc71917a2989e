"""A request to stop: SIGINT or SIGTERM."""

import signal
from types import FrameType

from hyperspool.common.watch import Wakeup


def stop_on_signals(bell: Wakeup) -> list[int]:
    """Ring the bell when this process is asked to stop; the list then holds the signal's number."""
    bell.ring_on_signals()
    received: list[int] = []

    def stop(number: int, _frame: FrameType | None) -> None:
        if received:  # asked a second time: do not wait for the workers
            raise KeyboardInterrupt
        received.append(number)

    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, stop)
    return received
