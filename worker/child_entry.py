"""The beginning of the child process, before anything of weight is loaded."""

import multiprocessing
import os
from contextlib import suppress
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
        threads: CPU threads that its libraries use.
        variables: of its environment, for the libraries that it loads.
    """

    root: Path
    study: str | None
    device: str
    threads: int
    variables: dict[str, str]


def enter(connection: Connection, output: Connection, parent_pid: int, turn: Turn | None) -> None:
    """Serve the parent until it goes. The entry point of the spawned process.

    Args:
        connection: the pipe to the parent, which sends the `ChildSettings` first, and before it the `Outlook` if there
            is a `turn`.
        output: what this process and all that it starts print goes there.
        parent_pid: the parent's process.
        turn: to load what the first job will need; it ends when that is done. None: load that when the job comes.
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

        if turn is not None:
            _look_ahead(connection)
            turn.end()
    serve(connection, surroundings)


def _look_ahead(connection: Connection) -> None:
    from hyperspool.worker.looking_ahead import look_ahead

    with suppress(EOFError):  # the parent is gone; whoever reads next finds that out
        outlook: Outlook = connection.recv()
        os.environ.update(outlook.variables)
        look_ahead(outlook)
