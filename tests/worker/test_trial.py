import math
import os
import tempfile
from collections.abc import Iterable
from decimal import Decimal
from fractions import Fraction
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from hyperspool.common import epochs
from hyperspool.common.epochs import EpochRecord
from hyperspool.common.locks import ClaimMode
from hyperspool.common.records import MAX_METRICS, Seeds
from hyperspool.worker.checkpoint import Checkpoint
from hyperspool.worker.messages import Began, EpochAmended, EpochDone, Progress, Resumed
from hyperspool.worker.objectives.measured import Measured
from hyperspool.worker.objectives.trial import Trial
from tests.worker.clock import Clock


class FakeParent:
    """A parent process for tests: keeps the curve as the real one does, and the checkpoints.

    Args:
        earlier: checkpoints of earlier attempts, latest first.
        stop_after: how often `should_stop` returns False before it returns True; None: always.
    """

    def __init__(self, *earlier: Checkpoint, stop_after: int | None = None) -> None:
        self.messages: list[Progress] = []
        self.curve: list[EpochRecord] = []
        self.kept: list[Checkpoint] = []
        self.asked = 0
        self._earlier, self._stop_after = earlier, stop_after

    def tell(self, message: Progress) -> None:
        self.messages.append(message)
        match message:
            case Resumed():
                self.curve = list(message.curve)
            case EpochDone():
                self.curve.append(message.record)
            case EpochAmended():
                self.curve[-1:] = [message.record]

    def folder(self) -> Path:
        return self.made("files")

    def checkpoint_folder(self) -> Path:
        return self.made("saved")

    def made(self, name: str) -> Path:
        path = Path(tempfile.gettempdir(), f"hyperspool-test-{os.getpid()}", name)
        path.mkdir(parents=True, exist_ok=True)
        return path

    def should_stop(self) -> bool:
        self.asked += 1
        return self._stop_after is not None and self.asked > self._stop_after

    def save(self, checkpoint: Checkpoint) -> None:
        self.kept.append(checkpoint)

    def checkpoints(self) -> Iterable[Checkpoint]:
        return self._earlier

    @property
    def epochs(self) -> list[int]:
        return [record.epoch for record in self.curve]


def trial_of(parent: FakeParent | None = None, clock: Clock | None = None, **params: Any) -> Trial:
    return Trial(
        params=params,
        epochs=1,
        seeds=Seeds(initialisation=1, shuffling=2, dropout=3),
        device="cpu",
        threads=1,
        data=None,
        data_folder=Path(),
        claim=ClaimMode.LOCK,
        parent=parent or FakeParent(),
        clock=clock or Clock(),
    )


def epoch_of(number: int) -> EpochRecord:
    return EpochRecord.of(
        epoch=number,
        seconds=1,
        training_loss=1,
        validation_loss=2,
        validation_error=0.5,
        learning_rate=0.1,
        momentum=0.9,
    )


NUMBERS: list[Any] = [
    0.5,
    Decimal("0.5"),
    Fraction(1, 2),
    np.float32(0.5),
    np.array(0.5),
    torch.tensor(0.5),
    torch.nn.Parameter(torch.tensor(0.5)),
]
NO_NUMBERS: list[Any] = [
    "0.5",
    b"0.5",
    None,
    True,
    np.bool_(1),
    torch.tensor([True]),
    1j,
    np.array([0.5, 0.5]),
    torch.ones(2),
    {},
]


def test_a_report_fills_in_epoch_and_seconds() -> None:
    worker, clock = FakeParent(), Clock()
    trial = trial_of(worker, clock)
    clock.now_s += 100  # seconds of preparation, which belong to no epoch
    trial.begin()
    clock.now_s += 2
    trial.report(validation_loss=0.25)
    clock.now_s += 3
    trial.report(epoch=10, training_loss=math.inf, learning_rate=0.1)
    trial.report(validation_error=math.nan, seconds=7)
    assert [(record.epoch, record.seconds) for record in worker.curve] == [(1, 2.0), (10, 3.0), (11, 7.0)]
    first, second, third = worker.curve
    assert first.metrics == {"validation_loss": 0.25}
    assert second.metrics == {"training_loss": math.inf, "learning_rate": 0.1}
    assert math.isnan(third.metrics["validation_error"])


@pytest.mark.parametrize("number", NUMBERS, ids=repr)
def test_everything_that_float_accepts_is_a_number(number: Any) -> None:
    worker = FakeParent()
    trial_of(worker).report(validation_error=number, seconds=number)
    assert (worker.curve[0].metrics["validation_error"], worker.curve[0].seconds) == (0.5, 0.5)
    assert Measured(number).value == 0.5
    assert type(Measured(number).value) is float


@pytest.mark.parametrize("epoch", [3, np.int64(3), torch.tensor(3)], ids=repr)
def test_every_whole_number_is_an_epoch(epoch: Any) -> None:
    worker = FakeParent()
    trial_of(worker).report(epoch=epoch)
    assert worker.epochs == [3]


@pytest.mark.parametrize("value", NO_NUMBERS, ids=repr)
def test_non_numbers_are_refused_by_name(value: Any) -> None:
    worker = FakeParent()
    with pytest.raises(TypeError, match=r"trial.report: training_loss: found .*, expected a number"):
        trial_of(worker).report(training_loss=value)
    with pytest.raises(TypeError, match=r"the objective returned .*, expected a finite number"):
        Measured(value)
    assert worker.curve == []


@pytest.mark.parametrize("value", [math.nan, math.inf, np.float32("-inf"), torch.tensor(math.nan)], ids=repr)
def test_a_value_that_is_not_finite_is_refused(value: Any) -> None:
    with pytest.raises(ValueError, match=r"the objective returned (nan|-?inf), expected a finite number"):
        Measured(value)


@pytest.mark.parametrize(
    ("numbers", "error", "message"),
    [
        ({"val/loss": 1}, ValueError, "found a metric 'val/loss', expected a name like val_accuracy"),
        ({"x" * 65: 1}, ValueError, "expected a name like"),
        ({"trial": 1}, ValueError, "found a metric trial, but no metric may be called trial, rung, setting"),
        ({f"m{number}": 1 for number in range(101)}, ValueError, "found 101 different metrics, expected at most 100"),
        ({"epoch": 2.0}, TypeError, "epoch: found 2.0, expected a whole number"),
        ({"epoch": True}, TypeError, "epoch: found true, expected a whole number"),
        ({"epoch": 1}, ValueError, "epoch: found 1, expected a number above 1"),
        ({"epoch": -1}, ValueError, "epoch: found -1"),
        ({"epoch": 2**31}, ValueError, "epoch: found 2147483648"),
        ({"seconds": -1}, ValueError, "seconds: found -1"),
        ({"seconds": math.nan}, ValueError, "seconds: found nan"),
        ({"seconds": "1"}, TypeError, "seconds: found '1', expected a number"),
    ],
)
def test_a_wrong_report_leaves_the_curve_alone(numbers: dict[str, Any], error: type[Exception], message: str) -> None:
    worker = FakeParent()
    trial = trial_of(worker)
    trial.report()
    with pytest.raises(error, match=message):
        trial.report(**numbers)
    trial.report()
    assert worker.epochs == [1, 2]


def test_a_curve_has_a_limit_of_names_and_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    worker = FakeParent()
    trial = trial_of(worker)
    for number in range(MAX_METRICS):
        trial.report(**{f"m{number}": number})
    with pytest.raises(ValueError, match="found 101 different metrics, expected at most 100 in a curve; report fewer"):
        trial.report(another=1)
    monkeypatch.setattr(epochs, "MAX_NUMBERS", (MAX_METRICS + 1) * MAX_METRICS)
    trial.report()
    with pytest.raises(ValueError, match="found 102 epochs of 100 metrics, expected at most 10100 numbers"):
        trial.report()
    assert worker.epochs == list(range(1, MAX_METRICS + 2))


def test_an_amended_epoch_replaces_the_last_within_the_same_limit() -> None:
    worker = FakeParent()
    trial = trial_of(worker)
    trial.report(loss=1)
    trial.report(loss=0.5)
    trial.amend_epoch(EpochRecord(epoch=2, seconds=3.0, metrics={"loss": 0.25, "acc": 0.5}))
    assert worker.curve == list(trial.curve)
    assert [record.metrics for record in worker.curve] == [{"loss": 1.0}, {"loss": 0.25, "acc": 0.5}]
    more = {f"m{number}": 1.0 for number in range(MAX_METRICS - 1)}
    with pytest.raises(ValueError, match="found 101 different metrics"):
        trial.amend_epoch(EpochRecord(epoch=2, seconds=3.0, metrics={"loss": 0.25, **more}))
    assert worker.curve == list(trial.curve)


def test_a_dropped_epoch_drops_its_metrics_names() -> None:
    saving = FakeParent()
    trial = trial_of(saving)
    trial.report(first=1)
    trial.report(**{f"m{number}": number for number in range(MAX_METRICS - 1)})
    trial.save(b"state")
    worker = FakeParent(saving.kept[-1])
    again = trial_of(worker)
    again.load()
    again.report(epoch=2, **{f"n{number}": number for number in range(MAX_METRICS - 1)})
    assert worker.epochs == [1, 2]


@pytest.mark.parametrize("payload", ["text", {"weights": 1}, None, bytearray(b"x")], ids=repr)
def test_only_bytes_can_be_saved(payload: Any) -> None:
    with pytest.raises(TypeError, match=r"trial.save takes bytes, found .*; make bytes of it"):
        trial_of().save(payload)


def test_without_a_checkpoint_there_is_nothing_to_load() -> None:
    worker = FakeParent()
    trial = trial_of(worker)
    assert trial.load() is None
    trial.report()
    assert worker.epochs == [1]


def saved_after(*epochs: int) -> Checkpoint:
    """Return the checkpoint of an attempt that reported these epochs."""
    worker = FakeParent()
    trial = trial_of(worker)
    for epoch in epochs:
        trial.report(epoch=epoch, validation_loss=epoch)
    trial.save(b"state")
    return worker.kept[-1]


def test_loading_takes_the_latest_checkpoint_with_its_curve() -> None:
    worker = FakeParent(saved_after(1, 2, 5), saved_after(1))
    trial = trial_of(worker)
    assert trial.load() == b"state"
    trial.report(validation_loss=6)
    assert [(record.epoch, record.metrics["validation_loss"]) for record in worker.curve] == [
        (1, 1.0),
        (2, 2.0),
        (5, 5.0),
        (6, 6.0),
    ]
    trial.save(b"more")
    assert [record.epoch for record in worker.kept[-1].curve] == [1, 2, 5, 6]


@pytest.mark.parametrize(("first", "kept"), [(1, [1]), (3, [1, 2, 3]), (9, [1, 2, 5, 9])])
def test_the_first_epoch_after_a_load_cuts_the_curve(first: int, kept: list[int]) -> None:
    worker = FakeParent(saved_after(1, 2, 5))
    trial = trial_of(worker)
    trial.load()
    trial.report(epoch=first)
    assert worker.epochs == kept
    with pytest.raises(ValueError, match="expected a number above"):
        trial.report(epoch=first)


def test_a_checkpoint_that_is_not_loaded_adds_no_epochs() -> None:
    worker = FakeParent(saved_after(1, 2))
    trial = trial_of(worker)
    trial.report()
    assert worker.epochs == [1]


def test_first_epoch_counts_from_the_end_of_preparation() -> None:
    parent, clock = FakeParent(), Clock()
    trial = trial_of(parent, clock)
    trial.begin()
    clock.now_s += 20.0
    trial.begin()
    clock.now_s += 1.0
    trial.report(loss=0.5)
    assert [epoch.seconds for epoch in parent.curve] == [1.0]
    assert sum(isinstance(message, Began) for message in parent.messages) == 1
