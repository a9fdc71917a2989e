"""Steps that are captured once and repeated, beside the same steps run one by one and beside those of a CPU."""

import io
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
import torch

from hyperspool.worker.training import captured
from hyperspool.worker.training import trainer as trainer_module
from hyperspool.worker.training.captured import Action, Capture, CudaGraphs, captured_training, directly
from hyperspool.worker.training.data import Dataset, load_dataset
from hyperspool.worker.training.params import CnnParams, MlpParams, TrainingParams, TrainingSeeds
from hyperspool.worker.training.runtime import configure
from hyperspool.worker.training.step import PlainStep
from hyperspool.worker.training.trainer import Epoch, Trainer
from tests.worker.training.recording import HostReadError, record

pytestmark = pytest.mark.usefixtures("one_thread")

SEEDS = TrainingSeeds(initialisation=1, shuffling=2, dropout=3)
CNN = CnnParams(num_filters=4, learning_rate=0.05, momentum=0.5, batch_size=32)
MLP = MlpParams(hidden_units=16, learning_rate=0.1, momentum=0.9, batch_size=50, keep_input=0.9, keep_hidden=0.5)
EPOCHS = 3
KINDS: dict[str, TrainingParams] = {
    "cnn": CNN,
    "mlp": MLP,
    "both scalars change": replace(CNN, schedule="one_cycle", eta_max=0.1),
    "nesterov and decay": replace(MLP, nesterov=True, l2=0.001),
    "batch norm": replace(CNN, batch_norm=True, weight_decay=0.01),
    "augmentation": replace(CNN, augmentation=True),
    "snapshots": replace(MLP, schedule="triangular", step_size=3, snapshots=True),
}


@pytest.fixture(scope="module")
def digits() -> Dataset:
    data = load_dataset("digits", Path(), train_size=200)
    return replace(data, validation=data.validation.first(150))


def as_on_a_gpu(patch: pytest.MonkeyPatch, capture: Capture, device: str = "cpu") -> None:
    patch.setitem(captured.CAPTURES, device, capture)


def run(trainer: Trainer, epochs: int = EPOCHS) -> list[Epoch]:
    while len(trainer.curve) < epochs and not trainer.is_diverged:
        assert trainer.run_epoch(lambda: False) is not None
    return [replace(epoch, seconds=0.0) for epoch in trainer.curve]


def make(data: Dataset, params: TrainingParams, device: str = "cpu") -> Trainer:
    return Trainer(data, params, SEEDS, torch.device(device), EPOCHS)


def plain_step(*given: Any) -> PlainStep:
    model, optimiser, training, *_, augmentation = given
    return PlainStep(model, optimiser, training, augmentation)


def after(steps: int) -> Callable[[], bool]:
    left = iter(range(steps))
    return lambda: next(left, None) is None


@pytest.mark.parametrize("kind", KINDS)
def test_captured_steps_make_the_same_curve(digits: Dataset, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    params = KINDS[kind]
    # Autograd's step, as the program's: one that is written for a CPU may draw other random numbers.
    monkeypatch.setattr(trainer_module, "make_step", plain_step)
    plain = make(digits, params)
    of_a_cpu = run(plain)
    as_on_a_gpu(monkeypatch, directly)
    one_by_one = run(make(digits, params))
    as_on_a_gpu(monkeypatch, record)
    trainer = make(digits, params)
    assert run(trainer) == one_by_one
    for ours, theirs in zip(one_by_one, of_a_cpu, strict=True):  # rounded once more, as `StepProgram` says
        assert ours.training_loss == pytest.approx(theirs.training_loss, rel=1e-4)
        assert ours.validation_loss == pytest.approx(theirs.validation_loss, rel=1e-4)
        assert (ours.learning_rate, ours.momentum) == (theirs.learning_rate, theirs.momentum)
    if plain.ensemble is not None and trainer.ensemble is not None:
        assert (trainer.ensemble.members, trainer.ensemble.error) == (2, plain.ensemble.error)


@pytest.mark.parametrize("stopped_after", [0, 1, 3, 4])
def test_captured_training_resumes_to_the_last_bit(
    digits: Dataset, stopped_after: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    as_on_a_gpu(monkeypatch, record)
    params = KINDS["both scalars change"]
    whole = run(make(digits, params))
    stopped, should_stop = make(digits, params), after(stopped_after)
    while stopped.run_epoch(should_stop) is not None:
        pass
    buffer = io.BytesIO()
    torch.save(stopped.state_dict(), buffer)
    torch.rand(100)
    run(make(digits, params), 1)  # another trial has used the graph meanwhile
    resumed = make(digits, params)
    resumed.load_state_dict(torch.load(io.BytesIO(buffer.getvalue()), weights_only=True))
    assert run(resumed) == whole


def test_trials_of_one_shape_share_a_capture(digits: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    actions: list[Action] = []

    def counting(action: Action, device: torch.device) -> Action:
        actions.append(action)
        return record(action, device)

    alone = []
    as_on_a_gpu(monkeypatch, counting)
    trials = [CNN, replace(CNN, learning_rate=0.01, momentum=0.9, schedule="cosine"), replace(CNN, batch_size=40)]
    for params in trials[:2]:
        torch.manual_seed(SEEDS.dropout)
        alone.append(run(make(digits, params)))
    assert len(actions) == 3  # a step, several steps and a validation
    run(make(digits, trials[2]), 1)
    assert len(actions) == 6
    first, second = make(digits, replace(trials[0], keep_hidden=1.0)), make(digits, replace(trials[1], keep_hidden=1.0))
    assert len(actions) == 9
    expected = [run(make(digits, trainer.params)) for trainer in (first, second)]
    for _ in range(EPOCHS):
        first.run_epoch(lambda: False)
        second.run_epoch(lambda: False)
    assert [run(first), run(second)] == expected
    assert alone[0] != alone[1]


def test_capture_leaves_random_numbers_alone(digits: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    as_on_a_gpu(monkeypatch, record)
    before = torch.get_rng_state()
    assert captured_training(digits, replace(CNN, num_filters=3), torch.device("cpu")) is not None
    assert torch.equal(torch.get_rng_state(), before)


def test_training_that_diverges_ends_when_captured(digits: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    as_on_a_gpu(monkeypatch, record)
    trainer = make(digits, replace(CNN, learning_rate=1e5))
    run(trainer, 50)
    assert trainer.is_diverged
    assert trainer.curve[-1].validation_error == pytest.approx(0.9)


def test_what_cannot_be_captured_runs_step_by_step(
    digits: Dataset, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def unable(_action: Action, _device: torch.device) -> Action:
        raise RuntimeError("operation not permitted when stream is capturing")

    as_on_a_gpu(monkeypatch, directly)
    expected = run(make(digits, CNN), 1)
    as_on_a_gpu(monkeypatch, unable)
    assert run(make(digits, CNN), 1) == expected
    assert "steps cannot be captured here" in caplog.text


def test_full_device_is_no_reason_to_launch_one_by_one(digits: Dataset, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_action: Action, _device: torch.device) -> Action:
        raise torch.OutOfMemoryError

    as_on_a_gpu(monkeypatch, full)
    with pytest.raises(torch.OutOfMemoryError):
        make(digits, CNN)


def test_recording_is_as_blind_as_a_graph() -> None:
    number, total = [1.0], torch.zeros(())

    def add() -> None:
        total.add_(number[0])

    replay = record(add, torch.device("cpu"))
    number[0] = 100.0
    replay()
    assert total.item() == 2.0
    with pytest.raises(HostReadError):
        record(lambda: print(total.item()), torch.device("cpu"))


@pytest.mark.skipif(not torch.cuda.is_available(), reason="this machine has no CUDA device")
@pytest.mark.parametrize("kind", KINDS)
def test_graphs_equal_launches_on_a_gpu(digits: Dataset, kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    data, curves = digits.to(configure("cuda:0", threads=1)), []
    captures: list[Any] = [directly, CudaGraphs()]
    for capture in captures:
        as_on_a_gpu(monkeypatch, capture, "cuda")
        curves.append(run(make(data, KINDS[kind], "cuda:0")))
    assert curves[0] == curves[1]
