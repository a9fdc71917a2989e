"""Data sets for a trainer: whole, of one type and range, on the device for the life of the process."""

from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor

from hyperspool.worker.training.digits import load_digits
from hyperspool.worker.training.images import load_cifar10, load_mnist


@dataclass(frozen=True)
class Part:
    """Images and their classes.

    Attributes:
        images: (N, channels, height, width) float32 in [0, 1].
        labels: (N,) int64 in [0, classes).
    """

    images: Tensor
    labels: Tensor

    def __len__(self) -> int:
        return len(self.labels)

    def first(self, count: int) -> "Part":
        """The first `count` examples."""
        return Part(self.images[:count], self.labels[:count])

    def to(self, device: torch.device) -> "Part":
        """Return the part on a device, its images laid out channels last, which makes convolutions faster."""
        images = self.images.to(device).contiguous(memory_format=torch.channels_last)
        return Part(images, self.labels.to(device))


@dataclass(frozen=True)
class Dataset:
    """The parts of a data set that a search may see: training and validation."""

    name: str
    training: Part
    validation: Part
    classes: int

    @property
    def chance_error(self) -> float:
        """The error of guessing among classes of equal size."""
        return 1.0 - 1.0 / self.classes

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(channels, height, width)."""
        channels, height, width = self.training.images.shape[1:]
        return channels, height, width

    def to(self, device: torch.device) -> "Dataset":
        """Return the data set on a device."""
        return Dataset(self.name, self.training.to(device), self.validation.to(device), self.classes)


DEFAULT_TRAIN_SIZES = {"digits": 1000, "mnist": 5000, "cifar10": 5000}
"""Training examples of a trial, unless the study gives another number."""

_Parts = dict[str, tuple[Tensor, Tensor]]


def load_dataset(name: str, folder: Path, train_size: int | None = None) -> Dataset:
    """Load the training and validation parts of a data set that is on this machine.

    Args:
        name: digits, mnist or cifar10.
        folder: holds the data sets that do not come with a package.
        train_size: how many of the first training examples to keep; None: `DEFAULT_TRAIN_SIZES`.

    Raises:
        DataMissingError: the files are not in `folder`.
        ValueError: the data set is unknown, or has fewer than `train_size` training examples.
    """
    parts = _load(name, folder, test=False)
    training = Part(*parts["training"])
    size = train_size if train_size is not None else DEFAULT_TRAIN_SIZES[name]
    if size > len(training):
        raise ValueError(f"train_size is {size}, but {name} has {len(training)} training examples")
    return Dataset(name, training.first(size), Part(*parts["validation"]), classes=10)


def load_test_part(name: str, folder: Path) -> Part:
    """Load the test part. No search reads it: only a final evaluation does, once.

    Raises:
        DataMissingError: the files are not in `folder`.
    """
    return Part(*_load(name, folder, test=True)["test"])


def _load(name: str, folder: Path, *, test: bool) -> _Parts:
    match name:
        case "digits":
            return load_digits(test=test)
        case "mnist":
            return load_mnist(folder, test=test)
        case "cifar10":
            return load_cifar10(folder, test=test)
        case _:
            raise ValueError(f"unknown data set {name!r}: expected {', '.join(DEFAULT_TRAIN_SIZES)}")
