"""What Ray's nodes see, with a Ray that looks around in this process."""

import sys
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from hyperspool.common.errors import FolderError
from hyperspool.master.launch import ray_nodes
from hyperspool.master.launch.ray_actor import unseen
from hyperspool.master.launch.ray_nodes import hosts_of_workers, need_seeing_nodes


def node(name: str, *, alive: bool = True, **resources: float) -> dict[str, Any]:
    own = {"NodeID": name, "Alive": alive, "Resources": resources}
    return own | {"NodeManagerHostname": name, "NodeManagerAddress": "10.0.0.1"}


class RayError(Exception):
    """A node was lost."""


class RayTaskError(RayError):
    """A task failed."""


class LookingRay:
    """A cluster in which a task runs at once; on the nodes `blind` and `new` it does not see what is new in a folder.

    On `new` the first task cannot be placed. When a task has failed on `lost`, that node is listed no longer.
    """

    def __init__(self, *nodes: str) -> None:
        self._nodes = list(nodes)
        self._joining = {"new"}
        strategies = SimpleNamespace(NodeAffinitySchedulingStrategy=lambda node, *, soft: node)
        self.util = SimpleNamespace(scheduling_strategies=strategies)
        self.exceptions = SimpleNamespace(RayError=RayError, RayTaskError=RayTaskError)

    def remote(self, **_options: object) -> Callable[[Callable[..., list[str]]], Any]:
        def placed(look: Callable[..., list[str]]) -> Any:
            def on(node: str) -> Any:
                token = Path("/nowhere/jobs/token")
                return lambda seen, *more: (node, lambda: look(token if node in ("blind", "new") else seen, *more))

            return SimpleNamespace(options=lambda scheduling_strategy: SimpleNamespace(remote=on(scheduling_strategy)))

        return placed

    def nodes(self) -> list[dict[str, Any]]:
        return [node(name, CPU=4.0) for name in self._nodes]

    def wait(self, asked: list[Any], **_options: object) -> tuple[list[Any], list[Any]]:
        return [each for each in asked if each[0] != "slow"], []

    def get(self, task: tuple[str, Callable[[], list[str]]]) -> list[str]:
        if task[0] == "bare":
            raise RayTaskError("Traceback ...\nNo module named 'hyperspool'")
        if task[0] == "lost":
            self._nodes.remove("lost")
            raise RayError
        if task[0] in self._joining:
            self._joining.remove(task[0])
            raise RayError
        return task[1]()


def test_a_node_that_does_not_see_the_folder_is_named(root: Path) -> None:
    with pytest.raises(
        FolderError, match=r"blind \(10\.0\.0\.1\) does not see the shared folder /nowhere; workers need the same"
    ):
        need_seeing_nodes(LookingRay("fine", "blind"), 0.0, root)
    assert list((root / "jobs").iterdir()) == []


def test_a_node_that_has_just_joined_is_asked_again(root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ray_nodes, "AGAIN_S", 0.0)
    with pytest.raises(FolderError, match=r"new \(10\.0\.0\.1\) does not see the shared folder /nowhere; workers"):
        need_seeing_nodes(LookingRay("fine", "lost", "new"), 0.0, root)


def test_a_node_without_the_project_is_named(root: Path) -> None:
    with pytest.raises(FolderError, match=r"bare .* does not see this project \(No module named 'hyperspool'\)"):
        need_seeing_nodes(LookingRay("fine", "bare"), 0.0, root)


def test_nodes_that_see_everything_or_do_not_answer_pass(root: Path) -> None:
    need_seeing_nodes(LookingRay("fine", "slow", "lost"), 0.0, root)
    need_seeing_nodes(LookingRay(), 0.0, root)


def test_only_nodes_that_can_hold_a_worker_count() -> None:
    nodes = [node("head"), node("cpu", CPU=4.0), node("gpu", CPU=4.0, GPU=1.0), node("lost", alive=False, CPU=4.0)]
    assert [*hosts_of_workers(nodes, 0)] == ["cpu", "gpu"]
    assert hosts_of_workers(nodes, 0.5) == {"gpu": "gpu (10.0.0.1)"}


def test_a_node_says_all_that_it_does_not_see(tmp_path: Path) -> None:
    gone = tmp_path / "gone"
    assert unseen(gone / "jobs" / "token", gone, gone / "python") == [
        f"the shared folder {gone}",
        f"the folder {gone}",
        f"the interpreter {gone}/python",
    ]
    token = tmp_path / "jobs" / "token"
    token.parent.mkdir()
    token.touch()
    assert unseen(token, tmp_path, Path(sys.executable)) == []
