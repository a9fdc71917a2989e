"""fsck of a study whose journal is missing, damaged, cut short, or behind the study's jobs."""

from collections.abc import Callable

import pytest

from hyperspool.common.issues import Issue
from hyperspool.common.layout import StudyFolder
from hyperspool.common.locks import make_lock, try_acquire
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.fsck.breach import Remedy, Severity
from hyperspool.master.fsck.inspection import inspect
from hyperspool.master.fsck.repair import repair
from hyperspool.master.journal.entries import ProposalEntry
from hyperspool.master.journal.file import read_journal
from tests.master.fsck.damage import (
    forget,
    journal_cut_short,
    journal_of_another_seed,
    journal_that_is_a_folder,
    open_job,
    torn_journal,
)
from tests.master.fsck.finished import at_once, evaluate_again, keep_batches, master_lock_of, wrong


def test_study_interrupted_between_two_batches_is_in_order(folder: StudyFolder, spec: StudySpec) -> None:
    for trial in range(4, 10):
        forget(folder, trial)
    whole = folder.journal.read_bytes()
    keep_batches(folder, 1)
    assert inspect(folder, spec, at_once) == []
    folder.journal.write_bytes(whole)
    open_job(folder, 4)
    keep_batches(folder, 2)
    missing = [breach.evaluation for breach in inspect(folder, spec, at_once)]
    assert missing == [(5, 0), (6, 0), (7, 0)]


def test_batch_recorded_but_never_published_is_issued(
    folder: StudyFolder, spec: StudySpec, finished: StudyFolder
) -> None:
    """A master was killed after it recorded the second batch."""
    for trial in range(4, 10):
        forget(folder, trial)
    keep_batches(folder, 2)
    found = inspect(folder, spec, at_once)
    assert [breach.evaluation for breach in found] == [(trial, 0) for trial in range(4, 8)]
    assert {breach.remedy for breach in found} == {Remedy.ISSUE}
    assert repair(folder, spec, found).left == []
    assert evaluate_again(folder, spec, finished) == {4, 5, 6, 7}
    assert wrong(folder, spec) == {}


def recorded(folder: StudyFolder, spec: StudySpec) -> list[ProposalEntry]:
    found = read_journal(folder, spec)
    assert (found.damage, found.is_cut_short) == (None, False)
    return list(found.journal.entries.values())


def test_missing_journal_is_a_warning_and_is_written(folder: StudyFolder, spec: StudySpec) -> None:
    """A study of a version without journals."""
    before = recorded(folder, spec)
    folder.journal.unlink()
    (warning,) = found = inspect(folder, spec, at_once)
    assert (warning.severity, warning.path, warning.remedy) == (Severity.WARNING, folder.journal, Remedy.RECORD)
    assert warning.cause == "10 proposals are not recorded, but have jobs or results"
    assert not folder.journal.exists()
    assert repair(folder, spec, found).mended == [warning]
    assert recorded(folder, spec) == before
    assert inspect(folder, spec, at_once) == []


@pytest.mark.parametrize("damage", [journal_cut_short, torn_journal, journal_of_another_seed, journal_that_is_a_folder])
def test_damaged_journal_is_written_as_it_was(
    folder: StudyFolder, spec: StudySpec, damage: Callable[[StudyFolder], None]
) -> None:
    before = recorded(folder, spec)
    assert len(before) == 10
    damage(folder)
    repair(folder, spec, inspect(folder, spec, at_once))
    assert recorded(folder, spec) == before


def test_damaged_journal_is_set_aside_with_the_reason(folder: StudyFolder, spec: StudySpec) -> None:
    torn_journal(folder)
    damaged = folder.journal.read_bytes()
    repair(folder, spec, inspect(folder, spec, at_once))
    aside = {path.name.endswith(".reason.txt"): path.read_bytes() for path in folder.rejected.iterdir()}
    assert aside[False] == damaged
    assert b"the journal is damaged: line 7" in aside[True]


def test_batch_known_by_an_open_job_is_recorded_and_issued(folder: StudyFolder, spec: StudySpec) -> None:
    before = recorded(folder, spec)
    for trial in (8, 9):
        forget(folder, trial)
    open_job(folder, 8)
    keep_batches(folder, 2)
    missing, warning = found = inspect(folder, spec, at_once)
    assert (missing.evaluation, missing.remedy) == ((9, 0), Remedy.ISSUE)
    assert (warning.severity, warning.path) == (Severity.WARNING, folder.journal)
    assert warning.cause.startswith("2 proposals are not recorded")
    assert repair(folder, spec, found).left == []
    assert recorded(folder, spec) == before
    assert folder.open_issues() == [Issue(8), Issue(9)]


def test_running_masters_unfinished_line_is_not_a_breach(folder: StudyFolder, spec: StudySpec) -> None:
    journal_cut_short(folder)
    assert wrong(folder, spec)
    master = make_lock(master_lock_of(folder, spec), spec.claim)
    assert try_acquire(master)
    try:
        assert wrong(folder, spec) == {}
    finally:
        master.release()
