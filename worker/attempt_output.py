"""What an attempt prints: it goes to the attempt's own log as it is printed, and on to the worker's output, bounded.

The log holds the first half of `LIMIT_BYTES` as it was printed. Behind that it holds the last half, with a line between
them that says how much was left out. While the log is longer than its limit, it is written anew every `REWRITE_S`.
"""

import logging
import os
import select
import sys
import time
from contextlib import suppress
from pathlib import Path
from typing import BinaryIO

from hyperspool.common import atomic
from hyperspool.common.output import HALF_BYTES, last_lines, left_out_line

REWRITE_S = 1.0
"""Seconds between two writes of a log that is longer than its limit."""
ATOMIC_BYTES = 4096
"""A pipe that can be written to takes this much without blocking (PIPE_BUF of Linux)."""
STANDARD_OUTPUT = 1

logger = logging.getLogger(__name__)


class AttemptOutput:
    """Keeps the output of one attempt. A log that cannot be written costs the log, never the trial.

    Args:
        path: the attempt's log; it is created when something is printed.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._head, self._tail = bytearray(), bytearray()
        self._printed = 0
        self._log: BinaryIO | None = None
        self._is_behind = False
        """Whether the log lacks something of `_head` or `_tail`."""
        self._is_created = False
        self._written_s = float("-inf")
        self._echo = _Echo()

    def take(self, chunk: bytes) -> None:
        """Take in what was printed."""
        if not chunk:
            return
        self._printed += len(chunk)
        self._echo.write(chunk)
        room = HALF_BYTES - len(self._head)
        self._head += chunk[:room]
        self._tail += chunk[room:]
        if len(self._tail) > HALF_BYTES:
            del self._tail[: len(self._tail) - HALF_BYTES]
        if self._left_out or self._is_behind:
            self._is_behind = True
            self.keep_up()
        else:
            self._append(chunk)

    def keep_up(self) -> None:
        """Write the log anew if it is behind and its last write is `REWRITE_S` ago. Call it now and then."""
        if self._is_behind and time.monotonic() - self._written_s >= REWRITE_S:
            self._rewrite()

    def close(self) -> None:
        """Bring the log up to date; nothing is printed any more."""
        if self._is_behind:
            self._rewrite()
        if self._log is not None:
            self._log.close()
            self._log = None
        self._echo.end(self._path)

    def last_lines(self) -> tuple[str, ...]:
        """The last lines that hold anything, for a failure's message."""
        return last_lines(bytes(self._tail or self._head))

    @property
    def _left_out(self) -> int:
        return self._printed - len(self._head) - len(self._tail)

    def _append(self, chunk: bytes) -> None:
        try:
            if not self._is_created:
                self._write(b"")  # whatever has this name is not ours
            if self._log is None:
                self._log = atomic.open_log(self._path)
            self._log.write(chunk)
            self._log.flush()
        except OSError as error:
            self._give_up(error)

    def _rewrite(self) -> None:
        self._written_s = time.monotonic()
        middle = left_out_line(self._left_out) if self._left_out else b""
        try:
            self._write(bytes(self._head) + middle + bytes(self._tail))
        except OSError as error:
            self._give_up(error)
        else:
            self._is_behind = False

    def _write(self, content: bytes) -> None:
        atomic.make_folder(self._path.parent)
        atomic.replace(self._path, content, durable=False)
        self._is_created = True

    def _give_up(self, error: OSError) -> None:
        # Tried again after `REWRITE_S` and at the end: the disk may have room by then.
        if not self._is_behind:
            logger.warning("%s cannot be written: %s", self._path, error.strerror or error)
        self._is_behind, self._written_s = True, time.monotonic()
        if self._log is not None:
            with suppress(OSError):
                self._log.close()
            self._log = None


class _Echo:
    """Passes output on to the worker's own, up to `HALF_BYTES`, and only as fast as that takes it."""

    def __init__(self) -> None:
        self._left = HALF_BYTES
        self._dropped = 0
        self._last = b"\n"

    def write(self, chunk: bytes) -> None:
        passed, rest = chunk[: self._left], len(chunk[self._left :])
        self._dropped += rest
        for start in range(0, len(passed), ATOMIC_BYTES):
            piece = passed[start : start + ATOMIC_BYTES]
            if not self._pass_on(piece):
                self._dropped += len(piece)

    def end(self, log: Path) -> None:
        """End the last line, and say where to find what was not passed on."""
        if self._dropped:
            self._pass_on(b"\n[%d bytes more in %s]\n" % (self._dropped, os.fsencode(log)))
        elif not self._last.endswith(b"\n"):
            self._pass_on(b"\n")

    def _pass_on(self, piece: bytes) -> bool:
        # The worker's output may be a terminal that somebody holds, or a pipe that nobody reads. Waiting for it would
        # silence the worker's heartbeat.
        with suppress(OSError, ValueError):
            if select.select([], [STANDARD_OUTPUT], [], 0)[1]:
                sys.stdout.flush()
                os.write(STANDARD_OUTPUT, piece)
                self._left -= len(piece)
                self._last = piece[-1:]
                return True
        return False
