"""A file for testing a folder, which is always removed after the test."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from hyperspool.common import atomic
from hyperspool.common.signals import REQUESTS


@contextmanager
def probe_in(folder: Path) -> Iterator[Path]:
    """The path of a file that the block may create and use. Removes the file when the block ends.

    Requests to stop are blocked until then: before a command has installed its signal handlers, a signal ends the
    process at once, and would leave the file behind. A file that SIGKILL leaves behind is named like a temporary file,
    and the next master removes it.
    """
    probe = atomic.temporary_beside(folder / "probe")
    before = signal.pthread_sigmask(signal.SIG_BLOCK, REQUESTS)
    try:
        yield probe
    finally:
        with suppress(FileNotFoundError):
            probe.unlink()
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
