"""`digits`: 1,797 real handwritten digits of 8x8 pixels. scikit-learn contains them, so nothing is downloaded.

Source: E. Alpaydin and C. Kaynak, Optical Recognition of Handwritten Digits, UCI Machine Learning Repository, 1998
(https://doi.org/10.24432/C50P49); scikit-learn bundles its test part.
"""

import hashlib

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
    from sklearn.datasets import load_digits as load

    bunch = load()
    labels = torch.tensor(bunch.target, dtype=torch.int64)
    small = torch.tensor(bunch.images, dtype=torch.float32)[:, None] / BRIGHTEST
    images = functional.interpolate(small, size=(SIDE, SIDE), mode="bilinear", align_corners=False)
    split = _split(labels.tolist())
    wanted = ("test",) if test else ("training", "validation")
    return {name: (images[split[name]], labels[split[name]]) for name in wanted}


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
