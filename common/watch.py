"""Waits for changes: inotify's events are hints, and a timed rescan is the truth.

An event only ends a wait early. inotify sees nothing that another host does on a network file system, may run out of
instances, drops events when its queue is full, and is Linux's alone. So the caller looks for itself after every wait,
which lasts no longer than the caller's timeout.
"""

import logging
import os
import select
import signal
import time
from collections import deque
from collections.abc import Callable, Mapping
from contextlib import suppress
from enum import Enum
from errno import EMFILE, ENOSPC, ENOSYS
from pathlib import Path
from types import TracebackType
from typing import Self

from inotify_simple import INotify, flags

from hyperspool.common.atomic import is_temporary

_LIMITS = {EMFILE: "inotify instance limit reached", ENOSPC: "inotify watch limit reached"}

logger = logging.getLogger(__name__)


class Wakeup:
    """A bell that any thread or signal handler can ring and one thread can wait for, with other file descriptors."""

    def __init__(self) -> None:
        self._read, self._write = os.pipe()
        # Not blocking: a signal handler that rings must never wait for a full pipe.
        for descriptor in (self._read, self._write):
            os.set_blocking(descriptor, False)
        self._attached: dict[int, Callable[[], bool]] = {}

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
        end_s = time.monotonic() + timeout_s
        while True:
            left_s = max(end_s - time.monotonic(), 0.0)
            ready, _, _ = select.select([self._read, *self._attached], [], [], left_s)
            heard = [self._attached[each]() if each in self._attached else True for each in ready]  # all of them
            is_rung = True in heard
            if is_rung or not left_s:
                self.reset()
                return is_rung

    def attach(self, descriptor: int, hear: Callable[[], bool] | None) -> None:
        """Wait for another descriptor too, from now on; or no longer, if `hear` is None.

        Args:
            descriptor: becomes readable when there is something to hear.
            hear: takes in what there is; returns whether it rings the bell.
        """
        self._attached.pop(descriptor, None)
        if hear is not None:
            self._attached[descriptor] = hear

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

    RENAMED = (flags.MOVED_TO, False)
    """A file is renamed to its final name, as jobs are."""
    LINKED = (flags.CREATE, False)
    """A file is linked to its final name, as results are."""
    LINKED_BELOW = (flags.CREATE, True)
    """The same in any folder in the folder, made by now or later."""
    FOLDER = (flags.CREATE | flags.ISDIR, False)
    """A folder is made."""

    def __init__(self, event: int, is_below: bool) -> None:  # noqa: FBT001 - the values above
        self.event, self.is_below = event & ~flags.ISDIR, is_below
        self.is_folder = bool(event & flags.ISDIR)


class FolderWatch:
    """Rings a bell when something appears in one of the followed folders, as far as this host can see it.

    It follows one kind of change in each folder, and the folders in it only where that is asked for. So a lock file
    beside a job does not wake the waiting workers, however many there are. Events are read while somebody waits for the
    bell; a process that does not wait spends nothing on them.

    Args:
        bell: the bell to ring.
        most_hints: how many folders in which something appeared are kept for `hints`.
    """

    def __init__(self, bell: Wakeup, most_hints: int = 0) -> None:
        self._bell, self._hints = bell, deque[Path](maxlen=most_hints)
        self._inotify: INotify | None = None
        self._followed: dict[Path, Appearance] = {}
        self._watches: dict[int, Path] = {}
        """What the kernel watches: the followed folders, and those in them where that is asked for."""
        self.why_polling: str | None = None
        """Why no events arrive and only the rescan finds changes, or None."""

    def __enter__(self) -> Self:
        try:
            self._inotify = INotify(nonblocking=True)
        except OSError as error:
            self._give_up(error)
        except AttributeError:  # not Linux
            self._give_up(OSError(ENOSYS, "this system has no inotify"))
        else:
            self._bell.attach(self._inotify.fileno(), self._hear_all)
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
            del self._followed[path]
            for number, place in list(self._watches.items()):
                if place == path or (place.parent == path and place not in self._followed):
                    self._forget(number)
        before = len(self._followed)
        for path, appearance in folders.items():
            if path not in self._followed and self._watch(path, appearance.event):
                self._followed[path] = appearance
                if appearance.is_below:
                    self._watch_below(path, appearance.event)
        return len(self._followed) > before

    def hints(self) -> set[Path]:
        """The folders in which something has appeared since the last call. Some may be missing: they are hints."""
        found = set(self._hints)
        self._hints.clear()
        return found

    def _watch(self, path: Path, event: int) -> bool:
        try:
            if self._inotify is not None:
                self._watches[self._inotify.add_watch(path, event | flags.ONLYDIR)] = path
                return True
        except (FileNotFoundError, NotADirectoryError):
            pass
        except OSError as error:
            self._give_up(error)
        return False

    def _watch_below(self, path: Path, event: int) -> None:
        with suppress(OSError):
            for entry in os.scandir(path):
                if entry.is_dir(follow_symlinks=False):
                    self._watch(path / entry.name, event)

    def _forget(self, number: int) -> None:
        del self._watches[number]
        if self._inotify is not None:
            with suppress(OSError):  # the folder, and with it the watch, may be gone
                self._inotify.rm_watch(number)

    def _hear_all(self) -> bool:
        events = [] if self._inotify is None else self._inotify.read(timeout=0)
        heard = [self._hear(number, mask, name) for number, mask, _, name in events]  # all of them
        return True in heard

    def _hear(self, number: int, mask: int, name: str) -> bool:
        # Takes in one event; returns whether it rings the bell.
        if mask & flags.Q_OVERFLOW:  # whatever was lost, the caller looks for itself
            return True
        if (folder := self._watches.get(number)) is None:
            return False
        if mask & flags.IGNORED:  # the folder is gone
            del self._watches[number]
            self._followed.pop(folder, None)
            return False
        appearance = self._followed.get(folder) or self._followed.get(folder.parent)
        if appearance is None or is_temporary(name):
            return False
        if mask & flags.ISDIR and appearance.is_below:
            # RACE: something may have appeared in it before it is watched, so it is a hint by itself.
            folder /= name
            self._watch(folder, appearance.event)
        elif bool(mask & flags.ISDIR) != appearance.is_folder:
            return False
        self._hints.append(folder)
        return True

    def _give_up(self, error: OSError) -> None:
        # A limit of 128 inotify instances per user is common. The rescan works without them.
        reason = _LIMITS.get(error.errno or 0) or error.strerror or error
        self.why_polling = f"no file events ({reason}); looking for changes by the clock alone"
        logger.warning("%s", self.why_polling)
        self._stop()

    def _stop(self) -> None:
        if self._inotify is not None:
            self._bell.attach(self._inotify.fileno(), None)
            self._inotify.close()
            self._inotify = None
