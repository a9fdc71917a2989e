"""The pipe that is the child's standard output and error. The parent reads it while it waits, and never blocks on it.

It does not end with the child: what the child started holds it open too. So the parent never waits for its end.
"""

import fcntl
import os
import struct
import termios
import time
from contextlib import suppress
from multiprocessing.connection import Connection

CHUNK_BYTES = 65_536
"""What a pipe of Linux holds; the parent takes no more at once, so that it goes on to show that it lives."""
PAUSE_S = 0.05
"""After a small chunk the parent rests, so that a trial that prints a line per mini-batch does not keep it busy. A
chunk of `BUSY_BYTES` shows that the trial prints faster than that, and would soon wait for the parent."""
BUSY_BYTES = 4096


class OutputPipe:
    """The reading end of a child's output.

    Args:
        connection: the reading end; closed by `close`.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        os.set_blocking(connection.fileno(), False)
        self._rest_until_s = 0.0
        self._has_ended = False

    def fileno(self) -> int:
        """The descriptor to wait for."""
        return self._connection.fileno()

    def rest_s(self) -> float:
        """How long the pipe is to be left alone: 0, at most `PAUSE_S`, or infinity if nobody can print any more."""
        return float("inf") if self._has_ended else max(self._rest_until_s - time.monotonic(), 0.0)

    def read(self) -> bytes:
        """Take what is there, at most `CHUNK_BYTES`."""
        found = b""
        with suppress(BlockingIOError):
            found = os.read(self.fileno(), CHUNK_BYTES)
            self._has_ended = not found
        self._rest_until_s = time.monotonic() + PAUSE_S if len(found) < BUSY_BYTES else 0.0
        return found

    def drain(self) -> list[bytes]:
        """Take what was printed up to now. What a thread prints meanwhile is left, so that this ends."""
        left = struct.unpack("i", fcntl.ioctl(self.fileno(), termios.FIONREAD, bytes(4)))[0]
        chunks: list[bytes] = []
        while left > 0 and (chunk := self.read()):
            chunks.append(chunk)
            left -= len(chunk)
        return chunks

    def close(self) -> None:
        """Close the reading end."""
        self._connection.close()
