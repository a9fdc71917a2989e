"""The child process as the operating system sees it: how it is started, and ended with everything that it started."""

import multiprocessing
import os
import select
import signal
import time
from collections.abc import Mapping
from contextlib import suppress
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess

from hyperspool.common.environment import environment
from hyperspool.common.signals import REQUESTS
from hyperspool.worker import descendants
from hyperspool.worker.child_entry import enter
from hyperspool.worker.device import Device
from hyperspool.worker.guardian import Guardian
from hyperspool.worker.output_pipe import OutputPipe
from hyperspool.worker.turn import Turn

THREAD_VARIABLES = (
    "OMP_NUM_THREADS",
    "MKL_NUM_THREADS",
    "OPENBLAS_NUM_THREADS",
    "BLIS_NUM_THREADS",
    "NUMEXPR_NUM_THREADS",
    "VECLIB_MAXIMUM_THREADS",
)
"""Libraries read these when they are loaded, so they are set before the child starts."""

END_S = 1.0
PAUSE_S = 0.002


class ChildProcess:
    """A child process, which leads a process group of its own. The constructor starts it.

    What it reads from `connection` first is said by `child_entry.enter`.

    Args:
        variables: of its environment.
        threads: CPU threads that its libraries use; 0: as many as they like.
        guardian: ends the child if this process cannot.
        turn: to load at once what the first job will need; the child takes it over.

    Attributes:
        connection: the pipe to it.
        output: what it prints.
        process: the process.
        threads: as above.

    Raises:
        OSError: the process could not be started.
    """

    def __init__(
        self, variables: Mapping[str, str], threads: int, guardian: Guardian, turn: Turn | None = None
    ) -> None:
        context = multiprocessing.get_context("spawn")
        self.threads, self._guardian = threads, guardian
        self.connection: Connection
        self.connection, theirs = context.Pipe()
        reading, writing = context.Pipe(duplex=False)
        self.output = OutputPipe(reading)
        self.process: SpawnProcess = context.Process(
            target=enter, args=(theirs, writing, os.getpid(), turn), name="hyperspool-child", daemon=True
        )
        descendants.adopt_orphans()
        # Signals are blocked, because one to the whole group must not end a child that is starting and has no handlers
        # yet. The resource tracker is started before that, because starting it unblocks them (CPython 3.11).
        resource_tracker.ensure_running()
        self._strangers = {each.pid for each in descendants.descendants(os.getpid())}
        before = signal.pthread_sigmask(signal.SIG_BLOCK, REQUESTS)
        try:
            with environment(variables):
                self.process.start()
            if self.process.pid:
                guardian.guard(self.process.pid)
        except OSError:
            self.connection.close()
            self.output.close()
            raise
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            theirs.close()
            writing.close()

    def ready(self, bell: int, timeout_s: float, *, with_output: bool) -> set[int]:
        """Wait for a message of the process, its end, the bell or its output; return the descriptors that are ready.

        Args:
            bell: the descriptor of the bell.
            timeout_s: the longest wait.
            with_output: whether to wait for output too.
        """
        awaited = select.poll()
        for descriptor in (self.connection.fileno(), self.process.sentinel, bell):
            awaited.register(descriptor, select.POLLIN)
        if with_output:
            awaited.register(self.output.fileno(), select.POLLIN)
        return {descriptor for descriptor, _ in awaited.poll(timeout_s * 1000)}

    def is_alive(self) -> bool:
        """Whether the process runs.

        The pipe does not show it: a process that an objective started may hold the pipe's other end open.
        """
        pid = self.process.pid
        if pid is None or self.process.exitcode is not None:
            return False
        # WNOWAIT leaves a dead process a zombie. So its number, which is its group's too, is not used again before the
        # group is killed.
        with suppress(ChildProcessError):
            return os.waitid(os.P_PID, pid, os.WEXITED | os.WNOHANG | os.WNOWAIT) is None
        return False

    def wait_for_end(self) -> None:
        """Wait until the process has ended, up to `END_S`: its pipe closes first, and the end tells how it ended."""
        deadline_s = time.monotonic() + END_S
        while self.is_alive() and time.monotonic() < deadline_s:
            time.sleep(PAUSE_S)

    def kill(self) -> int | None:
        """End the process and everything that it started; return its exit code. What it printed can still be read."""
        pid = self.process.pid
        if pid is not None:
            with suppress(ProcessLookupError, PermissionError):  # gone, or not yet the leader of its group
                os.killpg(pid, signal.SIGKILL)
        self.process.kill()
        self.process.join()
        # What it had started, and what has left its group, is this process's now.
        descendants.end(os.getpid(), lambda each: each.pid in {*self._strangers, self._guardian.pid})
        self.connection.close()
        return self.process.exitcode


def variables_of(device: Device, threads: int) -> dict[str, str]:
    """The environment variables of a child: the only device that it sees, and the threads of its libraries."""
    bound = dict.fromkeys(THREAD_VARIABLES, str(threads)) if threads else {}
    return {"CUDA_VISIBLE_DEVICES": device.visible} | bound


def how_it_ended(exitcode: int | None) -> str:
    """Return a sentence for the exit code that multiprocessing gives for a child."""
    if exitcode is None or exitcode >= 0:
        return f"the evaluating process exited with status {exitcode}"
    known = -exitcode in {*signal.Signals}
    name = signal.Signals(-exitcode).name if known else f"signal {-exitcode}"
    hint = " (by hand, or by the kernel because memory ran out)" if name == "SIGKILL" else ""
    return f"the evaluating process was ended by {name}{hint}"
