"""Flushes open files to disk: several of them at once, because then the disk flushes once for many.

Linux takes them all in one call and flushes them by its own workers (`common.kernel_flush`): 16 files of a kilobyte
took 2 ms of a busy disk like this, 6 ms by threads of ours, and 60 ms one after the other. Threads are what is left
where the kernel refuses, and on other systems.
"""

import os
from collections.abc import Sequence

AT_ONCE = 8
"""Threads."""


def flush(descriptors: Sequence[int]) -> None:
    """Flush open files or folders to disk.

    Raises:
        OSError: one of them could not be flushed.
    """
    if len(descriptors) == 1:
        os.fsync(descriptors[0])
        return
    from hyperspool.common import kernel_flush  # takes 10 ms, and only a worker of trials of milliseconds needs it

    if not kernel_flush.try_flush(descriptors):
        _flush_by_threads(descriptors)


def _flush_by_threads(descriptors: Sequence[int]) -> None:
    from concurrent.futures import ThreadPoolExecutor  # hardly anybody needs it

    # Made anew each time, as threads do not live on in a fork.
    with ThreadPoolExecutor(min(AT_ONCE, len(descriptors))) as threads:
        for _ in threads.map(os.fsync, descriptors):
            pass  # raises what a thread has raised
