"""Workers on a real Ray: placed, brought back when an actor or a node dies, and gone when the study is finished."""

import os
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from hyperspool.common.heartbeat import WorkerRecord
from hyperspool.common.layout import StudyFolder
from hyperspool.common.reading import read_record
from tests.cluster.cannot_start import CannotStart
from tests.cluster.ray_cluster import RayCluster
from tests.commands import said
from tests.conftest import study_text
from tests.processes import Processes, results_of, until

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(300)]

GATES = ("go", "go0")
DEADLINE_S = 120.0
"""Ray starts a process in 2 s on an idle machine, and looks for a lost node for up to 30 s."""


class OnRay:
    """A study of four walks, with its master here and its workers on a Ray.

    Args:
        cluster: the Ray.
        processes: starts master and launch, in the shared folder.
    """

    def __init__(self, cluster: RayCluster, processes: Processes) -> None:
        self.cluster, self._processes, self._root = cluster, processes, processes.root
        self._study = self._root / "demo.toml"
        self._study.write_text(study_text("walk").replace("budget.epochs = 1", "budget.epochs = 10000"))
        self.folder = StudyFolder(self._root, "demo")
        self._processes.notes = cluster.notes
        for name in ("notes", *GATES):
            cluster.notes.with_name(name).unlink(missing_ok=True)

    def start(self) -> None:
        """Start the master, and launch four workers of half a GPU or more."""
        self.master = self._processes.master(self._study)
        self.launch = self.begin_launch()

    def begin_launch(self) -> "subprocess.Popen[str]":
        """Launch four workers."""
        options = ("--root", str(self._root), "--ray", "--address", self.cluster.address, "--workers", "4")
        walks = ("--gpus-per-worker", "0.5", "--objective", "walk=tests.cluster.walks:walk")
        command = ("launch", str(self._study), *options, *walks)
        return self._processes.start("master", *command, environment=self.cluster.access)

    def until(self, condition: Callable[[], object], what: str) -> None:
        """Wait for something; if it does not come, show what launch and workers have printed."""
        try:
            until(condition, what, self._root, DEADLINE_S)
        except AssertionError as error:
            logs = [f"{path.name}:\n{path.read_text()}" for path in sorted(self.folder.logs.glob("*.log"))]
            raise AssertionError("\n".join([str(error), self._processes.output(self.launch), *logs])) from error

    def until_walking(self, count: int) -> list[str]:
        """Wait until a number of trials has begun, each as often as it began; return where they did."""
        self.until(lambda: len(self._processes.noted()) >= count, f"{count} walks")
        return [line.split(" on ")[1] for line in self._processes.noted()]

    def printed(self, process: "subprocess.Popen[str]") -> str:
        """What a command has printed."""
        return self._processes.output(process)

    def status(self) -> str:
        """What `status` prints of the study."""
        return said("master", "status", "demo", "--root", str(self._root))

    def end(self) -> None:
        """Let all trials end, and check that each has one result, and Ray nothing left to do."""
        for name in GATES:
            self.cluster.notes.with_name(name).touch()
        self._processes.finish(self.master)
        self._processes.finish(self.launch)
        assert sorted(results_of(self.folder)) == [0, 1, 2, 3]
        assert list(self.folder.duplicates.glob("*")) == []
        assert "is as it should be" in said("master", "fsck", "demo", "--root", str(self._root))
        self.until(self.cluster.is_unused, "Ray is idle")

    def resumed(self) -> int:
        """How many results went on from a checkpoint."""
        return sum((result.resumed_from_epoch or 0) > 0 for result in results_of(self.folder).values())


@pytest.fixture(scope="module")
def cluster() -> Iterator[RayCluster]:
    """A Ray of two nodes."""
    with tempfile.TemporaryDirectory(prefix="ray-", ignore_cleanup_errors=True) as here:
        made = RayCluster(Path(here))
        try:
            made.start()
            yield made
        except CannotStart as reason:
            pytest.skip(f"no Ray: {reason}")
        finally:
            made.stop()


@pytest.fixture
def on_ray(cluster: RayCluster, processes: Processes) -> OnRay:
    """A study that is to be launched there."""
    return OnRay(cluster, processes)


def test_workers_spread_and_come_back_on_another_node(on_ray: OnRay) -> None:
    on_ray.start()
    places = on_ray.cluster.places
    assert sorted(on_ray.until_walking(4)) == places
    assert "Ray: 4 running" in on_ray.status()
    lost = places[-1].split()[0]
    on_ray.cluster.lose(lost)
    new = on_ray.cluster.begin_node()
    assert {place.split()[0] for place in on_ray.until_walking(6)[4:]} == {new}
    on_ray.end()
    assert on_ray.resumed() == 2


def test_a_killed_actor_comes_back_and_ctrl_c_saves(on_ray: OnRay) -> None:
    on_ray.start()
    on_ray.until_walking(4)
    os.kill(actor_of(on_ray.folder), signal.SIGKILL)
    on_ray.until_walking(5)
    on_ray.launch.send_signal(signal.SIGINT)
    assert on_ray.launch.wait(60) == 130
    locks = [path.read_text() for path in on_ray.folder.jobs.rglob("0*.lock")]
    assert [text.count('"claimed"') - text.count('"released"') for text in locks] == [0, 0, 0, 0]
    on_ray.until(on_ray.cluster.is_unused, "nothing is left in Ray's queue")
    on_ray.launch = on_ray.begin_launch()
    on_ray.until_walking(9)
    on_ray.end()
    assert on_ray.resumed() == 4


def test_a_node_that_does_not_see_the_folder_is_refused(on_ray: OnRay, root: Path) -> None:
    hide = f'mount -t tmpfs none {root} && exec "$@"'
    blind = on_ray.cluster.begin_node("unshare", "--mount", "sh", "-c", hide, "sh")
    on_ray.cluster.wait_for_node(blind)
    try:
        launch = on_ray.begin_launch()
        assert launch.wait(DEADLINE_S) == 2, on_ray.printed(launch)
        assert f"does not see the shared folder {root}; workers need" in on_ray.printed(launch)
    finally:
        on_ray.cluster.lose(blind)


def actor_of(folder: StudyFolder) -> int:
    """The process of one of the study's actors: the parent of its worker."""
    worker = read_record(folder.worker_files()[0], WorkerRecord)
    return int(Path(f"/proc/{worker.pid}/stat").read_text().rpartition(")")[2].split()[1])
