"""The worker's guardian: a small process that outlives the worker, to end what the worker's child started.

A worker that is killed by SIGKILL does nothing more. Its child sees the end of its pipe, but only when Python runs in
it; and once the child is dead, nobody finds what the trial had started in groups of its own.
"""

import subprocess
import sys
from contextlib import suppress

from hyperspool.worker import descendants


class Guardian:
    """Starts the guardian and tells it which child to guard. Linux alone; elsewhere it does nothing."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int | None:
        """The guardian's process; None if it does not run."""
        return self._process.pid if self._process else None

    def guard(self, pid: int) -> None:
        """Let the guardian end this process, with all that descends from it, when this process is gone.

        Call it with the signals blocked that people and schedulers send to every process: the guardian ignores them.
        """
        child = descendants.process(pid)
        if child is None:
            return
        line = f"{child.pid} {child.started}\n".encode()
        for _ in range(2):  # a guardian that somebody killed is replaced
            with suppress(OSError):
                if self._process is None:
                    self._process = _start()
                if self._process.stdin:
                    self._process.stdin.write(line)
                    self._process.stdin.flush()
                return
            self.close()

    def close(self) -> None:
        """Let the guardian go. The child that it guards is ended."""
        if self._process is not None:
            with suppress(OSError):
                self._process.communicate()
            self._process = None


def _start() -> subprocess.Popen[bytes]:
    # Its input ends with this process. `-I -S`: it needs the standard library alone, and nobody's settings of Python.
    return subprocess.Popen(  # noqa: S603 - our own program
        [sys.executable, "-I", "-S", descendants.__file__],
        stdin=subprocess.PIPE,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        cwd="/",
        start_new_session=True,
    )
