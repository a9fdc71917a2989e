"""Loads a command's modules without a search for garbage. Imports nothing but the standard library."""

import atexit
import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def loading() -> Iterator[None]:
    """Keep the garbage collector from all that is loaded in the block, and from all that there is at the process's end.

    A module stays until the end, and then the system takes the memory back. Searches for garbage find nothing there,
    and took a quarter of a short command's time.
    """
    atexit.register(gc.freeze)
    gc.disable()
    try:
        yield
    finally:
        gc.freeze()
        gc.enable()
