"""The child process as the operating system sees it: how it is started, and ended with everything that it started."""

import multiprocessing
import os
import signal
from contextlib import suppress
from multiprocessing import resource_tracker
from multiprocessing.connection import Connection
from multiprocessing.context import SpawnProcess

from hyperspool.worker.child import run_child
from hyperspool.worker.device import Device
from hyperspool.worker.messages import ChildSettings


class ChildProcess:
    """A child process, which leads a process group of its own. The constructor starts it.

    Args:
        device: the only device that the child sees.
        settings: for the child.

    Attributes:
        connection: the pipe to it.
        process: the process.

    Raises:
        OSError: the process could not be started.
    """

    def __init__(self, device: Device, settings: ChildSettings) -> None:
        context = multiprocessing.get_context("spawn")
        self.connection: Connection
        self.connection, theirs = context.Pipe()
        self.process: SpawnProcess = context.Process(
            target=run_child, args=(theirs, settings, os.getpid()), name="hyperspool-child", daemon=True
        )
        os.environ["CUDA_VISIBLE_DEVICES"] = device.visible
        # Signals are blocked, because one to the whole group must not end a child that is starting and does not ignore
        # them yet. The resource tracker is started before that, because starting it unblocks them (CPython 3.11).
        resource_tracker.ensure_running()
        blocked = {signal.SIGINT, signal.SIGTERM}
        before = signal.pthread_sigmask(signal.SIG_BLOCK, blocked)
        try:
            self.process.start()
        except OSError:
            self.connection.close()
            raise
        finally:
            signal.pthread_sigmask(signal.SIG_SETMASK, before)
            theirs.close()

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

    def kill(self) -> int | None:
        """End the process and everything that it started; return its exit code."""
        if self.process.pid is not None:
            with suppress(ProcessLookupError, PermissionError):  # gone, or not yet the leader of its group
                os.killpg(self.process.pid, signal.SIGKILL)
        self.process.kill()
        self.process.join()
        self.connection.close()
        return self.process.exitcode


def how_it_ended(exitcode: int | None) -> str:
    """Return a sentence for the exit code that multiprocessing gives for a child."""
    if exitcode is None or exitcode >= 0:
        return f"the evaluating process exited with status {exitcode}"
    name = signal.Signals(-exitcode).name
    hint = " (by hand, or by the kernel because memory ran out)" if name == "SIGKILL" else ""
    return f"the evaluating process was ended by {name}{hint}"
