"""Waits for changes: watchdog's events are hints, and a timed rescan is the truth.

An event only ends a wait early. inotify sees nothing that another host does on a network file system, may run out of
instances, and drops events when its queue is full. So the caller looks for itself after every wait, which lasts no
longer than the caller's timeout.
"""

import logging
import os
import select
import signal
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from enum import Enum
from pathlib import Path
from types import TracebackType
from typing import Self

from watchdog.events import (
    DirCreatedEvent,
    FileCreatedEvent,
    FileMovedEvent,
    FileSystemEvent,
    FileSystemEventHandler,
)
from watchdog.observers import Observer
from watchdog.observers.api import BaseObserver, ObservedWatch

from hyperspool.common.atomic import is_temporary

logger = logging.getLogger(__name__)

# When watchdog is stopped, it logs the end of its own thread as an error.
logging.getLogger("watchdog").setLevel(logging.CRITICAL)


class Wakeup:
    """A bell that any thread or signal handler can ring and one thread can wait for, with other file descriptors."""

    def __init__(self) -> None:
        self._read, self._write = os.pipe()
        # Not blocking: a signal handler that rings must never wait for a full pipe.
        for descriptor in (self._read, self._write):
            os.set_blocking(descriptor, False)

    def fileno(self) -> int:
        """The descriptor that becomes readable when the bell is rung."""
        return self._read

    def ring(self) -> None:
        """End the current wait, or the next one."""
        with suppress(BlockingIOError, OSError):  # full: rung already; closed: nobody waits any more
            os.write(self._write, b"\0")

    def ring_on_signals(self) -> None:
        """Ring on every signal that Python handles. Call it in the main thread."""
        signal.set_wakeup_fd(self._write, warn_on_full_buffer=False)

    def wait(self, timeout_s: float) -> bool:
        """Wait until the bell is rung, at most `timeout_s`. Returns whether it was rung, and resets it."""
        ready, _, _ = select.select([self._read], [], [], max(timeout_s, 0.0))
        self.reset()
        return bool(ready)

    def reset(self) -> None:
        """Forget that the bell was rung."""
        with suppress(BlockingIOError):
            while os.read(self._read, 4096):
                pass

    def close(self) -> None:
        """Close the descriptors."""
        os.close(self._read)
        os.close(self._write)


class Appearance(Enum):
    """How the awaited file comes into a folder. Other changes in the folder make no event."""

    RENAMED = (FileMovedEvent, False)
    """A file is renamed to its final name, as jobs are."""
    LINKED = (FileCreatedEvent, False)
    """A file is linked to its final name, as results are."""
    LINKED_BELOW = (FileCreatedEvent, True)
    """The same in any folder below, made by now or later."""
    FOLDER = (DirCreatedEvent, False)
    """A folder is made."""

    def __init__(self, event: type[FileSystemEvent], is_below: bool) -> None:  # noqa: FBT001 - the values above
        self.event, self.is_below = event, is_below


class FolderWatch:
    """Rings a bell when something appears in one of the followed folders, as far as this host can see it.

    It follows one kind of change in each folder, and folders below only where that is asked for. So a lock file beside
    a job does not wake the waiting workers, however many there are.

    Args:
        bell: the bell to ring.
        most_hints: how many folders in which something appeared are kept for `hints`.
    """

    def __init__(self, bell: Wakeup, most_hints: int = 0) -> None:
        self._hints: deque[Path] = deque(maxlen=most_hints)
        self._handler = _Ringer(bell, self._hints)
        self._observer: BaseObserver | None = None
        self._followed: dict[Path, ObservedWatch] = {}
        self.why_polling: str | None = None
        """Why no events arrive and only the rescan finds changes, or None."""

    def __enter__(self) -> Self:
        try:
            self._observer = Observer()
            self._observer.start()
        except OSError as error:
            self._give_up(error)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._stop()

    def follow(self, folders: Mapping[Path, Appearance]) -> bool:
        """Follow these folders and no others. A folder that does not exist is left out; ask for it again later.

        Returns:
            Whether one of them was not followed before, so that what has appeared in it made no event.
        """
        for path in self._followed.keys() - folders.keys():
            watch = self._followed.pop(path)
            if self._observer is not None:
                with suppress(KeyError, OSError):  # the folder, and with it the watch, may be gone
                    self._observer.unschedule(watch)
        before = len(self._followed)
        for path, appearance in folders.items():
            if path in self._followed or self._observer is None:
                continue
            try:
                watch = self._observer.schedule(
                    self._handler, str(path), recursive=appearance.is_below, event_filter=[appearance.event]
                )
            except FileNotFoundError:
                continue
            except OSError as error:
                self._give_up(error)
            else:
                self._followed[path] = watch
        return len(self._followed) > before

    def hints(self) -> set[Path]:
        """The folders in which something has appeared since the last call. Some may be missing: they are hints."""
        found: set[Path] = set()
        with suppress(IndexError):
            while True:  # another thread adds to it meanwhile
                found.add(self._hints.popleft())
        return found

    def _give_up(self, error: OSError) -> None:
        # A limit of 128 inotify instances per user is common. The rescan works without them.
        self.why_polling = f"no file events ({error.strerror or error}); looking for changes by the clock alone"
        logger.warning("%s", self.why_polling)
        self._stop()

    def _stop(self) -> None:
        if self._observer is not None:
            self._observer.stop()
            self._observer.join()
            self._observer = None


class _Ringer(FileSystemEventHandler):
    def __init__(self, bell: Wakeup, hints: deque[Path]) -> None:
        self._bell, self._hints = bell, hints

    def on_any_event(self, event: FileSystemEvent) -> None:
        path = Path(os.fsdecode(event.dest_path or event.src_path))
        if not is_temporary(path.name):
            self._hints.append(path.parent)
            self._bell.ring()
