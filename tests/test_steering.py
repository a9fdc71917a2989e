"""A study that runs is paused, resumed and stopped by commands that know nothing of its master but the folder."""

import json
from pathlib import Path

from hyperspool.common.errors import ProtocolError
from hyperspool.common.file_kinds import PAUSE, STOP_MASTER
from hyperspool.common.heartbeat import WorkerRecord
from hyperspool.common.layout import StudyFolder
from hyperspool.common.reading import read_record
from hyperspool.common.wishes import wish, wishes
from tests.commands import said
from tests.conftest import MakeStudy
from tests.processes import Processes, leftovers, results_of, until
from tests.worker.test_worker import has_noted


def beats_idle(folder: StudyFolder) -> int:
    """How often the worker has shown that it waits, since its last trial."""
    try:
        record = read_record(folder.worker("lab-1"), WorkerRecord)
    except (OSError, ProtocolError):
        return 0
    return record.beat if record.state == "idle" else 0


def test_no_trial_begins_while_a_study_is_paused(root: Path, processes: Processes, make_study: MakeStudy) -> None:
    folder = StudyFolder(root, "demo")
    # A worker that waits beats at least once in as many seconds.
    master = processes.master(make_study("waiting", trials=4, batch=2, more="limits.stale_s = 5"))
    processes.worker("--name", "lab-1", objective="waiting")
    until(lambda: has_noted(processes), "a trial runs", root)
    printed = said("master", "pause", "demo", "--root", str(root))
    assert "demo is paused: running trials end" in printed
    assert "python -m master resume demo" in printed
    assert "is paused already" in said("master", "pause", "demo", "--root", str(root))
    (root / "go").touch()
    until(lambda: len(folder.all_finished()) == 1, "the running trial ends", root)
    until(lambda: beats_idle(folder), "the worker waits", root)
    first = beats_idle(folder)
    until(lambda: beats_idle(folder) > first + 1, "it has looked for jobs meanwhile", root)
    assert len(folder.open_issues()) == 1
    assert len(processes.notes.read_text().splitlines()) == 1
    stands = json.loads(said("master", "status", "demo", "--json", "--root", str(root)))
    assert (stands["paused"], stands["counts"]["PENDING"]) == (True, 3)
    assert "paused, 3 pending, 1 complete" in said("master", "status", "demo", "--root", str(root))
    assert "in order" in said("master", "fsck", "demo", "--root", str(root))
    assert "demo goes on" in said("master", "resume", "demo", "--root", str(root))
    assert "is not paused" in said("master", "resume", "demo", "--root", str(root))
    processes.finish(master)
    assert len(results_of(folder)) == 4


def test_stopped_master_ends_and_the_study_goes_on(root: Path, processes: Processes, make_study: MakeStudy) -> None:
    study = make_study("waiting", trials=2, batch=1)
    folder = StudyFolder(root, "demo")
    master = processes.master(study)
    processes.worker(objective="waiting")
    until(lambda: has_noted(processes), "a trial runs", root)
    assert "its master has ended; everything is kept" in said("master", "stop", "demo", "--root", str(root))
    assert master.wait(60) == 1
    assert "stopped; everything is kept. To go on: " in processes.output(master)
    assert STOP_MASTER not in wishes(folder)
    again = processes.start("master", "stop", "demo", "--root", str(root))
    assert again.wait(60) == 1
    assert "no master runs, so there is nothing to stop" in processes.output(again)
    (root / "go").touch()
    processes.finish(processes.master(study))
    assert len(results_of(folder)) == 2
    assert leftovers(folder) == []


def test_wish_to_stop_does_not_reach_the_next_master(root: Path, processes: Processes, make_study: MakeStudy) -> None:
    study, folder = make_study("square", trials=2, batch=1), StudyFolder(root, "demo")
    folder.jobs.mkdir(parents=True)
    wish(folder, STOP_MASTER)
    processes.worker(objective="square")
    processes.finish(processes.master(study))
    assert STOP_MASTER not in wishes(folder)


def test_paused_master_can_be_stopped(root: Path, processes: Processes, make_study: MakeStudy) -> None:
    folder = StudyFolder(root, "demo")
    folder.jobs.mkdir(parents=True)
    wish(folder, PAUSE)
    master = processes.master(make_study("square", trials=2, batch=1))
    processes.worker(objective="square")
    until(folder.open_issues, "the master waits", root)
    said("master", "stop", "demo", "--root", str(root))
    assert master.wait(60) == 1
    assert folder.all_finished() == []
