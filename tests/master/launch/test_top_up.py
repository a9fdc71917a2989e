from collections.abc import Sequence
from dataclasses import replace

import pytest

from hyperspool.common.errors import SearchError
from hyperspool.common.layout import StudyFolder
from hyperspool.master.launch.cluster import ClusterError, Task, TaskState
from hyperspool.master.launch.top_up import FRUITLESS_ROUNDS, LOOK_S, Bounds, TopUp
from tests.conftest import job_of
from tests.master.bench import Bench, publish

OF_8 = Bounds(least=2, most=8)


class FakeCluster:
    """An engine whose queue is a list."""

    def __init__(self) -> None:
        self.queue: list[Task] = []
        self.submitted: list[int] = []
        self.error: ClusterError | None = None

    def submit(self, count: int) -> str:
        self.submitted.append(count)
        job = str(len(self.submitted))
        self.queue += [Task(f"slurm:{job}_{index}", TaskState.PENDING) for index in range(count)]
        return job

    def tasks(self) -> list[Task]:
        if self.error:
            raise self.error
        return list(self.queue)

    def cancel(self, tasks: Sequence[Task]) -> None:
        self.queue = [task for task in self.queue if task not in tasks]

    def begin(self, count: int) -> None:
        """Let the first tasks run."""
        began = [replace(task, state=TaskState.RUNNING) for task in self.queue[:count]]
        self.queue = began + self.queue[count:]


@pytest.fixture
def cluster() -> FakeCluster:
    return FakeCluster()


def finish(bench: Bench) -> None:
    """Evaluate all four trials of the study."""
    publish(bench.dispatcher, [job_of(trial) for trial in range(4)])
    for trial in range(4):
        bench.evaluate(trial)


def test_open_work_brings_workers_up_to_the_most(folder: StudyFolder, bench: Bench, cluster: FakeCluster) -> None:
    top_up = TopUp(folder, cluster, Bounds(least=1, most=3))
    publish(bench.dispatcher, [job_of(trial) for trial in range(4)])
    top_up.look()
    top_up.look()
    assert cluster.submitted == [3]
    cluster.queue = cluster.queue[1:]  # one has left
    top_up.look()
    assert cluster.submitted == [3, 1]


def test_a_worker_with_slots_counts_for_its_trials(folder: StudyFolder, bench: Bench, cluster: FakeCluster) -> None:
    publish(bench.dispatcher, [job_of(trial) for trial in range(4)])
    TopUp(folder, cluster, Bounds(least=1, most=3, slots=3)).look()
    assert cluster.submitted == [2]


def test_the_least_waits_for_the_next_batch(folder: StudyFolder, cluster: FakeCluster) -> None:
    top_up = TopUp(folder, cluster, OF_8)
    assert not top_up.look()
    assert cluster.submitted == [2]


def test_in_the_tail_only_waiting_workers_are_cancelled(
    folder: StudyFolder, bench: Bench, cluster: FakeCluster
) -> None:
    top_up = TopUp(folder, cluster, OF_8)
    publish(bench.dispatcher, [job_of(trial) for trial in range(4)])
    top_up.look()
    cluster.begin(2)
    cluster.queue[3] = replace(cluster.queue[3], state=TaskState.REQUEUED, restarts=1)
    for trial in range(3):
        bench.evaluate(trial)
    top_up.look()  # one job is open, none is to come, two workers run
    assert [task.job for task in cluster.queue] == ["slurm:1_0", "slurm:1_1"]


def test_a_finished_study_leaves_nothing_waiting(folder: StudyFolder, bench: Bench, cluster: FakeCluster) -> None:
    cluster.submit(3)
    cluster.begin(1)
    finish(bench)
    pauses: list[float] = []
    TopUp(folder, cluster, OF_8).keep_up(pauses.append)
    assert [task.state for task in cluster.queue] == [TaskState.RUNNING]
    assert pauses == []


def test_an_engine_that_is_down_is_asked_again(folder: StudyFolder, bench: Bench, cluster: FakeCluster) -> None:
    def pause(seconds: float) -> None:
        assert seconds == LOOK_S
        if cluster.error:
            cluster.error = None
            finish(bench)
        else:
            cluster.error = ClusterError("down")

    TopUp(folder, cluster, OF_8).keep_up(pause)
    cluster.error = ClusterError("down")
    with pytest.raises(ClusterError):
        TopUp(folder, cluster, OF_8).keep_up(pause)


def test_workers_that_die_at_once_end_the_top_up(folder: StudyFolder, cluster: FakeCluster) -> None:
    top_up = TopUp(folder, cluster, OF_8)
    failed = [Task("slurm:1_0", TaskState.FAILED, "NonZeroExitCode")]

    def die(_seconds: float) -> None:
        cluster.queue = list(failed)

    with pytest.raises(SearchError, match=r"ended without a sign of life \(1 failed \(NonZeroExitCode\)\)"):
        top_up.keep_up(die)
    assert sum(cluster.submitted) == FRUITLESS_ROUNDS * OF_8.most
