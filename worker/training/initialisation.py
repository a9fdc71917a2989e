"""The weights of a network before training."""

import math
from typing import Any

import torch
from torch import Tensor, nn

INITIALISATIONS = ("glorot", "he", "normal", "orthogonal")
RELU_GAIN = math.sqrt(2.0)
"""Restores the half of the variance that a ReLU removes. Source: He et al. 2015, arXiv:1502.01852, sec. 2.2."""


def initialise(model: nn.Module, seed: int, initialisation: str = "glorot", sigma: float = 0.01) -> None:
    """Draw every weight and set every bias to zero, in place; batch norm keeps its scales of 1 and shifts of 0.

    n_in and n_out are the numbers of a unit's inputs and outputs (channels times the kernel's area):

    - glorot: uniform in +-sqrt(6 / (n_in + n_out)). Source: Glorot and Bengio 2010, eq. 16; Lasagne's default.
    - he: normal of variance 2 / n_in. Source: He et al. 2015, arXiv:1502.01852, eq. 10.
    - normal: normal of standard deviation `sigma`.
    - orthogonal: the weights as a matrix (n_out rows) have orthogonal rows or columns of length sqrt(2).
      Source: Saxe et al. 2014, arXiv:1312.6120; the gain is that of ReLU units, as in Lasagne's `Orthogonal("relu")`.

    The numbers come from a separate generator on the CPU, so a model starts alike on any device.

    Raises:
        ValueError: the initialisation is unknown.
    """
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for layer in model.modules():
            if isinstance(layer, nn.Linear | nn.Conv2d):
                _draw(layer.weight, generator, initialisation, sigma)
                if layer.bias is not None:
                    layer.bias.zero_()


def _draw(weight: Tensor, generator: torch.Generator, initialisation: str, sigma: float) -> None:
    stream: dict[str, Any] = {"generator": generator}
    match initialisation:
        case "glorot":
            nn.init.xavier_uniform_(weight, **stream)
        case "he":
            nn.init.kaiming_normal_(weight, nonlinearity="relu", **stream)
        case "normal":
            nn.init.normal_(weight, std=sigma, **stream)
        case "orthogonal":
            nn.init.orthogonal_(weight, gain=RELU_GAIN, **stream)
        case _:
            raise ValueError(f"unknown initialisation {initialisation!r}: expected {', '.join(INITIALISATIONS)}")
