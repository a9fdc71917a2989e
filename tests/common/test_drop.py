"""DROP: a claim that is not worth holding any more is noticed and let go."""

from collections.abc import Iterator

import pytest

from hyperspool.common import atomic
from hyperspool.common.attempts import AttemptEvent
from hyperspool.common.claim import Claim
from hyperspool.common.issues import Issue
from hyperspool.common.layout import StudyFolder
from hyperspool.common.report import drop
from tests.common.test_report import claim_of, result_of
from tests.conftest import job_of


@pytest.fixture
def claim(folder: StudyFolder, monkeypatch: pytest.MonkeyPatch) -> Iterator[Claim]:
    """A claim that has started, with a checkpoint; it looks whenever it is asked."""
    monkeypatch.setattr("hyperspool.common.claim.LOOK_S", 0.0)
    atomic.replace(folder.job(Issue(0)), job_of().to_json(), durable=False)
    claim = claim_of(folder)
    atomic.replace(folder.checkpoint(claim.attempt), b"saved", durable=False)
    yield claim
    claim.unlock()


def test_a_withdrawn_job_is_noticed_and_its_checkpoint_left(claim: Claim) -> None:
    folder = claim.folder
    atomic.replace(folder.job(Issue(0, number=2)), job_of(0, 2).to_json(), durable=False)
    was_held = claim.is_held
    folder.job(Issue(0)).unlink()
    assert (was_held, claim.is_held) == (True, False)
    drop(claim)
    assert not folder.lock(Issue(0)).exists()
    assert folder.checkpoint(claim.attempt).exists()


def test_what_a_finished_trial_left_is_cleared_away(claim: Claim) -> None:
    folder = claim.folder
    folder.job(Issue(0)).unlink()
    atomic.write_once(folder.result(0), result_of(claim).model_copy(update={"issue": 2}).to_json())
    assert not claim.is_held
    drop(claim)
    assert not folder.checkpoint(claim.attempt).exists()
    assert not folder.lock(Issue(0)).exists()


def test_a_lock_that_went_to_another_is_left_to_it(claim: Claim) -> None:
    folder = claim.folder
    other = AttemptEvent(event="claimed", attempt=2, worker="far", host="far", pid=1, at="")
    atomic.append_line(folder.lock(Issue(0)), other.to_line())
    assert not claim.is_held
    drop(claim)
    assert folder.lock(Issue(0)).exists()
    assert folder.job(Issue(0)).exists()
