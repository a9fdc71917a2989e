"""Results that wait for each other while the next trial is evaluated already."""

from collections.abc import Callable
from errno import ENOSPC
from pathlib import Path

import pytest

from hyperspool.common import atomic
from hyperspool.common.claim import Claimant, Claims
from hyperspool.common.issues import Issue
from hyperspool.common.layout import StudyFolder
from hyperspool.common.locks import ClaimMode
from hyperspool.worker.messages import Finished
from hyperspool.worker.presence import Presence
from hyperspool.worker.queue import JobQueue
from hyperspool.worker.reports import MOST, RIPE_S, Reports
from hyperspool.worker.running_attempt import RunningAttempt
from tests.conftest import job_of, spec_of


class Waiting:
    """Reports of three trials, with a clock of their own."""

    def __init__(self, folder: StudyFolder) -> None:
        self.folder, self.now_s = folder, 0.0
        self.reports = Reports(self.once, clock=lambda: self.now_s)
        atomic.replace(folder.spec, spec_of(trials=MOST).to_json(), durable=False)
        self.queue = JobQueue(folder.root, None, None, Claims(Claimant("mine")))

    def once(self, action: Callable[[], bool], _attempt: RunningAttempt) -> bool:
        return action()

    def add(self, *trials: int) -> None:
        for trial in trials:
            atomic.replace(self.folder.job(Issue(trial)), job_of(trial).to_json(), durable=False)
            claimed = self.queue.next_claim()
            assert claimed is not None
            claimed.claim.start()
            attempt = RunningAttempt(claimed, Claimant("mine"), "cpu", Presence(Claimant("mine"), "cpu"))
            self.reports.add(attempt, attempt.result(Finished(0.5, is_diverged=False)))

    @property
    def finished(self) -> set[int]:
        return {trial for trial, _ in self.folder.all_finished()}


@pytest.fixture
def waiting(folder: StudyFolder) -> Waiting:
    return Waiting(folder)


def test_results_that_come_fast_share_the_flush_of_their_folder(
    waiting: Waiting, monkeypatch: pytest.MonkeyPatch
) -> None:
    waiting.add(0, 1, 2)
    flushed: list[str] = []
    monkeypatch.setattr(atomic, "after_operation", lambda what, _path: flushed.append(what))
    waiting.reports.do_if_due()
    assert (waiting.reports.can_wait, waiting.finished, flushed) == (True, set(), [])
    waiting.now_s += RIPE_S
    waiting.reports.do_if_due()
    assert [flushed.count(what) for what in ("link", "fsync", "fsync folder")] == [3, 3, 1]
    removed = [index for index, what in enumerate(flushed) if what == "unlink"]
    assert len([index for index in removed if index < flushed.index("fsync folder")]) == 3  # temporary names alone
    assert waiting.finished == {0, 1, 2}
    assert waiting.folder.open_issues() == waiting.folder.locked_issues() == []
    assert waiting.reports.due_in_s() == float("inf")


def test_not_more_than_a_handful_of_results_wait(waiting: Waiting) -> None:
    waiting.add(*range(MOST - 1))
    room = waiting.reports.can_wait
    assert room is True
    waiting.add(MOST - 1)
    room_left = waiting.reports.can_wait
    assert room_left is False
    waiting.reports.flush()
    assert len(waiting.finished) == MOST


def test_a_result_that_the_folder_refuses_waits_on(waiting: Waiting, monkeypatch: pytest.MonkeyPatch) -> None:
    waiting.add(0, 1)
    waiting.now_s += RIPE_S
    with monkeypatch.context() as full:
        full.setattr(atomic, "after_operation", refusing(ENOSPC))
        waiting.reports.do_if_due()
    assert 0.0 < waiting.reports.due_in_s() < float("inf")
    waiting.reports.do_if_due()
    assert waiting.finished == set()
    waiting.now_s += waiting.reports.due_in_s()
    waiting.reports.do_if_due()
    assert waiting.finished == {0, 1}
    assert waiting.folder.locked_issues() == []


def test_results_of_a_removed_study_are_dropped(waiting: Waiting) -> None:
    waiting.add(0, 1)
    waiting.folder.spec.unlink()
    waiting.now_s += RIPE_S
    waiting.reports.do_if_due()
    assert waiting.finished == set()
    assert waiting.reports.due_in_s() == float("inf")
    claim = Claims(Claimant("other")).try_lock(waiting.folder, Issue(0), ClaimMode.LOCK)
    assert claim is not None  # nothing is held any more
    claim.unlock()


def refusing(errno: int) -> Callable[[str, Path], None]:
    def refuse(what: str, path: Path) -> None:
        if what == "write":
            raise OSError(errno, "refused", str(path))

    return refuse
