import gzip
import hashlib
import os
import pickle
import struct
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch

from hyperspool.worker.training import digits as bundled
from hyperspool.worker.training import images
from hyperspool.worker.training.data import load_dataset, load_test_part
from hyperspool.worker.training.images import DataMissingError, download
from hyperspool.worker.training.torchvision_import import torchvision_datasets
from tests.hostile.traps import Exploit

FINGERPRINT = 24403.30099701179
"""Depends on the images of the validation part and on their order."""


@pytest.fixture
def small(monkeypatch: pytest.MonkeyPatch) -> None:
    """Makes the validation parts small enough for the files that these tests write."""
    monkeypatch.setattr(images, "MNIST_VALIDATION", 20)
    monkeypatch.setattr(images, "CIFAR10_VALIDATION", 5)


def write_mnist(folder: Path, count: int = 60, *, packed: bool = False) -> np.ndarray[Any, Any]:
    """Write MNIST's four files in their real format, IDX: a big-endian header, then bytes."""
    raw = folder / "MNIST" / "raw"
    raw.mkdir(parents=True)
    pixels = np.random.default_rng(1).integers(0, 256, (count, 28, 28), dtype=np.uint8)
    labels = (np.arange(count) % 10).astype(np.uint8)
    for prefix in ("train", "t10k"):
        contents = {
            f"{prefix}-images-idx3-ubyte": struct.pack(">IIII", 0x803, count, 28, 28) + pixels.tobytes(),
            f"{prefix}-labels-idx1-ubyte": struct.pack(">II", 0x801, count) + labels.tobytes(),
        }
        for name, content in contents.items():
            if packed:
                (raw / f"{name}.gz").write_bytes(gzip.compress(content))
            else:
                (raw / name).write_bytes(content)
    return pixels


def write_cifar10(folder: Path, monkeypatch: pytest.MonkeyPatch) -> np.ndarray[Any, Any]:
    """Write CIFAR-10's files in their real format, pickled rows of bytes, and register their checksums."""
    cifar10 = torchvision_datasets().CIFAR10
    place = folder / cifar10.base_folder
    place.mkdir(parents=True)
    rows = np.random.default_rng(1).integers(0, 256, (5, 4, 3072), dtype=np.uint8)

    def write(name: str, content: object) -> list[str]:
        data = pickle.dumps(content)
        (place / name).write_bytes(data)
        return [name, hashlib.md5(data, usedforsecurity=False).hexdigest()]

    batches = [write(f"data_batch_{n + 1}", {"data": rows[n], "labels": [n, 1, 2, 3]}) for n in range(5)]
    test = [write("test_batch", {"data": rows[0], "labels": [9, 8, 7, 6]})]
    meta = write("batches.meta", {"label_names": [str(n) for n in range(10)]})
    monkeypatch.setattr(cifar10, "train_list", batches)
    monkeypatch.setattr(cifar10, "test_list", test)
    monkeypatch.setattr(cifar10, "meta", {"filename": meta[0], "key": "label_names", "md5": meta[1]})
    return rows.reshape(20, 3, 32, 32)


def test_digits_are_split_into_fixed_stratified_disjoint_parts() -> None:
    digits = load_dataset("digits", Path())
    test = load_test_part("digits", Path())
    assert (len(digits.training), len(digits.validation), len(test)) == (1000, 400, 397)
    everything = torch.cat([digits.training.images, digits.validation.images, test.images])
    assert len(torch.unique(everything, dim=0)) == 1797
    for part in (digits.training, digits.validation, test):
        shares = torch.bincount(part.labels, minlength=10) / len(part)
        assert shares.sub(0.1).abs().max() < 0.01
    # The split must never change, because every published number depends on it.
    assert digits.training.labels[:12].tolist() == [3, 1, 5, 4, 6, 9, 7, 0, 2, 8, 3, 1]
    weights = torch.arange(1, 401, dtype=torch.float64)
    fingerprint = (digits.validation.images.double().mean((1, 2, 3)) * weights).sum().item()
    assert fingerprint == pytest.approx(FINGERPRINT, rel=1e-9)


def test_digits_are_those_that_scikit_learn_loads() -> None:
    assert torch.equal(bundled._rows(), bundled._rows_by_sklearn())


def test_scikit_learns_loader_finds_digits_that_lie_elsewhere(monkeypatch: pytest.MonkeyPatch) -> None:
    expected = bundled._rows()
    monkeypatch.setattr(bundled, "find_spec", lambda name: None)
    assert torch.equal(bundled._rows(), expected)


def test_digits_are_loaded_without_importing_scikit_learn() -> None:
    program = (
        "import sys; from hyperspool.worker.training.digits import load_digits\n"
        "print(len(load_digits(test=True)['test'][0]), 'sklearn' in sys.modules)"
    )
    printed = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, timeout=60)
    assert printed.stdout.split() == ["397", "False"]


def test_digits_are_enlarged_to_28_pixels_in_the_unit_interval() -> None:
    digits = load_dataset("digits", Path())
    assert digits.image_shape == (1, 28, 28)
    assert digits.training.images.dtype == torch.float32
    assert digits.training.labels.dtype == torch.int64
    assert 0.0 <= digits.training.images.min() < digits.training.images.max() <= 1.0
    assert digits.chance_error == pytest.approx(0.9)


def test_train_size_keeps_the_first_examples() -> None:
    few = load_dataset("digits", Path(), train_size=10)
    assert torch.equal(few.training.images, load_dataset("digits", Path()).training.images[:10])
    assert len(few.validation) == 400
    with pytest.raises(ValueError, match="train_size is 1001, but digits has 1000 training examples"):
        load_dataset("digits", Path(), train_size=1001)


def test_on_a_device_images_are_the_same_but_channels_last() -> None:
    digits = load_dataset("digits", Path(), train_size=10)
    moved = digits.to(torch.device("cpu"))
    assert torch.equal(moved.training.images, digits.training.images)
    assert moved.training.images.is_contiguous(memory_format=torch.channels_last)


@pytest.mark.usefixtures("small")
def test_mnist_is_read_from_its_real_format(tmp_path: Path) -> None:
    pixels = write_mnist(tmp_path)
    mnist = load_dataset("mnist", tmp_path, train_size=30)
    assert mnist.image_shape == (1, 28, 28)
    expected = torch.from_numpy(pixels[:, None] / 255.0).float()
    torch.testing.assert_close(mnist.training.images, expected[:30])
    torch.testing.assert_close(mnist.validation.images, expected[40:])
    assert mnist.training.labels.tolist() == [n % 10 for n in range(30)]
    assert len(load_test_part("mnist", tmp_path)) == 60


@pytest.mark.usefixtures("small")
def test_cifar10_is_read_from_its_real_format(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    pixels = write_cifar10(tmp_path, monkeypatch)
    cifar = load_dataset("cifar10", tmp_path, train_size=15)
    assert cifar.image_shape == (3, 32, 32)
    torch.testing.assert_close(cifar.training.images, torch.from_numpy(pixels[:15] / 255.0).float())
    torch.testing.assert_close(cifar.validation.images, torch.from_numpy(pixels[15:] / 255.0).float())
    assert cifar.training.labels[:5].tolist() == [0, 1, 2, 3, 1]
    assert load_test_part("cifar10", tmp_path).labels.tolist() == [9, 8, 7, 6]


@pytest.mark.parametrize(
    ("name", "files"), [("mnist", "train-images-idx3-ubyte"), ("cifar10", "data_batch_1 to data_batch_5")]
)
def test_missing_data_offline_is_one_message_with_the_files(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str, files: str
) -> None:
    cut_off(monkeypatch)
    with pytest.raises(DataMissingError) as caught:
        download(name, tmp_path)
    message = str(caught.value)
    assert files in message
    assert str(tmp_path) in message
    assert "--dataset digits" in message
    assert "\n" not in message
    assert list(tmp_path.iterdir()) == []


def cut_off(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every download fail, as without a network."""
    from urllib.error import URLError

    def fail(*_: object, **__: object) -> None:
        raise URLError("Network is unreachable")

    torchvision_datasets()
    import torchvision.datasets.utils

    monkeypatch.setattr(torchvision.datasets.utils.urllib.request, "urlopen", fail)


@pytest.mark.usefixtures("small")
def test_a_damaged_file_is_named_as_missing_data(tmp_path: Path) -> None:
    write_mnist(tmp_path)
    file = tmp_path / "MNIST" / "raw" / "train-images-idx3-ubyte"
    file.write_bytes(file.read_bytes()[:1000])
    with pytest.raises(DataMissingError, match="train-images-idx3-ubyte"):
        load_dataset("mnist", tmp_path)


@pytest.mark.usefixtures("small")
def test_files_put_there_packed_are_unpacked_without_a_network(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    cut_off(monkeypatch)
    write_mnist(tmp_path, packed=True)
    raw = tmp_path / "MNIST" / "raw"
    checksums = [
        (path.name, hashlib.md5(path.read_bytes(), usedforsecurity=False).hexdigest()) for path in raw.glob("*.gz")
    ]
    monkeypatch.setattr(torchvision_datasets().MNIST, "resources", checksums)
    download("mnist", tmp_path)
    assert len(load_dataset("mnist", tmp_path, train_size=30).training) == 30


@pytest.mark.usefixtures("small")
def test_a_download_appears_whole_and_replaces_a_broken_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mnist = torchvision_datasets().MNIST
    (tmp_path / ".downloading-mnist-1" / "MNIST" / "raw").mkdir(parents=True)  # left by a crash
    places: list[Path] = []

    def fetch(dataset: Any) -> None:
        places.append(Path(dataset.root).resolve())
        assert not (tmp_path / "MNIST").exists()
        write_mnist(Path(dataset.root))

    monkeypatch.setattr(mnist, "download", fetch)
    download("mnist", tmp_path)
    assert [place.name.startswith(".downloading-mnist-") for place in places] == [True]
    assert [path.name for path in tmp_path.iterdir()] == ["MNIST"]
    assert len(load_dataset("mnist", tmp_path, train_size=30).training) == 30


@pytest.mark.usefixtures("small")
def test_no_pickle_in_a_data_sets_place_runs_code(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_cifar10(tmp_path, monkeypatch)
    cifar10, mark = torchvision_datasets().CIFAR10, tmp_path / "owned"
    batch = tmp_path / cifar10.base_folder / "data_batch_3"
    for forged in (pickle.dumps(Exploit(mark)), pickle.dumps({"data": Exploit(mark), "labels": []})):
        batch.write_bytes(forged)
        with pytest.raises(DataMissingError, match="data_batch_3 is not whole"):
            load_dataset("cifar10", tmp_path)
        digest = hashlib.md5(forged, usedforsecurity=False).hexdigest()
        with monkeypatch.context() as patched:
            lists = [entry if entry[0] != "data_batch_3" else ["data_batch_3", digest] for entry in cifar10.train_list]
            patched.setattr(cifar10, "train_list", lists)
            with pytest.raises(DataMissingError, match="arrays alone"):
                load_dataset("cifar10", tmp_path)
    assert not mark.exists()


def test_a_download_follows_no_link_that_lies_in_its_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    data, outside = tmp_path / "data", tmp_path / "outside"
    data.mkdir()
    (outside / "raw").mkdir(parents=True)
    (outside / "raw" / "train-images-idx3-ubyte").write_text("mine")
    (data / "MNIST").symlink_to(outside)
    (data / ".downloading-mnist-1").symlink_to(outside)
    modes: list[int] = []

    def fetch(dataset: Any) -> None:
        modes.append(Path(dataset.root).stat().st_mode & 0o777)
        (Path(dataset.root) / "MNIST" / "raw" / "train-images-idx3-ubyte").unlink()
        (Path(dataset.root) / "MNIST").rename(Path(dataset.root) / "torn")
        write_mnist(Path(dataset.root))

    monkeypatch.setattr(torchvision_datasets().MNIST, "download", fetch)
    download("mnist", data)
    assert modes == [0o700]
    assert not (data / "MNIST").is_symlink()
    assert [path.read_text() for path in outside.rglob("*") if path.is_file()] == ["mine"]


def test_a_pipe_in_a_data_sets_place_is_refused(tmp_path: Path) -> None:
    for place, name in (("MNIST/raw", "mnist"), ("cifar-10-batches-py", "cifar10")):
        (tmp_path / place).mkdir(parents=True)
        os.mkfifo(tmp_path / place / "data_batch_1")
        for attempt in (lambda name=name: load_dataset(name, tmp_path), lambda name=name: download(name, tmp_path)):
            with pytest.raises(DataMissingError, match="not a regular file"):
                attempt()
