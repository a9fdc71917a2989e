import math
from typing import Any

import pytest
import torch
from torch import nn
from torch.nn import functional

from hyperspool.worker.training.initialisation import initialise
from hyperspool.worker.training.model import Cnn, Mlp, dropout, make_model
from hyperspool.worker.training.params import CnnParams, MlpParams, TrainingParams

DIGIT = (1, 28, 28)
PLAIN: dict[str, Any] = {"learning_rate": 0.1, "momentum": 0.9, "batch_size": 10}


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


def test_pooling_before_the_relu_equals_pooling_after_it() -> None:
    model = Cnn(DIGIT, num_filters=6, classes=10).double().eval()
    initialise(model, seed=1)
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
def test_glorot_weights_are_uniform_within_the_bound(layer: str, fan_in: int, fan_out: int) -> None:
    model = Cnn(DIGIT, num_filters=32, classes=10)
    initialise(model, seed=3)
    weight, bias = getattr(model, layer).weight, getattr(model, layer).bias
    bound = math.sqrt(6 / (fan_in + fan_out))
    assert weight.abs().max() <= bound
    assert weight.abs().max() > 0.99 * bound
    assert weight.mean().item() == pytest.approx(0.0, abs=4 * bound / math.sqrt(3 * weight.numel()))
    assert weight.std().item() == pytest.approx(bound / math.sqrt(3), rel=0.02)
    assert bias.abs().max() == 0


def test_the_same_seed_initialises_alike_and_another_one_does_not() -> None:
    def weights(seed: int) -> torch.Tensor:
        torch.rand(seed)  # earlier draws of the process must not matter
        model = Cnn(DIGIT, num_filters=4, classes=10)
        initialise(model, seed)
        return model.dense1.weight

    assert torch.equal(weights(1), weights(1))
    assert not torch.equal(weights(1), weights(2))


@pytest.mark.parametrize("layers", [0, 1, 2])
def test_the_mlp_is_dense_relu_layers_and_a_dense_output(layers: int) -> None:
    model = Mlp(DIGIT, [7] * layers, classes=10)
    initialise(model, seed=1)
    images = torch.rand(5, *DIGIT, generator=torch.Generator().manual_seed(2))
    found = model(images)
    values, parameters = images.reshape(5, 784), list(model.parameters())
    assert len(parameters) == 2 * (layers + 1)
    for layer in range(layers):
        values = (values @ parameters[2 * layer].T + parameters[2 * layer + 1]).clamp(min=0)
    torch.testing.assert_close(found, values @ parameters[-2].T + parameters[-1])


@pytest.mark.parametrize("keep", [0.3, 0.8])
def test_dropout_keeps_and_scales_values_in_training_only(keep: float) -> None:
    torch.manual_seed(1)
    layer, ones = dropout(keep), torch.ones(200_000)
    found = layer(ones)
    assert found.unique().tolist() == pytest.approx([0.0, 1 / keep])
    assert (found > 0).double().mean().item() == pytest.approx(keep, abs=4 * math.sqrt(keep * (1 - keep) / 200_000))
    assert torch.equal(layer.eval()(ones), ones)


def test_keeping_everything_draws_nothing() -> None:
    torch.manual_seed(1)
    before = torch.get_rng_state()
    assert torch.equal(dropout(1.0)(torch.ones(9)), torch.ones(9))
    assert torch.equal(torch.get_rng_state(), before)


@pytest.mark.parametrize(
    ("params", "probabilities", "norms"),
    [
        (CnnParams(4, **PLAIN), [0.5], 0),
        (CnnParams(4, keep_input=0.8, keep_hidden=0.9, batch_norm=True, **PLAIN), [0.2, 0.1], 3),
        (MlpParams(4, **PLAIN), [], 0),
        (MlpParams(4, 2, keep_input=0.8, keep_hidden=0.9, batch_norm=True, **PLAIN), [0.2, 0.1, 0.1], 2),
    ],
)
def test_the_params_say_which_layers_drop_out_and_normalise(
    params: TrainingParams, probabilities: list[float], norms: int
) -> None:
    model = make_model(params, DIGIT, classes=10)
    modules = list(model.modules())
    assert [module.p for module in modules if isinstance(module, nn.Dropout)] == pytest.approx(probabilities)
    assert sum(isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d) for module in modules) == norms


@pytest.mark.parametrize("objective", ["cnn", "mlp"])
def test_batch_norm_gives_mean_zero_and_variance_one_per_channel(objective: str) -> None:
    model = Cnn(DIGIT, 4, 10, batch_norm=True) if objective == "cnn" else Mlp(DIGIT, [20, 20], 10, batch_norm=True)
    initialise(model, seed=1)
    seen: list[torch.Tensor] = []
    for module in model.modules():
        if isinstance(module, nn.BatchNorm1d | nn.BatchNorm2d):
            module.register_forward_hook(lambda _module, _inputs, output: seen.append(output.detach()))
    model(torch.rand(64, *DIGIT, generator=torch.Generator().manual_seed(2)))
    assert len(seen) == (3 if objective == "cnn" else 2)
    for output in seen:
        values = output.transpose(0, 1).flatten(1)
        torch.testing.assert_close(values.mean(1), torch.zeros(len(values)), atol=1e-4, rtol=0)
        torch.testing.assert_close(values.var(1, correction=0), torch.ones(len(values)), atol=0.05, rtol=0)


def test_pooling_before_the_relu_also_equals_with_batch_norm() -> None:
    model = Cnn(DIGIT, 6, 10, batch_norm=True).double().eval()
    initialise(model, seed=1)
    with torch.no_grad():
        for norm in (model.norm1, model.norm2):
            norm.weight.copy_(torch.tensor([-1.0, 2.0, -0.5, 1.0, 1.0, -2.0]))  # type: ignore[operator]
    images = torch.rand(5, *DIGIT, dtype=torch.float64, generator=torch.Generator().manual_seed(2))
    features = functional.max_pool2d(model.norm1(model.convolution1(images)).relu(), 2)
    features = functional.max_pool2d(model.norm2(model.convolution2(features)).relu(), 2)
    assert torch.equal(model(images), model.dense2(model.norm3(model.dense1(features.flatten(1))).relu()))
