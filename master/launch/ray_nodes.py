"""Whether Ray's nodes see what a worker needs: the shared folder, the working folder, the interpreter."""

import logging
import sys
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hyperspool.common import atomic
from hyperspool.common.errors import FolderError
from hyperspool.master.launch.ray_actor import unseen

ANSWER_S = 60.0
"""How long the nodes may take to answer. Ray starts a process of its own on each, which imports Ray."""
AGAIN_S = 0.5
"""How long until a node is asked again on which no task could be placed."""

logger = logging.getLogger(__name__)


def hosts_of_workers(nodes: Sequence[Mapping[str, Any]], share: float) -> dict[str, str]:
    """Return the nodes that can hold a worker: by their number in Ray, what a person calls them.

    Args:
        nodes: as Ray lists them.
        share: of a GPU for each worker; may be more than one.
    """
    needed = {"CPU": 1.0, "GPU": share}
    return {
        node["NodeID"]: f"{node['NodeManagerHostname']} ({node['NodeManagerAddress']})"
        for node in nodes
        if node["Alive"] and all(node["Resources"].get(name, 0.0) >= count for name, count in needed.items())
    }


def need_seeing_nodes(ray: Any, share: float, root: Path) -> None:
    """Check that each node for workers sees a file that is new in the shared folder, and what else a worker needs.

    A node that does not answer in time is taken to see it all: it may be busy with others' work, or lost.

    Args:
        ray: the module, connected to a cluster.
        share: of a GPU for each worker; may be more than one.
        root: the shared folder.

    Raises:
        FolderError: a node does not see something; the message says which node, and what.
    """
    hosts = hosts_of_workers(ray.nodes(), share)
    if not hosts:
        logger.warning("no node of Ray has a CPU and %g GPUs for a worker; workers wait until one joins", share)
        return
    lacking: dict[str, list[str]] = {}
    end_s = time.monotonic() + ANSWER_S
    with _token_in(root / "jobs") as token:
        # RACE: Ray lists a node that has just joined before it can place a task there. So a node that lost its task and
        # is still listed is asked again; one that was lost is listed no longer.
        while hosts:
            said = _ask(ray, hosts, token, end_s)
            lacking |= {hosts[node]: what for node, what in said.items() if what}
            listed = hosts_of_workers(ray.nodes(), share)
            hosts = {node: host for node, host in hosts.items() if said[node] is None and node in listed}
            if not hosts or time.monotonic() > end_s:
                break
            time.sleep(AGAIN_S)
    if lacking:
        each = "; ".join(f"{host} does not see {', '.join(what)}" for host, what in lacking.items())
        advice = "workers need the same folders and Python on all nodes of Ray; a folder that all mount is --root"
        raise FolderError(root.absolute(), f"{each}; {advice}")


def _ask(ray: Any, nodes: Iterable[str], token: Path, end_s: float) -> dict[str, list[str] | None]:
    """Return what each node does not see: nothing if it is still looking at the end, None if it lost the task."""
    on = ray.util.scheduling_strategies.NodeAffinitySchedulingStrategy
    look = ray.remote(num_cpus=0, max_retries=0)(unseen)
    asked = {
        look.options(scheduling_strategy=on(node, soft=False)).remote(token, Path.cwd(), Path(sys.executable)): node
        for node in nodes
    }
    ended, _ = ray.wait(list(asked), num_returns=len(asked), timeout=max(end_s - time.monotonic(), 0.0))
    return {node: _answer(ray, task) if task in ended else [] for task, node in asked.items()}


@contextmanager
def _token_in(folder: Path) -> Iterator[Path]:
    # Named like a temporary file: if this process is killed, the next master removes it.
    token = atomic.temporary_beside(folder / "probe").absolute()
    atomic.write_note(token, "")
    try:
        yield token
    finally:
        atomic.remove(token)


def _answer(ray: Any, task: Any) -> list[str] | None:
    try:
        return list(ray.get(task))
    except ray.exceptions.RayTaskError as error:  # it could not begin there, mostly because a module is missing
        return [f"this project ({str(error).splitlines()[-1]})"]
    except ray.exceptions.RayError:  # the node is lost, or so new that Ray cannot place a task there yet
        return None
