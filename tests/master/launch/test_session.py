import json
import os
from pathlib import Path

import pytest

from hyperspool.common.heartbeat import WorkerRecord
from hyperspool.common.layout import StudyFolder
from hyperspool.common.mounts import Mount
from hyperspool.master.launch import session, top_up
from hyperspool.master.launch.cluster import launch_folder
from tests.commands import refused, said
from tests.conftest import MakeStudy
from tests.finished import Finished
from tests.master.launch.conftest import FakeSlurm, row
from tests.processes import REPOSITORY

SQUARE = ("--objective", "square=tests.objectives:square")


@pytest.fixture
def study(make_study: MakeStudy, slurm: FakeSlurm) -> Path:
    """A study file, and a Slurm that takes its jobs."""
    slurm.answers("sbatch", "12\n")
    return make_study("square")


def launch(study: Path | str, root: Path, *options: str) -> str:
    return said("master", "launch", str(study), "--root", str(root), "--slurm", *SQUARE, *options)


def test_a_launch_submits_what_it_keeps(study: Path, root: Path, slurm: FakeSlurm) -> None:
    printed = launch(study, root, "--workers", "8", "--time", "4:00:00", "--partition", "spot", "--sbatch", "mem=1G")
    assert "8 workers submitted as Slurm's job 12" in printed
    script = (launch_folder(StudyFolder(root, "demo")) / "workers.sh").read_text()
    assert slurm.given("sbatch") == script
    assert {"#SBATCH --array=0-7", "#SBATCH --time=4:00:00", "#SBATCH --mem=1G"} <= {*script.splitlines()}
    assert "--study demo --exit-when-idle --wait 600 --objective square=tests.objectives:square" in script
    assert f"export PYTHONPATH={REPOSITORY}\n" in script
    assert "of study demo is as it should be" in said("master", "fsck", "demo", "--root", str(root))


def test_slots_reach_the_workers_and_their_successors(study: Path, root: Path) -> None:
    options = ("--dry-run", "--with-master", "--workers", "2")
    master, workers = launch(study, root, *options, "--slots", "auto").split("#!/usr/bin/env bash")[1:]
    assert "--slots auto" in workers
    assert "--slots auto" in master  # whose job replaces workers that left
    assert "--slots" not in launch(study, root, *options)
    command = ("master", "launch", str(study), "--root", str(root), "--slurm", *SQUARE)
    assert "--slots 0: expected auto, or a number from 1" in refused(*command, "--slots", "0")


def test_a_dry_run_prints_scripts_and_touches_nothing(
    study: Path, root: Path, slurm: FakeSlurm, monkeypatch: pytest.MonkeyPatch
) -> None:
    before = sorted(root.rglob("*"))
    printed = launch(study, root, "--dry-run", "--with-master", "--workers", "2", "--max-workers", "5")
    assert printed.count("#!/usr/bin/env bash") == 2
    assert f"run {study} --root {root}" in printed
    assert "launch demo --slurm --watch" in printed
    assert "--max-idle 60" in printed  # somebody replaces workers that leave
    assert sorted(root.rglob("*")) == before
    assert slurm.calls("sbatch") == []
    monkeypatch.setenv("PATH", "/nonexistent")
    launch(study, root, "--dry-run")
    assert "there is no sbatch on this machine" in refused("master", "launch", "demo", "--slurm", "--root", str(root))


def test_impossible_launches_are_refused(study: Path, root: Path, slurm: FakeSlurm) -> None:
    command = ("master", "launch", str(study), "--root", str(root))
    assert "Add --slurm" in refused(*command)
    assert "the workers do not know the study's objective square" in refused(*command, "--slurm")
    assert "who adds workers?" in refused(*command, "--slurm", *SQUARE, "--max-workers", "9")
    assert "at least the 4 of --workers" in refused(
        *command, "--slurm", "--watch", *SQUARE, "--workers", "4", "--max-workers", "2"
    )
    launch(study, root)
    study.write_text(study.read_text().replace("trials = 4", "trials = 5"))
    assert "is published in" in refused(*command, "--slurm", *SQUARE)
    assert slurm.calls("sbatch") == ["--parsable"]


def test_a_folder_of_one_machine_is_refused(
    study: Path, root: Path, slurm: FakeSlurm, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(session, "mount_of", lambda _: Mount(Path("/scratch"), "tmpfs", "tmpfs", {}))
    slurm.answers("sinfo", "n1\nn2\n")
    message = refused("master", "launch", str(study), "--root", str(root), "--slurm", *SQUARE)
    assert "/scratch (tmpfs) is this machine's alone" in message
    slurm.answers("sinfo", f"{os.uname().nodename}\n")
    launch(study, root)


def test_a_finished_study_needs_no_workers(finished_square: Finished, slurm: FakeSlurm, tmp_path: Path) -> None:
    copy = finished_square.copy(tmp_path / "copy")
    assert "there is no work" in launch("demo", copy)
    assert slurm.calls("sbatch") == []


def test_watching_submits_what_is_lacking_and_ends(
    finished_square: Finished, slurm: FakeSlurm, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(top_up, "LOOK_S", 0.01)
    root = finished_square.copy(tmp_path / "copy")
    folder = StudyFolder(root, "demo")
    (result,) = folder.trials.glob("*/00003.json")
    result.rename(root / "kept")
    slurm.answers("sbatch", "12\n")
    # When Slurm takes the job, the last result comes back.
    path = slurm.folder / "sbatch"
    path.write_text(f"{path.read_text().replace('exit 0', '')}\nmv {root / 'kept'} {result}\n")
    printed = launch("demo", root, "--watch", "--workers", "2")
    assert "topping up" in printed
    assert slurm.calls("sbatch") == ["--parsable"]
    assert "#SBATCH --array=0-0" in slurm.given("sbatch")  # one trial was left


def test_status_shows_the_queue_and_its_reasons(study: Path, root: Path, slurm: FakeSlurm) -> None:
    status = ("master", "status", "demo", "--root", str(root))
    launch(study, root)
    beat = WorkerRecord(
        worker="lost", host="n9", pid=1, device="cpu", job="slurm:9_1 restart 1", state="idle", beat=1, at=""
    )
    heartbeat = StudyFolder(root, "demo").worker("lost")
    heartbeat.write_bytes(beat.to_json())
    os.utime(heartbeat, (0, 0))
    slurm.answers("squeue", row(12, "0", "R", node="n1") + row(12, "1", "PD", 2, reason="BeginTime"))
    assert "Slurm: 2 running, 2 requeued (BeginTime), 1 gone" in said(*status)  # of the workers, of the master
    tasks = json.loads(said(*status, "--json"))["tasks"]
    assert tasks[0] == {"job": "slurm:12_0", "state": "running", "reason": None, "node": "n1", "restarts": 0}
    slurm.answers("squeue", "", "no controller", status=1)
    assert "tasks" not in json.loads(said(*status, "--json"))
    assert "Slurm: squeue refuses: no controller" in said(*status)


def test_stopping_cancels_workers_and_master(study: Path, root: Path, slurm: FakeSlurm) -> None:
    launch(study, root, "--with-master")
    slurm.answers("squeue", row(12, "0", "R"))
    assert "2 tasks of Slurm's cancelled" in said("master", "launch", "demo", "--root", str(root), "--slurm", "--stop")
    names = [call.split("--name ")[1] for call in slurm.calls("scancel")]
    assert [name.endswith("-master") for name in names] == [False, True]
