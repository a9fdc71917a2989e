"""A study has one master at a time."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress

from hyperspool.common import atomic
from hyperspool.common.claim import Claimant
from hyperspool.common.clock import now_text
from hyperspool.common.errors import StudyBusyError
from hyperspool.common.layout import StudyFolder
from hyperspool.common.locks import ClaimMode, held
from hyperspool.common.reading import read_bytes

ASKED_S = 1.0
"""How long to wait for another process that is the master only for the milliseconds in which it asks for a trial."""


@contextmanager
def only_master(folder: StudyFolder, mode: ClaimMode, wait_s: float = ASKED_S) -> Iterator[Callable[[], bool]]:
    """Hold the study's master lock while the block runs.

    Args:
        folder: the study's folder.
        mode: what makes the hold exclusive.
        wait_s: how long to try.

    Yields:
        A function that returns whether this process still holds it: another master may take over a lease while this
        process is stopped.

    Raises:
        StudyBusyError: another master runs the study.
    """
    me, end_s = Claimant("master"), time.monotonic() + wait_s
    while True:
        with held(folder.master_lock, mode, f"process {me.pid} on {me.host} since {now_text()}\n") as is_ours:
            if is_ours is not None:
                try:
                    yield is_ours
                finally:
                    _note_end(folder, me, is_ours)
                return
        if time.monotonic() >= end_s:
            raise StudyBusyError(folder.name, read_bytes(folder.master_lock).decode(errors="replace").strip())
        time.sleep(ASKED_S / 100)


def _note_end(folder: StudyFolder, me: Claimant, is_ours: Callable[[], bool]) -> None:
    """Write when this master ended, for `status`. A master that is killed writes nothing."""
    with suppress(OSError):  # the folder is gone, or refuses
        if is_ours():
            atomic.write_note(folder.master_lock, f"process {me.pid} on {me.host} ended {now_text()}\n")
