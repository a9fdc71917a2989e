"""`digits`: 1,797 real handwritten digits of 8x8 pixels. scikit-learn contains them, so nothing is downloaded.

Source: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning Repository, 1998
(https://doi.org/10.24432/C50P49); scikit-learn bundles its test part.
"""

import gzip
import hashlib
from importlib.util import find_spec
from pathlib import Path

import torch
from torch import Tensor
from torch.nn import functional

SIDE = 28
"""Pixels: the images are enlarged to the size of MNIST's, so that the network has the same size too."""
BRIGHTEST = 16.0
SPLIT_SIZES = {"training": 1000, "validation": 400, "test": 397}


def load_digits(*, test: bool) -> dict[str, tuple[Tensor, Tensor]]:
    """Load the training and validation parts, or the test part.

    Images are (N, 1, 28, 28) float32 in [0, 1], labels (N,) int64.

    The split is fixed. Every part has the classes in the same proportions, and the order is that of a hash of the
    image's index, so the split depends on no library's random numbers.
    """
    rows = _rows()
    labels = rows[:, -1].to(torch.int64)
    small = rows[:, :-1].reshape(-1, 1, 8, 8) / BRIGHTEST
    images = functional.interpolate(small, size=(SIDE, SIDE), mode="bilinear", align_corners=False)
    split = _split(labels.tolist())
    wanted = ("test",) if test else ("training", "validation")
    return {name: (images[split[name]], labels[split[name]]) for name in wanted}


def _rows() -> Tensor:
    # (1797, 65) float32: 64 pixels and the label. They are read from scikit-learn's folder, because importing its
    # loader takes longer than a small network's training.
    if (found := find_spec("sklearn")) and found.origin:
        path = Path(found.origin).parent / "datasets" / "data" / "digits.csv.gz"
        if path.exists():
            with gzip.open(path, "rt") as file:
                return torch.tensor([[float(each) for each in line.split(",")] for line in file])
    return _rows_by_sklearn()


def _rows_by_sklearn() -> Tensor:
    # Of a version that keeps them elsewhere.
    from sklearn.datasets import load_digits as load

    bunch = load()
    return torch.cat([torch.tensor(bunch.data), torch.tensor(bunch.target)[:, None]], 1).to(torch.float32)


def _split(labels: list[int]) -> dict[str, list[int]]:
    # Sorting by (rank within the class / size of the class) mixes the classes in proportion. Cutting the sorted row
    # gives stratified parts of exact sizes.
    by_hash = sorted(range(len(labels)), key=lambda index: hashlib.sha256(f"digits:{index}".encode()).digest())
    sizes = {label: labels.count(label) for label in set(labels)}
    seen = dict.fromkeys(sizes, 0)
    row: list[tuple[float, int, int]] = []
    for index in by_hash:
        label = labels[index]
        row.append(((seen[label] + 0.5) / sizes[label], label, index))
        seen[label] += 1
    ordered = [index for _, _, index in sorted(row)]
    parts: dict[str, list[int]] = {}
    for name, size in SPLIT_SIZES.items():
        parts[name], ordered = ordered[:size], ordered[size:]
    return parts
