"""Masters and workers start early, late or twice, and exit on request or with their master."""

import signal
from pathlib import Path

from hyperspool.common.layout import StudyFolder
from tests.conftest import MakeStudy
from tests.processes import Processes, is_alive, results_of, until


def test_ctrl_c_stops_everything_and_the_same_command_resumes(
    root: Path, processes: Processes, make_study: MakeStudy
) -> None:
    study = make_study("waiting", trials=2, batch=2)
    command = (study, "--workers", "2", "--objective", "waiting=tests.objectives:waiting")
    master = processes.master(*command)
    until(lambda: len(processes.noted()) == 2, "both evaluations", root)
    pids = [int(note.split()[-1]) for note in processes.noted()]
    master.send_signal(signal.SIGINT)
    assert master.wait(15) == 1
    assert "To go on" in processes.output(master)
    assert not any(is_alive(pid) for pid in pids)
    (root / "go").touch()
    printed = processes.finish(processes.master(*command))
    assert "is finished: 2 trials" in printed
    results = results_of(StudyFolder(root, "demo"))
    assert [result.attempt for result in results.values()] == [2, 2]
    again = processes.finish(processes.master(*command))
    assert "is finished: 2 trials" in again
    assert results_of(StudyFolder(root, "demo")) == results


def test_workers_of_a_killed_master_leave_by_themselves(
    root: Path, processes: Processes, make_study: MakeStudy
) -> None:
    study = make_study("waiting", trials=1, batch=1)
    master = processes.master(study, "--workers", "1", "--objective", "waiting=tests.objectives:waiting")
    until(processes.noted, "the evaluation", root)
    child = int(processes.noted()[0].split()[-1])
    master.kill()
    master.wait()
    until(lambda: not is_alive(child), "the worker and its child leave", root, deadline_s=10)


def test_a_second_master_is_refused_with_the_first_ones_place(
    root: Path, processes: Processes, make_study: MakeStudy
) -> None:
    study = make_study("waiting", trials=1, batch=1)
    first = processes.master(study)
    until(lambda: StudyFolder(root, "demo").open_issues(), "the first job", root)
    second = processes.master(study)
    assert second.wait(20) == 1
    assert f"process {first.pid}" in processes.output(second)
    assert first.poll() is None


def test_a_worker_waits_for_a_study_that_is_published_later(
    root: Path, processes: Processes, make_study: MakeStudy
) -> None:
    worker = processes.worker("--study", "demo", objective="square")
    until(lambda: "serves demo" in processes.output(worker), "the worker is there", root)
    processes.finish(processes.master(make_study("square")))
    assert len(results_of(StudyFolder(root, "demo"))) == 4


def test_waiting_master_says_how_to_start_a_worker(root: Path, processes: Processes, make_study: MakeStudy) -> None:
    master = processes.master(make_study("square"))
    until(lambda: "start one in another terminal" in processes.output(master), "the advice", root)
    processes.worker(objective="square")
    processes.finish(master)
