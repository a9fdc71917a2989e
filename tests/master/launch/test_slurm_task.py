"""A job as Slurm runs it: with real signals, a shell in the worker's place, and Slurm's commands that only note."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from tests.master.launch.conftest import FakeSlurm
from tests.processes import REPOSITORY, until

SAVES = 'trap "touch saved; exit {status}" TERM; touch began; while :; do sleep 0.02; done'
UNTIL_TOLD = "touch began; until [ -e go ]; do sleep 0.02; done; exit {status}"


class Job:
    """The second task of an array, which is also its last: so its own number is that of the whole array.

    Args:
        root: the folder in which it runs.
    """

    def __init__(self, root: Path) -> None:
        self.root = root

    def start(
        self, program: str, beside: str = "", *, side: str = "worker", left_s: int = 4000
    ) -> "subprocess.Popen[bytes]":
        """Start it; return once its program runs."""
        command = [sys.executable, "-m", "hyperspool.master.launch.slurm_task", side, "--", "bash", "-c", program]
        command += ["--", "bash", "-c", beside] if beside else []
        task = (
            {"SLURM_JOB_ID": "12", "SLURM_ARRAY_JOB_ID": "12", "SLURM_ARRAY_TASK_ID": "1"} if side == "worker" else {}
        )
        own = {"SLURM_JOB_ID": "12", "PYTHONPATH": str(REPOSITORY)} | task
        end = {"SLURM_JOB_END_TIME": str(int(time.time()) + left_s)} if left_s else {}
        process = subprocess.Popen(command, cwd=self.root, env=os.environ | own | end)
        until((self.root / "began").exists, "the program runs", self.root)
        return process

    def signalled(self, process: "subprocess.Popen[bytes]", number: int) -> int:
        """Send a signal, let a program that waits for that go on, and return the exit status."""
        process.send_signal(number)
        (self.root / "go").touch()
        return process.wait(20)

    @property
    def has_saved(self) -> bool:
        return (self.root / "saved").exists()


@pytest.fixture
def job(root: Path) -> Job:
    return Job(root)


def test_a_preempted_worker_saves_and_comes_back(job: Job, slurm: FakeSlurm) -> None:
    assert job.signalled(job.start(SAVES.format(status=75)), signal.SIGUSR1) == 0
    assert job.has_saved
    assert slurm.calls("scontrol") == ["requeue 12_1"]


def test_a_cancelled_worker_saves_and_stays_away(job: Job, slurm: FakeSlurm) -> None:
    assert job.signalled(job.start(SAVES.format(status=75)), signal.SIGTERM) == 0
    assert job.has_saved
    assert slurm.calls("scontrol") == []


@pytest.mark.parametrize(("status", "requeues"), [(75, ["requeue 12_1"]), (1, []), (0, [])])
def test_near_the_time_limit_the_worker_decides(job: Job, slurm: FakeSlurm, status: int, requeues: list[str]) -> None:
    process = job.start(UNTIL_TOLD.format(status=status), left_s=100)
    assert job.signalled(process, signal.SIGUSR1) == (0 if requeues else status)
    assert slurm.calls("scontrol") == requeues


def test_a_job_without_another_turn_has_its_status(job: Job, slurm: FakeSlurm) -> None:
    slurm.answers("scontrol", "", "Invalid job state", status=1)
    assert job.signalled(job.start(UNTIL_TOLD.format(status=75)), 0) == 75
    assert job.signalled(job.start("touch began; kill -KILL $$"), 0) == 1


def test_an_older_slurm_is_asked_for_the_end(job: Job, slurm: FakeSlurm) -> None:
    at_s = int(time.time()) + 100
    slurm.answers("squeue", time.strftime("%Y-%m-%dT%H:%M:%S\n", time.localtime(at_s)))
    process = job.start('echo "$SLURM_JOB_END_TIME" > noted; ' + UNTIL_TOLD.format(status=75), left_s=0)
    assert job.signalled(process, 0) == 0
    assert (job.root / "noted").read_text() == f"{at_s}\n"
    assert slurm.calls("squeue") == ["--noheader --jobs 12_1 -o %e"]


def test_a_master_comes_back_even_at_its_time_limit(job: Job, slurm: FakeSlurm) -> None:
    beside = 'trap "touch ended; exit" TERM; while :; do sleep 0.02; done'
    process = job.start(SAVES.format(status=1), beside, side="master", left_s=100)
    assert job.signalled(process, signal.SIGUSR1) == 0
    assert slurm.calls("scontrol") == ["requeue 12"]
    assert (job.root / "ended").exists()


def test_what_runs_beside_a_finished_master_ends_by_itself(job: Job, slurm: FakeSlurm) -> None:
    beside = 'trap "exit 1" TERM; until [ -e go ]; do sleep 0.02; done; touch tidied'
    assert job.signalled(job.start("touch began", beside, side="master"), 0) == 0
    assert (job.root / "tidied").exists()
