import os
from pathlib import Path
from typing import Any

import pytest

from hyperspool.common import atomic
from hyperspool.common.claim import Claimant
from hyperspool.common.heartbeat import WorkerRecord
from hyperspool.common.layout import StudyFolder
from hyperspool.worker.neighbours import LIVE_S, busy_neighbours
from tests.conftest import spec_of

NOW_S = 1_000_000.0
ME = Claimant("me", host="lab", pid=1)


def study(root: Path, name: str) -> StudyFolder:
    folder = StudyFolder(root, name)
    for path in folder.folders:
        atomic.make_folder(path)
    atomic.write_once(folder.spec, spec_of(name=name).to_json())
    return folder


def beats(folder: StudyFolder, worker: str, *, age_s: float = 0.0, **changes: Any) -> None:
    record = {
        "worker": worker,
        "host": "lab",
        "pid": 2,
        "device": "cpu",
        "state": "running",
        "trial": 0,
        "beat": 1,
        "at": "now",
    }
    path = folder.worker(worker)
    atomic.replace(path, WorkerRecord.model_validate(record | changes).to_json(), durable=False)
    os.utime(path, (NOW_S - age_s, NOW_S - age_s))


@pytest.fixture
def mine(root: Path) -> StudyFolder:
    folder = study(root, "mine")
    beats(folder, "me", gpu="0")
    return folder


def test_workers_of_every_study_on_this_host_are_neighbours(root: Path, mine: StudyFolder) -> None:
    beats(mine, "second")
    beats(study(root, "other"), "third")
    assert busy_neighbours(root, ME) == ["second", "third"]


def test_idle_distant_and_dead_workers_are_not_neighbours(root: Path, mine: StudyFolder) -> None:
    beats(mine, "idle", state="idle", trial=None)
    beats(mine, "elsewhere", host="lab-2")
    beats(mine, "dead", age_s=LIVE_S + 1)
    beats(mine, "slow", age_s=LIVE_S - 1)
    assert busy_neighbours(root, ME) == ["slow"]


def test_only_workers_on_the_same_gpu_are_its_neighbours(root: Path, mine: StudyFolder) -> None:
    beats(mine, "same", gpu="0")
    beats(mine, "next", gpu="1")
    beats(mine, "perhaps", gpu="GPU-8e1c")
    beats(mine, "cpu")
    assert busy_neighbours(root, ME, gpu="0") == ["perhaps", "same"]
    assert busy_neighbours(root, ME) == ["cpu", "next", "perhaps", "same"]


def test_a_heartbeat_that_cannot_be_read_hides_no_other(root: Path, mine: StudyFolder) -> None:
    mine.worker("damaged").write_text("{")
    beats(mine, "second")
    assert busy_neighbours(root, ME) == ["second"]
