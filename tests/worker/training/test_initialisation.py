import math

import pytest
import torch

from hyperspool.worker.training.initialisation import INITIALISATIONS, initialise
from hyperspool.worker.training.model import Cnn, Mlp

DIGIT = (1, 28, 28)


def weights_of(initialisation: str, sigma: float = 0.03) -> dict[str, tuple[torch.Tensor, int, int]]:
    """Return layers of both networks, each with a unit's numbers of inputs and outputs."""
    cnn, mlp = Cnn(DIGIT, num_filters=32, classes=10), Mlp(DIGIT, [300], classes=10)
    for model in (cnn, mlp):
        initialise(model, 3, initialisation, sigma)
    return {
        "convolution2": (cnn.convolution2.weight, 800, 800),
        "dense1": (cnn.dense1.weight, 512, 256),
        "hidden": (mlp.layers[2].weight, 784, 300),  # type: ignore[dict-item]  # a sequence's members are modules
    }


@pytest.mark.parametrize("layer", ["convolution2", "dense1", "hidden"])
@pytest.mark.parametrize("initialisation", ["glorot", "he", "normal"])
def test_weights_have_the_moments_of_their_distribution(initialisation: str, layer: str) -> None:
    weight, inputs, outputs = weights_of(initialisation)[layer]
    deviation, kurtosis, bound = {
        "glorot": (math.sqrt(2 / (inputs + outputs)), 1.8, math.sqrt(6 / (inputs + outputs))),
        "he": (math.sqrt(2 / inputs), 3.0, math.inf),
        "normal": (0.03, 3.0, math.inf),
    }[initialisation]
    scaled = weight.detach().double().flatten() / deviation
    count = scaled.numel()
    assert scaled.mean().item() == pytest.approx(0.0, abs=4 / math.sqrt(count))
    assert scaled.square().mean().item() == pytest.approx(1.0, abs=4 * math.sqrt(2 / count))
    assert scaled.pow(4).mean().item() == pytest.approx(kurtosis, abs=4 * math.sqrt(96 / count))
    assert weight.abs().max() <= bound


@pytest.mark.parametrize("layer", ["convolution2", "dense1", "hidden"])
def test_orthogonal_weights_have_orthogonal_rows_or_columns(layer: str) -> None:
    weight, _, _ = weights_of("orthogonal")[layer]
    matrix = weight.detach().double().flatten(1)
    shorter = matrix @ matrix.T if matrix.shape[0] <= matrix.shape[1] else matrix.T @ matrix
    torch.testing.assert_close(shorter, 2 * torch.eye(len(shorter), dtype=torch.float64), atol=1e-5, rtol=0)


@pytest.mark.parametrize("initialisation", INITIALISATIONS)
def test_biases_start_at_zero_and_batch_norm_as_the_identity(initialisation: str) -> None:
    def drawn(seed: int) -> dict[str, torch.Tensor]:
        torch.rand(seed)  # earlier draws of the process must not matter
        model = Cnn(DIGIT, num_filters=4, classes=10, batch_norm=True)
        initialise(model, seed, initialisation)
        return dict(model.named_parameters())

    first, again, other = drawn(1), drawn(1), drawn(2)
    assert all(torch.equal(first[name], again[name]) for name in first)
    assert not torch.equal(first["dense1.weight"], other["dense1.weight"])
    assert first["dense2.bias"].abs().max() == 0
    for norm in ("norm1", "norm2", "norm3"):
        assert (first[f"{norm}.weight"] == 1).all()
        assert (first[f"{norm}.bias"] == 0).all()


def test_an_unknown_initialisation_is_refused() -> None:
    with pytest.raises(ValueError, match="unknown initialisation 'zeros': expected glorot, he, normal, orthogonal"):
        initialise(Mlp(DIGIT, [5], classes=10), 1, "zeros")
