"""The beginning of the child process, before anything of weight is loaded."""

import multiprocessing
import os
from dataclasses import dataclass
from multiprocessing.connection import Connection
from pathlib import Path

from hyperspool.common.loading import loading
from hyperspool.worker import descendants
from hyperspool.worker.surroundings import Surroundings
from hyperspool.worker.turn import Turn


@dataclass(frozen=True)
class Outlook:
    """Where a new child can see what it will need.

    Attributes:
        root: the shared folder.
        study: the only study that the worker serves; None: all.
        device: the device's name inside the child.
        threads: CPU threads that the child is started with.
        turn: ends when the child has loaded.
    """

    root: Path
    study: str | None
    device: str
    threads: int
    turn: Turn


def enter(connection: Connection, output: Connection, parent_pid: int, outlook: Outlook | None) -> None:
    """Serve the parent until it goes. The entry point of the spawned process.

    Args:
        connection: the pipe to the parent, which sends the `ChildSettings` first.
        output: what this process and all that it starts print goes there.
        parent_pid: the parent's process.
        outlook: where to see what the first job will need; None: load that when it comes.
    """
    os.setsid()  # a group of its own, so that a signal to the worker's group does not hit it
    for each in (connection, output):
        os.set_inheritable(each.fileno(), False)  # what the trial starts must not hold the worker's pipes open
    descendants.adopt_orphans()
    # The worker's parent ends its child at its exit, so this process is a daemon to it. To itself it is not, because a
    # daemon may not start processes.
    multiprocessing.current_process().daemon = False
    surroundings = Surroundings(output.fileno())
    # RACE: the parent died before its guardian knew this process. This process then has another parent.
    if os.getppid() != parent_pid:
        os._exit(1)
    with loading():
        from hyperspool.worker.child import serve

        if outlook is not None:
            from hyperspool.worker.looking_ahead import look_ahead

            look_ahead(outlook)
            outlook.turn.end()
    serve(connection, surroundings)
