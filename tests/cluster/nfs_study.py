"""A study of walks that masters and workers on the hosts of an NFS lab evaluate."""

import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from hyperspool.common.heartbeat import WorkerRecord
from hyperspool.common.layout import StudyFolder
from hyperspool.common.reading import read_record
from hyperspool.common.records import Result
from tests.cluster.cannot_start import CannotStart
from tests.cluster.nfs_lab import NfsHost, NfsLab
from tests.conftest import study_text
from tests.processes import results_of

DEADLINE_S = 180.0
"""A host takes 6 to 11 s to start Python, and five times that beside other work."""


@contextmanager
def lab_or_skip(lease_s: int) -> Iterator[NfsLab]:
    """A server and two hosts; where they cannot be had, the test is skipped, with the reason.

    Args:
        lease_s: so long the server keeps the locks of a host that it does not hear.
    """
    with tempfile.TemporaryDirectory(prefix="nfs-", ignore_cleanup_errors=True) as here:
        made = NfsLab(Path(here), lease_s)
        try:
            made.start()
            for name in ("jobs", "results"):
                (made.export / name).mkdir()
            made.need_speed()
            yield made
        except CannotStart as reason:
            pytest.skip(f"no NFS: {reason}")
        finally:
            made.stop()


def until(condition: Callable[[], object], what: str, *said: Callable[[], str]) -> float:
    """Wait for something; return after how many seconds it was so. No event says what another host has written."""
    began_s = time.monotonic()
    while not condition():
        if time.monotonic() > began_s + DEADLINE_S:
            raise AssertionError("\n".join([f"not within {DEADLINE_S:g} s: {what}", *(each() for each in said)]))
        time.sleep(0.1)
    return time.monotonic() - began_s


class NfsStudy:
    """A study in a lab's folder.

    Args:
        lab: whose hosts evaluate it.
        name: of the study.
        objective: a function of `tests.cluster.walks`.
        trials: how many.
        batch: how many at once.
        epochs: the budget of a trial.
        more: TOML that is added to the study.
    """

    def __init__(
        self, lab: NfsLab, name: str, objective: str, *, trials: int, batch: int, epochs: int = 10_000, more: str = ""
    ) -> None:
        text = study_text(objective, trials, batch, more).replace("budget.epochs = 1", f"budget.epochs = {epochs}")
        self._file = lab.here / f"{name}.toml"
        self._file.write_text(text)
        self._name, self._own = name, ("--objective", f"{objective}=tests.cluster.walks:{objective}")
        self._commands: list[Callable[[], str]] = []
        self.folder = StudyFolder(lab.export, name)

    def master(self, host: NfsHost) -> Callable[[], str]:
        """Start the study's master on a host; return what tells what it has printed."""
        return self._start(host, "master", "run", str(self._file))

    def worker(self, host: NfsHost, *options: str) -> Callable[[], str]:
        """Start a worker on a host; return what tells what it has printed.

        Args:
            host: its host.
            *options: when it leaves; by default with its study, because a host has memory for few of them.
        """
        leaving = options or ("--exit-when-idle", "--wait", "300")
        return self._start(host, "worker", "--study", self._name, "--device", "cpu", *self._own, *leaving)

    def until(self, condition: Callable[[], object], what: str) -> float:
        """Wait for something; return the seconds. If it does not come, show what all commands have printed."""
        return until(condition, what, *self._commands)

    def results(self) -> dict[int, Result]:
        """The results by trial."""
        return results_of(self.folder)

    def begun(self, host: NfsHost) -> int:
        """How many trials have begun on a host; one that began again counts again."""
        return len(host.noted(self._name))

    def idle(self, host: NfsHost) -> int:
        """How many workers on a host wait for a job, by their heartbeats: NFS shows others these before any output."""
        found = [read_record(path, WorkerRecord) for path in self.folder.worker_files()]
        return sum(worker.host == host.name and worker.state == "idle" for worker in found)

    def let_end(self, host: NfsHost) -> None:
        """Let the walks on a host end."""
        host.open_gate(self._name)

    def steps(self) -> int:
        """How many steps the running curves have."""
        return sum(len(path.read_text().splitlines()) for path in self.folder.running.glob("*.csv"))

    def check(self, host: NfsHost) -> None:
        """Check that nothing was evaluated twice to its end, and that the folder is in order."""
        assert list(self.folder.duplicates.glob("*")) == []
        printed = self._start(host, "master", "fsck", self._name)
        self.until(lambda: "is as it should be" in printed(), "fsck finds nothing wrong")

    def _start(self, host: NfsHost, module: str, *arguments: str) -> Callable[[], str]:
        number = host.start(module, *arguments, notes=self._name)
        self._commands.append(lambda: f"{host.name}, {module}:\n{host.printed(number)}")
        return lambda: host.printed(number)
