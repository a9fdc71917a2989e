"""Masters and workers under faults."""

import subprocess
from pathlib import Path

from tests.processes import Processes


class World(Processes):
    """Starts the project's own commands under faults.

    Args:
        root: the shared folder.
        faults: the environment that `tests.faults.launch` documents.

    Attributes:
        faults: for the processes that are started from now on.
    """

    def __init__(self, root: Path, **faults: str) -> None:
        super().__init__(root)
        self.faults = faults

    def start(self, module: str, *arguments: str, environment: dict[str, str] | None = None) -> subprocess.Popen[str]:
        """Start `python -m module` under the faults, with a file of its own for its output."""
        faults = self.faults | (environment or {})
        return super().start("tests.faults.launch", module, *arguments, environment=faults)
