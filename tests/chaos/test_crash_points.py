"""A worker or a master crashes at each operation on the shared folder: it costs nothing but time.

The usual tests crash at one operation in three, from a random one on; `make chaos` crashes at each.
"""

import os
import random
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from hyperspool.common import atomic
from hyperspool.common.issues import AttemptName, Issue
from hyperspool.common.layout import StudyFolder
from hyperspool.common.signals import STOPPED_STATUS
from tests.chaos.chaos import Weather
from tests.chaos.crashing import Fork
from tests.chaos.stage import Stage

LAST = 1000
"""More operations than any process here makes."""
each_stride = pytest.mark.parametrize("stride", [3, pytest.param(1, marks=pytest.mark.exhaustive)])


def places(stride: int) -> range:
    """The numbers of the operations to crash at."""
    return range(random.randint(1, stride), LAST, stride)


def crashes(stage: Stage, scene: str, stride: int) -> Iterator[tuple[Stage, str]]:
    """Yield the folders that a worker's crashes can leave behind, and the place of each crash."""
    for at in places(stride):
        copy = stage.copy(f"{stage.root.name} {at}")
        victim = copy.worker(scene, at)
        status = victim.wait()
        if status in {0, STOPPED_STATUS}:
            shutil.rmtree(copy.root)
            return
        assert status == -signal.SIGKILL, victim.output
        yield copy, f"crash {at}: {victim.output.splitlines()[-1]}"
    raise AssertionError("the worker never ends by itself")


@each_stride
@pytest.mark.parametrize(
    ("scene", "claim", "trials", "at_least"),
    [
        ("finishes", "lock", 2, 60),
        ("finishes", "lease", 1, 30),
        ("is asked to stop", "lock", 1, 10),
        ("loses its child", "lock", 1, 30),
        ("is late", "lock", 1, 30),
    ],
)
def test_a_worker_that_crashes_at_any_operation_costs_nothing(
    tmp_path: Path, scene: str, claim: str, trials: int, at_least: int, stride: int
) -> None:
    stage = Stage.published(tmp_path / scene, Weather("", trials=trials, batch=trials, epochs=2, claim=claim))
    stage.expect_what_comes_undisturbed()
    count = 0
    for copy, crash in crashes(stage, scene, stride):
        count += 1
        copy.recover()
        copy.check(crash, may_be_late=scene == "is late")
    assert len(stage.expected) == 2 * trials
    assert count >= at_least // stride


@each_stride
def test_crash_while_taking_over_a_dead_lease_costs_nothing(tmp_path: Path, stride: int) -> None:
    stage = Stage.published(tmp_path / "over", Weather("", trials=1, batch=1, epochs=1, claim="lease"))
    stage.expect_what_comes_undisturbed()
    stage.finish_with(stage.worker(at=10), -signal.SIGKILL)
    assert stage.folder.lease(Issue(0)).exists()
    count = 0
    for copy, crash in crashes(stage, "", stride):
        count += 1
        copy.recover()
        copy.check(crash)
    assert count >= 20 // stride


@each_stride
def test_crash_while_giving_up_a_trial_leaves_that_to_others(tmp_path: Path, stride: int) -> None:
    stage = Stage.published(tmp_path / "up", Weather("", trials=1, batch=1, epochs=2, max_attempts=1))
    stage.finish_with(stage.worker(at=20), -signal.SIGKILL)
    assert list(stage.folder.attempt_files(Issue(0)))
    stage.status = 1
    stage.expect_what_comes_undisturbed()
    assert "worker_lost" in str(stage.expected)
    assert len(stage.expected) == 2
    count = 0
    for copy, crash in crashes(stage, "", stride):
        count += 1
        copy.recover()
        copy.check(crash)
    assert count >= 15 // stride


@each_stride
def test_a_master_that_crashes_at_any_operation_costs_nothing(tmp_path: Path, stride: int) -> None:
    stage = Stage.with_study(tmp_path / "master", Weather("", trials=2, batch=1, epochs=2))
    first = stage.copy("first")
    first.play()
    stage.expected = first.outcome
    assert len(stage.expected) == 4
    found: list[str] = []
    for at in places(stride):
        copy = stage.copy(f"master {at}")
        crash = copy.play(at)
        copy.check(crash)
        if not crash:
            break
        found.append(crash)
    assert len(found) > 30 // stride
    if stride > 1:
        return
    # Two batches: the first creates the journal, the second appends to it.
    steps = [crash.partition(": ")[2] for crash in found]
    assert steps.count("after append journal.jsonl") == steps.count("after fsync journal.jsonl") == 2
    assert steps[steps.index("after append journal.jsonl") - 1] == "in the middle of a write"
    # A job is published only after its proposal is recorded and flushed.
    assert steps.index("after fsync journal.jsonl") < steps.index("after rename 00000.json")


@each_stride
def test_master_crash_while_tidying_leaves_that_to_the_next(tmp_path: Path, stride: int) -> None:
    stage = Stage.published(tmp_path / "debris", Weather("", trials=2, batch=2, epochs=2))
    stage.expect_what_comes_undisturbed()
    job = stage.folder.job(Issue(0)).read_bytes()
    stage.finish(stage.worker())
    stage.folder.job(Issue(0)).write_bytes(job)
    leave_debris(stage.folder)
    count = 0
    for at in places(stride):
        copy = stage.copy(f"debris {at}")
        crash = copy.play(at)
        copy.check(crash)
        if not crash:
            break
        count += 1
    assert count >= 10 // stride


def leave_debris(folder: StudyFolder) -> None:
    """Leave what a reporter leaves that dies after the result's link, after the job's removal, or within a write."""
    attempt = AttemptName(Issue(0), 1)
    folder.lock(Issue(0)).touch()
    folder.lock(Issue(1)).touch()
    folder.checkpoint(attempt).touch()
    folder.curve(0).rename(folder.running_curve(attempt))
    dead = Fork(folder.root / "dead", str)
    dead.wait()
    for path in (folder.job(Issue(1)), folder.result(1), folder.checkpoint(attempt), folder.spec):
        temporary = atomic._write_temporary(path, b"half of")
        temporary.rename(str(temporary).replace(f"-{os.getpid()}-", f"-{dead.pid}-"))
