"""Augmentation: changes training images a little, in another way each epoch, a whole mini-batch at once.

Three numbers in [0, 1) are drawn for each image by a generator on the CPU, so that images change alike on any device.
The images themselves are changed on the device where they are.
"""

import math
from collections.abc import Callable

import numpy as np
import torch
from torch import Tensor
from torch.nn import functional

DRAWS = 3
"""Random numbers per image."""
MAX_ROTATION_DEGREES = 15.0
MAX_SHIFT_PIXELS = 2.0
"""In MNIST's 28x28 images a digit has a margin of 4 pixels."""
CROP_MARGIN_PIXELS = 4
"""Source: He et al. 2016, arXiv:1512.03385, sec. 4.2: pad 4 pixels on each side, then draw a crop."""
STREAM = 1
"""Separates the augmentation's stream of random numbers from that of the shuffling, whose seed it shares."""


def rotate_and_shift(images: Tensor, draws: Tensor) -> Tensor:
    """Rotate each image about its middle and shift it, both uniformly within their bounds; uncovered pixels are black.

    Args:
        images: (N, channels, height, width) in [0, 1].
        draws: (N, 3) in [0, 1): rotation, shift to the right, shift downwards; 0.5 changes nothing.
    """
    radians = (2.0 * draws[:, 0] - 1.0) * math.radians(MAX_ROTATION_DEGREES)
    return transform(images, radians, (2.0 * draws[:, 1:] - 1.0) * MAX_SHIFT_PIXELS)


def transform(images: Tensor, radians: Tensor, shifts: Tensor) -> Tensor:
    """Rotate each image clockwise about its middle, then shift it; interpolate between pixels.

    Args:
        images: (N, channels, height, width), square.
        radians: (N,).
        shifts: (N, 2) pixels to the right and downwards.
    """
    cosines, sines = radians.cos(), radians.sin()
    # affine_grid takes where an output pixel comes from, in units of half a side. So shift back, then rotate back.
    side = images.shape[-1]
    right, down = (2.0 * shifts / side).unbind(1)
    rows = [
        torch.stack([cosines, sines, -cosines * right - sines * down], dim=1),
        torch.stack([-sines, cosines, sines * right - cosines * down], dim=1),
    ]
    grid = functional.affine_grid(torch.stack(rows, dim=1), list(images.shape), align_corners=False)
    return functional.grid_sample(images, grid, mode="bilinear", padding_mode="zeros", align_corners=False)


def crop_and_flip(images: Tensor, draws: Tensor) -> Tensor:
    """Add a black margin to each image, cut a crop of its size at a random place, and mirror half of the images.

    Source: He et al. 2016, arXiv:1512.03385, sec. 4.2.

    Args:
        images: (N, channels, height, width) in [0, 1].
        draws: (N, 3) in [0, 1): place across, place down, mirrored left to right if below 0.5.
    """
    height, width = images.shape[-2:]
    device = images.device
    left, top = (draws[:, :2] * (2 * CROP_MARGIN_PIXELS + 1)).long().unbind(1)
    across = torch.arange(width, device=device).expand(len(images), width)
    across = torch.where(draws[:, 2:] < 0.5, across.flip(1), across)  # noqa: PLR2004 - half of the images
    columns = (left[:, None] + across)[:, None, :]
    rows = (top[:, None] + torch.arange(height, device=device))[:, :, None]
    padded = functional.pad(images, [CROP_MARGIN_PIXELS] * 4)
    which = torch.arange(len(images), device=device)[:, None, None]
    return padded.permute(0, 2, 3, 1)[which, rows, columns].permute(0, 3, 1, 2)


KINDS: dict[str, Callable[[Tensor, Tensor], Tensor]] = {
    "digits": rotate_and_shift,
    "mnist": rotate_and_shift,
    "cifar10": crop_and_flip,
}
"""For each data set a change that keeps the class of an image. A mirrored digit, for example, is not a digit."""


def augment(dataset: str, images: Tensor, draws: Tensor) -> Tensor:
    """Change images of a data set.

    Args:
        dataset: its name.
        images: (N, channels, height, width) float32 in [0, 1].
        draws: (N, 3) in [0, 1).
    """
    return KINDS[dataset](images, draws).contiguous(memory_format=torch.channels_last)


class Augmentation:
    """Changes the training images of one data set.

    Args:
        dataset: its name.
        count: number of training images.
        seed: the shuffling's seed; augmentation draws from another stream, derived from it.
        device: where the images are.

    Attributes:
        draws: (count, 3) in [0, 1): the random numbers of this epoch.

    Raises:
        ValueError: there is no augmentation for this data set.
    """

    def __init__(self, dataset: str, count: int, seed: int, device: torch.device) -> None:
        if dataset not in KINDS:
            raise ValueError(f"augmentation is on, but not defined for {dataset}: only for {', '.join(KINDS)}")
        self._dataset, self._count, self._device = dataset, count, device
        derived = np.random.SeedSequence((seed, STREAM)).generate_state(1)[0]
        self._generator = torch.Generator().manual_seed(int(derived))
        self.begin_epoch()

    def __call__(self, images: Tensor, chosen: Tensor) -> Tensor:
        """Change the images as this epoch's draws say.

        Args:
            images: (N, channels, height, width) float32 in [0, 1].
            chosen: (N,) numbers of these images in the training part.
        """
        return augment(self._dataset, images, self.draws[chosen])

    def state(self) -> Tensor:
        """The generator's state at the beginning of this epoch."""
        return self._state_at_begin

    def load_state(self, state: Tensor) -> None:
        """Go on in the epoch that began with this state."""
        self._generator.set_state(state)
        self.begin_epoch()

    def begin_epoch(self) -> None:
        """Draw the changes of another epoch."""
        self._state_at_begin = self._generator.get_state()
        self.draws = torch.rand(self._count, DRAWS, generator=self._generator).to(self._device)
