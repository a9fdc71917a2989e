"""Runs a person's program to learn its options: bounded in time and output, and ended with all that it started."""

import os
import selectors
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from hyperspool.common.errors import UsageError

MAX_OUTPUT = 1_000_000
"""Bytes of output. A help text has some thousands; who prints more does something else than to print its help."""
_TICK_S = 0.05
_CHUNK = 65_536


@dataclass(frozen=True)
class Ended:
    """How a program ended that was run to learn its options.

    Args:
        status: its exit status; negative: the number of the signal that ended it.
        output: what it printed, standard error too.
    """

    status: int
    output: str

    @property
    def ending(self) -> str:
        """How it ended, for a message."""
        if self.status >= 0:
            return f"it ended with status {self.status}"
        with suppress(ValueError):
            return f"it was ended by {signal.Signals(-self.status).name}"
        return f"it was ended by signal {-self.status}"

    @property
    def last_lines(self) -> str:
        """The end of what it printed, indented."""
        lines = [line.rstrip() for line in self.output.splitlines() if line.strip()]
        return "".join(f"\n    {line[:300]}" for line in lines[-5:]) or " nothing was printed"


def run_bounded(command: Sequence[str], shown: str, limit_s: float) -> Ended:
    """Run a command without a terminal until it ends, and end what it leaves running.

    Args:
        command: the command's words.
        shown: the program's name in messages.
        limit_s: the number of seconds that it may take.

    Raises:
        UsageError: it cannot be started, takes too long, or prints without end.
    """
    with _ending_on_request():
        return _run_bounded(command, shown, limit_s)


def _run_bounded(command: Sequence[str], shown: str, limit_s: float) -> Ended:
    # Python holds back what it prints into a pipe, and the last lines of a script that hangs would be lost.
    surroundings = os.environ | {"COLUMNS": "200", "NO_COLOR": "1", "TERM": "dumb", "PYTHONUNBUFFERED": "1"}
    try:
        process = subprocess.Popen(  # noqa: S603 - the program that the person named
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env=surroundings,
            start_new_session=True,
        )
    except OSError as error:
        raise UsageError(f"{command[0]} cannot be started: {error.strerror}") from error
    try:
        printed = _read(process, shown, limit_s)
        return Ended(process.wait(), printed.decode("utf-8", "replace"))
    finally:
        # Also what the program left behind: its group is its own, and has the number of its first process.
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)
        process.wait()
        if process.stdout:
            process.stdout.close()


@contextmanager
def _ending_on_request() -> Iterator[None]:
    """Let a request to end unwind the stack: by default it ends this process, and leaves the program running."""

    def end(number: int, _frame: object) -> None:
        sys.exit(128 + number)

    if threading.current_thread() is not threading.main_thread():  # others may not set handlers
        yield
        return
    before = {number: signal.signal(number, end) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, own in before.items():
            signal.signal(number, own)


def _read(process: "subprocess.Popen[bytes]", shown: str, limit_s: float) -> bytes:
    """What a process prints until it ends. A child of its own may hold the pipe open for longer."""
    printed, pipe = b"", process.stdout
    end_s = time.monotonic() + limit_s
    if pipe is None:
        return printed
    with selectors.DefaultSelector() as selector:
        selector.register(pipe, selectors.EVENT_READ)
        while True:
            has_ended = process.poll() is not None
            if selector.select(0 if has_ended else _TICK_S):
                chunk = os.read(pipe.fileno(), _CHUNK)
                printed += chunk
                if chunk and len(printed) <= MAX_OUTPUT:
                    continue
            if len(printed) > MAX_OUTPUT:
                raise UsageError(
                    f"{shown} was ended: it printed more than {MAX_OUTPUT} bytes and no help text; {_HINT}"
                )
            if has_ended:
                return printed
            if time.monotonic() > end_s:
                last = Ended(0, printed.decode("utf-8", "replace")).last_lines
                raise UsageError(
                    f"{shown} was ended: it did not read its options within {limit_s:g} s (--time-limit); {_HINT}\n"
                    f"  its last lines:{last}"
                )


_HINT = "a script is asked for --help, and has to read its command line before its work"


def is_executable(path: Path) -> bool:
    """Whether the system can run a file by itself."""
    return path.is_file() and os.access(path, os.X_OK)
