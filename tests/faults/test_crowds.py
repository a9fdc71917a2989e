"""Scores of workers, thousands of jobs, and too few of the kernel's watches."""

from collections import Counter
from pathlib import Path

import pytest

from hyperspool.common import atomic
from hyperspool.common.layout import StudyFolder
from hyperspool.common.records import Status
from hyperspool.common.watch import Appearance, FolderWatch, Wakeup
from tests.conftest import MakeStudy
from tests.faults.crowd import Backlog, Crowd
from tests.faults.world import World
from tests.processes import Processes, leftovers, results_of, until

CROWD = 64


def test_64_workers_that_start_together_share_a_study(root: Path, processes: Processes, make_study: MakeStudy) -> None:
    master = processes.master(make_study("noted", trials=300, batch=150))
    with Crowd(root, CROWD, processes.notes) as crowd:
        processes.finish(master)
        folder = StudyFolder(root, "demo")
        results = results_of(folder)
        until(lambda: leftovers(folder) == [], "the last to report tidies up", root)
    assert len(results) == 300
    assert {(result.status, result.attempt, result.issue) for result in results.values()} == {(Status.COMPLETE, 1, 1)}
    assert set(Counter(processes.notes.read_text().splitlines()).values()) == {1}
    assert len({result.attribution.worker for result in results.values()}) > CROWD / 4
    assert crowd.exit_statuses == {0}
    assert "Traceback" not in crowd.output


def test_only_one_of_64_workers_evaluates_a_job(root: Path, processes: Processes, make_study: MakeStudy) -> None:
    with Crowd(root, CROWD, processes.notes) as crowd:
        for number in range(5):
            processes.finish(processes.master(make_study("noted", name=f"one-{number}", trials=1, batch=1)))
            assert len(processes.notes.read_text().splitlines()) == number + 1
            folder = StudyFolder(root, f"one-{number}")
            assert [result.attempt for result in results_of(folder).values()] == [1]
    assert crowd.exit_statuses == {0}
    assert "Traceback" not in crowd.output


def test_a_job_costs_little_more_among_ten_thousand(tmp_path: Path) -> None:
    costs_s: list[float] = []
    for name, jobs in (("few", 100), ("many", 10_000)):
        (tmp_path / name).mkdir()
        backlog = Backlog(tmp_path / name, jobs)
        backlog.work_off(20)  # the first claim lists the folder
        costs_s.append(min(backlog.work_off(20) for _ in range(3)))
    assert costs_s[1] < 3 * costs_s[0]


def test_without_a_watch_master_and_worker_say_so_and_rescan(world: World, make_study: MakeStudy) -> None:
    world.faults = {"WATCHES": "0"}
    worker = world.worker(objective="square")
    master = world.master(make_study("square", trials=4, batch=2))
    until(lambda: master.poll() is not None, "the study ends", world.root)
    if "no user namespace" in world.output(master):
        pytest.skip("this machine lets nobody limit a process's watches")
    for process in (master, worker):
        assert world.output(process).count("no file events (inotify instance limit reached)") == 1
    assert {result.status for result in results_of(StudyFolder(world.root, "demo")).values()} == {Status.COMPLETE}


def test_watching_hundreds_of_short_lived_folders_leaks_nothing(tmp_path: Path) -> None:
    bell = Wakeup()
    with FolderWatch(bell) as watch:
        for number in range(200):
            folder = tmp_path / f"{number}"
            atomic.make_folder(folder)
            watch.follow({folder: Appearance.RENAMED})
        assert len(watch._followed) == 1
        assert watch.why_polling is None
    bell.close()
