"""A 5x5 convolution with a sixth of the multiplications: Winograd's minimal filtering, for square maps on a CPU.

Tiles of 8x8 inputs, which overlap, give 4x4 outputs each. Inputs and weights are evaluated as polynomials at 8 points
along each axis; there a convolution is a product: 64 for 16 outputs, instead of 16 x 25. Over the channels each of the
64 is a matrix product. In float32 outputs and gradients differ from a direct convolution's by a few millionths of
the largest value, four times as much as its own rounding.

Maps are (N, height, width, channels), as in `cnn_by_hand`. Inside, pixels or points come first.

Source: Lavin and Gray 2016, arXiv:1509.09308, sec. 4.1; d, g, B, G and A are the paper's.
"""

from functools import cache
from typing import NamedTuple

import numpy as np
import torch
from torch import Tensor

from hyperspool.worker.training.model import KERNEL

OUTPUTS = 4
"""Of a tile, along each axis."""
VALUES = (0.0, 1.0, -1.0, 2.0, -2.0, 0.5, -0.5)
"""Where polynomials are evaluated, besides at infinity: what keeps float32's rounding small. Powers of 2 are exact."""
POINTS = len(VALUES) + 1


class _Matrices(NamedTuple):
    """What transforms maps and weights, for all tiles of an axis at once."""

    inputs: Tensor
    """(points x tiles, side + 4): B."""
    weights: Tensor
    """(points of both axes, 25): G."""
    outputs: Tensor
    """(side, points x tiles): A."""


@cache
def _matrices(side: int, dtype: torch.dtype) -> _Matrices:
    """The matrices for maps of `side` outputs along each axis."""
    tile = np.zeros((POINTS, POINTS))
    weights, outputs = np.zeros((POINTS, KERNEL)), np.zeros((OUTPUTS, POINTS))
    for place, value in enumerate(VALUES):
        others = [other for other in VALUES if other != value]
        tile[place, :-1] = np.poly(others)[::-1]
        weights[place] = value ** np.arange(KERNEL) / np.prod([value - other for other in others])
        outputs[:, place] = value ** np.arange(OUTPUTS)
    tile[-1], weights[-1, -1], outputs[-1, -1] = np.poly(VALUES)[::-1], 1.0, 1.0  # at infinity: the highest power
    tiles = side // OUTPUTS
    all_inputs = np.zeros((POINTS, tiles, side + KERNEL - 1))
    all_outputs = np.zeros((side, POINTS, tiles))
    for number in range(tiles):
        begin = OUTPUTS * number
        all_inputs[:, number, begin : begin + POINTS] = tile
        all_outputs[begin : begin + OUTPUTS, :, number] = outputs
    made = (all_inputs.reshape(POINTS * tiles, -1), np.kron(weights, weights), all_outputs.reshape(side, -1))
    return _Matrices(*(torch.tensor(each, dtype=dtype) for each in made))


def has_tiles(height: int, width: int) -> bool:
    """Whether such inputs can be convolved here."""
    outputs = height - KERNEL + 1
    return height == width and outputs > 0 and outputs % OUTPUTS == 0


class Winograd:
    """One convolution of one mini-batch, without padding.

    Args:
        weight: (filters, channels, 5, 5).
        inputs: (N, height, width, channels), for which `has_tiles` holds.

    Attributes:
        maps: (N, height - 4, width - 4, filters).
    """

    def __init__(self, weight: Tensor, inputs: Tensor) -> None:
        self._filters, self._channels = weight.shape[:2]
        self._count, self._side = inputs.shape[0], inputs.shape[1] - KERNEL + 1
        self._tiles, self._by = self._side // OUTPUTS, _matrices(self._side, weight.dtype)
        rows = weight.permute(2, 3, 0, 1).reshape(KERNEL**2, -1)
        self._weights = (self._by.weights @ rows).view(POINTS, POINTS, self._filters, self._channels)
        self._inputs = self._at_points(self._by.inputs, inputs)
        products = self._inputs.new_empty(*self._inputs.shape[:-1], self._filters)
        for place, tile in np.ndindex(POINTS, self._tiles):
            torch.bmm(self._inputs[place, tile], self._weights[place].mT, out=products[place, tile])
        self.maps = self._at_pixels(self._by.outputs, products)

    def backward(self, to_maps: Tensor) -> tuple[Tensor, Tensor]:
        """Return the gradients of the inputs and of the weights, each laid out as these are, channels last."""
        to_products = self._at_points(self._by.outputs.t(), to_maps)
        to_inputs, to_weights = torch.empty_like(self._inputs), torch.zeros_like(self._weights)
        for place, tile in np.ndindex(POINTS, self._tiles):
            gradient = to_products[place, tile]
            torch.bmm(gradient, self._weights[place], out=to_inputs[place, tile])
            to_weights[place].baddbmm_(gradient.mT, self._inputs[place, tile])
        rows = self._by.weights.t() @ to_weights.view(POINTS**2, -1)
        to_weight = rows.view(KERNEL, KERNEL, self._filters, self._channels).permute(2, 3, 0, 1)
        to_weight = to_weight.contiguous(memory_format=torch.channels_last)
        return self._at_pixels(self._by.inputs.t(), to_inputs), to_weight

    def _at_points(self, matrix: Tensor, maps: Tensor) -> Tensor:
        """(N, side, side, channels) -> (points, tiles, points, tiles x N, channels)."""
        first = maps.permute(1, 2, 0, 3).contiguous().view(maps.shape[1], maps.shape[2], -1)
        shape = (POINTS, self._tiles, POINTS, self._tiles * self._count, maps.shape[3])
        return _along_both(matrix, first).view(shape)

    def _at_pixels(self, matrix: Tensor, points: Tensor) -> Tensor:
        """The shapes of `_at_points`, the other way round."""
        rows, channels = matrix.shape[1], points.shape[-1]
        made = _along_both(matrix, points.view(rows, rows, -1))
        return made.view(matrix.shape[0], matrix.shape[0], self._count, channels).permute(2, 0, 1, 3).contiguous()


def _along_both(matrix: Tensor, values: Tensor) -> Tensor:
    """(b, b, rest) -> (a, a, rest), by a matrix (a, b) along either axis."""
    after, before = matrix.shape
    return torch.matmul(matrix, (matrix @ values.view(before, -1)).view(after, before, -1))
