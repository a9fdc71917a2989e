import logging
from pathlib import Path

import pytest

from hyperspool.common.layout import StudyFolder
from hyperspool.worker.idleness import IDLE_EXIT_S, TELL_S, Idleness


class Clock:
    """A clock that a test moves."""

    def __init__(self) -> None:
        self.now_s = 50.0

    def __call__(self) -> float:
        return self.now_s


@pytest.fixture
def told(caplog: pytest.LogCaptureFixture) -> pytest.LogCaptureFixture:
    caplog.set_level(logging.INFO)
    return caplog


def wait(idleness: Idleness, clock: Clock, seconds: float, *, has_open: bool = False) -> bool:
    """Looks four times a second."""
    is_over = False
    for _ in range(int(seconds * 4)):
        clock.now_s += 0.25
        is_over = idleness.is_over(has_open=has_open)
    return is_over


def test_a_worker_says_once_each_time_that_it_waits_for_jobs(root: Path, told: pytest.LogCaptureFixture) -> None:
    clock = Clock()
    idleness = Idleness(root, None, is_leaving=False, clock=clock)
    wait(idleness, clock, 100)
    assert told.messages == ["waiting for jobs"]
    idleness.end()
    wait(idleness, clock, TELL_S / 2)
    idleness.end()
    assert told.messages == ["waiting for jobs"]
    wait(idleness, clock, 100)
    assert told.messages == ["waiting for jobs"] * 2


def test_a_study_that_is_not_here_is_named_once(
    root: Path, folder: StudyFolder, told: pytest.LogCaptureFixture
) -> None:
    clock = Clock()
    idleness = Idleness(root, "missing", is_leaving=False, clock=clock)
    wait(idleness, clock, 100)
    assert told.messages == ["no study missing here yet; waiting"]
    idleness.end()
    wait(idleness, clock, 100)
    wait(Idleness(root, folder.name, is_leaving=False, clock=clock), clock, 100)
    assert told.messages[1:] == ["waiting for jobs"] * 2


def test_a_worker_leaves_when_nothing_has_been_open_for_a_while_if_it_was_told_to(root: Path) -> None:
    clock = Clock()
    idleness, patient = (Idleness(root, None, is_leaving=is_leaving, clock=clock) for is_leaving in (True, False))
    assert not wait(idleness, clock, 100, has_open=True)
    assert not wait(idleness, clock, IDLE_EXIT_S)
    assert wait(idleness, clock, 1)
    assert not wait(patient, clock, 100)
