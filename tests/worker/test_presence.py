from pathlib import Path

import pytest

from hyperspool.common import atomic
from hyperspool.common.claim import Claimant
from hyperspool.common.heartbeat import WorkerRecord
from hyperspool.common.issues import AttemptName, Issue
from hyperspool.common.layout import StudyFolder
from hyperspool.common.reading import read_record
from hyperspool.worker.presence import AWAY_S, BEAT_S, IDLE_SLOWER, MIN_INTERVAL_S, Presence
from tests.worker.clock import Clock

ATTEMPT = AttemptName(Issue(5), 1)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture
def presence(clock: Clock) -> Presence:
    return Presence(Claimant("lab-1"), "cpu", clock)


def study(root: Path, name: str) -> StudyFolder:
    folder = StudyFolder(root, name)
    atomic.make_folder(folder.workers)
    return folder


def shown(folder: StudyFolder) -> WorkerRecord:
    return read_record(folder.worker("lab-1"), WorkerRecord)


def test_worker_that_tries_its_device_is_shown_as_loading(root: Path, presence: Presence) -> None:
    folder = study(root, "demo")
    presence.loading(folder)
    assert (shown(folder).state, shown(folder).trial) == ("loading", None)
    presence.idle([folder])
    assert shown(folder).state == "idle"


def test_an_idle_worker_is_shown_for_a_while_only(root: Path, presence: Presence, clock: Clock) -> None:
    folder = study(root, "demo")
    presence.running(folder, ATTEMPT, 3, 9, 60.0, versions={"python": "3.11.2"}, code="0" * 16)
    assert (shown(folder).state, shown(folder).trial, shown(folder).epoch) == ("running", 5, 3)
    assert (shown(folder).versions, shown(folder).code) == ({"python": "3.11.2"}, "0" * 16)
    clock.now_s += MIN_INTERVAL_S
    presence.idle([])
    assert (shown(folder).state, shown(folder).trial, shown(folder).versions) == ("idle", None, None)
    clock.now_s += AWAY_S + BEAT_S
    presence.idle([])
    assert folder.worker_files() == []


def test_a_study_keeps_its_worker_between_two_batches(root: Path, presence: Presence, clock: Clock) -> None:
    folder = study(root, "demo")
    for _ in range(5):
        presence.running(folder, ATTEMPT, 1, 1, 60.0)
        clock.now_s += AWAY_S - 1
        presence.idle([])
        assert shown(folder).state == "idle"
        clock.now_s += MIN_INTERVAL_S


def test_a_waiting_worker_keeps_beating_in_an_open_study(root: Path, presence: Presence, clock: Clock) -> None:
    folder = study(root, "demo")
    presence.idle([folder])
    first = shown(folder).beat
    for _ in range(10):
        clock.now_s += IDLE_SLOWER * BEAT_S
        presence.idle([folder])
    assert shown(folder).beat == first + 10


def test_a_worker_busy_in_one_study_leaves_the_other(root: Path, presence: Presence, clock: Clock) -> None:
    one, other = study(root, "one"), study(root, "other")
    presence.idle([one, other])
    for epoch in range(4):
        clock.now_s += AWAY_S / 2
        presence.running(one, ATTEMPT, epoch, 9, 60.0)
    assert shown(one).state == "running"
    assert other.worker_files() == []


def test_a_worker_that_leaves_takes_its_files_along(root: Path, presence: Presence) -> None:
    folders = [study(root, "one"), study(root, "other")]
    presence.idle(folders)
    assert all(folder.worker_files() for folder in folders)
    presence.leave()
    assert not any(folder.worker_files() for folder in folders)
