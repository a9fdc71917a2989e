"""The objectives `cnn` and `mlp`: their value, their metrics, and how they end and resume."""

import io
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from hyperspool.common.curve import read_curve
from hyperspool.common.layout import StudyFolder
from hyperspool.common.objectives import with_defaults
from hyperspool.worker.checkpoint import Checkpoint
from hyperspool.worker.messages import Began, EpochDone, Resumed
from hyperspool.worker.objectives.measured import Measured
from hyperspool.worker.objectives.registry import BUILT_IN
from hyperspool.worker.objectives.trial import Trial, TrialStopped
from hyperspool.worker.training import captured
from hyperspool.worker.training.trainer import Trainer
from tests.processes import Processes, results_of
from tests.worker.test_trial import FakeParent, trial_of

pytestmark = pytest.mark.usefixtures("torch_left_as_it_was")

NETWORKS = ("cnn", "mlp")
SMALL = {"cnn": {"num_filters": 3}, "mlp": {"hidden_units": 8}}


def trial(network: str, worker: FakeParent, epochs: int = 3, **params: Any) -> Trial:
    given: dict[str, Any] = with_defaults(
        network, {"learning_rate": 0.05, "batch_size": 20, **SMALL[network], **params}
    )
    return replace(trial_of(worker, **given), epochs=epochs, data=("digits", 100), data_folder=Path())


def evaluate(network: str, worker: FakeParent, epochs: int = 3, **params: Any) -> Measured:
    return BUILT_IN[network](trial(network, worker, epochs, **params))


@pytest.mark.parametrize("network", NETWORKS)
def test_the_value_is_the_last_epochs_validation_error(network: str) -> None:
    worker = FakeParent()
    assert evaluate(network, worker) == Measured(worker.curve[-1].metrics["validation_error"])
    assert [(record.metrics["learning_rate"], record.metrics["momentum"]) for record in worker.curve] == [
        (0.05, 0.9)
    ] * 3


@pytest.mark.parametrize("network", NETWORKS)
def test_with_snapshots_the_value_is_the_ensembles_error(network: str) -> None:
    worker = FakeParent()
    found = evaluate(network, worker, schedule="triangular", cycles=3, snapshots=True)
    single = worker.curve[-1].metrics["validation_error"]
    assert found.metrics == {"ensemble_error": found.value, "single_error": single, "snapshots": 3}


def test_stopped_before_a_snapshot_the_last_network_is_measured() -> None:
    worker = FakeParent()
    # With a learning rate of 0 the loss never falls.
    found = evaluate("mlp", worker, 9, learning_rate=0, schedule="triangular", cycles=1, snapshots=True, patience=2)
    assert len(worker.curve) == 3
    single = worker.curve[-1].metrics["validation_error"]
    assert found.value == single
    assert found.metrics == {"stopped_early": 1, "snapshots": 0, "ensemble_error": single, "single_error": single}


@pytest.mark.parametrize("network", NETWORKS)
def test_a_training_without_progress_is_stopped_early_and_says_so(network: str) -> None:
    worker = FakeParent()
    found = evaluate(network, worker, 50, learning_rate=0, patience=4)
    assert found == Measured(worker.curve[-1].metrics["validation_error"], metrics={"stopped_early": 1})
    assert worker.epochs == [1, 2, 3, 4, 5]
    assert len(worker.kept) == 4  # the last epoch needs no checkpoint, because the result follows


@pytest.mark.parametrize("network", NETWORKS)
def test_early_stopping_and_snapshots_outlive_an_interruption(network: str) -> None:
    options: dict[str, Any] = {"schedule": "triangular", "step_size": 2, "snapshots": True, "patience": 2}
    whole, stopping = FakeParent(), FakeParent(stop_after=12)
    expected = evaluate(network, whole, 20, learning_rate=0, **options)
    with pytest.raises(TrialStopped):
        evaluate(network, stopping, 20, learning_rate=0, **options)
    resuming = FakeParent(stopping.kept[-1])
    assert evaluate(network, resuming, 20, learning_rate=0, **options) == expected
    assert [replace_seconds(record) for record in resuming.curve] == [replace_seconds(record) for record in whole.curve]


def replace_seconds(record: Any) -> Any:
    return record.model_copy(update={"seconds": 0.0})


@pytest.mark.parametrize("network", NETWORKS)
def test_a_diverged_ensemble_measures_the_error_of_guessing(network: str) -> None:
    found = evaluate(
        network, FakeParent(), learning_rate=1e30, schedule="cosine_restarts", restart_period=1, snapshots=True
    )
    assert found == Measured(0.9, is_diverged=True)


def test_full_device_gives_up_what_was_captured(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: Any) -> None:
        raise torch.OutOfMemoryError

    monkeypatch.setitem(captured.CAPTURES, "cpu", captured.directly)
    evaluate("mlp", FakeParent())
    assert captured._kept
    monkeypatch.setattr(Trainer, "run_epoch", full)
    with pytest.raises(torch.OutOfMemoryError):
        evaluate("mlp", FakeParent())
    assert not captured._kept


def test_contradicting_params_are_refused_before_training() -> None:
    worker = FakeParent()
    with pytest.raises(ValueError, match=r"eta_min is 0\.3, above eta_max, which is 0\.1"):
        evaluate("mlp", worker, schedule="triangular", eta_min=0.3, eta_max=0.1)
    assert worker.curve == []


def test_a_checkpoint_of_other_options_is_skipped() -> None:
    stopping = FakeParent(stop_after=7)
    with pytest.raises(TrialStopped):
        evaluate("mlp", stopping)
    state = state_of(stopping.kept[-1])
    assert (state["augmentation"], state["ensemble"]) == (None, None)
    worker = FakeParent(Checkpoint(stopping.kept[-1].payload))
    evaluate("mlp", worker, augmentation=True)
    assert worker.epochs == [1, 2, 3]


@pytest.mark.parametrize("network", NETWORKS)
def test_a_trial_stopped_in_mid_epoch_saves_where_it_is(network: str) -> None:
    worker = FakeParent(stop_after=7)  # five mini-batches an epoch: in the middle of the second
    with pytest.raises(TrialStopped):
        evaluate(network, worker)
    state = state_of(worker.kept[-1])
    assert (len(state["curve"]), state["position"]) == (1, 2)


@pytest.mark.parametrize("network", NETWORKS)
def test_a_resumed_trial_repeats_no_mini_batch(network: str) -> None:
    first = FakeParent(stop_after=7)
    with pytest.raises(TrialStopped):
        evaluate(network, first)
    second = FakeParent(Checkpoint(b"torn"), first.kept[-1])
    evaluate(network, second)
    began, resumed, *done = second.messages
    assert isinstance(began, Began)
    assert isinstance(resumed, Resumed)
    assert [epoch.epoch for epoch in resumed.curve] == [1]
    assert [message.record.epoch for message in done if isinstance(message, EpochDone)] == [2, 3]
    assert second.asked == 3 * 5 - 7


@pytest.mark.parametrize("network", NETWORKS)
def test_every_epoch_but_the_last_is_saved(network: str) -> None:
    worker = FakeParent()
    evaluate(network, worker)
    assert [len(state_of(checkpoint)["curve"]) for checkpoint in worker.kept] == [1, 2]


def state_of(checkpoint: Checkpoint) -> dict[str, Any]:
    state: dict[str, Any] = torch.load(io.BytesIO(checkpoint.payload), weights_only=True)
    return state


def test_results_and_curves_show_the_ensemble_and_the_schedule(root: Path, processes: Processes) -> None:
    study = root / "snapshots.toml"
    study.write_text(
        'trials = 2\nobjective.name = "mlp"\nbudget.epochs = 2\ndata = {name = "digits", train_size = 100}\n'
        '[space]\nschedule = "triangular"\ncycles = 2\nsnapshots = true\nbatch_size = 50\nlearning_rate = [0.05, 0.1]\n'
    )
    processes.worker("--exit-when-idle")
    processes.finish(processes.master(study))
    folder = StudyFolder(root, "snapshots")
    results = results_of(folder)
    assert len(results) == 2
    for trial, result in results.items():
        curve = read_curve(folder.curve(trial))
        last = curve[-1].metrics["validation_error"]
        assert result.metrics == {"ensemble_error": result.value, "single_error": last, "snapshots": 2}
        rate = float(result.params["learning_rate"])
        # An epoch and a cycle each have two updates: at the lowest rate, then at the highest.
        assert [(epoch.metrics["learning_rate"], epoch.metrics["momentum"]) for epoch in curve] == [(rate, 0.9)] * 2


@pytest.mark.parametrize(
    ("metrics", "message"),
    [
        ({"a b": 1.0}, "returned a metric 'a b', expected a name like ensemble_error"),
        ({3: 1.0}, "returned a metric 3, expected a name"),
        ({"loss": float("nan")}, "as its metric loss, nan, expected a finite number"),
        ({f"m{n}": 1.0 for n in range(101)}, "returned 101 metrics, expected at most 100"),
    ],
)
def test_metrics_that_no_result_could_hold_are_refused(metrics: dict[Any, float], message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Measured(0.5, metrics=metrics)
