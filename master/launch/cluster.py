"""What `launch` needs of the engine that runs workers on other machines, such as a scheduler."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any, Protocol

from hyperspool.common.errors import SearchError
from hyperspool.common.heartbeat import WorkerRecord
from hyperspool.common.layout import StudyFolder

FOLDER = "launch"
SLURM, RAY = "slurm", "ray"
"""Schedulers, as a job's name begins in a worker's heartbeat: `slurm:1234_5`, `ray:demo-1`."""
LABELS = {SLURM: "Slurm", RAY: "Ray"}
"""What people call them."""


class ClusterError(SearchError, RuntimeError):
    """The engine refuses, or does not answer. It may do what it is asked for later."""


class TaskState(StrEnum):
    """Where a task is in the engine's queue."""

    RUNNING = "running"
    PENDING = "pending"
    REQUEUED = "requeued"
    """It has run before, was preempted or came to its time limit, and waits for its next turn."""
    FAILED = "failed"
    """It ended a short while ago, neither well nor on request."""
    GONE = "gone"
    """The engine no longer knows it, and its worker is silent."""


WAITING = frozenset({TaskState.PENDING, TaskState.REQUEUED})
LIVE = WAITING | {TaskState.RUNNING}


@dataclass(frozen=True)
class Task:
    """One worker in the engine's queue.

    Attributes:
        job: its name there, as a worker's heartbeat says it: `slurm:1234_5`.
        state: where it is.
        reason: why it waits or failed, in the engine's words; empty if there is none.
        node: where it runs; empty if nowhere.
        restarts: how often it was started again.
    """

    job: str
    state: TaskState
    reason: str = ""
    node: str = ""
    restarts: int = 0

    def to_json(self) -> dict[str, Any]:
        """The task as `status --json` prints it."""
        return {
            "job": self.job,
            "state": self.state.value,
            "reason": self.reason or None,
            "node": self.node or None,
            "restarts": self.restarts,
        }


class Cluster(Protocol):
    """An engine, for the workers of one study."""

    def submit(self, count: int) -> str:
        """Ask for so many more workers, and return at once.

        Returns:
            What the engine calls them.

        Raises:
            ClusterError: the engine refuses; the message has its words.
        """

    def tasks(self) -> list[Task]:
        """Return the study's workers in the queue, and those that failed a short while ago.

        Raises:
            ClusterError: the engine does not answer.
        """

    def cancel(self, tasks: Sequence[Task]) -> None:
        """Take tasks out of the queue; what runs is asked to save first."""


def launch_folder(folder: StudyFolder) -> Path:
    """Return the folder in which a launch keeps its scripts, and the engine what its tasks print."""
    return folder.results / FOLDER


def all_tasks(
    queued: Iterable[Task] | None, workers: Iterable[WorkerRecord], silent: Collection[str]
) -> list[Task] | None:
    """Return the tasks of all engines, also those of silent workers that their engine no longer knows.

    Of Ray only the program that launched the workers knows the queue; what runs there is seen by its heartbeats.

    Args:
        queued: as Slurm lists them; None if it was not asked, or did not answer.
        workers: the study's, by their heartbeats.
        silent: the names of those whose heartbeat stands still.

    Returns:
        The tasks; None if Slurm has not listed any, and no worker says that it runs on Ray.
    """
    placed = [(worker.job.split()[0], worker) for worker in workers if worker.job]
    on_ray = {
        job: Task(job, TaskState.RUNNING, node=worker.host)
        for job, worker in placed
        if engine_of(job) == RAY and worker.worker not in silent
    }
    found = [*(queued or ()), *on_ray.values()]
    known = {task.job for task in found if task.state in LIVE}
    # After a restart a worker's job is called `slurm:1234_5 restart 1`.
    asked = {RAY} if queued is None else {RAY, SLURM}
    lost = {job for job, worker in placed if worker.worker in silent and engine_of(job) in asked}
    gone = [Task(job, TaskState.GONE) for job in sorted(lost - known)]
    return None if queued is None and not (found or gone) else found + gone


def engine_of(job: str) -> str:
    """Return the engine that a job's name begins with."""
    return job.partition(":")[0]


def queues_text(tasks: Iterable[Task]) -> str:
    """Say what a study's tasks do on each engine: `Slurm: 2 running, 1 gone; Ray: 3 running`."""
    found = list(tasks)
    own = {label: tasks_text(task for task in found if engine_of(task.job) == name) for name, label in LABELS.items()}
    return "; ".join(f"{label}: {text}" for label, text in own.items() if text)


def tasks_text(tasks: Iterable[Task]) -> str:
    """Say what a study's tasks do: `2 running, 3 pending (Resources), 1 requeued (BeginTime)`."""
    found = list(tasks)
    parts: list[str] = []
    for state in TaskState:
        own = [task for task in found if task.state is state]
        # A running task's reason is none; the others' are the point of asking.
        reasons = Counter(task.reason for task in own if task.reason and state is not TaskState.RUNNING)
        why = f" ({', '.join(reason for reason, _ in reasons.most_common())})" if reasons else ""
        if own:
            parts.append(f"{len(own)} {state.value}{why}")
    return ", ".join(parts)
