"""Several trials at once on one device, by real workers."""

import os
import signal
from pathlib import Path

import pytest

from hyperspool.common.errors import UsageError
from hyperspool.common.layout import StudyFolder
from hyperspool.common.signals import STOPPED_STATUS
from hyperspool.worker.lifetime import MARGIN_S
from hyperspool.worker.slots import count_of_slots, mps_note, shares
from tests.conftest import MakeStudy
from tests.processes import Processes, results_of, until


def names(folder: StudyFolder) -> list[str]:
    return sorted(path.stem for path in folder.worker_files())


def began(processes: Processes) -> int:
    return sum(line.startswith("began") for line in processes.noted())


def slot_pids(processes: Processes, output: str) -> list[int]:
    return [int(line.rpartition(" ")[2]) for line in output.splitlines() if " started: process " in line]


def test_slots_are_workers_that_leave_with_their_supervisor(
    root: Path, processes: Processes, make_study: MakeStudy
) -> None:
    folder = StudyFolder(root, "demo")
    processes.master(make_study("waiting", trials=4))
    worker = processes.worker("--slots", "3", "--name", "lab", objective="waiting")
    until(lambda: began(processes) == 3, "a trial in each slot", root)
    assert names(folder) == ["lab.1", "lab.2", "lab.3"]
    os.kill(slot_pids(processes, processes.output(worker))[1], signal.SIGKILL)
    until(lambda: began(processes) == 4, "a trial in the slot that was started again", root)
    assert "slot 2 ended with status -9; starting it again" in processes.output(worker)
    worker.kill()  # and the slots notice
    until(lambda: processes.output(worker).count("claim released: saved") == 3, "all have saved", root)
    until(lambda: not names(folder), "all have left", root)
    assert len(list(folder.jobs.glob("0*.json"))) == 4


def test_slots_share_their_trials_and_leave(root: Path, processes: Processes, make_study: MakeStudy) -> None:
    processes.master(make_study("square", trials=6, batch=6))
    worker = processes.worker("--slots", "2", "--trials", "5", objective="square")
    assert worker.wait(30) == 0
    assert len(results_of(StudyFolder(root, "demo"))) == 5


def test_slots_leave_when_their_common_time_is_over(root: Path, processes: Processes, make_study: MakeStudy) -> None:
    processes.master(make_study("deaf", trials=2))
    worker = processes.worker("--slots", "2", "--lifetime", f"{MARGIN_S + 6:g}", objective="deaf")
    assert worker.wait(60) == 1  # neither came further
    assert "slot 2 has left with status 1" in processes.output(worker)
    assert "starting it again" not in processes.output(worker)


def test_auto_settles_by_the_trials_that_end(root: Path, processes: Processes, make_study: MakeStudy) -> None:
    processes.master(make_study("brief", trials=2000, batch=2000))
    worker = processes.worker("--slots", "auto", objective="brief")
    until(lambda: ", settled (" in processes.output(worker), "as many slots as pay", root)
    worker.terminate()
    assert worker.wait(30) == STOPPED_STATUS
    assert "slots: 2" in processes.output(worker) or len(os.sched_getaffinity(0)) == 1


@pytest.mark.parametrize("wish", ["0", "-1", "1001", "many", "1.5"])
def test_wrong_numbers_of_slots_are_refused(wish: str) -> None:
    with pytest.raises(UsageError, match=f"--slots {wish}: expected auto, or a number from 1 to 1000"):
        count_of_slots(wish, None)


def test_auto_takes_no_number_of_trials() -> None:
    assert count_of_slots("auto", None) is None
    with pytest.raises(UsageError, match="--slots auto takes no --trials"):
        count_of_slots("auto", 5)


def test_trials_are_divided_among_slots() -> None:
    assert shares(7, 3) == [3, 2, 2]
    assert shares(1, 2) == [1, 0]
    assert shares(None, 2) == [None, None]


def test_note_says_whether_kernels_run_at_once(tmp_path: Path) -> None:
    assert "take turns" in mps_note(str(tmp_path))
    (tmp_path / "control").touch()
    assert "run at once" in mps_note(str(tmp_path))
