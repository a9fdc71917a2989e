"""The final evaluation in the worker's child: what it trains on, and when it reads the test part."""

import io
import math
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from hyperspool.worker.objectives import final
from hyperspool.worker.objectives.measured import Measured
from hyperspool.worker.objectives.registry import BUILT_IN
from hyperspool.worker.objectives.trial import TrialStopped
from hyperspool.worker.training.data import Part, load_test_part
from hyperspool.worker.training.digits import load_digits
from hyperspool.worker.training.ensemble import evaluate_together
from hyperspool.worker.training.model import make_model
from hyperspool.worker.training.params import CnnParams, MlpParams
from hyperspool.worker.training.validation import evaluate
from tests.worker.test_network import trial
from tests.worker.test_trial import FakeParent

pytestmark = pytest.mark.usefixtures("torch_left_as_it_was")

NETWORKS = ("cnn", "mlp")
UPDATES_PER_EPOCH = (100 + 400) // 20


@pytest.fixture
def reads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Lists the name of a data set each time its test part is read."""
    seen: list[str] = []

    def read(name: str, folder: Path) -> Part:
        seen.append(name)
        return load_test_part(name, folder)

    monkeypatch.setattr(final, "load_test_part", read)
    return seen


def evaluate_final(network: str, worker: FakeParent, **params: Any) -> Measured:
    return BUILT_IN[network](replace(trial(network, worker, **params), is_final=True))


@pytest.mark.parametrize("network", NETWORKS)
def test_the_value_is_the_saved_networks_test_error(network: str, reads: list[str]) -> None:
    worker = FakeParent()
    found = evaluate_final(network, worker)
    assert reads == ["digits"]
    assert found.model
    cnn = CnnParams(learning_rate=0.05, momentum=0.9, batch_size=20, num_filters=3)
    mlp = MlpParams(learning_rate=0.05, momentum=0.9, batch_size=20, hidden_units=8)
    model = make_model(cnn if network == "cnn" else mlp, (1, 28, 28), 10)
    model.load_state_dict(torch.load(io.BytesIO(found.model), weights_only=True))
    loss, error = evaluate(model, load_test_part("digits", Path()), torch.device("cpu"))
    assert found.value == error
    assert found.metrics == {
        "training_examples": 500,  # 100 of the training part and all 400 of the validation part
        "test_examples": 397,
        "test_errors": round(error * 397),
        "test_loss": pytest.approx(loss, rel=1e-6),
    }


CYCLES = {"schedule": "triangular", "cycles": 3, "snapshots": True}


def test_with_snapshots_the_ensemble_is_measured_and_handed_over(reads: list[str]) -> None:
    found = evaluate_final("mlp", FakeParent(), **CYCLES)
    assert found.model
    networks = torch.load(io.BytesIO(found.model), weights_only=True)
    assert len(networks) == found.metrics["snapshots"] == 3
    model = make_model(MlpParams(learning_rate=0, momentum=0, batch_size=1, hidden_units=8), (1, 28, 28), 10)
    test = load_test_part("digits", Path())
    loss, error = evaluate_together(model, networks, test, torch.device("cpu"))
    assert (found.value, found.metrics["test_errors"]) == (error, round(error * 397))
    assert found.metrics["test_loss"] == pytest.approx(loss, rel=1e-6)
    model.load_state_dict(networks[-1])
    assert evaluate(model, test, torch.device("cpu"))[1] != error
    assert reads == ["digits"]


@pytest.mark.parametrize("batches", [3, UPDATES_PER_EPOCH + 1, 3 * UPDATES_PER_EPOCH - 1])
def test_an_interrupted_ensemble_is_the_same_to_the_last_bit(batches: int) -> None:
    stopped = FakeParent(stop_after=batches)
    with pytest.raises(TrialStopped):
        evaluate_final("mlp", stopped, **CYCLES)
    assert evaluate_final("mlp", FakeParent(stopped.kept[-1]), **CYCLES) == evaluate_final(
        "mlp", FakeParent(), **CYCLES
    )


def test_the_curve_holds_no_validation_numbers(reads: list[str]) -> None:
    worker = FakeParent()
    evaluate_final("mlp", worker)
    assert worker.epochs == [1, 2, 3]
    assert all(
        math.isnan(line.metrics["validation_error"]) and math.isnan(line.metrics["validation_loss"])
        for line in worker.curve
    )
    assert all(math.isfinite(line.metrics["training_loss"]) for line in worker.curve)
    assert len(reads) == 1


def test_training_does_not_stop_early() -> None:
    worker = FakeParent()
    evaluate_final("mlp", worker, learning_rate=0, patience=1)
    assert worker.epochs == [1, 2, 3]


@pytest.mark.parametrize("network", NETWORKS)
def test_an_interrupted_evaluation_reads_the_test_part_once(network: str, reads: list[str]) -> None:
    whole = evaluate_final(network, FakeParent())
    for batches in (0, 1, UPDATES_PER_EPOCH, 2 * UPDATES_PER_EPOCH + 7):
        reads.clear()
        stopped = FakeParent(stop_after=batches)
        with pytest.raises(TrialStopped):
            evaluate_final(network, stopped)
        assert reads == []
        assert evaluate_final(network, FakeParent(stopped.kept[-1])) == whole
        assert reads == ["digits"]


def test_killed_after_its_last_epoch_it_does_not_train_again(reads: list[str]) -> None:
    first = FakeParent()
    whole = evaluate_final("mlp", first)
    second = FakeParent(first.kept[-1])
    assert evaluate_final("mlp", second) == whole
    assert [line.seconds for line in second.curve] == [line.seconds for line in first.curve]
    assert reads == ["digits"] * 2  # the first attempt stands for one that is killed before it reports


def test_a_training_that_diverges_leaves_the_test_part_unread(reads: list[str]) -> None:
    found = evaluate_final("mlp", FakeParent(), learning_rate=1e6, hidden_layers=8)
    assert found.is_diverged
    assert found.model is None
    assert reads == []


@pytest.mark.parametrize("network", NETWORKS)
def test_a_search_never_reads_the_test_part(network: str, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[bool] = []

    def load(*, test: bool) -> dict[str, tuple[torch.Tensor, torch.Tensor]]:
        asked.append(test)
        return load_digits(test=test)

    monkeypatch.setattr("hyperspool.worker.training.data.load_digits", load)
    monkeypatch.setattr("hyperspool.worker.objectives.datasets._on_device", {})
    BUILT_IN[network](trial(network, FakeParent()))
    assert asked == [False]
