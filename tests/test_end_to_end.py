"""The promises of the whole project, with real masters and workers, signals and files."""

import os
import signal
from collections import Counter
from pathlib import Path

import pytest

from hyperspool.common.curve import read_curve
from hyperspool.common.issues import Issue
from hyperspool.common.layout import StudyFolder
from hyperspool.common.records import Status
from hyperspool.common.signals import STOPPED_STATUS
from tests.conftest import MakeStudy
from tests.processes import Processes, children_of, is_alive, leftovers, results_of, until

CNN_STUDY = """
trials = 2
batch = 2
objective.name = "cnn"
data = { name = "digits", train_size = 300 }
budget.epochs = 6
[space]
num_filters = 16
learning_rate = { type = "float", low = 0.05, high = 0.1, log = true }
momentum = 0.5
batch_size = 25
"""


def test_thousand_jobs_on_eight_workers_are_each_evaluated_once(
    root: Path, processes: Processes, make_study: MakeStudy
) -> None:
    study = make_study("noted", trials=1000, batch=1000)
    workers = [processes.worker("--exit-when-idle", objective="noted") for _ in range(8)]
    processes.finish(processes.master(study))
    folder = StudyFolder(root, "demo")
    results = results_of(folder)
    evaluated = Counter(processes.noted())
    assert len(results) == 1000
    assert {result.status for result in results.values()} == {Status.COMPLETE}
    assert set(evaluated) == {repr(result.params["x"]) for result in results.values()}
    assert set(evaluated.values()) == {1}
    assert len({result.attribution.worker for result in results.values()}) > 1
    for worker in workers:
        processes.finish(worker)
    assert leftovers(folder) == []


@pytest.mark.parametrize("victim", ["parent", "child", "master"])
def test_kill_9_in_mid_trial_costs_no_trial(
    root: Path, processes: Processes, make_study: MakeStudy, victim: str
) -> None:
    study = make_study("waiting", trials=4, batch=2)
    folder = StudyFolder(root, "demo")
    master = processes.master(study)
    worker = processes.worker(objective="waiting")
    until(processes.noted, "the first evaluation", root)
    _, point, child_pid = processes.noted()[0].split()
    child = int(child_pid)
    match victim:
        case "parent":
            worker.kill()
            until(lambda: not is_alive(child), "the child dies with its parent", root, deadline_s=1.0)
            processes.worker(objective="waiting")
        case "child":
            os.kill(child, signal.SIGKILL)
            until(lambda: not is_alive(child), "the child dies before it may go on", root)
        case "master":
            master.kill()
            master.wait()
            master = processes.master(study)
    (root / "go").touch()
    processes.finish(master)
    results = results_of(folder)
    assert sorted(results) == [0, 1, 2, 3]
    assert {result.status for result in results.values()} == {Status.COMPLETE}
    interrupted = next(result for result in results.values() if repr(result.params["x"]) == point)
    assert interrupted.attempt == (1 if victim == "master" else 2)
    assert all(len(read_curve(folder.curve(trial))) == 1 for trial in results)
    assert leftovers(folder) == []


def test_trial_whose_process_keeps_dying_fails_after_its_attempts(
    root: Path, processes: Processes, make_study: MakeStudy
) -> None:
    study = make_study("suicidal", trials=1, batch=1, more="limits.max_attempts = 2")
    worker = processes.worker(objective="suicidal")
    master = processes.master(study)
    assert master.wait(60) == 1
    result = results_of(StudyFolder(root, "demo"))[0]
    assert result.status is Status.FAILED
    assert result.failure is not None
    assert result.failure.kind == "worker_lost"
    assert "died 2 times: attempts 1 and 2 on" in result.failure.message
    assert result.failure.message.count("SIGKILL") == 1
    assert result.attempt == 2
    assert worker.poll() is None


def test_trial_whose_workers_keep_dying_fails_with_its_last_attempt(
    root: Path, processes: Processes, make_study: MakeStudy
) -> None:
    study = make_study("waiting", trials=1, batch=1, more="limits.max_attempts = 1")
    folder = StudyFolder(root, "demo")
    master = processes.master(study)
    worker = processes.worker(objective="waiting")
    until(lambda: any(has_epoch(path) for path in folder.running.glob("*.csv")), "an epoch", root)
    worker.kill()
    worker.wait()
    processes.worker(objective="waiting")
    assert master.wait(60) == 1
    result = results_of(folder)[0]
    assert result.failure is not None
    assert result.failure.message.startswith("the process that evaluated it died once: attempt 1 on")
    assert (result.attempt, result.epochs) == (1, 1)
    assert len(read_curve(folder.curve(0))) == 1
    assert leftovers(folder) == []


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_stopped_worker_saves_and_releases_and_costs_no_attempt(
    root: Path, processes: Processes, make_study: MakeStudy, number: signal.Signals
) -> None:
    study = make_study("waiting", trials=1, batch=1, more="limits.max_attempts = 1")
    folder = StudyFolder(root, "demo")
    master = processes.master(study)
    worker = processes.worker(objective="waiting")
    until(processes.noted, "the evaluation", root)
    os.killpg(worker.pid, number)  # to the child too, like a terminal or a cluster
    assert worker.wait(10) == STOPPED_STATUS, processes.output(worker)
    assert [path.name for path in folder.checkpoints.iterdir()] == ["00000.issue1.attempt1.pt"]
    assert list(folder.workers.iterdir()) == []
    (root / "go").touch()
    processes.worker(objective="waiting")
    processes.finish(master)
    assert results_of(folder)[0].attempt == 2
    assert leftovers(folder) == []


def test_same_seed_gives_same_params_for_any_workers_and_restarts(
    root: Path, processes: Processes, make_study: MakeStudy
) -> None:
    proposals: list[dict[int, object]] = []
    for count in (1, 2, 4):
        study = make_study("square", name=f"with-{count}", trials=24, batch=6)
        processes.finish(processes.master(study, "--workers", str(count), "--objective", SQUARE))
        proposals.append({trial: result.params for trial, result in results_of(StudyFolder(root, study.stem)).items()})
    study = make_study("noted", name="restarted", trials=24, batch=6)
    master = processes.master(study, "--workers", "2", "--objective", "noted=tests.objectives:noted")
    until(lambda: len(processes.noted()) > 8, "a part of the study", root)
    master.kill()
    master.wait()
    processes.finish(processes.master(study, "--workers", "1", "--objective", "noted=tests.objectives:noted"))
    proposals.append({trial: result.params for trial, result in results_of(StudyFolder(root, "restarted")).items()})
    assert proposals[0] == proposals[1] == proposals[2] == proposals[3]


SQUARE = "square=tests.objectives:square"


def test_resumed_trial_has_the_same_curve_to_the_last_bit(root: Path, processes: Processes) -> None:
    study = root / "cnn.toml"
    study.write_text(CNN_STUDY)
    processes.finish(processes.master(study, "--workers", "1"))
    interrupted = root / "interrupted.toml"
    interrupted.write_text(CNN_STUDY)
    folder = StudyFolder(root, "interrupted")
    master = processes.master(interrupted)
    for number in (signal.SIGTERM, signal.SIGKILL):
        worker = processes.worker("--study", "interrupted")
        until(lambda: any(has_epoch(path) for path in folder.running.glob("*.csv")), "an epoch", root)
        before = {path.name for path in folder.running.glob("*.csv")}
        worker.send_signal(number)
        worker.wait(20)
        assert before
    processes.worker("--study", "interrupted")
    processes.finish(master)
    resumed = results_of(folder)
    assert any(result.resumed_from_epoch > 0 for result in resumed.values())
    whole = StudyFolder(root, "cnn")
    for trial, result in resumed.items():
        assert result.value == results_of(whole)[trial].value
        assert measured(folder, trial) == measured(whole, trial)


def test_interrupted_user_objective_keeps_epochs_before_its_checkpoint(
    root: Path, processes: Processes, make_study: MakeStudy
) -> None:
    study = make_study("going_on", trials=1, batch=1, more="budget.epochs = 3").read_text()
    (root / "demo.toml").write_text(study.replace("budget.epochs = 1\n", ""))
    processes.worker(objective="going_on")
    processes.finish(processes.master(root / "demo.toml"))
    result = results_of(StudyFolder(root, "demo"))[0]
    assert processes.noted() == ["from 0", "from 2"]
    assert (result.attempt, result.epochs, result.resumed_from_epoch) == (2, 3, 2)
    assert (result.best_epoch, result.best_value) == (None, None)
    curve = read_curve(StudyFolder(root, "demo").curve(0))
    assert [(epoch.epoch, epoch.metrics["validation_loss"]) for epoch in curve] == [(1, 1.0), (2, 0.5), (3, 1 / 3)]


def has_epoch(path: Path) -> bool:
    try:
        return len(read_curve(path, is_running=True)) > 0
    except FileNotFoundError:
        return False


def measured(folder: StudyFolder, trial: int) -> list[tuple[float, float, float]]:
    curve = read_curve(folder.curve(trial))
    return [
        (epoch.metrics["training_loss"], epoch.metrics["validation_loss"], epoch.metrics["validation_error"])
        for epoch in curve
    ]


def test_late_result_of_a_silent_worker_does_not_count(root: Path, processes: Processes, make_study: MakeStudy) -> None:
    study = make_study("waiting", trials=1, batch=1, more="limits.stale_s = 5")
    folder = StudyFolder(root, "demo")
    master = processes.master(study)
    silent = processes.worker(objective="waiting")
    until(processes.noted, "the evaluation", root)
    child = children_of(silent.pid)[0]
    for pid in (silent.pid, child):
        os.kill(pid, signal.SIGSTOP)
    until(lambda: Issue(0, number=2) in folder.open_issues(), "the second issue", root)
    assert "silent" in processes.output(master)
    (root / "go").touch()
    processes.worker(objective="waiting")
    processes.finish(master)
    assert results_of(folder)[0].issue == 2
    for pid in (child, silent.pid):
        os.kill(pid, signal.SIGCONT)

    def is_settled() -> bool:
        # It reports too late, or it sees first that another worker has taken the trial.
        is_aside = folder.duplicates.exists() and list(folder.duplicates.glob("*.json"))
        return bool(is_aside) or "attempt dropped" in processes.output(silent)

    until(is_settled, "the late result or none", root)
    until(lambda: leftovers(folder) == [], "the late worker tidies up", root)
    assert results_of(folder)[0].issue == 2
