"""Workers on a real Slurm: shared out, cancelled, preempted, at their time limit, on a lost node, and at the end."""

import re

import pytest

from hyperspool.master.launch.cluster import launch_folder
from tests.cluster.conftest import Launched, walk_of
from tests.processes import results_of

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(240)]


def check_results(launched: Launched, *, resumed: set[int]) -> None:
    """Each trial has one result, and these went on from where an earlier attempt was."""
    results = results_of(launched.folder)
    assert {trial for trial, result in results.items() if (result.resumed_from_epoch or 0) > 0} == resumed
    assert list(launched.folder.duplicates.glob("*")) == []
    assert "is as it should be" in launched.call("fsck", "demo")


def test_each_task_of_an_array_has_a_gpu(launched: Launched) -> None:
    printed = launched.launch("--workers", "4", "--time", "1:00:00", "--partition", "spot", "--sbatch", "mem=100M")
    assert "4 workers submitted" in printed
    master = launched.start_master()
    launched.until_walking(4)
    places = [line.split(" on ")[1] for line in launched.processes.noted()]
    assert sorted(places) == ["n1 GPU 0", "n1 GPU 1", "n2 GPU 0", "n2 GPU 1"]
    launched.go()
    launched.processes.finish(master)
    check_results(launched, resumed=set())
    launched.until(lambda: not launched.cluster.queue(), "workers leave when no master runs")


def test_a_study_runs_without_the_login_node(launched: Launched) -> None:
    launched.launch("--workers", "2", "--with-master", trials=6, batch=2)
    launched.go()
    launched.until(lambda: len(results_of(launched.folder)) == 6, "the master's job finishes the study")
    launched.until(lambda: not launched.cluster.queue(), "all jobs have ended")


def test_trials_of_cancelled_workers_go_on_elsewhere(launched: Launched) -> None:
    launched.launch("--workers", "4")
    master = launched.start_master()
    launched.until_walking(4)
    first, second, *_ = launched.cluster.queue()
    launched.cluster.call("scancel", first, second)
    launched.until(lambda: len(launched.released()) == 2, "both let go")
    cancelled = {*launched.released()}
    launched.go()
    launched.processes.finish(master)
    check_results(launched, resumed=cancelled)
    launched.until(lambda: not launched.cluster.queue(), "no job came back")


def test_a_preempted_worker_comes_back_and_goes_on(launched: Launched) -> None:
    launched.launch("--workers", "4", "--partition", "spot", "--time", "1:00:00")
    master = launched.start_master()
    launched.until_walking(4)
    launched.cluster.call("sbatch", "--partition=main", "--nodelist=n1", "--gres=gpu:2", "--wrap", "true", "-o", "none")
    launched.until(lambda: len(launched.released()) == 2, "both workers on n1 let go")
    launched.until(lambda: [task["state"] for task in launched.tasks()].count("requeued") == 2, "they wait")
    assert {task["reason"] for task in launched.tasks() if task["state"] == "requeued"} <= {"BeginTime", "Resources"}
    preempted = {*launched.released()}
    launched.until_walking(6)
    assert {task["restarts"] for task in launched.tasks()} == {0, 1}
    launched.go()
    launched.processes.finish(master)
    check_results(launched, resumed=preempted)


def test_only_the_signalled_task_of_an_array_comes_back(launched: Launched) -> None:
    launched.launch("--workers", "2", "--time", "1:00:00", trials=2, batch=2)
    launched.start_master()
    launched.until_walking(2)
    *_, last = sorted(launched.cluster.queue())  # its number is that of the whole array
    launched.cluster.call("scancel", "--batch", "--signal=USR1", last)
    launched.until_walking(3)
    assert {task: launched.cluster.restarts(task) for task in launched.cluster.queue()} == {
        task: int(task == last) for task in launched.cluster.queue()
    }
    assert len(launched.released()) == 1


def test_at_the_time_limit_a_worker_comes_back(launched: Launched) -> None:
    launched.launch("--workers", "1", "--time", "1", trials=1, batch=1)
    launched.start_master()
    launched.until_walking(2)
    (log,) = launch_folder(launched.folder).glob("worker-*.log")
    assert re.search(r"claim released: saved\n.*stopped\n.* asks Slurm for its next turn\n", log.read_text())
    (task,) = launched.cluster.queue()
    assert launched.cluster.restarts(task) == 1


def test_a_lost_node_and_its_successor_share_the_work(launched: Launched) -> None:
    launched.launch("--workers", "1", "--sbatch", "nodelist=n1", trials=2, batch=2)
    master = launched.start_master()
    launched.until_walking(1)
    (task,) = launched.cluster.queue()
    launched.cluster.lose("n1")
    launched.cluster.call("scontrol", "update", f"JobId={task}", "ReqNodeList=n2")
    launched.until_walking(2)  # the lost node's worker lives, and holds its trial
    assert [line.split(" on ")[1][:2] for line in launched.processes.noted()] == ["n1", "n2"]
    launched.go()
    launched.processes.finish(master)
    check_results(launched, resumed=set())
    assert len({result.attribution.worker for result in results_of(launched.folder).values()}) == 2


def test_workers_come_with_open_work_and_leave_the_tail(launched: Launched) -> None:
    options = ("--workers", "1", "--max-workers", "3", "--watch", "--max-idle", "1", "--gpus-per-worker", "1")
    launched.launch("--workers", "1", "--dry-run", trials=6, batch=6)  # writes the study's file
    master = launched.start_master()
    launched.until(lambda: len(launched.folder.open_issues()) == 6, "the jobs")
    watch = launched.processes.start(
        "master", "launch", str(launched.study), "--root", str(launched.root), "--slurm", *options, *walk_of()
    )
    launched.until_walking(3)
    assert len(launched.cluster.queue()) == 3
    (launched.root / "go").touch()  # all but the first trial end
    launched.until(lambda: len(launched.cluster.queue()) == 1, "two workers leave the tail")
    assert list(launched.cluster.queue().values()) == ["R"]
    launched.go()
    launched.processes.finish(master)
    assert "study demo is finished" in launched.processes.finish(watch)
    assert launched.processes.output(watch).count("submitted") == 1
    launched.until(lambda: not launched.cluster.queue(), "the last one leaves")


def test_jobs_that_cannot_work_say_so(launched: Launched) -> None:
    launched.launch("--workers", "1", objective="gone")
    launched.start_master()
    launched.until(lambda: [task["state"] for task in launched.tasks()] == ["failed"], "the job fails")
    assert launched.tasks()[0]["reason"] == "NonZeroExitCode"
    message = launched.launch("--partition", "nowhere", status=2)
    assert "the partitions here are main, spot" in message
    launched.launch("--workers", "2")
    launched.until_walking(2)
    assert "2 tasks of Slurm's cancelled" in launched.call("launch", "demo", "--slurm", "--stop")
    launched.until(lambda: not launched.cluster.queue(), "both leave")
    assert len(launched.released()) == 3  # with that of the worker that could not evaluate it
