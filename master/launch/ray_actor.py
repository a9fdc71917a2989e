"""What Ray runs: an actor that keeps one worker, and a task that looks around. It imports nothing of Ray."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

ACTOR_VARIABLE = "HYPERSPOOL_RAY_ACTOR"
"""In it the worker finds the actor's name, for its heartbeat."""


def unseen(token: Path, folder: Path, python: Path) -> list[str]:
    """Return what this node does not see of what a worker needs.

    Args:
        token: a file that was made in the shared folder a moment ago.
        folder: in which the worker starts.
        python: its interpreter.
    """
    needed = {
        f"the shared folder {token.parent.parent}": _is_listed(token),
        f"the folder {folder}": os.access(folder, os.X_OK),
        f"the interpreter {python}": os.access(python, os.X_OK),
    }
    return [name for name, is_seen in needed.items() if not is_seen]


def _is_listed(path: Path) -> bool:
    # By listing: a client of NFS that has looked for a name remembers for long that it was not there.
    try:
        return any(each.name == path.name for each in path.parent.iterdir())
    except OSError:
        return False


class WorkerActor:
    """A worker on a node of Ray, with the GPU that Ray gave this process.

    The worker watches its standard input, which closes when this process ends, however it ends: it saves and leaves.
    Where Ray ends an actor, it kills what the actor started too; so whoever wants a worker to save calls `stop` first.
    """

    def __init__(self) -> None:
        self._process: subprocess.Popen[bytes] | None = None
        self._is_to_stop = False

    def stop(self) -> None:
        """Ask the worker to save and leave; `run` returns soon after that."""
        self._is_to_stop = True
        if self._process and self._process.stdin:
            self._process.stdin.close()

    def run(self, name: str, command: Sequence[str], folder: Path, environment: Mapping[str, str], log: Path) -> int:
        """Run the worker to its end.

        Args:
            name: the actor's.
            command: of the worker.
            folder: in which it starts.
            environment: variables that it gets besides those of this process.
            log: what it prints is added to this file.

        Returns:
            Its exit status.
        """
        self._is_to_stop = False
        given = os.environ | environment | {ACTOR_VARIABLE: name}
        with (
            log.open("ab") as output,
            subprocess.Popen(  # noqa: S603 - our own program, arguments from the driver's command line
                command,
                cwd=folder,
                env=given,
                stdin=subprocess.PIPE,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            ) as process,
        ):
            self._process = process
            if self._is_to_stop:  # RACE: `stop` was called while the worker began, and did not see it
                self.stop()
            return process.wait()
