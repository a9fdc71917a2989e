"""A silent worker: its trial is issued again, and it drops the trial when it wakes too late."""

import os
import signal
import time
from pathlib import Path

from hyperspool.common.issues import Issue
from hyperspool.common.layout import StudyFolder
from hyperspool.worker.presence import BEAT_S
from tests.conftest import MakeStudy
from tests.faults.test_clocks import status
from tests.processes import Processes, children_of, leftovers, results_of, until
from tests.test_end_to_end import has_epoch
from tests.worker.test_worker import has_noted

CNN_STUDY = """
trials = 1
batch = 1
objective.name = "cnn"
data = { name = "digits", train_size = 300 }
budget.epochs = 100
limits.stale_s = 5
[space]
num_filters = 8
learning_rate = { type = "float", low = 0.05, high = 0.1, log = true }
batch_size = 25
"""


def send(pid: int, number: signal.Signals) -> None:
    """Signal a worker and its child."""
    for each in (pid, *children_of(pid)):
        os.kill(each, number)


def test_a_silent_worker_drops_a_trial_that_was_issued_again(root: Path, processes: Processes) -> None:
    (root / "demo.toml").write_text(CNN_STUDY)
    folder = StudyFolder(root, "demo")
    master = processes.master(root / "demo.toml")
    silent = processes.worker("--name", "sleepy")
    until(lambda: any(has_epoch(path) for path in folder.running.glob("*.csv")), "an epoch", root)
    send(silent.pid, signal.SIGSTOP)
    until(lambda: folder.open_issues() == [Issue(0, number=2)], "the second issue in the place of the first", root)
    sentence = "worker sleepy has been silent for"
    until(lambda: sentence in processes.output(master), "the master says so", root)
    stands = status(root, {})
    assert [(worker["worker"], worker["silent"]) for worker in stands["workers"]] == [("sleepy", True)]
    assert (stands["counts"]["RUNNING"], stands["counts"]["PENDING"]) == (0, 1)
    processes.worker("--name", "awake")
    processes.finish(master)
    first = results_of(folder)[0]
    assert (first.issue, first.attribution.worker, first.resumed_from_epoch > 0) == (2, "awake", True)
    send(silent.pid, signal.SIGCONT)
    until(lambda: leftovers(folder) == [], "the late worker tidies up", root)
    until(lambda: "demo/00000: attempt dropped" in processes.output(silent), "it says so", root)
    assert not list(folder.duplicates.glob("*"))
    assert results_of(folder)[0] == first


def test_a_worker_that_wakes_before_the_second_issue_goes_on(
    root: Path, processes: Processes, make_study: MakeStudy
) -> None:
    folder = StudyFolder(root, "demo")
    master = processes.master(make_study("waiting", trials=1, batch=1, more="limits.stale_s = 30"))
    worker = processes.worker("--name", "sleepy", objective="waiting")
    heartbeat = folder.worker("sleepy")
    # RACE: the child may evaluate before the parent has written its first heartbeat, which a stopped one never would.
    until(lambda: has_noted(processes) and heartbeat.exists(), "the evaluation and a heartbeat", root)
    send(worker.pid, signal.SIGSTOP)
    until(lambda: time.time() - heartbeat.stat().st_mtime > 2 * BEAT_S, "it misses a beat", root)
    before = heartbeat.read_bytes()
    send(worker.pid, signal.SIGCONT)
    until(lambda: heartbeat.read_bytes() != before, "it beats again", root)
    (root / "go").touch()
    assert "has been silent" not in processes.finish(master)
    result = results_of(folder)[0]
    assert (result.issue, result.attempt) == (1, 1)
    assert len(processes.notes.read_text().splitlines()) == 1
