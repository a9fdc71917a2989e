"""`python -m worker check` in this process, where a test can break the training code."""

from collections.abc import Callable, Iterator
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from typer.testing import CliRunner

from hyperspool.common.errors import UnableError, UsageError
from hyperspool.worker.cli import app
from hyperspool.worker.training.gradient_check import STEPS, check_gradients
from hyperspool.worker.training.model import Cnn, Mlp
from hyperspool.worker.training.trainer import Trainer

QUICK = ("mlp", "--set", "hidden_units=20")


@pytest.fixture(autouse=True)
def _torch_as_it_was(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "")
    monkeypatch.setenv("COLUMNS", "200")
    threads = torch.get_num_threads()
    yield
    torch.set_num_threads(threads)
    torch.set_flush_denormal(False)


def check(*arguments: str, status: int) -> str:
    called = CliRunner().invoke(app, ["check", "--device", "cpu", *arguments])
    if called.exception is not None and not isinstance(called.exception, SystemExit):
        raise called.exception
    assert called.exit_code == status, called.output
    return called.output


@pytest.mark.parametrize(
    "arguments",
    [
        ("cnn",),
        ("cnn", "--set", "batch_norm=true", "--set", "num_filters=8"),
        ("mlp",),
        ("mlp", "--set", "batch_norm=true", "--set", "hidden_layers=3", "--set", "keep_hidden=0.5"),
        (*QUICK, "--set", "augmentation=true", "--set", "schedule=one_cycle", "--set", "initialisation=he"),
    ],
)
def test_right_training_code_passes_with_every_layer_named(arguments: tuple[str, ...]) -> None:
    printed = check(*arguments, status=0)
    assert "FAIL" not in printed
    last = "dense2" if "cnn" in arguments else "layers"
    assert f"gradient of {last}" in printed
    for check_name in ("first loss", "same seed, same losses", "overfits a few images"):
        assert check_name in printed


@pytest.mark.parametrize(
    ("arguments", "checked"),
    [((), "cnn"), (("mlp",), "mlp"), (("--objective", "mlp"), "mlp"), (("mlp", "--objective", "mlp"), "mlp")],
)
def test_the_objective_is_an_argument_or_an_option(
    monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], checked: str
) -> None:
    monkeypatch.setattr("hyperspool.worker.check.training.check_training", lambda *_: [])
    assert f"{checked} on digits" in check(*arguments, status=0)


class _Scaled(torch.autograd.Function):
    """The identity, with a backward pass that is wrong by one part in a thousand."""

    @staticmethod
    def forward(_context: Any, values: Tensor) -> Tensor:
        return values.clone()

    @staticmethod
    def backward(_context: Any, *gradients: Tensor) -> Tensor:
        return 1.001 * gradients[0]


def test_a_wrong_gradient_fails_only_the_layers_before_it(monkeypatch: pytest.MonkeyPatch) -> None:
    def forward(self: Mlp, images: Tensor) -> Tensor:
        hidden = _Scaled.apply(self.layers[:-1](images))  # type: ignore[no-untyped-call]  # torch's own
        logits: Tensor = self.layers[-1](hidden)
        return logits

    monkeypatch.setattr(Mlp, "forward", forward)
    lines = check(*QUICK, status=1).splitlines()
    verdicts = {line.split()[3]: "FAIL" in line for line in lines if "gradient of" in line}
    assert verdicts == {
        "layers.2.weight": True,
        "layers.2.bias": True,
        "layers.5.weight": False,
        "layers.5.bias": False,
    }


def test_a_network_that_cannot_learn_by_heart_fails() -> None:
    printed = check(*QUICK, "--set", "learning_rate=1e-9", status=1)
    assert "Try another learning_rate (it is 1e-09)" in " ".join(printed.replace("│", "").split())


def test_outputs_that_begin_far_apart_fail(monkeypatch: pytest.MonkeyPatch) -> None:
    right = Mlp.forward
    monkeypatch.setattr(Mlp, "forward", lambda self, images: right(self, images) + 3 * torch.arange(10.0))
    assert any("first loss" in line and "FAIL" in line for line in check(*QUICK, status=1).splitlines())


def test_training_that_draws_without_a_seed_fails(monkeypatch: pytest.MonkeyPatch) -> None:
    right: Callable[..., None] = Trainer.__init__

    def init(self: Trainer, *arguments: Any) -> None:
        right(self, *arguments)
        torch.seed()

    monkeypatch.setattr(Trainer, "__init__", init)
    lines = check(*QUICK, "--set", "keep_hidden=0.5", status=1).splitlines()
    assert any("same seed" in line and "FAIL" in line for line in lines)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("rnn",), "objective rnn: expected cnn or mlp"),
        (("cnn", "--objective", "mlp"), "OBJECTIVE is cnn, and --objective is mlp: give one of them"),
        (("--set", "lerning_rate=1"), "did you mean learning_rate"),
        (("--set", "momentum=2"), "--set momentum: found 2.0, expected 0.0 to 1.0"),
        (("--set", "momentum"), "expected KEY=VALUE"),
        (("--set", "l2=0.1", "--set", "weight_decay=0.1"), "which are one thing twice"),
        (("--set", "batch_size=5000"), "batch_size is 5000, but digits has 1000"),
        (("--dataset", "letters"), "unknown data set 'letters'"),
    ],
)
def test_a_users_mistake_is_a_clear_error(arguments: tuple[str, ...], message: str) -> None:
    with pytest.raises(UsageError) as caught:
        check(*arguments, status=2)
    assert message in str(caught.value)


def test_missing_data_is_a_clear_error(tmp_path: Any) -> None:
    with pytest.raises(UnableError, match="mnist is not on this machine"):
        check("--dataset", "mnist", "--root", str(tmp_path), status=2)


class _Kinked(nn.Module):
    """A ReLU whose input is the bias alone, as over an empty pixel."""

    def __init__(self, bias: float) -> None:
        super().__init__()
        self.layer = nn.Linear(4, 10)
        self.shift = nn.Parameter(torch.full((10,), bias))

    def forward(self, images: Tensor) -> Tensor:
        shifted: Tensor = self.layer(images.flatten(1)) * 0 + self.shift
        return shifted.relu()


def test_an_entry_at_a_kink_is_left_out_and_counted() -> None:
    images, labels = torch.zeros(2, 1, 2, 2), torch.tensor([1, 2])
    for bias, is_near in ((STEPS[-1], True), (1.0, False)):
        shift = next(found for found in check_gradients(_Kinked(bias), images, labels, 3, 0) if found.name == "shift")
        assert (len(shift.errors) == 0) is is_near
        assert bool(shift.crossing) is is_near
        assert shift.is_right is not is_near


def test_the_network_is_left_as_it_was() -> None:
    model = Cnn((1, 28, 28), 4, 10, keep_hidden=1.0)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    check_gradients(model, torch.rand(2, 1, 28, 28), torch.tensor([0, 1]), 2, 0)
    assert all(torch.equal(before[name], value) for name, value in model.state_dict().items())
    assert all(parameter.grad is None for parameter in model.parameters())
