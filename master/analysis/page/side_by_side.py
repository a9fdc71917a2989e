"""Works side by side: the parts of a page, each made in a process of this machine's cores."""

import multiprocessing
import os
import sys
import threading
from collections.abc import Callable, Sequence
from contextlib import suppress
from multiprocessing.connection import Connection
from multiprocessing.context import ForkProcess
from typing import TypeVar

Part = TypeVar("Part")
WORTH_IT = 4
"""From this many parts on it pays to start processes."""
MOST = 8
"""Processes: each takes memory."""


def side_by_side(make: Callable[[int], Part], count: int, processes: int | None = None) -> list[Part]:
    """Make parts 0, 1, ..., and return them in this order. They may be made in forks of this process.

    Args:
        make: makes a part, whose content can be pickled, and changes nothing else that matters here.
        count: how many.
        processes: the most, this one among them; None: as many as there are cores.

    Raises:
        Exception: what `make` raised. A part whose process ended without it, or raised, is made again here.
    """
    number = min(_most() if processes is None else processes, count) if count >= WORTH_IT else 1
    # Neighbours are often alike, and take equally long.
    own, *others = [range(first, count, number) for first in range(number)] or [range(0)]
    context = multiprocessing.get_context("fork")
    forks: list[tuple[range, Connection, ForkProcess]] = []
    for share in others:
        reading, writing = context.Pipe(duplex=False)
        fork = context.Process(target=_send, args=(make, share, writing), daemon=True)
        fork.start()
        writing.close()
        forks.append((share, reading, fork))
    found = {place: make(place) for place in own}
    for share, reading, fork in forks:
        made: dict[int, Part] | None = None
        with suppress(EOFError, OSError):
            made = reading.recv()
        reading.close()
        fork.join()
        found |= {place: make(place) for place in share} if made is None else made
    return [found[place] for place in range(count)]


def _most() -> int:
    # A fork has no other thread, but the locks that they held. On macOS libraries of the system do not survive a fork.
    if sys.platform != "linux" or threading.active_count() > 1:
        return 1
    return min(len(os.sched_getaffinity(0)), MOST)


def _send(make: Callable[[int], Part], share: Sequence[int], writing: Connection) -> None:
    with suppress(Exception):  # the parent makes the parts again, and gets the error
        writing.send({place: make(place) for place in share})
