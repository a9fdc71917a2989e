import io
import math
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from hyperspool.worker.training.data import Dataset, load_dataset
from hyperspool.worker.training.params import CnnParams, TrainingSeeds
from hyperspool.worker.training.runtime import configure
from hyperspool.worker.training.trainer import VERSION, Epoch, Trainer
from hyperspool.worker.training.validation import evaluate

pytestmark = pytest.mark.usefixtures("one_thread")

SEEDS = TrainingSeeds(initialisation=1, shuffling=2, dropout=3)
PARAMS = CnnParams(num_filters=8, learning_rate=0.05, momentum=0.5, batch_size=32)
CPU = torch.device("cpu")


@pytest.fixture(scope="module")
def digits() -> Dataset:
    return load_dataset("digits", Path(), train_size=200)


def run(trainer: Trainer, epochs: int) -> list[Epoch]:
    while len(trainer.curve) < epochs and not trainer.is_diverged:
        assert trainer.run_epoch(lambda: False) is not None
    return trainer.curve


def measured(curve: list[Epoch]) -> list[Epoch]:
    return [replace(epoch, seconds=0.0) for epoch in curve]


def after(batches: int) -> Callable[[], bool]:
    left = iter(range(batches))
    return lambda: next(left, None) is None


def test_training_learns() -> None:
    params = CnnParams(num_filters=16, learning_rate=0.1, momentum=0.8, batch_size=20)
    curve = run(Trainer(load_dataset("digits", Path()), params, SEEDS, CPU), 5)
    assert curve[-1].training_loss < 0.8 * curve[0].training_loss
    assert curve[-1].validation_error < 0.25
    assert [epoch.epoch for epoch in curve] == [1, 2, 3, 4, 5]
    assert all(epoch.seconds > 0 for epoch in curve)
    assert {epoch.learning_rate for epoch in curve} == {0.1}


def test_the_same_seeds_give_the_same_curve(digits: Dataset) -> None:
    first = measured(run(Trainer(digits, PARAMS, SEEDS, CPU), 3))
    torch.rand(100)  # earlier draws of the process must not matter
    assert measured(run(Trainer(digits, PARAMS, SEEDS, CPU), 3)) == first


@pytest.mark.parametrize("source", ["initialisation", "shuffling", "dropout"])
def test_each_seed_makes_a_difference_of_its_own(digits: Dataset, source: str) -> None:
    first = run(Trainer(digits, PARAMS, SEEDS, CPU), 2)
    other = run(Trainer(digits, PARAMS, replace(SEEDS, **{source: 99}), CPU), 2)
    assert first[-1].training_loss != other[-1].training_loss


@pytest.mark.parametrize("stopped_after", [0, 1, 4, 6, 9, 13, 17])
def test_training_resumes_between_any_two_batches_to_the_last_bit(digits: Dataset, stopped_after: int) -> None:
    whole = measured(run(Trainer(digits, PARAMS, SEEDS, CPU), 3))
    stopped = Trainer(digits, PARAMS, SEEDS, CPU)
    should_stop = after(stopped_after)
    while stopped.run_epoch(should_stop) is not None:
        pass
    buffer = io.BytesIO()
    torch.save(stopped.state_dict(), buffer)
    torch.rand(100)
    resumed = Trainer(digits, PARAMS, SEEDS, CPU)
    resumed.load_state_dict(torch.load(io.BytesIO(buffer.getvalue()), weights_only=True))
    assert measured(run(resumed, 3)) == whole


def test_the_time_of_an_epoch_adds_up_over_its_interruptions(digits: Dataset) -> None:
    trainer = Trainer(digits, PARAMS, SEEDS, CPU)
    assert trainer.run_epoch(after(5)) is None
    before = trainer.state_dict()["seconds"]
    assert before > 0
    epoch = trainer.run_epoch(lambda: False)
    assert epoch is not None
    assert epoch.seconds > before


def note_steps(trainer: Trainer) -> list[tuple[list[int], torch.Tensor]]:
    """The examples and the loss of each step that the trainer makes from now on."""
    seen: list[tuple[list[int], torch.Tensor]] = []
    step = trainer._step

    def noted(chosen: torch.Tensor) -> torch.Tensor:
        loss = step(chosen)
        seen.append((chosen.tolist(), loss.clone()))
        return loss

    trainer._step = noted
    return seen


def test_the_last_incomplete_mini_batch_is_dropped(digits: Dataset) -> None:
    # 200 = 6 * 32 + 8, so the last 8 examples of an epoch are dropped
    trainer = Trainer(digits, PARAMS, SEEDS, CPU)
    order = trainer._order.tolist()
    seen = note_steps(trainer)
    trainer._train(lambda: False)
    assert [chosen for chosen, _ in seen] == [order[32 * batch : 32 * (batch + 1)] for batch in range(6)]


def test_the_training_loss_is_the_mean_over_mini_batches(digits: Dataset) -> None:
    trainer = Trainer(digits, PARAMS, SEEDS, CPU)
    seen = note_steps(trainer)
    epoch = trainer.run_epoch(lambda: False)
    assert epoch is not None
    assert epoch.training_loss == pytest.approx(sum(loss.item() for _, loss in seen) / 6, rel=1e-6)


def test_each_epoch_shows_each_example_once_in_another_order(digits: Dataset) -> None:
    trainer = Trainer(digits, replace(PARAMS, batch_size=50), SEEDS, CPU)
    orders = []
    for _ in range(2):
        orders.append(trainer._order.tolist())
        trainer.run_epoch(lambda: False)
    assert sorted(orders[0]) == sorted(orders[1]) == list(range(200))
    assert orders[0] != orders[1]


def test_a_loss_that_is_not_finite_ends_training(digits: Dataset) -> None:
    trainer = Trainer(digits, replace(PARAMS, learning_rate=1e5), SEEDS, CPU)
    curve = run(trainer, 50)
    assert trainer.is_diverged
    assert len(curve) < 50
    assert not math.isfinite(curve[-1].training_loss)
    assert curve[-1].validation_error == pytest.approx(0.9)


def test_a_mini_batch_larger_than_the_training_part_is_refused(digits: Dataset) -> None:
    with pytest.raises(ValueError, match="batch_size is 201, but digits has 200 training examples"):
        Trainer(digits, replace(PARAMS, batch_size=201), SEEDS, CPU)


def test_a_mini_batch_may_be_the_whole_training_part(digits: Dataset) -> None:
    assert len(run(Trainer(digits, replace(PARAMS, batch_size=200), SEEDS, CPU), 1)) == 1


def test_validation_counts_every_image_once_without_dropout(digits: Dataset) -> None:
    trainer = Trainer(digits, PARAMS, SEEDS, CPU)
    loss, error = evaluate(trainer.model, digits.validation, CPU)
    trainer.model.eval()
    with torch.no_grad():
        logits = trainer.model(digits.validation.images)
    expected = torch.nn.functional.cross_entropy(logits, digits.validation.labels)
    assert loss == pytest.approx(expected.item(), rel=1e-5)
    assert error == (logits.argmax(1) != digits.validation.labels).double().mean().item()


def test_a_state_of_another_network_is_refused(digits: Dataset) -> None:
    state = Trainer(digits, PARAMS, SEEDS, CPU).state_dict()
    with pytest.raises(RuntimeError, match="size mismatch"):
        Trainer(digits, replace(PARAMS, num_filters=9), SEEDS, CPU).load_state_dict(state)


@pytest.mark.parametrize("version", [None, VERSION - 1, VERSION + 1])
def test_a_state_of_another_version_is_refused(digits: Dataset, version: int | None) -> None:
    state = Trainer(digits, PARAMS, SEEDS, CPU).state_dict()
    state = {key: value for key, value in state.items() if key != "version"}
    with pytest.raises(ValueError, match=f"expected {VERSION}"):
        Trainer(digits, PARAMS, SEEDS, CPU).load_state_dict(state | ({"version": version} if version else {}))


def test_a_device_that_is_not_there_is_refused() -> None:
    with pytest.raises(ValueError, match="there is no cuda:7"):
        configure("cuda:7", threads=1)
