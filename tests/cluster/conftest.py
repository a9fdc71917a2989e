"""What tests on a real Slurm share. Where it cannot run, they are skipped, and say why."""

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from hyperspool.common.layout import StudyFolder
from hyperspool.master.launch.cluster import launch_folder
from tests.cluster.cannot_start import CannotStart
from tests.cluster.slurm_cluster import SlurmCluster
from tests.commands import TERMINAL
from tests.conftest import study_text
from tests.processes import REPOSITORY, Processes, until

DEADLINE_S = 100.0
"""A requeued job waits for 11 s, a preempted one has 10 s before; a worker starts in 3 s."""


def walk_of(function: str = "walk") -> tuple[str, str]:
    """Return the option that says what the objective walk stands for."""
    return ("--objective", f"walk=tests.cluster.walks:{function}")


class Launched:
    """A study on a cluster.

    Args:
        cluster: a Slurm.
        processes: starts what runs beside it, in the same shared folder.
    """

    def __init__(self, cluster: SlurmCluster, processes: Processes) -> None:
        self.cluster, self.processes, self.root = cluster, processes, processes.root
        self.folder = StudyFolder(self.root, "demo")
        self.study = self.root / "demo.toml"

    def launch(self, *options: str, trials: int = 4, batch: int = 4, objective: str = "walk", status: int = 0) -> str:
        """Launch a study of walks; return what the command prints."""
        self.study.write_text(study_text("walk", trials, batch).replace("budget.epochs = 1", "budget.epochs = 10000"))
        return self.call("launch", str(self.study), "--slurm", *walk_of(objective), *options, status=status)

    def call(self, *arguments: str, status: int = 0) -> str:
        """Run a command of the master's side; return what it prints."""
        command = [sys.executable, "-m", "master", *arguments, "--root", str(self.root)]
        own = {"NOTES": str(self.processes.notes), "PYTHONUNBUFFERED": "1"} | TERMINAL
        done = subprocess.run(
            command, cwd=REPOSITORY, env=self.cluster.environment | own, capture_output=True, text=True, check=False
        )
        assert done.returncode == status, done.stdout + done.stderr
        return done.stdout + done.stderr

    def start_master(self) -> "subprocess.Popen[str]":
        """Start the study's master on this machine."""
        return self.processes.master(self.study)

    def until(self, condition: Callable[[], object], what: str) -> None:
        """Wait for something; if it does not come, show what the jobs have printed."""
        try:
            until(condition, what, self.root, DEADLINE_S)
        except AssertionError as error:
            logs = [f"{path.name}:\n{path.read_text()}" for path in sorted(launch_folder(self.folder).glob("*.log"))]
            raise AssertionError("\n".join([str(error), str(self.cluster.queue()), *logs])) from error

    def until_walking(self, count: int) -> None:
        """Wait until this number of trials has begun; one that began again counts again."""
        self.until(lambda: len(self.processes.noted()) >= count, f"{count} walks")

    def go(self) -> None:
        """Let all trials end."""
        for name in ("go", "go0"):
            (self.root / name).touch()

    def tasks(self) -> list[dict[str, Any]]:
        """Return the jobs as `status` shows them."""
        found = json.loads(self.call("status", "demo", "--json"))["tasks"]
        assert isinstance(found, list)
        return found

    def released(self) -> list[int]:
        """Return the trials of which an attempt was released, by their lock files."""
        locks = self.folder.jobs.glob("*.lock")
        return sorted(int(path.stem) for path in locks if '"event":"released"' in path.read_text())


@pytest.fixture
def cluster() -> Iterator[SlurmCluster]:
    """A Slurm of two nodes, for one test."""
    with tempfile.TemporaryDirectory(prefix="slurm-", ignore_cleanup_errors=True) as here:
        made = SlurmCluster(Path(here))
        try:
            made.start()
            yield made
        except CannotStart as reason:
            pytest.skip(f"no Slurm: {reason}")
        finally:
            made.stop()


@pytest.fixture
def launched(cluster: SlurmCluster, processes: Processes, monkeypatch: pytest.MonkeyPatch) -> Launched:
    """A study that is to be launched there."""
    monkeypatch.setenv("SLURM_CONF", str(cluster.configuration))
    return Launched(cluster, processes)
