"""Workers as actors of Ray: placed by it, and started again by it when they or their node die.

Ray packs shares of a GPU: two workers of half a GPU each would get the same one while others are idle. So workers ask
for larger shares as long as there are GPUs for all of them.
"""

import logging
import math
import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Self

from hyperspool.common import atomic
from hyperspool.common.errors import SearchError, UsageError
from hyperspool.common.file_kinds import WORKER_LOG
from hyperspool.common.layout import StudyFolder
from hyperspool.common.signals import STOPPED_STATUS
from hyperspool.master.launch.cluster import ClusterError
from hyperspool.master.launch.ray_actor import WorkerActor
from hyperspool.master.launch.ray_nodes import need_seeing_nodes
from hyperspool.master.results.standing import open_standing

LOOK_S = 5.0
"""Seconds between two looks whether the study is finished."""
STOP_S = 10.0
"""How long the workers may take to save and leave. Each kills a child that takes longer than 5 s."""
MAX_RESTARTS = 20
"""How many workers that ended by themselves are replaced before something must be wrong."""
WRONG_USAGE = 2
"""A worker's exit status if it can serve no study: another one could not either."""
TAIL_BYTES = 2000

logger = logging.getLogger(__name__)


def need_ray() -> Any:
    """Return Ray's module.

    Raises:
        UsageError: it is not installed.
    """
    try:
        import ray
    except ImportError as error:
        raise UsageError("launch --ray needs Ray: pip install 'hyperspool[ray]'") from error
    return ray


def even_share(wanted: float, workers: int, gpus: float) -> float:
    """The share of a GPU that spreads workers evenly over GPUs, at least what is wanted.

    Args:
        wanted: of a GPU for each worker.
        workers: how many.
        gpus: how many GPUs are free.
    """
    if not 0 < wanted < 1 or gpus < 1:
        return wanted
    return max(wanted, 1 / math.ceil(workers / math.floor(gpus)))


class RayWorkers:
    """The workers of one study on a cluster of Ray. They end with the block.

    Args:
        folder: of the study.
        count: the number of workers.
        share: of a GPU for each; may be more than one.
        address: of the cluster; None: RAY_ADDRESS, or the one on this machine.
        command: of a worker.
        environment: variables that workers need.

    Raises:
        ClusterError: there is no such cluster.
    """

    def __init__(
        self,
        folder: StudyFolder,
        count: int,
        share: float,
        address: str | None,
        command: Sequence[str],
        environment: Mapping[str, str],
    ) -> None:
        self._ray, self._folder = need_ray(), folder
        self._command, self._environment = [*command, "--exit-with-stdin"], dict(environment)
        self._count, self._share, self._address = count, share, address
        self._restarts = 0
        self._actors: dict[str, Any] = {}
        self._running: dict[Any, str] = {}

    def __enter__(self) -> Self:
        address = self._address or os.environ.get("RAY_ADDRESS") or "auto"
        try:
            self._ray.init(
                address=address, runtime_env={"env_vars": self._environment}, log_to_driver=False, logging_level="error"
            )
        except (ConnectionError, RuntimeError, ValueError) as error:
            where = "on this machine" if address == "auto" else f"at {address}"
            raise ClusterError(
                f"there is no cluster of Ray {where} ({error}): ray start --head, or --address"
            ) from error
        atomic.make_folder(self._folder.logs)
        share = even_share(self._share, self._count, self._ray.available_resources().get("GPU", 0.0))
        need_seeing_nodes(self._ray, share, self._folder.root)
        # As often as the actor or its node dies, Ray starts it elsewhere, and calls `run` again.
        kind = self._ray.remote(
            num_cpus=1,
            num_gpus=share,
            max_restarts=-1,
            max_task_retries=-1,
            max_concurrency=2,  # `stop` beside `run`
            scheduling_strategy="SPREAD",
        )(WorkerActor)
        for number in range(1, self._count + 1):
            name = f"{self._folder.name}-{number}"
            self._actors[name] = kind.remote()
            self._start(name)
        return self

    def __exit__(self, *_: object) -> None:
        # Those that run save first. Then all are killed, also those that wait for a place: nothing of this study stays
        # in Ray's queue.
        for actor in self._actors.values():
            actor.stop.remote()
        if self._running:
            self._ray.wait(list(self._running), num_returns=len(self._running), timeout=STOP_S)
        for actor in self._actors.values():
            self._ray.kill(actor, no_restart=True)
        self._ray.shutdown()

    def _start(self, name: str) -> None:
        log = self._log(name)
        run = self._actors[name].run.remote(name, self._command, Path.cwd(), self._environment, log)
        self._running[run] = name

    def _log(self, name: str) -> Path:
        return self._folder.path(WORKER_LOG, f"ray-{name}").absolute()

    def keep_up(self) -> None:
        """Wait until the study is finished, or no worker is left. Replaces workers that died.

        Raises:
            SearchError: a worker cannot begin or serve the study, or too many have ended by themselves.
        """
        while self._running and not open_standing(self._folder).is_finished:
            ended, _ = self._ray.wait(list(self._running), num_returns=1, timeout=LOOK_S)
            for run in ended:
                name = self._running.pop(run)
                self._look_at(name, self._status(name, run))

    def _status(self, name: str, run: Any) -> int:
        try:
            return int(self._ray.get(run))
        except self._ray.exceptions.RayTaskError as error:
            said = str(error).splitlines()[-1]
            raise SearchError(f"worker {name} cannot begin on the node where Ray has placed it: {said}") from error

    def _look_at(self, name: str, status: int) -> None:
        log = self._log(name)
        if status in {0, STOPPED_STATUS}:
            logger.info("worker %s has left", name)
            return
        if status == WRONG_USAGE or self._restarts >= MAX_RESTARTS:
            tail = log.read_bytes()[-TAIL_BYTES:].decode(errors="replace")
            raise SearchError(f"worker {name} exited with status {status}; {log} ends with:\n{tail}")
        logger.warning("worker %s exited with status %d; starting another; its log: %s", name, status, log)
        self._restarts += 1
        self._start(name)
