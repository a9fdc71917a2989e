"""The networks."""

import torch
from torch import Tensor, nn

KERNEL = 5
POOL = 2
HIDDEN_UNITS = 256
DROPOUT = 0.5


class Cnn(nn.Module):
    """Two times (5x5 convolution, ReLU, 2x2 max-pool), dropout, 256 dense ReLU units, dropout, a dense softmax layer.

    The network of the Lasagne MNIST example (github.com/Lasagne/Lasagne, examples/mnist.py, build_cnn), with
    `num_filters` in place of its 32. Convolutions have no padding: 28x28 pixels become 24, 12, 8, 4 on a side.

    Pooling runs before the ReLU instead of after it. The maximum of rectified values is the rectified maximum, so the
    values and the gradients are the same, and the ReLU has a quarter of the work.

    Args:
        image_shape: (channels, height, width) of the input.
        num_filters: filters of each convolution.
        classes: outputs.
    """

    def __init__(self, image_shape: tuple[int, int, int], num_filters: int, classes: int) -> None:
        super().__init__()
        channels, height, width = image_shape
        self.convolution1 = nn.Conv2d(channels, num_filters, KERNEL)
        self.convolution2 = nn.Conv2d(num_filters, num_filters, KERNEL)
        self.pool = nn.MaxPool2d(POOL)
        self.dropout = nn.Dropout(DROPOUT)
        features = num_filters * _after_convolutions(height) * _after_convolutions(width)
        self.dense1 = nn.Linear(features, HIDDEN_UNITS)
        self.dense2 = nn.Linear(HIDDEN_UNITS, classes)

    def forward(self, images: Tensor) -> Tensor:
        """(N, channels, height, width) float32 -> (N, classes) logits."""
        features = self.pool(self.convolution1(images)).relu()
        features = self.pool(self.convolution2(features)).relu()
        hidden = self.dense1(self.dropout(features.flatten(1))).relu()
        logits: Tensor = self.dense2(self.dropout(hidden))
        return logits


def initialise_glorot(model: nn.Module, seed: int) -> None:
    """Draw every weight uniformly in +-sqrt(6 / (fan_in + fan_out)) and set every bias to zero, in place.

    The numbers come from a generator of their own on the CPU, so a model begins alike on any device.
    Source: Glorot and Bengio 2010, eq. 16; Lasagne's default for dense and convolutional layers.
    """
    generator = torch.Generator().manual_seed(seed)
    with torch.no_grad():
        for parameter in model.parameters():
            if parameter.dim() > 1:
                nn.init.xavier_uniform_(parameter, generator=generator)
            else:
                parameter.zero_()


def _after_convolutions(side: int) -> int:
    for _ in range(2):
        side = (side - KERNEL + 1) // POOL
    return side
