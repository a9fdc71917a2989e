import math

import pytest
import torch
from torch import nn
from torch.nn import functional

from worker.training.model import Cnn, initialise_glorot

DIGIT = (1, 28, 28)


def test_the_network_is_the_lasagne_examples() -> None:
    model = Cnn(DIGIT, num_filters=32, classes=10)
    shapes = {name: tuple(parameter.shape) for name, parameter in model.named_parameters()}
    assert shapes == {
        "convolution1.weight": (32, 1, 5, 5),
        "convolution1.bias": (32,),
        "convolution2.weight": (32, 32, 5, 5),
        "convolution2.bias": (32,),
        "dense1.weight": (256, 32 * 4 * 4),
        "dense1.bias": (256,),
        "dense2.weight": (10, 256),
        "dense2.bias": (10,),
    }
    assert [module.p for module in model.modules() if isinstance(module, nn.Dropout)] == [0.5]
    assert model(torch.zeros(7, *DIGIT)).shape == (7, 10)


def test_it_takes_colour_images_of_another_size() -> None:
    assert Cnn((3, 32, 32), num_filters=4, classes=10)(torch.zeros(2, 3, 32, 32)).shape == (2, 10)


def test_pooling_before_the_relu_gives_the_values_and_gradients_of_pooling_after_it() -> None:
    model = Cnn(DIGIT, num_filters=6, classes=10).double().eval()
    initialise_glorot(model, seed=1)
    images = torch.rand(5, *DIGIT, dtype=torch.float64, generator=torch.Generator().manual_seed(2))

    def in_the_exercises_order(images: torch.Tensor) -> torch.Tensor:
        features = functional.max_pool2d(functional.relu(model.convolution1(images)), 2)
        features = functional.max_pool2d(functional.relu(model.convolution2(features)), 2)
        logits: torch.Tensor = model.dense2(functional.relu(model.dense1(features.flatten(1))))
        return logits

    gradients = []
    for forward in (model, in_the_exercises_order):
        model.zero_grad()
        logits = forward(images)
        logits.logsumexp(1).sum().backward()
        gradients.append([parameter.grad.clone() for parameter in model.parameters() if parameter.grad is not None])
    assert torch.equal(model(images), in_the_exercises_order(images))
    for ours, theirs in zip(*gradients, strict=True):
        torch.testing.assert_close(ours, theirs, rtol=1e-12, atol=1e-12)


@pytest.mark.parametrize(("layer", "fan_in", "fan_out"), [("convolution2", 800, 800), ("dense1", 512, 256)])
def test_glorot_draws_weights_uniformly_within_its_bound_and_leaves_biases_zero(
    layer: str, fan_in: int, fan_out: int
) -> None:
    model = Cnn(DIGIT, num_filters=32, classes=10)
    initialise_glorot(model, seed=3)
    weight, bias = getattr(model, layer).weight, getattr(model, layer).bias
    bound = math.sqrt(6 / (fan_in + fan_out))
    assert weight.abs().max() <= bound
    assert weight.abs().max() > 0.99 * bound
    assert weight.mean().item() == pytest.approx(0.0, abs=4 * bound / math.sqrt(3 * weight.numel()))
    assert weight.std().item() == pytest.approx(bound / math.sqrt(3), rel=0.02)
    assert bias.abs().max() == 0


def test_the_same_seed_initialises_alike_and_another_one_does_not() -> None:
    def weights(seed: int) -> torch.Tensor:
        torch.rand(seed)  # whatever was drawn before does not matter
        model = Cnn(DIGIT, num_filters=4, classes=10)
        initialise_glorot(model, seed)
        return model.dense1.weight

    assert torch.equal(weights(1), weights(1))
    assert not torch.equal(weights(1), weights(2))
