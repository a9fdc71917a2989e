"""The contract of every technique with every network: it trains, and resumes to the last bit."""

import io
import math
from collections.abc import Callable
from dataclasses import replace
from itertools import product
from pathlib import Path
from typing import Any

import pytest
import torch

from hyperspool.worker.training.augmentation import Augmentation
from hyperspool.worker.training.data import Dataset, Part, load_dataset
from hyperspool.worker.training.initialisation import INITIALISATIONS
from hyperspool.worker.training.params import SCHEDULES, CnnParams, MlpParams, TrainingParams, TrainingSeeds
from hyperspool.worker.training.trainer import Epoch, Trainer
from hyperspool.worker.training.validation import evaluate, probabilities

pytestmark = pytest.mark.usefixtures("one_thread")

SEEDS = TrainingSeeds(initialisation=1, shuffling=2, dropout=3)
CPU = torch.device("cpu")
EPOCHS = 3
NETWORKS = ("cnn", "mlp")


@pytest.fixture(scope="module")
def digits() -> Dataset:
    whole = load_dataset("digits", Path(), train_size=200)
    return replace(whole, validation=whole.validation.first(100))


def params_of(network: str, **changes: Any) -> TrainingParams:
    given = {"learning_rate": 0.05, "momentum": 0.9, "batch_size": 32} | changes
    return CnnParams(3, **given) if network == "cnn" else MlpParams(8, **given)


def trainer_of(data: Dataset, params: TrainingParams, epochs: int = EPOCHS) -> Trainer:
    return Trainer(data, params, SEEDS, CPU, epochs)


def run(trainer: Trainer, epochs: int = EPOCHS) -> list[Epoch]:
    while len(trainer.curve) < epochs and not trainer.is_diverged:
        assert trainer.run_epoch(lambda: False) is not None
    return trainer.curve


def measured(trainer: Trainer) -> tuple[list[Epoch], float | None, int]:
    members = trainer.ensemble.members if trainer.ensemble else 0
    curve = [replace(epoch, seconds=0.0) for epoch in trainer.curve]
    return curve, trainer.ensemble.error if trainer.ensemble else None, members


def after(batches: int) -> Callable[[], bool]:
    left = iter(range(batches))
    return lambda: next(left, None) is None


def stopped_and_resumed(data: Dataset, params: TrainingParams, stopped_after: int) -> Trainer:
    stopped = trainer_of(data, params)
    should_stop = after(stopped_after)
    while stopped.run_epoch(should_stop) is not None:
        pass
    buffer = io.BytesIO()
    torch.save(stopped.state_dict(), buffer)
    torch.rand(100)  # draws of the process in between must not matter
    resumed = trainer_of(data, params)
    resumed.load_state_dict(torch.load(io.BytesIO(buffer.getvalue()), weights_only=True))
    run(resumed)
    return resumed


EVERYTHING: dict[str, Any] = {
    "batch_norm": True,
    "augmentation": True,
    "nesterov": True,
    "weight_decay": 0.001,
    "keep_input": 0.9,
    "keep_hidden": 0.7,
    "restart_period": 1,
    "restart_multiplier": 1,
}


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_every_schedule_resumes_in_mid_cycle_to_the_last_bit(digits: Dataset, network: str, schedule: str) -> None:
    # 18 updates in 3 epochs. Five cycles of 3.6 updates end, or three cycles of an epoch; 2 and 13 lie within a cycle.
    members = {"triangular": 5, "cosine_restarts": 3}.get(schedule, 0)
    params = params_of(network, schedule=schedule, cycles=5, snapshots=members > 0, **EVERYTHING)
    whole = trainer_of(digits, params)
    run(whole)
    assert measured(whole)[2] == members
    for stopped_after in (2, 13):
        resumed = stopped_and_resumed(digits, params, stopped_after)
        assert measured(resumed) == measured(whole)
        for ours, theirs in zip(resumed.model.state_dict().values(), whole.model.state_dict().values(), strict=True):
            assert torch.equal(ours, theirs)


@pytest.mark.parametrize("network", NETWORKS)
def test_snapshots_resume_around_a_cycles_end_to_the_last_bit(digits: Dataset, network: str) -> None:
    special = {"keep_input": 0.9, "precision": "bfloat16"} if network == "cnn" else {"batch_norm": True}
    params = params_of(network, schedule="triangular", step_size=2, snapshots=True, **special)
    whole = trainer_of(digits, params)
    run(whole)
    for stopped_after in (3, 4, 5, 6):
        assert measured(stopped_and_resumed(digits, params, stopped_after)) == measured(whole)


@pytest.mark.parametrize("schedule", SCHEDULES)
def test_every_update_uses_the_schedules_rate_and_momentum(digits: Dataset, schedule: str) -> None:
    trainer = trainer_of(digits, params_of("mlp", schedule=schedule, decay_every=1, restart_period=2))
    seen: list[tuple[float, float]] = []
    step = trainer.optimiser.step

    def noted() -> None:
        seen.append((trainer.optimiser.learning_rate, trainer.optimiser.momentum))
        step()

    trainer.optimiser.step = noted  # type: ignore[method-assign]  # only looked at on the way
    curve = run(trainer)
    rates = trainer.schedule
    assert seen == [(rates.learning_rate(update), rates.momentum(update)) for update in range(18)]
    assert [(epoch.learning_rate, epoch.momentum) for epoch in curve] == [seen[5], seen[11], seen[17]]


CHOICES: dict[str, tuple[Any, ...]] = {
    "initialisation": INITIALISATIONS,
    "batch_norm": (False, True),
    "augmentation": (False, True),
    "nesterov": (False, True),
    "l2": (0.0, 1e-3),
    "keep_input": (1.0, 0.6),
    "keep_hidden": (1.0, 0.6),
}
COMBINATIONS = [dict(zip(CHOICES, values, strict=True)) for values in product(*CHOICES.values())]


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("options", COMBINATIONS, ids=lambda options: "-".join(map(str, options.values())))
def test_every_combination_of_options_trains_an_epoch(digits: Dataset, network: str, options: dict[str, Any]) -> None:
    [epoch] = run(trainer_of(digits, params_of(network, batch_size=100, **options), epochs=1), epochs=1)
    assert not epoch.is_diverged
    assert 0 <= epoch.validation_error <= 1


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("option", ["l2", "weight_decay"])
def test_l2_is_half_of_weight_decay_to_the_last_bit(digits: Dataset, network: str, option: str) -> None:
    curve = run(trainer_of(digits, params_of(network, **{option: 0.02 if option == "weight_decay" else 0.01})))
    expected = run(trainer_of(digits, params_of(network, weight_decay=0.02)))
    plain = run(trainer_of(digits, params_of(network)))
    assert [epoch.validation_loss for epoch in curve] == [epoch.validation_loss for epoch in expected]
    assert curve[-1].validation_loss != plain[-1].validation_loss


@pytest.mark.parametrize("network", NETWORKS)
def test_the_ensemble_is_made_of_the_networks_at_cycles_ends(digits: Dataset, network: str) -> None:
    params = params_of(network, schedule="triangular", step_size=4, snapshots=True, batch_norm=True)
    trainer = trainer_of(digits, params)
    run(trainer)
    # The same training without snapshots, stopped after 8 and after 16 of its 18 updates.
    outputs = []
    for updates in (8, 16):
        plain = trainer_of(digits, replace(params, snapshots=False))
        should_stop = after(updates)
        while plain.run_epoch(should_stop) is not None:
            pass
        outputs.append(probabilities(plain.model, digits.validation, CPU))
    mean = torch.stack(outputs).mean(0)
    assert trainer.ensemble is not None
    assert trainer.ensemble.members == 2
    assert trainer.ensemble.error == (mean.argmax(1) != digits.validation.labels).double().mean().item()
    torch.testing.assert_close(trainer.ensemble.state_dict()["sum"] / 2, mean)


@pytest.mark.parametrize("network", NETWORKS)
def test_taking_snapshots_changes_nothing_in_the_training(digits: Dataset, network: str) -> None:
    params = params_of(network, schedule="triangular", cycles=2, keep_hidden=0.5)
    curves = []
    for snapshots in (False, True):
        trainer = trainer_of(digits, replace(params, snapshots=snapshots))
        run(trainer)
        curves.append(measured(trainer)[0])
    assert curves[0] == curves[1]


def test_training_stops_after_patience_epochs_without_a_lower_loss(digits: Dataset) -> None:
    def is_stopped(losses: list[float], patience: int) -> bool:
        trainer = trainer_of(digits, params_of("mlp", patience=patience))
        trainer.curve = [Epoch(n, 0.1, 1.0, loss, 0.5, 0.1, 0.9) for n, loss in enumerate(losses, start=1)]
        return trainer.is_stopped_early

    falls_then_rises = [3.0, 2.0, 2.5, 2.0, 2.2]  # as low as before does not count as lower
    assert [is_stopped(falls_then_rises[:count], 2) for count in range(6)] == [False, False, False, False, True, True]
    assert [is_stopped(falls_then_rises[:count], 3) for count in range(6)] == [False, False, False, False, False, True]
    assert not is_stopped(falls_then_rises, 4)
    assert not any(is_stopped([1.0, 2.0, 3.0][:count], 0) for count in range(4))


@pytest.mark.parametrize("network", NETWORKS)
def test_batch_norm_keeps_statistics_of_training_for_validation(digits: Dataset, network: str) -> None:
    trainer = trainer_of(digits, params_of(network, batch_norm=True))
    run(trainer)
    state = {name: tensor.clone() for name, tensor in trainer.model.state_dict().items() if "running" in name}
    assert state
    evaluate(trainer.model, digits.validation, CPU)
    assert all(torch.equal(trainer.model.state_dict()[name], tensor) for name, tensor in state.items())


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("schedule", SCHEDULES)
def test_one_epoch_of_one_update_ends_well(digits: Dataset, network: str, schedule: str) -> None:
    params = params_of(network, schedule=schedule, batch_size=200, batch_norm=True, augmentation=True)
    [epoch] = run(trainer_of(digits, params, epochs=1), epochs=1)
    assert math.isfinite(epoch.validation_loss)


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("schedule", ["triangular", "cosine_restarts"])
def test_a_diverged_ensemble_has_the_error_of_guessing(digits: Dataset, network: str, schedule: str) -> None:
    params = params_of(network, schedule=schedule, learning_rate=1e30, snapshots=True, restart_period=1)
    trainer = trainer_of(digits, params)
    run(trainer)
    assert trainer.is_diverged
    assert trainer.curve[-1].validation_error == pytest.approx(0.9)


@pytest.mark.parametrize("network", NETWORKS)
@pytest.mark.parametrize("classes", [1, 10])
def test_examples_of_one_class_are_learnt_without_an_error(digits: Dataset, network: str, classes: int) -> None:
    def of_one_class(part: Part) -> Part:
        return Part(part.images, torch.zeros_like(part.labels))

    data = Dataset("digits", of_one_class(digits.training), of_one_class(digits.validation), classes)
    curve = run(trainer_of(data, params_of(network, batch_norm=True, schedule="one_cycle")))
    assert not curve[-1].is_diverged
    assert curve[-1].validation_error == 0


@pytest.mark.parametrize("network", NETWORKS)
def test_a_too_large_mini_batch_is_refused_with_any_schedule(digits: Dataset, network: str) -> None:
    with pytest.raises(ValueError, match="batch_size is 201, but digits has 200 training examples"):
        trainer_of(digits, params_of(network, batch_size=201, schedule="triangular", snapshots=True))


@pytest.mark.parametrize("network", NETWORKS)
def test_every_training_image_changes_in_each_epoch(
    digits: Dataset, network: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    trainer = trainer_of(digits, params_of(network, batch_size=200, augmentation=True))
    seen: list[torch.Tensor] = []
    change = Augmentation.__call__

    def noted(augmentation: Augmentation, images: torch.Tensor, chosen: torch.Tensor) -> torch.Tensor:
        seen.append(change(augmentation, images, chosen))
        return seen[-1].clone()

    monkeypatch.setattr(Augmentation, "__call__", noted)
    orders = []
    for _ in range(2):
        orders.append(trainer._order)
        trainer.run_epoch(lambda: False)
    as_given = digits.training.images
    first, second = (images[order.argsort()] for images, order in zip(seen, orders, strict=True))
    for one, other in ((as_given, first), (as_given, second), (first, second)):
        assert ((one - other).abs().amax((1, 2, 3)) > 0.01).all()
