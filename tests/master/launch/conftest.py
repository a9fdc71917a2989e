"""Commands of Slurm that only note how they were called, for tests that need no Slurm."""

import os
import stat
from pathlib import Path

import pytest

from hyperspool.master.launch.slurm import COLUMNS


class FakeSlurm:
    """sbatch, squeue, scancel, scontrol and sinfo on the path.

    Args:
        folder: for them, and for what they note.
    """

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in ("sbatch", "squeue", "scancel", "scontrol", "sinfo"):
            self.answers(name, "")

    def answers(self, program: str, text: str, complaint: str = "", status: int = 0) -> None:
        """Let a command print these texts and exit so. It notes its arguments and what it was given."""
        (self.folder / f"{program}.out").write_text(text)
        (self.folder / f"{program}.err").write_text(complaint)
        path = self.folder / program
        here = self.folder / program
        path.write_text(
            "#!/bin/bash\n"
            f'echo "$*" >> "{here}.called"\n'
            f'[ {program} != sbatch ] || {{ cat > "{here}.given"; env > "{here}.env"; }}\n'
            f'cat "{here}.out"; cat "{here}.err" >&2; exit {status}\n'
        )
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    def calls(self, program: str) -> list[str]:
        """Return the arguments of each call of a command."""
        noted = self.folder / f"{program}.called"
        return noted.read_text().splitlines() if noted.exists() else []

    def given(self, program: str, what: str = "given") -> str:
        """Return the standard input of the last call, or its environment."""
        return (self.folder / f"{program}.{what}").read_text()


def row(job: int, index: str, state: str, restarts: int = 0, node: str = "", reason: str = "None") -> str:
    """Return a line as squeue prints it."""
    cells = (str(job), index, state, str(restarts), node, reason)
    return "".join(cell.ljust(width) for cell, width in zip(cells, COLUMNS.values(), strict=True)) + "\n"


@pytest.fixture
def slurm(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> FakeSlurm:
    """Slurm's commands, first on the path."""
    fake = FakeSlurm(tmp_path_factory.mktemp("slurm"))
    monkeypatch.setenv("PATH", f"{fake.folder}{os.pathsep}{os.environ['PATH']}")
    return fake
