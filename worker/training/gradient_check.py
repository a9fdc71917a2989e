"""Compares the gradients of backpropagation with differences of the loss, in float64.

A loss with ReLUs and max-pools has kinks. At a kink it has no gradient, and a difference across a kink means nothing.
So each evaluation notes on which side of every kink it lies. An entry whose difference crosses a kink is tried again
with a smaller step. If the smallest step crosses one too, the entry is left out, and another is drawn at random.

Biases are drawn before the check, because zero biases over empty pixels lie exactly on the kink of a ReLU.
"""

import copy
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.overrides import TorchFunctionMode

from hyperspool.worker.training.cnn_by_hand import written_by_hand

TOLERANCE = 1e-6
"""The largest relative error of a right gradient."""
STEPS = (1e-4, 1e-5, 1e-6)
"""Steps by which an entry is moved; the first one that crosses no kink is used."""
RESOLVED = 10 * torch.finfo(torch.float64).eps
"""The error of a difference of two losses near 1: ten roundings."""
BIAS_SIGMA = 0.1
TRIES_PER_ENTRY = 5


@dataclass(frozen=True)
class GradientErrors:
    """The errors of the gradients of one layer's weights, or of its biases.

    Attributes:
        name: of the parameter, for example `convolution1.weight`.
        size: number of the parameter's entries.
        errors: relative errors of the compared entries; see `relative_error`.
        crossing: number of entries that were left out because even the smallest step crossed a kink.
    """

    name: str
    size: int
    errors: tuple[float, ...]
    crossing: int

    @property
    def mean(self) -> float:
        """The mean error of the compared entries; NaN if no entry was compared."""
        return sum(self.errors) / len(self.errors) if self.errors else float("nan")

    @property
    def largest(self) -> float:
        """The largest error of the compared entries; NaN if no entry was compared."""
        return max(self.errors, default=float("nan"))

    @property
    def is_right(self) -> bool:
        """Whether entries were compared and no error is above `TOLERANCE`."""
        return self.largest <= TOLERANCE


def check_gradients(model: nn.Module, images: Tensor, labels: Tensor, entries: int, seed: int) -> list[GradientErrors]:
    """Compare the gradients of the mean cross-entropy with differences of fourth order, parameter by parameter.

    Args:
        model: without dropout, which would draw another mask each time; a copy of the model is used.
        images: (N, channels, height, width); few, because each compared entry costs four to twelve evaluations.
        labels: (N,) int64.
        entries: number of entries of each parameter to compare, drawn at random; all entries if it has fewer.
        seed: of the draw.
    """
    generator = torch.Generator().manual_seed(seed)
    model = copy.deepcopy(model).double().train()
    with torch.no_grad():
        for name, parameter in model.named_parameters():
            if name.endswith("bias"):
                drawn = torch.randn(parameter.shape, generator=generator, dtype=torch.float64)
                parameter.copy_(BIAS_SIGMA * drawn)
    images = images.double()

    def loss() -> Tensor:
        return functional.cross_entropy(model(images), labels)

    model.zero_grad()
    by_hand = written_by_hand(model, images)
    if by_hand is None:
        loss().backward()  # type: ignore[no-untyped-call]  # torch's Tensor.backward is not annotated
    else:
        for parameter, gradient in zip(model.parameters(), by_hand.gradients(images, labels)[1], strict=True):
            parameter.grad = gradient
    return [_compare(name, parameter, loss, entries, generator) for name, parameter in model.named_parameters()]


def relative_error(analytic: float, numerical: float, floor: float) -> float:
    """Return |a - n| / max(|a| + |n|, floor): for a gradient below `floor`, the difference relative to `floor`."""
    return abs(analytic - numerical) / max(abs(analytic) + abs(numerical), floor)


@torch.no_grad()
def _compare(
    name: str, parameter: Tensor, loss: Callable[[], Tensor], entries: int, generator: torch.Generator
) -> GradientErrors:
    gradient = torch.zeros_like(parameter) if parameter.grad is None else parameter.grad
    order = torch.randperm(parameter.numel(), generator=generator).tolist()
    errors: list[float] = []
    crossing = 0
    for place in order[: entries * TRIES_PER_ENTRY]:
        # Indexed by coordinates, because weights laid out channels last have no flat view.
        index = tuple(int(part) for part in torch.unravel_index(torch.tensor(place), parameter.shape))
        found = _difference(parameter, index, loss)
        if found is None:
            crossing += 1
        else:
            numerical, floor = found
            errors.append(relative_error(float(gradient[index]), numerical, floor))
        if len(errors) == entries:
            break
    return GradientErrors(name, parameter.numel(), tuple(errors), crossing)


def _difference(parameter: Tensor, index: tuple[int, ...], loss: Callable[[], Tensor]) -> tuple[float, float] | None:
    """The numerical derivative, and the sum of gradients below which its own error exceeds `TOLERANCE`."""
    before = float(parameter[index])
    try:
        for step in STEPS:
            losses, sides = [], []
            for moved in (-2.0, -1.0, 1.0, 2.0):
                parameter[index] = before + moved * step
                with _Sides() as mode:
                    losses.append(float(loss()))
                sides.append(mode.seen)
            if all(_are_same(sides[0], other) for other in sides[1:]):
                # Source: Abramowitz and Stegun, table 25.2: five points, an error of order step^4.
                slope = (losses[0] - 8 * losses[1] + 8 * losses[2] - losses[3]) / (12 * step)
                return slope, RESOLVED * max(losses[0], 1.0) / step / TOLERANCE
    finally:
        parameter[index] = before
    return None


@dataclass
class _Sides(TorchFunctionMode):
    """Notes for every ReLU which inputs are positive, and for every max-pool which input is the largest."""

    seen: list[Tensor] = field(default_factory=list)

    def __post_init__(self) -> None:
        super().__init__()

    def __torch_function__(
        self, func: Callable[..., Any], _types: Any, args: tuple[Any, ...] = (), kwargs: dict[str, Any] | None = None
    ) -> Any:
        given = kwargs or {}
        name = getattr(func, "__name__", "")
        if name in {"relu", "relu_"}:
            self.seen.append(args[0] > 0)
        elif "max_pool2d" in name and "indices" not in name:
            with torch.no_grad():
                options = {key: value for key, value in given.items() if key != "return_indices"}
                self.seen.append(functional.max_pool2d(*args, **options, return_indices=True)[1])
        return func(*args, **given)


def _are_same(one: list[Tensor], other: list[Tensor]) -> bool:
    return all(torch.equal(first, second) for first, second in zip(one, other, strict=True))
