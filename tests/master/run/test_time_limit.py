"""A study's time: recorded when it begins, counted by any master, over for all that follow."""

from datetime import datetime, timedelta
from pathlib import Path

import pytest

from hyperspool.common.file_kinds import CLOCK
from hyperspool.common.layout import StudyFolder
from hyperspool.master.journal.entries import BatchEntry
from hyperspool.master.journal.journal import Batch, Journal
from hyperspool.master.run.time_limit import TimeLimit
from hyperspool.master.studies.clock import read_clock
from tests.conftest import spec_of

NOTHING = Journal()


@pytest.fixture
def folder(root: Path) -> StudyFolder:
    made = StudyFolder(root, "demo")
    for path in made.folders:
        path.mkdir(parents=True, exist_ok=True)
    return made


class Monotonic:
    """A clock that a test moves on."""

    def __init__(self) -> None:
        self.now_s = 1000.0

    def __call__(self) -> float:
        return self.now_s


def test_time_is_over_when_the_seconds_are(folder: StudyFolder) -> None:
    clock = Monotonic()
    limit = TimeLimit(folder, spec_of(stop={"wall_clock_s": 60}), clock)
    assert not limit.has_run_out(NOTHING)
    clock.now_s += 59.9
    assert not limit.has_run_out(NOTHING)
    assert (found := read_clock(folder))
    assert found.out_after_s is None
    clock.now_s += 0.2
    assert limit.has_run_out(NOTHING)
    assert read_clock(folder) == limit.clock
    assert limit.clock
    assert limit.clock.began_at == found.began_at
    assert limit.clock.out_after_s == pytest.approx(60.1, abs=0.01)


def test_next_master_counts_from_the_recorded_beginning(folder: StudyFolder) -> None:
    TimeLimit(folder, spec_of(stop={"wall_clock_s": 60})).has_run_out(NOTHING)
    found = read_clock(folder)
    assert found
    earlier = datetime.fromisoformat(found.began_at) - timedelta(seconds=50)
    folder.path(CLOCK).write_bytes(found.model_copy(update={"began_at": earlier.isoformat()}).to_json())
    clock = Monotonic()
    limit = TimeLimit(folder, spec_of(stop={"wall_clock_s": 60}), clock)
    assert not limit.has_run_out(NOTHING)
    clock.now_s += 10
    assert limit.has_run_out(NOTHING)


def test_study_with_a_journal_began_with_its_first_batch(folder: StudyFolder) -> None:
    began_at = "2026-01-01T00:00:00.000Z"
    journal = Journal([Batch(BatchEntry(batch=0, proposals=1, at=began_at), ())])
    assert TimeLimit(folder, spec_of(stop={"wall_clock_s": 3600})).has_run_out(journal)
    assert (found := read_clock(folder))
    assert found.began_at == began_at
    assert found.has_run_out(3600)
    assert not found.has_run_out(1e12)


def test_study_without_the_rule_has_no_clock(folder: StudyFolder) -> None:
    assert not TimeLimit(folder, spec_of(stop={"target": 1.0})).has_run_out(NOTHING)
    assert not folder.path(CLOCK).exists()


def test_damaged_record_is_replaced(folder: StudyFolder) -> None:
    folder.path(CLOCK).write_text("{")
    assert read_clock(folder) is None
    assert not TimeLimit(folder, spec_of(stop={"wall_clock_s": 60})).has_run_out(NOTHING)
    assert read_clock(folder) is not None
