"""The CNN on a CPU, its gradients written out by hand: the mathematics of `model.Cnn`, without autograd.

What makes it fast: maps lie channels last from the first convolution on, so that pooling is a maximum of whole rows; a
bias is added behind the pooling, where a quarter of the values is left, and its gradient is summed there; a gradient
takes the place of the values that it belongs to; a random number of dropout costs a tenth of torch's; matrices are
multiplied by oneDNN, as convolutions are; wide convolutions take Winograd's way; nothing is recorded. What is left is
nearly all in the convolutions.

Maps are (N, height, width, channels) here. `to_x` is the gradient of the mean loss with respect to x.
"""

from dataclasses import dataclass

import torch
from torch import Tensor, nn
from torch.nn import functional

from hyperspool.worker.training.model import KERNEL, POOL, Cnn, Convolution
from hyperspool.worker.training.winograd import Winograd, has_tiles

RANDOM_BITS = 32
"""Of a random number that decides whether dropout keeps a value."""
FLOAT_BYTES = 4
LARGEST_MAPS_BYTES = 10 * 2**20
"""Of the first convolution's maps at once, counted with as many pixels as the images have: so much stays in one core's
share of a CPU's last cache."""
HAS_ONEDNN: bool = torch.backends.mkldnn.is_available()  # type: ignore[no-untyped-call]  # not annotated in torch
LARGE_PRODUCT = 2**21
"""Multiplications from which on oneDNN multiplies matrices sooner than MKL does, on an AMD EPYC: in half of the time
from 2^23 on."""

WIDE = 32
"""Channels on either side from which on Winograd's convolution is the faster one: with 100 three times as fast, with 10
slower."""


def written_by_hand(model: nn.Module, images: Tensor) -> "CnnByHand | None":
    """Return what computes such a network on such images by hand; None: autograd and torch's layers do.

    Args:
        model: may be any network.
        images: (N, channels, height, width), of which shape and device count.
    """
    if images.device.type != "cpu" or not isinstance(model, Cnn) or model.convolution1.bias is None:
        return None  # networks with batch norm have no biases
    first = [side - KERNEL + 1 for side in images.shape[2:]]
    second = [side // POOL - KERNEL + 1 for side in first]
    leaves_pixels = any(side % POOL for side in first + second)
    return None if leaves_pixels else CnnByHand(model)


class CnnByHand:
    """Computes outputs and gradients of a `Cnn`; see `written_by_hand`.

    Args:
        model: on a CPU; its weights are read at each call.
    """

    def __init__(self, model: Cnn) -> None:
        self._convolution1 = _FirstConvolution(model.convolution1)
        self._convolution2 = _PooledConvolution(model.convolution2)
        self._dense1, self._dense2 = _Dense(model.dense1), _Dense(model.dense2)
        self._pixel_dropout = _Dropout(model.input_dropout)
        self._feature_dropout, self._hidden_dropout = _Dropout(model.dropout), _Dropout(model.dropout)

    @torch.inference_mode()
    def gradients(self, images: Tensor, labels: Tensor) -> tuple[Tensor, list[Tensor]]:
        """Return the mean cross-entropy, with dropout, and its gradients in the order of `model.parameters()`.

        Args:
            images: (N, channels, height, width).
            labels: (N,) int64.
        """
        first, pooled = self._convolution1.forward(self._pixel_dropout.forward(_pixels(images)))
        second = self._convolution2.forward(pooled)
        features = self._feature_dropout.forward(_flat(second.pooled))
        hidden = self._hidden_dropout.forward(self._dense1.forward(features).relu_())
        log_shares = self._dense2.forward(hidden).log_softmax(1)
        loss = functional.nll_loss(log_shares, labels)

        minus_ones = torch.full((len(labels), 1), -1.0, dtype=log_shares.dtype)
        to_logits = log_shares.exp_().scatter_add_(1, labels[:, None], minus_ones).div_(len(labels))
        to_hidden, *dense2 = self._dense2.backward(to_logits, hidden)
        to_hidden = self._hidden_dropout.backward(to_hidden, hidden)
        to_features, *dense1 = self._dense1.backward(to_hidden, features)
        to_features = self._feature_dropout.backward(to_features, features)
        to_pooled = _channels_last(to_features.view(_channels_second(second.pooled).shape)).contiguous()
        to_pooled, *convolution2 = self._convolution2.backward(to_pooled, second)
        convolution1 = self._convolution1.backward(to_pooled, first)
        return loss, [*convolution1, *convolution2, *dense1, *dense2]

    @torch.inference_mode()
    def logits(self, images: Tensor) -> Tensor:
        """(N, channels, height, width) -> (N, classes), without dropout."""
        _, pooled = self._convolution1.forward(_pixels(images))
        features = _flat(self._convolution2.forward(pooled).pooled)
        return self._dense2.forward(self._dense1.forward(features).relu_())


@dataclass(frozen=True)
class _Pooled:
    """What a pooled convolution has computed from its inputs. The backward pass overwrites what it can."""

    inputs: Tensor
    maps: Tensor
    rows: tuple[Tensor, ...]
    """The upper and the lower row of each pair in `maps`."""
    larger: Tensor
    columns: tuple[Tensor, ...]
    """The left and the right column of each pair in `larger`."""
    pooled: Tensor
    winograd: Winograd | None


class _PooledConvolution:
    """A convolution, 2x2 max-pooling, a bias, and a ReLU.

    Pooling takes the larger of two rows, then of two columns. Of equal values the upper, then the left one counts.
    """

    def __init__(self, layer: Convolution) -> None:
        self._layer = layer

    def forward(self, inputs: Tensor) -> _Pooled:
        factors, weight = self._layer.factors, self._layer.weight
        inputs = _as(factors, inputs)
        winograd = Winograd(weight, inputs) if self._takes_winograds_way(inputs) else None
        if winograd:
            maps = winograd.maps
        else:
            maps = _channels_last(functional.conv2d(_channels_second(inputs), _as(factors, weight))).contiguous()
        count, height, width, filters = maps.shape
        rows = maps.view(count, height // POOL, POOL, width * filters).unbind(2)
        larger = torch.maximum(*rows)
        columns = larger.view(count, height // POOL, width // POOL, POOL, filters).unbind(3)
        pooled = _as(weight.dtype, torch.maximum(*columns))
        pooled.add_(self._layer.bias).relu_()  # type: ignore[arg-type]  # there is a bias
        return _Pooled(inputs, maps, rows, larger, columns, pooled, winograd)

    def backward(self, to_pooled: Tensor, found: _Pooled, *, wants_inputs: bool = True) -> list[Tensor]:
        """Return the gradients of the inputs, if wanted, of the weights and of the bias."""
        factors, weight = self._layer.factors, self._layer.weight
        torch.ops.aten.threshold_backward(to_pooled, found.pooled, 0, grad_input=to_pooled)
        _put_at_larger(_as(factors, to_pooled), *found.columns)
        _put_at_larger(found.larger, *found.rows)  # the gradients of the columns are there now
        to_bias = to_pooled.view(-1, to_pooled.shape[-1]).sum(0)
        if found.winograd:
            return [*found.winograd.backward(found.maps), to_bias]
        to_inputs, to_weight, _ = torch.ops.aten.convolution_backward(
            _channels_second(found.maps),
            _channels_second(found.inputs),
            _as(factors, weight),
            None,
            *([1, 1], [0, 0], [1, 1], False, [0, 0], 1),  # stride, padding, dilation; not transposed; no groups
            [wants_inputs, True, False],
        )
        if wants_inputs:
            to_inputs = _as(weight.dtype, _channels_last(to_inputs)).contiguous()
        return [to_inputs, _as(weight.dtype, to_weight), to_bias]

    def _takes_winograds_way(self, inputs: Tensor) -> bool:
        # Eight bits of mantissa would not survive its sums.
        is_precise = self._layer.factors == self._layer.weight.dtype
        is_wide = min(self._layer.in_channels, self._layer.out_channels) >= WIDE
        return is_precise and is_wide and has_tiles(*inputs.shape[1:3])


class _FirstConvolution:
    """A pooled convolution of pixels, whose gradients nobody needs. It makes its maps, which are the largest, in parts.

    With 100 filters and mini-batches of 100, maps that leave the cache cost 7 % of the time.
    """

    def __init__(self, layer: Convolution) -> None:
        self._layer = _PooledConvolution(layer)
        self._filters = layer.out_channels

    def forward(self, pixels: Tensor) -> tuple[list[_Pooled], Tensor]:
        """Return what was found, by parts of the mini-batch, and the pooled values of all."""
        parts = -(-pixels.numel() // pixels.shape[3] * self._filters * FLOAT_BYTES // LARGEST_MAPS_BYTES)
        if parts == 1:
            found = self._layer.forward(pixels)
            return [found], found.pooled
        several = [self._layer.forward(part) for part in pixels.chunk(parts)]
        return several, torch.cat([part.pooled for part in several])

    def backward(self, to_pooled: Tensor, found: list[_Pooled]) -> list[Tensor]:
        """Return the gradients of the weights and of the bias."""
        parts = zip(to_pooled.chunk(len(found)), found, strict=True)
        (_, *total), *others = [self._layer.backward(part, of, wants_inputs=False) for part, of in parts]
        for _, *gradients in others:
            torch._foreach_add_(total, gradients)
        return total


class _Dense:
    def __init__(self, layer: nn.Linear) -> None:
        self._layer = layer

    def forward(self, inputs: Tensor) -> Tensor:
        return _product(inputs, self._layer.weight.t(), self._layer.bias)

    def backward(self, to_outputs: Tensor, inputs: Tensor) -> list[Tensor]:
        """Return the gradients of the inputs, of the weights and of the bias."""
        return [_product(to_outputs, self._layer.weight), _product(to_outputs.t(), inputs), to_outputs.sum(0)]


class _Dropout:
    """Inverted dropout, by the process's random generator."""

    def __init__(self, layer: nn.Module) -> None:
        keep = 1.0 - layer.p if isinstance(layer, nn.Dropout) else 1.0
        self._threshold = round(keep * 2**RANDOM_BITS) - 2 ** (RANDOM_BITS - 1)
        self._scale, self._is_on = 1.0 / keep, keep < 1.0

    def forward(self, values: Tensor) -> Tensor:
        if not self._is_on:
            return values
        # 64 bits are drawn at once, and each half decides for one value.
        drawn = torch.empty(-(-values.numel() // 2), dtype=torch.int64)
        drawn.random_(-(2**63), None)
        numbers = drawn.view(torch.int32)[: values.numel()].view(values.shape)
        mask = torch.lt(numbers, self._threshold, out=torch.empty_like(values))
        return mask.mul_(self._scale).mul_(values)

    def backward(self, to_outputs: Tensor, outputs: Tensor) -> Tensor:
        """Return the gradient of the values before the ReLU in front, in place; where either gave 0, it is 0."""
        torch.ops.aten.threshold_backward(to_outputs, outputs, 0, grad_input=to_outputs)
        return to_outputs.mul_(self._scale) if self._is_on else to_outputs


def _pixels(images: Tensor) -> Tensor:
    """(N, channels, height, width) -> (N, height, width, channels), with the strides of such a tensor.

    Of one channel the strides could be those of either, and torch would take the maps to be channels second.
    """
    pixels = _channels_last(images)
    return pixels.reshape(-1).view(pixels.shape)


def _channels_second(maps: Tensor) -> Tensor:
    """The same memory as (N, channels, height, width), which is how torch names it."""
    return maps.permute(0, 3, 1, 2)


def _channels_last(maps: Tensor) -> Tensor:
    return maps.permute(0, 2, 3, 1)


def _flat(maps: Tensor) -> Tensor:
    return _channels_second(maps).flatten(1)


def _as(dtype: torch.dtype, values: Tensor) -> Tensor:
    return (
        values if values.dtype == dtype else values.to(dtype)
    )  # Tensor.to costs a microsecond even if nothing changes


def _put_at_larger(gradient: Tensor, first: Tensor, second: Tensor) -> None:
    """Overwrite two values by the gradient where the larger one was, and by 0 where the other was."""
    torch.ge(first, second, out=first).mul_(gradient)
    torch.sub(gradient, first, out=second)


def _product(one: Tensor, other: Tensor, bias: Tensor | None = None) -> Tensor:
    """The matrix product, and the bias added to each row."""
    multiplications = one.shape[0] * one.shape[1] * other.shape[1]
    if multiplications >= LARGE_PRODUCT and one.dtype == torch.float32 and HAS_ONEDNN:
        linear = torch.ops.mkldnn._linear_pointwise  # noqa: SLF001 - the only way to oneDNN's product of plain tensors
        product: Tensor = linear(one, other.t(), bias, "none", [], "")
        return product
    return one @ other if bias is None else torch.addmm(bias, one, other)
