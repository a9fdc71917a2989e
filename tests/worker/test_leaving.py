"""When a worker leaves, and the exit status that tells a scheduler whether to start it again."""

import time
from pathlib import Path

import pytest

from hyperspool.common.layout import StudyFolder
from hyperspool.common.signals import STOPPED_STATUS
from tests.conftest import MakeStudy
from tests.processes import Processes, results_of, until
from tests.worker.test_worker import has_noted, read_heartbeat


def test_saving_releases_a_trial_that_never_asks(root: Path, processes: Processes, make_study: MakeStudy) -> None:
    folder = StudyFolder(root, "demo")
    study = make_study("never_asking", trials=1, more="limits.max_attempts = 1\nbudget.epochs = 9")
    study.write_text(study.read_text().replace("budget.epochs = 1\n", ""))
    master = processes.master(study)
    worker = processes.worker("--name", "lab-1", objective="never_asking")
    until(lambda: (read_heartbeat(folder).epoch or 0) > 1, "some epochs", root)
    worker.terminate()
    assert worker.wait(20) == STOPPED_STATUS
    assert "claim released: saved" in processes.output(worker)
    processes.worker(objective="never_asking")
    (root / "go").touch()
    processes.finish(master)
    (result,) = results_of(folder).values()
    assert result.resumed_from_epoch > 1
    assert result.attempt == 2


def test_worker_leaves_when_others_hold_all_jobs(root: Path, processes: Processes, make_study: MakeStudy) -> None:
    processes.master(make_study("waiting", trials=1))
    holder = processes.worker(objective="waiting")
    until(lambda: has_noted(processes), "the trial runs", root)
    other = processes.worker("--max-idle", "0.5", objective="waiting")
    assert other.wait(30) == 0
    assert "no free job for 0.5 s; leaving" in processes.output(other)
    stopped = processes.worker("--stopped-status", "9", objective="waiting")
    until(lambda: "waiting for jobs" in processes.output(stopped), "it looks for jobs", root)
    stopped.terminate()
    assert stopped.wait(20) == 9  # the other's job is open
    assert holder.poll() is None


def test_worker_leaves_after_its_trials(root: Path, processes: Processes, make_study: MakeStudy) -> None:
    master = processes.master(make_study("square", trials=3))
    worker = processes.worker("--trials", "2", objective="square")
    assert worker.wait(30) == 0
    assert len(results_of(StudyFolder(root, "demo"))) == 2
    assert "all of this worker's trials are done; leaving" in processes.output(worker)
    processes.worker("--exit-when-idle", objective="square")
    processes.finish(master)


def test_worker_lets_go_before_its_job_ends(
    root: Path, processes: Processes, make_study: MakeStudy, monkeypatch: pytest.MonkeyPatch
) -> None:
    processes.master(make_study("waiting", trials=1))
    monkeypatch.setenv("SLURM_JOB_END_TIME", str(int(time.time()) + 20))
    monkeypatch.setenv("SLURM_JOB_ID", "77")
    worker = processes.worker("--name", "lab-1", objective="waiting")
    until(lambda: StudyFolder(root, "demo").worker_files(), "its heartbeat", root)
    assert read_heartbeat(StudyFolder(root, "demo")).job == "slurm:77"
    assert worker.wait(30) == STOPPED_STATUS
    assert "claim released: saved" in processes.output(worker)


def test_worker_whose_time_brought_nothing_says_so(root: Path, processes: Processes, make_study: MakeStudy) -> None:
    processes.master(make_study("deaf", trials=1))
    worker = processes.worker("--lifetime", "18", objective="deaf")
    assert worker.wait(40) == 1  # a scheduler that starts it again would do so for ever
    assert "no trial came further in this worker's time" in processes.output(worker)


def test_worker_that_can_serve_no_study_says_so(root: Path, processes: Processes, make_study: MakeStudy) -> None:
    processes.master(make_study("unheard_of", trials=1))
    worker = processes.worker("--exit-when-idle", objective="square")
    until(StudyFolder(root, "demo").jobs.exists, "the study", root)
    assert worker.wait(30) == 2
    assert "this worker can serve none of the studies here: demo" in processes.output(worker)


def test_first_job_may_come_late(root: Path, processes: Processes) -> None:
    worker = processes.worker("--wait", "0.2", "--exit-when-idle")
    assert worker.wait(30) == 0
    assert "no first job within 0.2 s; leaving" in processes.output(worker)


def test_name_of_a_living_worker_is_not_taken_twice(root: Path, processes: Processes, make_study: MakeStudy) -> None:
    folder = StudyFolder(root, "demo")
    processes.master(make_study("waiting", trials=2))
    processes.worker("--name", "lab-1", objective="waiting")
    until(lambda: len(folder.worker_files()) == 1, "its heartbeat", root)
    processes.worker("--name", "lab-1", objective="waiting")
    until(lambda: len(folder.worker_files()) == 2, "the other's heartbeat", root)
    first, second = sorted(path.stem for path in folder.worker_files())
    assert first == "lab-1"
    assert second.startswith("lab-1-")
