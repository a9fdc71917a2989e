"""Keeps as many workers in an engine's queue as there is work for."""

import logging
import math
import time
from collections.abc import Callable
from dataclasses import dataclass

from hyperspool.common.errors import SearchError
from hyperspool.common.layout import StudyFolder
from hyperspool.master.launch.cluster import LIVE, WAITING, Cluster, ClusterError, Task, launch_folder, tasks_text
from hyperspool.master.results.standing import Standing, open_standing
from hyperspool.master.results.workers import read_workers

LOOK_S = 15.0
"""Seconds between two looks: schedulers ask not to be asked more often."""
FRUITLESS_ROUNDS = 3
"""How often all workers may be replaced without any sign of life of one, before something must be wrong."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class Bounds:
    """How many workers a study is to have.

    Attributes:
        least: while more trials are to come, so many stay in the queue.
        most: never more than so many.
        slots: trials that each of them evaluates at once; 1 where that is not known.
    """

    least: int
    most: int
    slots: int = 1

    def needed(self, trials: int) -> int:
        """Return how many workers evaluate so many trials at once."""
        return math.ceil(trials / self.slots)


class TopUp:
    """Compares the open work with the queue: submits the workers that are lacking, and cancels waiting ones.

    Workers that run are never cancelled: they leave by themselves once no job is free.

    Args:
        folder: of the study.
        cluster: the engine.
        bounds: how many workers there may be.
    """

    def __init__(self, folder: StudyFolder, cluster: Cluster, bounds: Bounds) -> None:
        self._folder, self._cluster, self._bounds = folder, cluster, bounds
        self._submitted = 0
        """Since there was a sign of life."""
        self._life: object = None

    def look(self) -> bool:
        """Submit or cancel what the open work asks for.

        Returns:
            Whether the study is finished. Then nothing waits in the queue any more.

        Raises:
            ClusterError: the engine refuses, or does not answer.
            SearchError: workers end as soon as they begin.
        """
        found = self._cluster.tasks()
        live = [task for task in found if task.state in LIVE]
        wanted, is_finished = self._wanted()
        self._look_for_life()
        if len(live) < wanted:
            self._submit(wanted - len(live), found)
        elif surplus := self._waiting(live)[: len(live) - wanted]:
            self._cluster.cancel(surplus)
            logger.info("%s: cancelled %d that waited, because there is no work for them", self._name, len(surplus))
        return is_finished

    def keep_up(self, wait: Callable[[float], object] = time.sleep) -> None:
        """Look again and again until the study is finished. An engine that refuses is asked again.

        Raises:
            ClusterError: it refuses the first time.
            SearchError: workers end as soon as they begin.
        """
        is_finished = self.look()
        while not is_finished:
            wait(LOOK_S)
            try:
                is_finished = self.look()
            except ClusterError as error:
                logger.warning("%s; the next try is in %g s", error, LOOK_S)
        logger.info("%s is finished", self._name)

    @property
    def _name(self) -> str:
        return f"study {self._folder.name}"

    def _wanted(self) -> tuple[int, bool]:
        """Return how many workers there is work for, and whether the study is finished."""
        count = self._bounds.needed(len(self._folder.open_issues()))
        if count >= self._bounds.least:
            return min(count, self._bounds.most), False
        standing = open_standing(self._folder)
        if standing.is_finished:
            return 0, True
        # Between two batches little is open, and workers that gave up their place would have to queue again.
        return min(max(count, min(self._bounds.least, self._bounds.needed(_left(standing)))), self._bounds.most), False

    def _look_for_life(self) -> None:
        beats = {record.worker: record.beat for record in read_workers(self._folder)}
        was, self._life = self._life, (len(self._folder.all_finished()), beats)
        if self._life != was:
            self._submitted = 0

    def _submit(self, count: int, found: list[Task]) -> None:
        if self._submitted + count > FRUITLESS_ROUNDS * self._bounds.most:
            said = tasks_text(found)
            raise SearchError(
                f"{self._name}: {self._submitted} workers have ended without a sign of life{said and f' ({said})'}; "
                f"what they printed is in {launch_folder(self._folder)}; if nothing is, no node sees that folder"
            )
        job = self._cluster.submit(count)
        self._submitted += count
        logger.info("%s: submitted %d more as job %s", self._name, count, job)

    @staticmethod
    def _waiting(live: list[Task]) -> list[Task]:
        """Return the tasks that wait, those first that would lose least: the newest that have never run."""
        waiting = [(task.restarts, -place, task) for place, task in enumerate(live) if task.state in WAITING]
        return [task for _, _, task in sorted(waiting)]


def _left(standing: Standing) -> int:
    done, total = standing.progress
    return max(total - done, 0)
