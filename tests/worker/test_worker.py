"""The worker as a real process."""

import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

import pytest

from hyperspool.common.attempts import read_history
from hyperspool.common.heartbeat import WorkerRecord
from hyperspool.common.issues import Issue
from hyperspool.common.layout import StudyFolder
from hyperspool.common.reading import read_record
from hyperspool.common.signals import REQUESTS, STOPPED_STATUS
from tests.conftest import MakeStudy
from tests.processes import Processes, listens, results_of, until

MAX_RESIDENT_MIB = 80


def resident_mib(pid: int) -> float:
    match = re.search(r"VmHWM:\s+(\d+) kB", Path(f"/proc/{pid}/status").read_text())
    assert match
    return int(match[1]) / 1024


def test_the_parent_stays_light_also_after_training(root: Path, processes: Processes) -> None:
    study = root / "cnn.toml"
    study.write_text(
        'trials = 2\nobjective.name = "cnn"\nbudget.epochs = 1\ndata = {name = "digits", train_size = 100}\n'
        "space = {num_filters = 4, learning_rate = {type = 'float', low = 0.01, high = 0.1}}\n"
    )
    worker = processes.worker()
    processes.finish(processes.master(study))
    assert resident_mib(worker.pid) < MAX_RESIDENT_MIB


def test_the_heartbeat_shows_the_trial_and_leaves_with_the_worker(
    root: Path, processes: Processes, make_study: MakeStudy
) -> None:
    study = make_study("waiting", trials=1, batch=1)
    folder = StudyFolder(root, "demo")
    processes.master(study)
    worker = processes.worker("--name", "lab-1", objective="waiting")
    until(lambda: read_heartbeat(folder).epoch == 1, "the first epoch is shown", root)
    first = read_heartbeat(folder)
    assert (first.worker, first.pid, first.state) == ("lab-1", worker.pid, "running")
    assert (first.trial, first.attempt, first.epochs) == (0, 1, 1)
    until(lambda: read_heartbeat(folder).beat > first.beat, "the next beat", root)
    worker.terminate()
    assert worker.wait(20) == STOPPED_STATUS
    assert folder.worker_files() == []


def test_a_worker_logs_each_step_in_one_line(root: Path, processes: Processes, make_study: MakeStudy) -> None:
    worker = processes.worker("--name", "lab-1", "--study", "demo", objective="waiting")
    until(lambda: "waiting\n" in processes.output(worker), "it waits for its study", root)
    processes.master(make_study("waiting", trials=1, batch=1))
    until(lambda: has_noted(processes), "the evaluation", root)
    worker.terminate()
    assert worker.wait(20) == STOPPED_STATUS
    lines = [line.split(" ", 1)[1] for line in processes.output(worker).splitlines()]
    assert lines == [
        f"worker lab-1 serves demo in {root}",
        "no study demo here yet; waiting",
        "demo/00000: attempt 1 started",
        "demo/00000: saving before the worker stops (ask again to stop at once)",
        "demo/00000: claim released: saved",
        "stopped",
    ]


def test_help_shows_one_command_with_its_options(processes: Processes) -> None:
    printed = processes.finish(processes.start("worker", "--help"))
    assert "python -m worker [OPTIONS]" in printed
    assert "COMMAND" not in printed


def read_heartbeat(folder: StudyFolder) -> WorkerRecord:
    try:
        return read_record(folder.worker("lab-1"), WorkerRecord)
    except FileNotFoundError:
        return WorkerRecord(worker="none", host="", pid=1, device="", state="idle", beat=0, at="")


def has_noted(processes: Processes) -> bool:
    """Whether an objective has written its line. The file may exist before its text does."""
    return processes.notes.exists() and bool(processes.notes.read_text())


def test_a_full_disk_costs_no_finished_training(small_disk: Path, make_study: MakeStudy) -> None:
    processes = Processes(small_disk)
    processes.log_folder = make_study("waiting").parent
    try:
        study = make_study("waiting", trials=1, batch=1)
        master = processes.master(study)
        worker = processes.worker(objective="waiting")
        until(lambda: has_noted(processes), "the evaluation", small_disk)
        ballast = small_disk / "ballast"
        fill(ballast)
        (processes.notes.with_name("go")).touch()
        until(lambda: "waits: No space left" in processes.output(worker), "the worker says so", processes.log_folder)
        assert StudyFolder(small_disk, "demo").all_finished() == []
        ballast.unlink()
        processes.finish(master)
        assert "goes on" in processes.output(worker)
        assert results_of(StudyFolder(small_disk, "demo"))[0].attempt == 1
    finally:
        processes.kill_all()


def test_a_disk_that_turns_read_only_ends_no_worker(small_disk: Path, make_study: MakeStudy) -> None:
    processes = Processes(small_disk)
    processes.log_folder = make_study("square").parent
    try:
        worker = processes.worker(objective="square")
        until(lambda: "serves every study" in processes.output(worker), "the worker", processes.log_folder)
        os.kill(worker.pid, signal.SIGSTOP)
        master = processes.master(make_study("square"))
        until(lambda: StudyFolder(small_disk, "demo").open_issues(), "jobs", small_disk)
        master.kill()
        master.wait()
        subprocess.run(["mount", "-o", "remount,ro", str(small_disk)], check=True)
        os.kill(worker.pid, signal.SIGCONT)
        message = "jobs cannot be claimed: Read-only file system"
        until(lambda: message in processes.output(worker), "the worker says so", processes.log_folder)
        another = processes.master(make_study("square"))
        assert another.wait(30) == 2
        assert "mounted read-only" in processes.output(another)
        subprocess.run(["mount", "-o", "remount,rw", str(small_disk)], check=True)
        processes.finish(processes.master(make_study("square")))
        assert worker.poll() is None
        assert processes.output(worker).count(message) == 1
    finally:
        processes.kill_all()


def test_a_removed_study_does_not_stop_its_worker(root: Path, processes: Processes, make_study: MakeStudy) -> None:
    master = processes.master(make_study("waiting", name="removed", trials=1, batch=1))
    worker = processes.worker("--objective", "square=tests.objectives:square", objective="waiting")
    until(lambda: has_noted(processes), "the evaluation", root)
    master.kill()
    master.wait()
    for top in ("jobs", "results"):
        shutil.rmtree(root / top / "removed")
    (root / "go").touch()
    processes.finish(processes.master(make_study("square", name="other")))
    assert "the study was removed meanwhile" in processes.output(worker)
    assert not (root / "results" / "removed" / "trials").exists()


def test_closed_terminal_and_schedulers_warning_are_polite_requests(
    root: Path, processes: Processes, make_study: MakeStudy
) -> None:
    master = processes.master(make_study("waiting", trials=1, batch=1))
    for number in (signal.SIGHUP, signal.SIGUSR1):
        processes.notes.unlink(missing_ok=True)
        worker = processes.worker(objective="waiting")
        until(processes.noted, "the evaluation", root)
        worker.send_signal(number)
        assert worker.wait(20) == STOPPED_STATUS
        assert "claim released: saved" in processes.output(worker)
    assert read_history(StudyFolder(root, "demo").lock(Issue(0))).counted == 0
    master.send_signal(signal.SIGHUP)
    assert master.wait(20) == 1
    assert "everything is kept" in processes.output(master)


@pytest.mark.parametrize("number", REQUESTS)
def test_a_worker_stopped_while_it_starts_exits_with_status_0(
    root: Path, processes: Processes, number: signal.Signals
) -> None:
    worker = processes.worker()
    until(lambda: listens(worker.pid), "it listens to signals", root)
    worker.send_signal(number)
    assert worker.wait(20) == 0, processes.output(worker)
    assert "Traceback" not in processes.output(worker)


def fill(path: Path) -> None:
    """Write until the disk is full."""
    with path.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(1024)):
                pass
        except OSError:
            return
