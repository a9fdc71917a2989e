"""What Ray runs: an actor that keeps one worker. It imports nothing of Ray, so that a node loads it quickly."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path

ACTOR_VARIABLE = "HYPERSPOOL_RAY_ACTOR"
"""In it the worker finds the actor's name, for its heartbeat."""


class WorkerActor:
    """A worker on a node of Ray, with the GPU that Ray gave this process.

    The worker watches its standard input, which closes when this process ends, however it ends: it saves and leaves.
    """

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
            return process.wait()
