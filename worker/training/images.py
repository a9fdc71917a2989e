"""MNIST and CIFAR-10, read and downloaded by torchvision, split as their literature does.

The loaders never download by themselves: `download` is a call of its own, so that a caller can see to it that one
process does it while the others wait.
"""

import shutil
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from worker.training.torchvision_import import torchvision_datasets

MNIST_VALIDATION = 10_000
"""The last 10,000 of MNIST's 60,000 training images, as in the Lasagne example."""
CIFAR10_VALIDATION = 5_000
"""The last 5,000 of CIFAR-10's 50,000 training images; sizes as in He et al. 2016, arXiv:1512.03385, section 4.2."""

_FILES = {
    "mnist": (
        "MNIST/raw",
        "train-images-idx3-ubyte, train-labels-idx1-ubyte, t10k-images-idx3-ubyte and t10k-labels-idx1-ubyte",
    ),
    "cifar10": ("cifar-10-batches-py", "data_batch_1 to data_batch_5, test_batch and batches.meta"),
}


class DataMissingError(RuntimeError):
    """A data set is not on this machine, and could not be fetched."""


def load_mnist(folder: Path, *, test: bool) -> dict[str, tuple[Tensor, Tensor]]:
    """MNIST's training and validation parts, or its test part: images (N, 1, 28, 28) float32 in [0, 1], labels int64.

    Raises:
        DataMissingError: the files are not in `folder`.
    """
    mnist = _open("mnist", folder, is_train=not test)
    images = mnist.data[:, None].to(torch.float32) / 255.0
    return _parts(images, mnist.targets.to(torch.int64), MNIST_VALIDATION, test=test)


def load_cifar10(folder: Path, *, test: bool) -> dict[str, tuple[Tensor, Tensor]]:
    """CIFAR-10's training and validation parts, or its test part: images (N, 3, 32, 32) float32, labels int64.

    Raises:
        DataMissingError: the files are not in `folder`.
    """
    cifar = _open("cifar10", folder, is_train=not test)
    images = torch.from_numpy(cifar.data).permute(0, 3, 1, 2).to(torch.float32) / 255.0
    return _parts(images, torch.tensor(cifar.targets, dtype=torch.int64), CIFAR10_VALIDATION, test=test)


def download(name: str, folder: Path) -> None:
    """Fetch a data set into `folder`; at once if it is there. One process at a time may call it.

    A crash midway leaves an unfinished copy under a hidden name, which the next call begins anew.

    Raises:
        DataMissingError: it is not there and could not be fetched.
    """
    place = folder / Path(_FILES[name][0]).parts[0]
    unfinished = folder / f".downloading-{name}"
    try:
        if place.exists():  # put there by hand, perhaps still packed
            _dataset_class(name)(folder, train=True, download=True)
            return
        shutil.rmtree(unfinished, ignore_errors=True)
        _dataset_class(name)(unfinished, train=True, download=True)
        (unfinished / place.name).rename(place)
        shutil.rmtree(unfinished, ignore_errors=True)
    except (RuntimeError, OSError, ValueError, AssertionError, EOFError) as error:
        shutil.rmtree(unfinished, ignore_errors=True)
        raise DataMissingError(_where_to_put(name, folder, error)) from error


def _open(name: str, folder: Path, *, is_train: bool) -> Any:
    try:
        return _dataset_class(name)(folder, train=is_train)
    except (RuntimeError, OSError, ValueError, AssertionError, EOFError) as error:
        raise DataMissingError(_where_to_put(name, folder, error)) from error


def _where_to_put(name: str, folder: Path, error: BaseException) -> str:
    subfolder, files = _FILES[name]
    reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
    return (
        f"the data set {name} is not on this machine and could not be downloaded ({reason}). "
        f"Put {files} into {folder / subfolder}, or choose --dataset digits, which needs no download"
    )


def _dataset_class(name: str) -> Any:
    datasets = torchvision_datasets()
    return {"mnist": datasets.MNIST, "cifar10": datasets.CIFAR10}[name]


def _parts(images: Tensor, labels: Tensor, validation: int, *, test: bool) -> dict[str, tuple[Tensor, Tensor]]:
    if test:
        return {"test": (images, labels)}
    return {
        "training": (images[:-validation], labels[:-validation]),
        "validation": (images[-validation:], labels[-validation:]),
    }
