"""The scripts are run by bash, as Slurm runs them, with a fake worker and a fake Slurm."""

import os
import signal
import subprocess
import time
from pathlib import Path

import pytest

from hyperspool.common.errors import UsageError
from hyperspool.master.launch.slurm_script import Place, Resources, master_script, workers_script
from tests.master.launch.conftest import FakeSlurm
from tests.processes import until

NOTES_ITS_END = 'trap "echo asked > asked; exit {status}" TERM; touch began; while :; do sleep 0.02; done'


class Script:
    """A batch script with a program of the test's.

    Args:
        root: the shared folder, in which it runs.
    """

    def __init__(self, root: Path) -> None:
        self.root = root
        python = root / "python"
        python.symlink_to("/bin/bash")
        self.place = Place(root, python, root, {"NOTED": "it's here"})

    def workers(self, program: str, resources: Resources | None = None) -> str:
        """Return the script of three workers."""
        command = ["./python", "-c", program]
        return workers_script("jobs", 3, resources or Resources(), self.place, command, self.root / "50% off")

    def start(self, script: str, **environment: str) -> "subprocess.Popen[bytes]":
        """Run a script as the second task of an array."""
        task = {"SLURM_JOB_ID": "12", "SLURM_ARRAY_JOB_ID": "12", "SLURM_ARRAY_TASK_ID": "1"}
        path = self.root / "script.sh"
        path.write_text(script)
        with (self.root / "printed").open("w") as printed:
            return subprocess.Popen(
                ["bash", str(path)], env=os.environ | task | environment, stdout=printed, stderr=printed
            )

    def signalled(self, script: str, number: int, **environment: str) -> int:
        """Run a script, signal it once its program runs, and return its exit status."""
        process = self.start(script, **environment)
        until((self.root / "began").exists, "the program runs", self.root)
        process.send_signal(number)
        return process.wait(20)


@pytest.fixture
def script(root: Path) -> Script:
    return Script(root)


def test_a_preempted_worker_saves_and_comes_back(script: Script, slurm: FakeSlurm) -> None:
    far = str(int(time.time()) + 4000)
    text = script.workers(NOTES_ITS_END.format(status=75))
    assert script.signalled(text, signal.SIGUSR1, SLURM_JOB_END_TIME=far) == 0
    assert (script.root / "asked").exists()
    # The number of the array's last task is that of the whole array, which must not be requeued.
    assert slurm.calls("scontrol") == ["requeue 12_1"]


def test_a_cancelled_worker_saves_and_stays_away(script: Script, slurm: FakeSlurm) -> None:
    assert script.signalled(script.workers(NOTES_ITS_END.format(status=75)), signal.SIGTERM) == 0
    assert (script.root / "asked").exists()
    assert slurm.calls("scontrol") == []


@pytest.mark.parametrize(("status", "requeues"), [(75, ["requeue 12_1"]), (1, []), (0, [])])
def test_near_the_time_limit_the_worker_decides(
    script: Script, slurm: FakeSlurm, status: int, requeues: list[str]
) -> None:
    until_asked = f"touch began; until [ -e go ]; do sleep 0.02; done; exit {status}"
    process = script.start(script.workers(until_asked), SLURM_JOB_END_TIME=str(int(time.time()) + 100))
    until((script.root / "began").exists, "the program runs", script.root)
    process.send_signal(signal.SIGUSR1)
    (script.root / "go").touch()
    assert process.wait(20) == (0 if requeues else status)
    assert slurm.calls("scontrol") == requeues


def test_an_older_slurm_is_asked_for_the_end(script: Script, slurm: FakeSlurm) -> None:
    slurm.answers("squeue", "2033-05-18T03:33:20\n")
    process = script.start(script.workers('echo "$SLURM_JOB_END_TIME $NOTED" > noted'), TZ="UTC")
    assert process.wait(20) == 0
    assert (script.root / "noted").read_text() == "2000000000 it's here\n"
    slurm.answers("squeue", "N/A\n")
    assert script.start(script.workers('echo "[$SLURM_JOB_END_TIME]" > noted')).wait(20) == 0
    assert (script.root / "noted").read_text() == "[]\n"


def test_a_node_without_the_folder_says_so(script: Script, slurm: FakeSlurm) -> None:
    text = script.workers("true")
    (script.root / "jobs").rmdir()
    assert script.start(text).wait(20) == 2
    assert f"this node does not see the shared folder {script.root}" in (script.root / "printed").read_text()


def test_a_master_comes_back_even_at_its_time_limit(script: Script, slurm: FakeSlurm) -> None:
    command = ["./python", "-c", NOTES_ITS_END.format(status=1)]
    beside = ["./python", "-c", 'trap "touch ended; exit" TERM; while :; do sleep 0.02; done']
    text = master_script("master", Resources(gpus=1), script.place, command, script.root, beside)
    assert "gres" not in text
    near = str(int(time.time()) + 100)
    assert script.signalled(text, signal.SIGUSR1, SLURM_JOB_END_TIME=near) == 0
    assert slurm.calls("scontrol") == ["requeue 12"]
    assert (script.root / "ended").exists()


def test_options_reach_sbatch_as_they_are(script: Script) -> None:
    asked = Resources("4:00:00", "spot", 2, ("account=lab", "exclusive", "open-mode=truncate"))
    lines = script.workers("true", asked).splitlines()
    options = [line.removeprefix("#SBATCH --") for line in lines if line.startswith("#SBATCH")]
    assert {"array=0-2", "gres=gpu:2", "time=4:00:00", "partition=spot", "requeue", "signal=B:USR1@60"} <= {*options}
    assert {"account=lab", "exclusive", "open-mode=truncate"} <= {*options}
    assert "open-mode=append" not in options
    assert f'output="{script.root}/50%% off/worker-%A_%a.log"' in options


@pytest.mark.parametrize("option", ["array=0-9", "--signal=USR2", "", "mem=1G\ntouch /tmp/x"])
def test_options_that_break_the_script_are_refused(option: str) -> None:
    with pytest.raises(UsageError):
        Resources(more=(option,))
