"""The curve of an attempt while it runs, and what its result says of it."""

import math
from collections.abc import Iterator
from dataclasses import replace
from errno import EIO

import pytest

from hyperspool.common import atomic
from hyperspool.common.claim import Claimant, Claims
from hyperspool.common.curve import read_curve, to_text
from hyperspool.common.epochs import EpochRecord
from hyperspool.common.issues import Issue
from hyperspool.common.layout import StudyFolder
from hyperspool.common.pruning import Pruning
from hyperspool.common.stops import ask_to_stop
from hyperspool.worker.messages import EpochAmended, EpochDone, Finished, Resumed
from hyperspool.worker.presence import Presence
from hyperspool.worker.queue import ClaimedJob
from hyperspool.worker.running_attempt import RunningAttempt
from tests.conftest import job_of, spec_of


@pytest.fixture
def attempt(folder: StudyFolder) -> Iterator[RunningAttempt]:
    """An attempt that has started, of a study that maximises its `accuracy`."""
    spec = spec_of(objective={"name": "mine", "measure": "accuracy", "direction": "maximize"})
    atomic.replace(folder.job(Issue(0)), job_of().to_json(), durable=False)
    claimant = Claimant("lab-1")
    claim = Claims(claimant).try_lock(folder, Issue(0), spec.claim)
    assert claim is not None
    claim.start()
    yield RunningAttempt(ClaimedJob(spec, (0, 0), job_of(), claim), claimant, "cpu", Presence(claimant, "cpu"))
    claim.unlock()


def epoch_of(number: int, **metrics: float) -> EpochRecord:
    return EpochRecord(epoch=number, seconds=1.0, metrics=metrics)


def test_a_running_curve_is_rewritten_for_a_new_metric(attempt: RunningAttempt) -> None:
    claim = attempt.claimed.claim
    path = claim.folder.running_curve(claim.attempt)
    records = [
        epoch_of(1, accuracy=0.5),
        epoch_of(2),
        epoch_of(3, f1=0.25, accuracy=math.nan),
        epoch_of(4, f1=0.5),
    ]
    inodes = []
    for count, record in enumerate(records, start=1):
        attempt.hear(EpochDone(record))
        assert path.read_text() == to_text(records[:count])
        inodes.append(path.stat().st_ino)
    assert inodes[0] == inodes[1]
    assert inodes[1] != inodes[2]
    assert inodes[2] == inodes[3]


def test_a_running_curve_is_rewritten_for_an_amended_epoch(attempt: RunningAttempt) -> None:
    claim = attempt.claimed.claim
    path = claim.folder.running_curve(claim.attempt)
    attempt.hear(EpochDone(epoch_of(1, loss=0.5)))
    attempt.hear(EpochDone(epoch_of(2, loss=0.25)))
    attempt.hear(EpochAmended(epoch_of(2, loss=0.125, accuracy=0.5)))
    assert read_curve(path) == [epoch_of(1, loss=0.5), epoch_of(2, loss=0.125, accuracy=0.5)]
    attempt.hear(EpochDone(epoch_of(3, accuracy=0.75)))
    assert read_curve(path)[1:] == [epoch_of(2, loss=0.125, accuracy=0.5), epoch_of(3, accuracy=0.75)]


def test_a_running_curve_forgets_metrics_that_were_dropped(attempt: RunningAttempt) -> None:
    claim = attempt.claimed.claim
    attempt.hear(EpochDone(epoch_of(1, loss=0.5)))
    attempt.hear(Resumed((epoch_of(1, f1=0.5),)))
    attempt.hear(EpochDone(epoch_of(2, accuracy=0.5)))
    assert [list(record.metrics) for record in read_curve(claim.folder.running_curve(claim.attempt))] == [
        ["f1"],
        ["accuracy"],
    ]


def test_a_result_names_the_best_epoch_of_the_measure(attempt: RunningAttempt) -> None:
    for number, accuracy in enumerate((0.5, 0.9, math.inf, 0.9), start=1):
        attempt.hear(EpochDone(epoch_of(number, accuracy=accuracy, validation_error=number)))
    result = attempt.result(Finished(0.9, is_diverged=False))
    assert (result.best_epoch, result.best_value) == (2, 0.9)


def test_stops_that_cannot_be_listed_end_no_attempt(attempt: RunningAttempt, monkeypatch: pytest.MonkeyPatch) -> None:
    def refuse(*_: object) -> None:
        raise OSError(EIO, "Input/output error")

    monkeypatch.setattr("hyperspool.worker.running_attempt.LOOK_S", 0.0)
    spec = attempt.claimed.spec.model_copy(update={"pruning": Pruning()})
    attempt.claimed = replace(attempt.claimed, spec=spec)
    ask_to_stop(attempt.claimed.claim.folder, Issue(0), "it is bad")
    with monkeypatch.context() as patch:
        patch.setattr("hyperspool.worker.running_attempt.reason_to_stop", refuse)
        assert not attempt.is_pruned()
    assert attempt.is_pruned()
