"""Studies that end by a rule of their own, with real masters and workers."""

import json
from pathlib import Path
from typing import Any

import pytest

from hyperspool.common.file_kinds import CLOCK
from hyperspool.common.layout import StudyFolder
from hyperspool.master.studies.clock import read_clock
from tests.commands import call, refused
from tests.conftest import MakeStudy
from tests.processes import Processes, finished_trials, results_of

REACHED = "stopped by its rule target: trial 3 reached the target 0.01, with value 0.00105453"


def status_of(root: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(call("master", "status", "demo", "--json", "--root", str(root)).stdout)
    return found


@pytest.fixture
def folder(root: Path, processes: Processes) -> StudyFolder:
    processes.worker(objective="square")
    return StudyFolder(root, "demo")


@pytest.fixture
def study(make_study: MakeStudy) -> Path:
    """The first trial that is good enough is trial 3."""
    return make_study("square", trials=40, batch=2, more="stop.target = 0.01")


def test_stopped_study_is_finished_and_says_why(
    root: Path, folder: StudyFolder, processes: Processes, study: Path
) -> None:
    printed = processes.finish(processes.master(study))
    assert "study demo is finished: 4 trials; this run took" in printed
    assert REACHED in printed
    again = processes.finish(processes.master(study))
    assert "study demo is finished: 4 trials\n" in again
    assert REACHED in again
    said = status_of(root)
    assert (said["total"], said["counts"]["COMPLETE"], said["counts"]["PENDING"]) == (4, 4, 0)
    assert said["stopped"] == {"rule": "target", "reason": REACHED.partition(": ")[2]}
    assert REACHED in call("master", "status", "demo", "--root", str(root)).stdout.replace("\n", " ").replace("  ", " ")
    assert call("master", "report", "demo", "--root", str(root), "--out", str(root / "page")).returncode == 0
    page = (root / "page" / "report.html").read_text()
    assert f"S{REACHED[1:]}." in page
    assert "4 of 4" in page
    folder.journal.unlink()
    assert "study demo is finished: 4 trials\n" in processes.finish(processes.master(study))
    assert finished_trials(folder) == [0, 1, 2, 3]


def test_loosened_rule_lets_a_finished_study_go_on(
    root: Path, folder: StudyFolder, processes: Processes, study: Path, make_study: MakeStudy
) -> None:
    processes.finish(processes.master(study))
    printed = processes.finish(processes.master(study, "--set", "stop.target=0.0001", "--set", "stop.no_improvement=5"))
    assert "goes on with other settings: stop.target 0.01 -> 0.0001, stop.no_improvement nothing -> 5" in printed
    assert "is finished: 10 trials" in printed
    assert "stopped by its rule no_improvement: none of the 6 finished trials after trial 3 is better" in printed
    processes.finish(processes.master(study, "--set", "stop=none"))
    assert "stopped" not in status_of(root)
    assert len(finished_trials(folder)) == 40
    replayed = call("master", "replay", "demo", "--root", str(root))
    assert (replayed.returncode, replayed.stdout.partition(" in ")[0]) == (0, "study demo: 40 proposals")
    whole = {trial: result.params for trial, result in results_of(folder).items()}
    processes.finish(processes.master(make_study("square", name="whole", trials=40, batch=2)))
    assert {trial: one.params for trial, one in results_of(StudyFolder(root, "whole")).items()} == whole


def test_stricter_rule_ends_a_study_and_its_record_still_agrees(
    root: Path, folder: StudyFolder, processes: Processes, make_study: MakeStudy
) -> None:
    study = make_study("square", trials=12, batch=2, more='sampler = { name = "tpe", startup = 4 }')
    processes.finish(processes.master(study))
    printed = processes.finish(processes.master(study, "--trials", "20", "--set", "stop.target=0.01"))
    assert "study demo is finished: 12 trials\n" in printed
    assert "reached the target 0.01" in printed
    assert call("master", "replay", "demo", "--root", str(root)).returncode == 0
    assert "is as it should be" in call("master", "fsck", "demo", "--root", str(root)).stdout
    folder.journal.unlink()
    processes.finish(processes.master(study, "--trials", "20", "--set", "stop.target=0.01"))
    assert folder.journal.read_text().count('"entry":"proposal"') == 12


def test_asynchronous_search_for_a_target_can_be_replayed(
    root: Path, folder: StudyFolder, processes: Processes, make_study: MakeStudy
) -> None:
    more = 'mode = "asynchronous"\nstop.target = 0.01\nsampler = { name = "tpe", startup = 3 }\nreplicates = 2'
    printed = processes.finish(processes.master(make_study("square", trials=80, more=more)))
    assert "stopped by its rule target: setting " in printed
    assert len(finished_trials(folder)) < 80
    assert len(finished_trials(folder)) % 2 == 0
    assert call("master", "replay", "demo", "--root", str(root)).returncode == 0


def test_time_of_a_study_counts_from_its_first_batch(
    root: Path, folder: StudyFolder, processes: Processes, make_study: MakeStudy
) -> None:
    study = make_study("square", trials=4)
    processes.finish(processes.master(study))
    printed = processes.finish(processes.master(study, "--trials", "8", "--set", "stop.wall_clock_s=0.001"))
    clock = read_clock(folder)
    assert clock is not None
    assert f"stopped by its rule wall_clock_s: its 0.001 s since {clock.began_at} are over" in printed
    assert json.loads(folder.journal.read_text().partition("\n")[0])["at"] == clock.began_at
    assert (status_of(root)["total"], status_of(root)["stopped"]["rule"]) == (4, "wall_clock_s")
    assert "is as it should be" in call("master", "fsck", "demo", "--root", str(root)).stdout
    longer = processes.finish(processes.master(study, "--trials", "8", "--set", "stop.wall_clock_s=3600"))
    assert "study demo is finished: 8 trials" in longer
    assert "stopped by" not in longer
    assert folder.path(CLOCK).exists()


def test_unknown_rule_is_refused_with_one_message(root: Path, make_study: MakeStudy) -> None:
    study = make_study("square", more="stop.patience = 3")
    assert "stop.patience" in refused("master", "run", str(study), "--root", str(root))
