import math
from typing import Any

import pytest
import torch
from torch import Tensor, nn
from torch.nn import functional

from hyperspool.worker.training import cnn_by_hand
from hyperspool.worker.training.augmentation import Augmentation
from hyperspool.worker.training.cnn_by_hand import (
    LARGE_PRODUCT,
    CnnByHand,
    _Dropout,
    _PooledConvolution,
    _product,
    written_by_hand,
)
from hyperspool.worker.training.data import Part
from hyperspool.worker.training.initialisation import initialise
from hyperspool.worker.training.model import Cnn, Convolution, Mlp, dropout
from hyperspool.worker.training.momentum import MomentumSgd
from hyperspool.worker.training.step import PlainStep, Step, StepByHand, make_step
from hyperspool.worker.training.winograd import Winograd

pytestmark = pytest.mark.usefixtures("one_thread")

DIGIT, COLOURED = (1, 28, 28), (3, 32, 32)
DOUBLE: dict[str, Any] = {"rtol": 1e-10, "atol": 1e-12}


def network(shape: tuple[int, int, int], dtype: torch.dtype = torch.float64, **options: Any) -> Cnn:
    model = Cnn(shape, 6, 10, **options)
    initialise(model, seed=1)
    generator = torch.Generator().manual_seed(2)
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith("bias"):
                parameter.copy_(0.1 * torch.randn(parameter.shape, generator=generator))
    model.to(dtype=dtype, memory_format=torch.channels_last)  # type: ignore[call-overload]  # torch omits it
    return model


def examples(shape: tuple[int, int, int], dtype: torch.dtype = torch.float64, count: int = 9) -> Part:
    generator = torch.Generator().manual_seed(3)
    images = torch.rand(count, *shape, generator=generator, dtype=dtype)
    return Part(images, torch.randint(0, 10, (count,), generator=generator)).to(torch.device("cpu"))


def by_hand(model: nn.Module, images: Tensor) -> CnnByHand:
    found = written_by_hand(model, images)
    assert found is not None
    return found


@pytest.mark.parametrize(("shape", "at_once"), [(DIGIT, 2**30), (COLOURED, 2**30), (DIGIT, 60_000)])
def test_gradients_equal_those_of_autograd(
    shape: tuple[int, int, int], at_once: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(cnn_by_hand, "LARGEST_MAPS_BYTES", at_once)  # 60 kB: three images in a part
    model, some = network(shape, keep_hidden=1.0), examples(shape)
    loss, gradients = by_hand(model, some.images).gradients(some.images, some.labels)
    expected = functional.cross_entropy(model(some.images), some.labels)
    expected.backward()  # type: ignore[no-untyped-call]  # torch's Tensor.backward is not annotated
    torch.testing.assert_close(loss, expected.detach(), **DOUBLE)
    for gradient, parameter in zip(gradients, model.parameters(), strict=True):
        torch.testing.assert_close(gradient, parameter.grad, **DOUBLE)


@pytest.mark.parametrize(("wide", "is_winograds"), [(6, True), (7, False)])
def test_wide_convolutions_take_winograds_way(wide: int, is_winograds: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(cnn_by_hand, "WIDE", wide)  # the network has 6 filters
    taken: list[Tensor] = []

    def noted(weight: Tensor, inputs: Tensor) -> Winograd:
        taken.append(weight)
        return Winograd(weight, inputs)

    monkeypatch.setattr(cnn_by_hand, "Winograd", noted)
    model, some = network(DIGIT, keep_hidden=1.0), examples(DIGIT)
    loss, gradients = by_hand(model, some.images).gradients(some.images, some.labels)
    expected = functional.cross_entropy(model(some.images), some.labels)
    expected.backward()  # type: ignore[no-untyped-call]  # torch's Tensor.backward is not annotated
    torch.testing.assert_close(loss, expected.detach(), **DOUBLE)
    for gradient, parameter in zip(gradients, model.parameters(), strict=True):
        torch.testing.assert_close(gradient, parameter.grad, **DOUBLE)
    assert len(taken) == is_winograds


def test_gradients_in_bfloat16_are_near_those_of_autograd() -> None:
    model = network(DIGIT, torch.float32, keep_hidden=1.0, precision="bfloat16")
    some = examples(DIGIT, torch.float32)
    loss, gradients = by_hand(model, some.images).gradients(some.images, some.labels)
    expected = functional.cross_entropy(model(some.images), some.labels)
    expected.backward()  # type: ignore[no-untyped-call]  # torch's Tensor.backward is not annotated
    torch.testing.assert_close(loss, expected.detach(), rtol=1e-3, atol=0)
    precise = network(DIGIT, torch.float32, keep_hidden=1.0)
    assert functional.cross_entropy(precise(some.images), some.labels) != expected
    for gradient, parameter in zip(gradients, model.parameters(), strict=True):
        assert parameter.grad is not None
        assert gradient.dtype == torch.float32
        assert (gradient - parameter.grad).norm() < 0.05 * parameter.grad.norm()  # rounding makes ties in pools


class SameDropout(nn.Module):
    """Draws the masks that the way by hand draws, for the network by autograd."""

    def __init__(self, layer: nn.Module) -> None:
        super().__init__()
        self._drawn = _Dropout(layer)

    def forward(self, values: Tensor) -> Tensor:
        if values.dim() < 4:
            return values * self._drawn.forward(torch.ones_like(values))
        pixels = torch.ones_like(values.permute(0, 2, 3, 1), memory_format=torch.contiguous_format)
        return values * self._drawn.forward(pixels).permute(0, 3, 1, 2)


def test_gradients_with_dropout_equal_those_of_autograd() -> None:
    model, some = network(COLOURED, keep_input=0.8, keep_hidden=0.6), examples(COLOURED)
    torch.manual_seed(4)
    loss, gradients = by_hand(model, some.images).gradients(some.images, some.labels)
    model.input_dropout, model.dropout = SameDropout(model.input_dropout), SameDropout(model.dropout)
    torch.manual_seed(4)
    expected = functional.cross_entropy(model(some.images), some.labels)
    expected.backward()  # type: ignore[no-untyped-call]  # torch's Tensor.backward is not annotated
    torch.testing.assert_close(loss, expected.detach(), **DOUBLE)
    for gradient, parameter in zip(gradients, model.parameters(), strict=True):
        torch.testing.assert_close(gradient, parameter.grad, **DOUBLE)


@pytest.mark.parametrize("keep", [0.3, 0.5, 0.999])
def test_dropout_keeps_and_scales_values(keep: float) -> None:
    torch.manual_seed(1)
    count = 200_001
    found = _Dropout(dropout(keep)).forward(torch.ones(count))
    assert sorted(set(found.tolist())) == pytest.approx([0.0, 1 / keep])
    assert (found > 0).double().mean().item() == pytest.approx(keep, abs=4 * math.sqrt(keep * (1 - keep) / count))


def test_of_equal_values_pooling_takes_the_upper_left() -> None:
    layer = Convolution(1, 1, bias=True, precision="float32")
    with torch.no_grad():
        layer.weight.zero_()
        layer.bias.fill_(1.0)  # type: ignore[union-attr]  # the layer has a bias
    found = _PooledConvolution(layer).forward(torch.rand(1, 6, 6, 1))
    with torch.no_grad():
        _PooledConvolution(layer).backward(torch.ones(1, 1, 1, 1), found)
    assert found.maps.flatten().tolist() == [1.0, 0.0, 0.0, 0.0]


@pytest.mark.parametrize("shape", [DIGIT, COLOURED])
@pytest.mark.parametrize("dtype", [torch.float32, torch.float64])
def test_outputs_of_evaluation_equal_the_networks(shape: tuple[int, int, int], dtype: torch.dtype) -> None:
    model, some = network(shape, dtype).eval(), examples(shape, dtype)
    with torch.no_grad():
        torch.testing.assert_close(by_hand(model, some.images).logits(some.images), model(some.images))


@pytest.mark.parametrize("count", [9, 200])
def test_large_products_equal_the_usual_ones(count: int) -> None:
    generator = torch.Generator().manual_seed(1)
    one, other = torch.rand(count, 200, generator=generator), torch.rand(200, 100, generator=generator)
    bias = torch.rand(100, generator=generator)
    assert (one.numel() * 100 >= LARGE_PRODUCT) is (count == 200)
    torch.testing.assert_close(_product(one, other), one @ other)
    torch.testing.assert_close(_product(other.t(), one.t(), torch.rand(count) * 0), (one @ other).t())
    torch.testing.assert_close(_product(one, other, bias), one @ other + bias)


@pytest.mark.parametrize(
    ("model", "shape"),
    [
        (Cnn(DIGIT, 4, 10, batch_norm=True), DIGIT),
        (Cnn((1, 30, 30), 4, 10), (1, 30, 30)),  # 26, 13, 9: a row of pixels is left over
        (Mlp(DIGIT, [7], 10), DIGIT),
    ],
)
def test_what_is_not_written_by_hand_is_left_to_autograd(model: nn.Module, shape: tuple[int, int, int]) -> None:
    optimiser = MomentumSgd(model.parameters(), 0.1, 0.9)
    some = examples(shape, torch.float32)
    assert isinstance(make_step(model, optimiser, some, None), PlainStep)
    assert isinstance(make_step(network(DIGIT), optimiser, examples(DIGIT), None), StepByHand)
    assert written_by_hand(network(DIGIT), torch.empty(2, *DIGIT, device="meta")) is None


@pytest.mark.parametrize("is_augmented", [False, True])
def test_both_steps_move_the_weights_alike(is_augmented: bool) -> None:
    some, chosen = examples(DIGIT, torch.float32), torch.tensor([3, 1, 8, 0])

    def moved(kind: type[StepByHand | PlainStep]) -> list[Tensor]:
        model = network(DIGIT, torch.float32, keep_hidden=1.0)
        optimiser = MomentumSgd(model.parameters(), 0.1, 0.9, weight_decay=0.01)
        augmentation = Augmentation("mnist", len(some), 1, torch.device("cpu")) if is_augmented else None
        step: Step = make_step(model, optimiser, some, augmentation)
        if kind is PlainStep:
            step = PlainStep(model, optimiser, some, augmentation)
        for _ in range(3):
            step(chosen)
        return [*optimiser.parameters, *optimiser.velocities]

    for ours, theirs in zip(moved(StepByHand), moved(PlainStep), strict=True):
        torch.testing.assert_close(ours.detach(), theirs.detach(), rtol=1e-4, atol=1e-5)
