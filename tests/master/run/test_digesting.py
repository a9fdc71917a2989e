"""When the master writes digests, and what it takes from them when it starts."""

from pathlib import Path
from typing import Any

import pytest

from hyperspool.common import atomic
from hyperspool.common.layout import StudyFolder
from hyperspool.common.outcome import Outcome
from hyperspool.common.records import Budget, Seeds
from hyperspool.master.journal.file import read_journal
from hyperspool.master.results.digests import SETTLED_S
from hyperspool.master.results.reading import read_results
from hyperspool.master.run import digesting
from hyperspool.master.run.digesting import Digesting
from hyperspool.master.studies.published import read_published
from tests.finished import Finished
from tests.master.results.digested import digest_path, edit_in_place, settle
from tests.processes import Processes

WORKER = ("--workers", "1", "--objective", "square=tests.objectives:square")


@pytest.fixture
def finished(finished_square: Finished, tmp_path: Path) -> StudyFolder:
    """A finished study, long ago."""
    folder = StudyFolder(finished_square.copy(tmp_path / "copy"), "demo")
    settle(folder.trial_folder(0))
    return folder


def outcomes(folder: StudyFolder) -> list[Outcome]:
    """What its results say."""
    return [one for one in read_results(folder, read_published(folder)).results.values() if isinstance(one, Outcome)]


def run_again(folder: StudyFolder) -> None:
    again = Processes(folder.root)
    again.finish(again.master(folder.root / "demo.toml", *WORKER))


def test_a_master_that_comes_again_writes_what_is_missing(finished: StudyFolder) -> None:
    before = read_results(finished, read_published(finished))
    assert not digest_path(finished).exists()
    run_again(finished)
    edit_in_place(finished.result(1), '"worker": "', '"worker": "other-')
    assert digest_path(finished).exists()
    assert read_results(finished, read_published(finished)) == before


def test_a_folder_that_has_just_changed_gets_no_digest(finished_square: Finished, tmp_path: Path) -> None:
    folder = StudyFolder(finished_square.copy(tmp_path / "copy"), "demo")
    atomic.write_once(folder.trial_folder(0) / ".probe.tmp", b"")
    run_again(folder)
    assert not digest_path(folder).exists()


def test_master_evaluates_what_is_gone_despite_a_digest(finished: StudyFolder) -> None:
    run_again(finished)
    finished.result(2).unlink()
    finished.curve(2).unlink(missing_ok=True)
    run_again(finished)
    assert finished.result(2).exists()


@pytest.mark.parametrize(
    "change",
    [
        {"params": {"x": 0.5}},
        {"seeds": Seeds(initialisation=1, shuffling=2, dropout=3)},
        {"budget": Budget(epochs=7)},
        {"horizon": Budget(epochs=7)},
        {"starts_from": 0},
        {"rung": 1},
    ],
    ids=lambda change: next(iter(change)),
)
def test_the_master_takes_only_what_its_proposals_asked_for(finished: StudyFolder, change: dict[str, Any]) -> None:
    entries = read_journal(finished, read_published(finished)).journal.entries
    own = outcomes(finished)
    assert all(entries[each.evaluation].is_met_by(each) for each in own)
    assert not entries[own[1].evaluation].is_met_by(own[1]._replace(**change))


def test_a_folder_is_digested_once_its_trials_are_over(finished: StudyFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    spec = read_published(finished)
    written = Digesting(finished, spec)
    written.landed(outcomes(finished), {})
    monkeypatch.setattr(digesting, "TRIALS_PER_FOLDER", 4)
    written.write(3, ())
    assert not digest_path(finished).exists()
    written.write(4, (finished.trial_folder(0),))
    assert not digest_path(finished).exists()
    written.write(4, ())
    assert digest_path(finished).exists()
    assert SETTLED_S > 2, "old file systems date changes in steps of two seconds"


def test_a_folder_that_takes_no_digest_stops_nothing(finished: StudyFolder) -> None:
    digest_path(finished).parent.write_text("a file where the folder should be")
    run_again(finished)
    assert len(read_results(finished, read_published(finished)).results) == 4
