"""MNIST and CIFAR-10, read and downloaded by torchvision, and split as in the literature.

The loaders never download. `download` is a call of its own, so that a caller can let one process download while the
others wait.
"""

import os
import pickle
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from errno import ENXIO, EPERM
from pathlib import Path
from typing import Any

import torch
from torch import Tensor

from hyperspool.worker.training.cifar import read_cifar10
from hyperspool.worker.training.torchvision_import import torchvision_datasets

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


_UNREADABLE = (RuntimeError, OSError, ValueError, AssertionError, EOFError, pickle.UnpicklingError)
"""The errors of torchvision for files that are missing or damaged, or cannot be downloaded."""


class DataMissingError(RuntimeError):
    """A data set is not on this machine and could not be downloaded."""


def load_mnist(folder: Path, *, test: bool) -> dict[str, tuple[Tensor, Tensor]]:
    """Load MNIST's training and validation parts, or its test part.

    Images are (N, 1, 28, 28) float32 in [0, 1], labels (N,) int64.

    Raises:
        DataMissingError: the files are not in `folder`.
    """
    with _explaining("mnist", folder):
        _refuse_pipes("mnist", folder)
        mnist = _dataset_class("mnist")(folder, train=not test)
    images = mnist.data[:, None].to(torch.float32) / 255.0
    return _parts(images, mnist.targets.to(torch.int64), MNIST_VALIDATION, test=test)


def load_cifar10(folder: Path, *, test: bool) -> dict[str, tuple[Tensor, Tensor]]:
    """Load CIFAR-10's training and validation parts, or its test part.

    Images are (N, 3, 32, 32) float32 in [0, 1], labels (N,) int64.

    Raises:
        DataMissingError: the files are not in `folder`.
    """
    with _explaining("cifar10", folder):
        _refuse_pipes("cifar10", folder)
        pixels, labels = read_cifar10(folder, is_train=not test)
    images = torch.from_numpy(pixels).to(torch.float32) / 255.0
    return _parts(images, torch.tensor(labels, dtype=torch.int64), CIFAR10_VALIDATION, test=test)


def download(name: str, folder: Path) -> None:
    """Download a data set into `folder`; return at once if it is there. Only one process at a time may call this.

    The download happens in a folder that nobody else may enter. Elsewhere, a link that somebody laid there, or a file
    that they swap between two looks, would lead the download to another place or into a pickle. A crash midway leaves
    that folder behind, and the next call removes it.

    Raises:
        DataMissingError: the data set is not there and could not be downloaded.
    """
    place = folder / Path(_FILES[name][0]).parts[0]
    prefix = f".downloading-{name}-"
    for left in folder.glob(f"{prefix}*"):
        shutil.rmtree(left, ignore_errors=True)
    with _explaining(name, folder), _private_folder(folder, prefix) as private:
        if place.exists():  # put there by hand, perhaps still packed
            _refuse_pipes(name, folder)
            shutil.copytree(place, private / place.name)
        _dataset_class(name)(private, train=True, download=True)
        if place.exists():
            place.rename(private / "before")
        (private / place.name).rename(place)


@contextmanager
def _explaining(name: str, folder: Path) -> Iterator[None]:
    try:
        yield
    except _UNREADABLE as error:
        subfolder, files = _FILES[name]
        reason = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise DataMissingError(
            f"the data set {name} is not on this machine and could not be downloaded ({reason}). "
            f"Put {files} into {folder / subfolder}, or choose --dataset digits, which needs no download"
        ) from error


@contextmanager
def _private_folder(folder: Path, prefix: str) -> Iterator[Path]:
    path = tempfile.mkdtemp(prefix=prefix, dir=folder)
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW)
    try:
        # RACE: others may rename the folder and lay a link in its place, before it is opened or after. Before: opening
        # refuses the link, and a folder in its place has another owner. After: on Linux the descriptor's own path still
        # leads to the folder, whatever its name is then.
        if os.fstat(descriptor).st_uid != os.geteuid():
            raise OSError(EPERM, "another user's folder stands where ours was made", path)
        own = Path(f"/proc/self/fd/{descriptor}")
        yield own if own.is_dir() else Path(path)
    finally:
        os.close(descriptor)
        shutil.rmtree(path, ignore_errors=True)


def _refuse_pipes(name: str, folder: Path) -> None:
    """Refuse a pipe or a device in a file's place: to open one may wait, and to read one may never end.

    Raises:
        OSError: there is a pipe or a device.
    """
    for path in (folder / Path(_FILES[name][0]).parts[0]).rglob("*"):
        if path.exists() and not (path.is_file() or path.is_dir()):
            raise OSError(ENXIO, "not a regular file", str(path))


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
