"""Out of memory: in the address space, in PyTorch's allocator, and by the kernel's out-of-memory killer."""

import os
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import torch

from hyperspool.common.layout import StudyFolder
from hyperspool.common.records import FailureKind, Result, Status
from hyperspool.master.results.workers import read_workers
from hyperspool.worker.child import failure_of
from hyperspool.worker.messages import Failed
from tests.conftest import MakeStudy
from tests.faults.memory_group import memory_group
from tests.faults.world import World
from tests.processes import Processes, results_of, until

OBJECTIVES = (
    "--objective",
    "starving=tests.faults.objectives:starving",
    "--objective",
    "killed_for_memory=tests.faults.objectives:killed_for_memory",
)


def by_size(folder: StudyFolder) -> tuple[list[Result], list[Result]]:
    """Return a study's results in the smaller and in the larger half of the domain."""
    results = results_of(folder).values()
    small = [result for result in results if float(result.params["x"]) <= 0.5]
    large = [result for result in results if float(result.params["x"]) > 0.5]
    assert small
    assert large
    return small, large


def test_an_out_of_memory_kill_fails_only_the_trial(root: Path, world: World, make_study: MakeStudy) -> None:
    counter = root / "vmstat"
    counter.write_text("nr_free_pages 7\noom_kill 3\n")
    world.faults = {"OOM_COUNTER": str(counter)}
    worker = world.worker(*OBJECTIVES)
    world.finish(world.master(make_study("killed_for_memory")))
    small, large = by_size(StudyFolder(root, "demo"))
    assert {result.status for result in small} == {Status.COMPLETE}
    for result in large:
        assert result.failure is not None
        assert result.failure.kind is FailureKind.OUT_OF_MEMORY
        assert result.failure.message == (
            "the evaluating process was killed by the kernel because memory ran out (no other trial shared the memory)"
        )
        assert result.attempt == 1
    assert worker.poll() is None


@pytest.fixture
def group() -> Iterator[Path]:
    """A control group limited to 768 MiB: more than a worker and its child need, less than a GiB."""
    with ExitStack() as stack:
        try:
            made = stack.enter_context(memory_group(f"hyperspool-{os.getpid()}", 768 * 2**20))
        except OSError as error:
            pytest.skip(f"no memory control group can be made here: {error}")
        yield made


def test_a_real_out_of_memory_kill_fails_only_the_trial(
    root: Path, group: Path, processes: Processes, make_study: MakeStudy
) -> None:
    worker = processes.worker("--objective", "greedy=tests.faults.objectives:greedy")
    (group / "cgroup.procs").write_text(
        str(worker.pid)
    )  # before a study exists, so that the child is started inside the group
    processes.finish(processes.master(make_study("greedy")))
    small, large = by_size(StudyFolder(root, "demo"))
    assert {result.status for result in small} == {Status.COMPLETE}
    for result in large:
        assert result.failure is not None
        assert (result.failure.kind, result.attempt) == (FailureKind.OUT_OF_MEMORY, 1)
        assert result.failure.message.startswith(
            "the evaluating process was killed by the kernel because memory ran out"
        )
    assert worker.poll() is None


def test_only_trials_that_shared_the_memory_are_retried(
    root: Path, processes: Processes, make_study: MakeStudy
) -> None:
    processes.master(make_study("waiting", name="other", trials=1, batch=1))
    neighbour = processes.worker("--name", "lab-1", "--study", "other", objective="waiting")
    other = StudyFolder(root, "other")
    until(lambda: [each.state for each in read_workers(other)] == ["running"], "a neighbour that computes", root)
    worker = processes.worker("--name", "lab-2", "--study", "demo", *OBJECTIVES)
    processes.finish(processes.master(make_study("starving")))
    small, large = by_size(StudyFolder(root, "demo"))
    assert {(result.status, result.attempt) for result in small} == {(Status.COMPLETE, 1)}
    for result in large:
        assert result.failure is not None
        assert result.failure.counts == {FailureKind.OUT_OF_MEMORY: 2}
        assert "memory shared with lab-1" in result.failure.message
    assert "memory shared with lab-1); the trial will be retried" in processes.output(worker)
    assert neighbour.poll() is None


@pytest.mark.parametrize("error", [MemoryError(), OSError(12, os.strerror(12))])
def test_memory_errors_of_python_and_kernel_are_recognised(error: Exception) -> None:
    answer = failure_of(error)
    assert isinstance(answer, Failed)
    assert answer.kind is FailureKind.OUT_OF_MEMORY


def test_a_memory_error_of_pytorch_is_recognised() -> None:
    # The host's memory alone: whether a GPU's cache is freed and the device stays usable needs a GPU to test.
    with pytest.raises(RuntimeError) as refused:
        torch.empty(2**52, dtype=torch.uint8)
    answer = failure_of(refused.value)
    assert isinstance(answer, Failed)
    assert (answer.kind, answer.is_device_full) == (FailureKind.OUT_OF_MEMORY, False)
