"""The networks, and how params make them."""

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor, nn
from torch.nn import functional

from hyperspool.worker.training.params import CnnParams, MlpParams, TrainingParams

KERNEL = 5
POOL = 2
HIDDEN_UNITS = 256

PRECISIONS = {"float32": torch.float32, "bfloat16": torch.bfloat16}
"""In what a convolution multiplies. It adds in float32, and all else is float32."""

ImageShape = tuple[int, int, int]
"""(channels, height, width)."""


class Convolution(nn.Conv2d):
    """A convolution without padding. In bfloat16 it rounds inputs and weights to 8 bits of mantissa, then multiplies.

    Args:
        inputs: channels of the input.
        filters: channels of the output.
        bias: whether there is one.
        precision: one of `PRECISIONS`. A network in float64 ignores it.
    """

    def __init__(self, inputs: int, filters: int, *, bias: bool, precision: str) -> None:
        super().__init__(inputs, filters, KERNEL, bias=bias)
        if precision not in PRECISIONS:
            raise ValueError(f"unknown precision {precision!r}: expected {', '.join(PRECISIONS)}")
        self._precision = PRECISIONS[precision]

    @property
    def factors(self) -> torch.dtype:
        """The type of the numbers that are multiplied."""
        return self._precision if self.weight.dtype == torch.float32 else self.weight.dtype

    def forward(self, images: Tensor) -> Tensor:
        """(N, inputs, height, width) -> (N, filters, height - 4, width - 4)."""
        if self.factors == self.weight.dtype:
            return super().forward(images)
        maps = functional.conv2d(images.to(self.factors), self.weight.to(self.factors)).to(self.weight.dtype)
        return maps if self.bias is None else maps + self.bias[:, None, None]


class Cnn(nn.Module):
    """Two times (5x5 convolution, ReLU, 2x2 max-pool), dropout, 256 dense ReLU units, dropout, a dense softmax layer.

    This is the network of the Lasagne MNIST example (github.com/Lasagne/Lasagne, examples/mnist.py, build_cnn), with
    `num_filters` instead of 32. Convolutions have no padding: 28x28 pixels become 24, 12, 8, 4 on a side.

    Pooling runs before the ReLU instead of after it. The maximum of rectified values is the rectified maximum, so the
    values and the gradients are the same, and the ReLU has a quarter of the work.

    Args:
        image_shape: (channels, height, width) of the input.
        num_filters: filters of each convolution.
        classes: number of outputs.
        keep_input: probability of keeping a pixel of a channel; in training, kept values are divided by it.
        keep_hidden: the same for the units before either dense layer.
        batch_norm: normalise before each ReLU; the layers then have no biases, which normalising would remove.
        precision: of the convolutions; one of `PRECISIONS`.
    """

    def __init__(  # noqa: PLR0913 - the hyperparameters of a network
        self,
        image_shape: ImageShape,
        num_filters: int,
        classes: int,
        *,
        keep_input: float = 1.0,
        keep_hidden: float = 0.5,
        batch_norm: bool = False,
        precision: str = "float32",
    ) -> None:
        super().__init__()
        channels, height, width = image_shape
        self.input_dropout = dropout(keep_input)
        self.convolution1 = Convolution(channels, num_filters, bias=not batch_norm, precision=precision)
        self.norm1 = nn.BatchNorm2d(num_filters) if batch_norm else nn.Identity()
        self.convolution2 = Convolution(num_filters, num_filters, bias=not batch_norm, precision=precision)
        self.norm2 = nn.BatchNorm2d(num_filters) if batch_norm else nn.Identity()
        self.pool = nn.MaxPool2d(POOL)
        self.dropout = dropout(keep_hidden)
        features = num_filters * _after_convolutions(height) * _after_convolutions(width)
        self.dense1 = nn.Linear(features, HIDDEN_UNITS, bias=not batch_norm)
        self.norm3 = nn.BatchNorm1d(HIDDEN_UNITS) if batch_norm else nn.Identity()
        self.dense2 = nn.Linear(HIDDEN_UNITS, classes)

    def forward(self, images: Tensor) -> Tensor:
        """(N, channels, height, width) float32 -> (N, classes) logits."""
        features = self.pool(self.norm1(self.convolution1(self.input_dropout(images)))).relu()
        features = self.pool(self.norm2(self.convolution2(features))).relu()
        hidden = self.norm3(self.dense1(self.dropout(features.flatten(1)))).relu()
        logits: Tensor = self.dense2(self.dropout(hidden))
        return logits


class Mlp(nn.Module):
    """Hidden layers of dense ReLU units, each followed by dropout, and a dense softmax layer.

    With one hidden layer it is the two-layer network of the course assignments on CIFAR-10.

    Args:
        image_shape: (channels, height, width) of the input.
        hidden: units of the hidden layers, first to last; an empty list makes a linear softmax classifier.
        classes: number of outputs.
        keep_input: probability of keeping an input; in training, kept values are divided by it.
        keep_hidden: the same for a hidden unit.
        batch_norm: normalise before each ReLU; hidden layers then have no biases, which normalising would remove.
    """

    def __init__(
        self,
        image_shape: ImageShape,
        hidden: Sequence[int],
        classes: int,
        *,
        keep_input: float = 1.0,
        keep_hidden: float = 1.0,
        batch_norm: bool = False,
    ) -> None:
        super().__init__()
        layers: list[nn.Module] = [nn.Flatten(), dropout(keep_input)]
        inputs = math.prod(image_shape)
        for units in hidden:
            layers.append(nn.Linear(inputs, units, bias=not batch_norm))
            if batch_norm:
                layers.append(nn.BatchNorm1d(units))
            layers += [nn.ReLU(), dropout(keep_hidden)]
            inputs = units
        self.layers = nn.Sequential(*layers, nn.Linear(inputs, classes))

    def forward(self, images: Tensor) -> Tensor:
        """(N, channels, height, width) float32 -> (N, classes) logits."""
        logits: Tensor = self.layers(images)
        return logits


def make_model(params: TrainingParams, image_shape: ImageShape, classes: int) -> nn.Module:
    """Make the network that the params describe. Its weights are not initialised.

    Raises:
        TypeError: no network has such params.
        ValueError: the precision is unknown.
    """
    shared: dict[str, Any] = {
        "keep_input": params.keep_input,
        "keep_hidden": params.keep_hidden,
        "batch_norm": params.batch_norm,
    }
    match params:
        case CnnParams():
            return Cnn(image_shape, params.num_filters, classes, precision=params.precision, **shared)
        case MlpParams():
            return Mlp(image_shape, [params.hidden_units] * params.hidden_layers, classes, **shared)
        case _:
            raise TypeError(f"no network has params of type {type(params).__name__}")


def dropout(keep: float) -> nn.Module:
    """Return inverted dropout: in training a value is kept with probability `keep` and divided by it; 1 is no dropout.

    Source: Srivastava et al. 2014, JMLR 15, sec. 10, where kept values are divided in training too.
    """
    return nn.Dropout(1.0 - keep) if keep < 1.0 else nn.Identity()


def _after_convolutions(side: int) -> int:
    for _ in range(2):
        side = (side - KERNEL + 1) // POOL
    return side
