"""A study that real processes have run to its end once, for all tests that look at it."""

import shutil
from dataclasses import dataclass
from pathlib import Path

from tests.processes import Processes


@dataclass(frozen=True)
class Finished:
    """A shared folder for reading alone. A test that changes files takes a copy.

    Attributes:
        root: the folder, with the study's file.
        printed: the output of the study's master.
    """

    root: Path
    printed: str

    def copy(self, root: Path) -> Path:
        """Copy everything into another shared folder, and return that."""
        return Path(shutil.copytree(self.root, root, dirs_exist_ok=True))


def run_to_its_end(root: Path, name: str, study: str, *options: str) -> Finished:
    """Run a study in a new shared folder, with these options of `run`.

    Args:
        root: an empty folder.
        name: of the study.
        study: its file's text.
        *options: of `run`, which start the workers.
    """
    for top in ("jobs", "results"):
        (root / top).mkdir()
    file = root / f"{name}.toml"
    file.write_text(study)
    processes = Processes(root)
    try:
        return Finished(root, processes.finish(processes.master(file, *options)))
    finally:
        processes.kill_all()
