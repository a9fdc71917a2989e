"""Reads CIFAR-10's files, which are pickles, without running code from them.

torchvision checks a file's digest, opens the file again and unpickles it. Where others may write, the file may have
changed in between. Here a file is read once; its bytes are checked, and only arrays are made of them.
"""

import hashlib
import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np

from hyperspool.worker.training.torchvision_import import torchvision_datasets

_ALLOWED = {
    # Files that numpy 1 pickled contain the module's old name.
    ("numpy.core.multiarray", "_reconstruct"): ("numpy._core.multiarray", "_reconstruct"),
    ("numpy._core.multiarray", "_reconstruct"): ("numpy._core.multiarray", "_reconstruct"),
    ("numpy", "ndarray"): ("numpy", "ndarray"),
    ("numpy", "dtype"): ("numpy", "dtype"),
    ("_codecs", "encode"): ("_codecs", "encode"),
}


def read_cifar10(folder: Path, *, is_train: bool) -> tuple[np.ndarray[Any, np.dtype[np.uint8]], list[int]]:
    """Read images `(N, 3, 32, 32)` uint8 and labels from CIFAR-10's training or test files.

    Raises:
        OSError: a file is missing.
        ValueError: a file is not the published one.
    """
    cifar10 = torchvision_datasets().CIFAR10
    parts = [
        _read(folder / cifar10.base_folder / name, digest)
        for name, digest in (cifar10.train_list if is_train else cifar10.test_list)
    ]
    pixels = np.vstack([part["data"] for part in parts]).reshape(-1, 3, 32, 32)
    return pixels, [label for part in parts for label in part["labels"]]


class _ArraysOnly(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        if (module, name) not in _ALLOWED:
            raise ValueError(f"a data set's file asks for {module}.{name}, expected arrays alone")
        return super().find_class(*_ALLOWED[module, name])


def _read(path: Path, digest: str) -> dict[str, Any]:
    content = path.read_bytes()
    if hashlib.md5(content, usedforsecurity=False).hexdigest() != digest:
        raise ValueError(f"{path.name} is not whole, or not the published file")
    part = _ArraysOnly(io.BytesIO(content), encoding="latin1").load()
    return dict(part)
