"""Measures seconds per epoch of the CNN by number of filters and mini-batch size, on a CPU or a GPU.

    python -m benchmarks.training [--device cuda:0] [--epochs 5] [--train-size 1000]

It needs only torch and numpy, so it also runs where the other dependencies are not installed. The images are random,
because time does not depend on their content.
"""

import argparse
import statistics
import time

import torch

from hyperspool.worker.training.data import Dataset, Part
from hyperspool.worker.training.params import CnnParams, TrainingSeeds
from hyperspool.worker.training.runtime import configure, device_name
from hyperspool.worker.training.trainer import Trainer

FILTERS = (10, 32, 100)
BATCH_SIZES = (16, 64, 256)
VALIDATION = 400


def random_digits(train_size: int) -> Dataset:
    """Make noise in the shape of `digits`."""
    generator = torch.Generator().manual_seed(0)

    def part(count: int) -> Part:
        images = torch.rand(count, 1, 28, 28, generator=generator)
        return Part(images, torch.randint(0, 10, (count,), generator=generator))

    return Dataset("noise", part(train_size), part(VALIDATION), classes=10)


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cpu")
    parser.add_argument("--epochs", type=int, default=5)
    parser.add_argument("--train-size", type=int, default=1000)
    options = parser.parse_args()
    device = configure(options.device, threads=1)
    data = random_digits(options.train_size).to(device)
    print(
        f"{device_name(device)}, torch {torch.__version__}, {options.train_size} training and {VALIDATION} validation"
    )
    print(f"images; median of {options.epochs} epochs of training and validation, after one warm-up epoch")
    print(f"{'filters':>8} {'batch':>6} {'s/epoch':>9} {'images/s':>9} {'state_dict MB':>14} {'save s':>8}")
    for filters in FILTERS:
        for batch_size in BATCH_SIZES:
            params = CnnParams(filters, learning_rate=0.01, momentum=0.5, batch_size=batch_size)
            trainer = Trainer(data, params, TrainingSeeds(1, 2, 3), device)
            trainer.run_epoch(lambda: False)  # warms up caches and kernels
            seconds = []
            for _ in range(options.epochs):
                epoch = trainer.run_epoch(lambda: False)
                seconds.append(epoch.seconds if epoch else 0.0)
            median = statistics.median(seconds)
            size_mb, save_s = saving(trainer)
            rate = options.train_size / median
            print(f"{filters:>8} {batch_size:>6} {median:>9.4f} {rate:>9.0f} {size_mb:>14.1f} {save_s:>8.4f}")


def saving(trainer: Trainer) -> tuple[float, float]:
    """Return the size in MB of a checkpoint's bytes, and the seconds to make them from the state."""
    import io

    begin = time.perf_counter()
    buffer = io.BytesIO()
    torch.save(trainer.state_dict(), buffer)
    return len(buffer.getvalue()) / 1e6, time.perf_counter() - begin


if __name__ == "__main__":
    main()
