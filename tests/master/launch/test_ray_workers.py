"""Workers on Ray, with a Ray that only notes what it is asked for. tests/cluster/test_ray.py has a real one."""

import sys
import threading
from collections.abc import Sequence
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hyperspool.common.errors import SearchError, UsageError
from hyperspool.common.layout import StudyFolder
from hyperspool.master.launch.cluster import ClusterError
from hyperspool.master.launch.ray_actor import ACTOR_VARIABLE, WorkerActor
from hyperspool.master.launch.ray_workers import RayWorkers, even_share, need_ray
from tests.processes import until


class RayTaskError(Exception):
    """What an actor's method raises."""


class FakeRay:
    """A cluster whose actors end at once, each with the next of these statuses."""

    def __init__(self, *statuses: int) -> None:
        self.statuses, self.asked, self.killed, self.runs = list(statuses), dict[str, Any](), list[Any](), list[str]()
        self.is_there, self.stops = True, 0
        self.exceptions = SimpleNamespace(RayTaskError=RayTaskError)

    def init(self, **_options: object) -> None:
        if not self.is_there:
            raise ConnectionError("nobody answers")

    def available_resources(self) -> dict[str, float]:
        return {"GPU": 2.0}

    def nodes(self) -> list[dict[str, Any]]:
        return []

    def remote(self, **asked: object) -> Any:
        self.asked = asked
        return lambda _kind: self

    @property
    def run(self) -> "FakeRay":
        return self

    def remote_run(self, name: str) -> int:
        self.runs.append(name)
        return len(self.runs)

    def stopped(self) -> int:
        self.stops += 1
        return 0

    def wait(self, running: Sequence[int], **_options: object) -> tuple[list[int], list[int]]:
        return [running[0]], list(running[1:])

    def get(self, _run: int) -> int:
        if not self.statuses:
            raise RayTaskError("Traceback ...\nFileNotFoundError: no such log")
        return self.statuses.pop(0)

    def kill(self, actor: object, *, no_restart: bool) -> None:
        assert no_restart
        self.killed.append(actor)

    def shutdown(self) -> None:
        pass


class FakeActor:
    """An actor of the fake cluster."""

    def __init__(self, ray: FakeRay) -> None:
        self.run = self.stop = self
        self._ray = ray

    def remote(self, name: str = "", *_arguments: object) -> int:
        return self._ray.remote_run(name) if name else self._ray.stopped()


class FakeKind:
    """What `ray.remote` makes of a class."""

    def __init__(self, ray: FakeRay) -> None:
        self._ray = ray

    def remote(self) -> FakeActor:
        return FakeActor(self._ray)


def workers_on(ray: FakeRay, folder: StudyFolder, monkeypatch: pytest.MonkeyPatch) -> RayWorkers:
    monkeypatch.setattr(ray, "remote", lambda **asked: ray.asked.update(asked) or (lambda _kind: FakeKind(ray)))
    monkeypatch.setitem(sys.modules, "ray", ray)
    return RayWorkers(folder, 2, 0.5, None, ["worker"], {})


def test_workers_spread_over_gpus_as_long_as_there_are_some() -> None:
    assert [even_share(0.5, workers, 2.0) for workers in (1, 2, 3, 4, 9)] == [1.0, 1.0, 0.5, 0.5, 0.5]
    assert even_share(0.25, 3, 1.0) == pytest.approx(1 / 3)
    assert (even_share(2, 1, 8.0), even_share(0, 4, 8.0), even_share(0.5, 4, 0.0)) == (2, 0, 0.5)


def test_actors_come_back_and_none_is_left(folder: StudyFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    ray = FakeRay(0, -9, 75)
    with workers_on(ray, folder, monkeypatch) as workers:
        workers.keep_up()
    assert ray.runs == ["demo-1", "demo-2", "demo-2"]  # the one that was killed was replaced
    assert (ray.stops, len(ray.killed)) == (2, 2)
    assert (ray.asked["max_restarts"], ray.asked["max_task_retries"], ray.asked["num_gpus"]) == (-1, -1, 1.0)


def test_a_worker_that_can_serve_nothing_ends_the_launch(folder: StudyFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    ray = FakeRay(2)
    with workers_on(ray, folder, monkeypatch) as workers:
        (folder.logs / "ray-demo-1.log").write_text("no such objective")
        with pytest.raises(SearchError, match="no such objective"):
            workers.keep_up()
    assert len(ray.killed) == 2


def test_a_node_on_which_no_worker_begins_ends_the_launch(folder: StudyFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    with (
        workers_on(FakeRay(), folder, monkeypatch) as workers,
        pytest.raises(SearchError, match=r"demo-1 .* no such log"),
    ):
        workers.keep_up()


def test_a_cluster_that_is_not_there_is_named(folder: StudyFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    ray = FakeRay()
    ray.is_there = False
    with pytest.raises(ClusterError, match=r"no cluster of Ray on this machine .*ray start --head"):
        workers_on(ray, folder, monkeypatch).__enter__()


def test_without_ray_it_is_said_how_to_install_it(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "ray", None)
    with pytest.raises(UsageError, match=r"hyperspool\[ray\]"):
        need_ray()


def test_an_actor_names_its_worker_and_returns_its_status(tmp_path: Path) -> None:
    command = ["sh", "-c", f"echo $X ${ACTOR_VARIABLE}; exit 75"]
    log = tmp_path / "log"
    assert WorkerActor().run("demo-1", command, tmp_path, {"X": "y"}, log) == 75
    assert log.read_text() == "y demo-1\n"


def test_a_stopped_actor_closes_its_workers_input(tmp_path: Path) -> None:
    actor, statuses = WorkerActor(), list[int]()
    actor.stop()
    log = tmp_path / "log"
    command = ["sh", "-c", "echo begun; cat; exit 75"]
    running = threading.Thread(target=lambda: statuses.append(actor.run("demo-1", command, tmp_path, {}, log)))
    running.start()
    until(lambda: log.exists() and log.read_text() == "begun\n", "the worker begins", tmp_path)
    actor.stop()
    running.join(20)
    assert statuses == [75]
