import logging
from pathlib import Path

import pytest

from hyperspool.common.layout import StudyFolder
from hyperspool.common.locks import ClaimMode, held
from hyperspool.worker.idleness import IDLE_EXIT_S, LONGEST_RESCAN_S, RESCAN_S, TELL_S, Idleness, Waiting
from tests.worker.clock import Clock


@pytest.fixture
def log(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO)
    return caplog


def wait(idleness: Idleness, clock: Clock, seconds: float, *, has_open: bool = False) -> bool:
    """Let time pass while the worker looks for jobs four times a second."""
    is_over = False
    for _ in range(int(seconds * 4)):
        clock.now_s += 0.25
        is_over = idleness.is_over(has_open=has_open)
    return is_over


def test_a_worker_logs_each_wait_for_jobs_once(root: Path, log: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    idleness = Idleness(root, None, Waiting(), clock=clock)
    wait(idleness, clock, 100)
    assert log.messages == ["waiting for jobs"]
    idleness.end()
    wait(idleness, clock, TELL_S / 2)
    idleness.end()
    assert log.messages == ["waiting for jobs"]
    wait(idleness, clock, 100)
    assert log.messages == ["waiting for jobs"] * 2


def test_a_study_that_is_not_here_is_named_once(root: Path, folder: StudyFolder, log: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    idleness = Idleness(root, "missing", Waiting(), clock=clock)
    wait(idleness, clock, 100)
    assert log.messages == ["no study missing here yet; waiting"]
    idleness.end()
    wait(idleness, clock, 100)
    wait(Idleness(root, folder.name, Waiting(), clock=clock), clock, 100)
    assert log.messages[1:] == ["waiting for jobs"] * 2


def test_a_worker_leaves_when_idle_only_if_asked(root: Path) -> None:
    clock = Clock()
    idleness, patient = (
        Idleness(root, None, Waiting(exit_when_idle=is_leaving), clock=clock) for is_leaving in (True, False)
    )
    assert not wait(idleness, clock, 100, has_open=True)
    assert not wait(idleness, clock, IDLE_EXIT_S)
    assert wait(idleness, clock, 1)
    assert not wait(patient, clock, 100)


def test_an_idle_worker_stays_while_a_master_runs(root: Path, folder: StudyFolder) -> None:
    clock = Clock()
    idleness = Idleness(root, folder.name, Waiting(exit_when_idle=True), clock=clock)
    with held(folder.master_lock, ClaimMode.LOCK, "its master"):
        clock.now_s += 100
        assert not idleness.is_over(has_open=False, studies=[folder])
    clock.now_s += IDLE_EXIT_S / 2
    assert not idleness.is_over(has_open=False, studies=[folder])
    clock.now_s += IDLE_EXIT_S
    assert idleness.is_over(has_open=False, studies=[folder])


def test_a_worker_that_has_waited_long_asks_less_often(root: Path) -> None:
    clock = Clock()
    idleness = Idleness(root, None, Waiting(), clock=clock)
    assert idleness.pause_s(listings=2) == RESCAN_S
    wait(idleness, clock, 11)
    assert [idleness.pause_s(number) / number > 1.0 for number in (1, 2, 4)] == [True, True, True]
    assert idleness.pause_s(100) == LONGEST_RESCAN_S
    idleness.end()
    assert idleness.pause_s(listings=2) == RESCAN_S
