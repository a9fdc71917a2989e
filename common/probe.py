"""A file to try a folder with, which does not outlive the try."""

import signal
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from hyperspool.common import atomic


@contextmanager
def probe_in(folder: Path) -> Iterator[Path]:
    """The path of a file that the block may make and use; it is removed when the block is left.

    A request to leave (SIGINT, SIGTERM) waits until then, since at this time it ends the process on the spot. What
    SIGKILL leaves behind bears the name of a file in the making, and the next master removes it.
    """
    probe = atomic.temporary_beside(folder / "probe")
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT, signal.SIGTERM})
    try:
        yield probe
    finally:
        with suppress(FileNotFoundError):
            probe.unlink()
        signal.pthread_sigmask(signal.SIG_SETMASK, before)
