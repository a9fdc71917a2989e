"""A disk that is full, over quota, read-only or slow for a while: workers and master wait, say so and go on."""

import os
import signal
import subprocess
from collections.abc import Iterator
from errno import ENOSPC
from pathlib import Path

import pytest

from hyperspool.common import atomic
from hyperspool.common.attempts import read_history
from hyperspool.common.issues import Issue
from hyperspool.common.layout import StudyFolder
from hyperspool.common.records import Status
from hyperspool.common.signals import STOPPED_STATUS
from tests.conftest import MakeStudy
from tests.faults.world import World
from tests.processes import leftovers, results_of, until
from tests.worker.test_worker import fill, has_noted

WAITING = ("--objective", "waiting=tests.objectives:waiting")


@pytest.fixture
def on_disk(small_disk: Path, tmp_path: Path) -> Iterator[World]:
    """Starts processes in a shared folder on a disk of 1 MiB; their output goes elsewhere."""
    processes = World(small_disk, RETRY_S="0.5")
    processes.log_folder = tmp_path
    yield processes
    processes.kill_all()


def let_go(processes: World) -> None:
    processes.notes.with_name("go").touch()


def test_the_master_waits_for_room_and_publishes_each_job_once(
    small_disk: Path, on_disk: World, make_study: MakeStudy
) -> None:
    master = on_disk.master(make_study("square", trials=300, batch=300))  # each job takes a page: 1.2 MiB
    until(lambda: "the master waits: No space left" in on_disk.output(master), "it says so", on_disk.log_folder)
    folder = StudyFolder(small_disk, "demo")
    assert 0 < len(folder.open_issues()) < 300
    assert list(folder.temporary_files()) == []
    subprocess.run(["mount", "-o", "remount,size=8m", str(small_disk)], check=True)
    on_disk.worker(objective="square")
    on_disk.finish(master)
    assert "the master goes on" in on_disk.output(master)
    results = results_of(folder)
    assert len(results) == 300
    assert {(result.status, result.issue, result.attempt) for result in results.values()} == {(Status.COMPLETE, 1, 1)}


def test_a_start_on_a_full_disk_waits_and_counts_once(small_disk: Path, on_disk: World, make_study: MakeStudy) -> None:
    worker = on_disk.worker(objective="square")
    until(lambda: "serves every study" in on_disk.output(worker), "the worker", on_disk.log_folder)
    os.kill(worker.pid, signal.SIGSTOP)
    master = on_disk.master(make_study("square", trials=1, batch=1, more="limits.max_attempts = 1"))
    until(lambda: StudyFolder(small_disk, "demo").open_issues(), "the job", small_disk)
    fill(small_disk / "ballast")
    os.kill(worker.pid, signal.SIGCONT)
    until(lambda: "waits: No space left" in on_disk.output(worker), "the worker says so", on_disk.log_folder)
    (small_disk / "ballast").unlink()
    on_disk.finish(master)
    assert results_of(StudyFolder(small_disk, "demo"))[0].attempt == 1


def test_a_line_that_does_not_fit_leaves_no_part(small_disk: Path) -> None:
    path = small_disk / "00000.lock"
    atomic.append_line(path, "x" * 4000)
    fill(small_disk / "ballast")
    for _ in range(3):
        with pytest.raises(OSError, match="No space left") as refused:
            atomic.append_line(path, "y" * 200)
        assert refused.value.errno == ENOSPC
    assert path.read_text() == "x" * 4000 + "\n"


def test_stopping_on_a_full_disk_reports_that_nothing_was_saved(
    small_disk: Path, on_disk: World, make_study: MakeStudy
) -> None:
    master = on_disk.master(make_study("waiting", trials=1, batch=1, more="limits.max_attempts = 1"))
    worker = on_disk.worker(objective="waiting")
    until(lambda: has_noted(on_disk), "the evaluation", small_disk)
    fill(small_disk / "ballast")
    worker.terminate()
    assert worker.wait(20) == STOPPED_STATUS
    assert "demo/00000: claim released: not saved since the last checkpoint" in on_disk.output(worker)
    folder = StudyFolder(small_disk, "demo")
    assert list(folder.checkpoints.iterdir()) == []
    assert read_history(folder.lock(Issue(0))).counted == 0
    (small_disk / "ballast").unlink()
    let_go(on_disk)
    on_disk.worker(objective="waiting")
    on_disk.finish(master)
    assert results_of(folder)[0].attempt == 2
    assert leftovers(folder) == []


def test_a_full_disk_makes_no_worker_silent(small_disk: Path, on_disk: World, make_study: MakeStudy) -> None:
    master = on_disk.master(
        make_study("waiting", trials=1, batch=1, more="limits.stale_s = 5"), "--workers", "1", *WAITING
    )
    until(lambda: has_noted(on_disk), "the evaluation", small_disk)
    fill(small_disk / "ballast")
    waits_for_seconds(7.0, small_disk)
    let_go(on_disk)
    log = StudyFolder(small_disk, "demo").logs / "worker-1.log"
    (small_disk / "ballast").unlink()
    assert "is finished: 1 trial" in on_disk.finish(master)
    assert "has been silent" not in on_disk.output(master)
    result = results_of(StudyFolder(small_disk, "demo"))[0]
    assert (result.status, result.issue, result.attempt) == (Status.COMPLETE, 1, 1)
    assert "Traceback" not in log.read_text()


def waits_for_seconds(duration_s: float, root: Path) -> None:
    """Wait without a condition."""
    with pytest.raises(AssertionError, match="not within"):
        until(lambda: False, "nothing", root, deadline_s=duration_s)


@pytest.mark.parametrize(("error", "text"), [("EDQUOT", "Disk quota exceeded"), ("EROFS", "Read-only file system")])
def test_a_refusing_folder_costs_no_finished_training(
    root: Path, world: World, make_study: MakeStudy, error: str, text: str
) -> None:
    refusing = root / "refusing"
    world.faults = {"REFUSING": str(refusing), "RETRY_S": "0.5"}
    master = world.master(make_study("waiting", trials=1, batch=1))
    worker = world.worker(objective="waiting")
    until(lambda: has_noted(world), "the evaluation", root)
    refusing.with_name("soon").write_text(error)
    refusing.with_name("soon").rename(refusing)
    let_go(world)
    until(lambda: f"waits: {text}" in world.output(worker), "the worker says so", root)
    assert StudyFolder(root, "demo").all_finished() == []
    refusing.unlink()
    world.finish(master)
    assert "goes on" in world.output(worker)
    assert results_of(StudyFolder(root, "demo"))[0].attempt == 1
    assert leftovers(StudyFolder(root, "demo")) == []


def test_a_failure_is_noted_once_the_folder_accepts_it(root: Path, world: World, make_study: MakeStudy) -> None:
    refusing = root / "refusing"
    world.faults = {"REFUSING": str(refusing), "RETRY_S": "0.5"}
    limits = "limits = { max_attempts = 1, exception_retries = 1 }"
    master = world.master(make_study("raises_once_let_go", trials=1, batch=1, more=limits))
    worker = world.worker("--objective", "raises_once_let_go=tests.faults.objectives:raises_once_let_go")
    until(lambda: has_noted(world), "the evaluation", root)
    refusing.with_name("soon").write_text("EDQUOT")
    refusing.with_name("soon").rename(refusing)
    let_go(world)
    until(lambda: "waits: Disk quota exceeded" in world.output(worker), "the worker says so", root)
    refusing.unlink()
    world.finish(master)
    assert results_of(StudyFolder(root, "demo"))[0].attempt == 2


def test_flushes_that_take_seconds_make_nobody_silent_and_nothing_twice(
    root: Path, world: World, make_study: MakeStudy
) -> None:
    world.faults = {"FSYNC_S": "1"}
    master = world.master(make_study("curved", trials=1, batch=1, more="limits.stale_s = 25"))
    world.worker(objective="curved")
    printed = world.finish(master)
    assert "has been silent" not in printed
    folder = StudyFolder(root, "demo")
    assert [(result.issue, result.attempt) for result in results_of(folder).values()] == [(1, 1)]
    assert not folder.duplicates.exists()
