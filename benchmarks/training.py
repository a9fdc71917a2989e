"""An epoch of the CNN beside the loop that people write, and beside what a matrix product reaches; on one CPU thread.

    python -m benchmarks.training [--size tiny|daily|full]

It needs only torch and numpy. Ours and the peer train the same network on the same images in mini-batches of the same
size, with validation, each in a process of its own, because how one asks for memory must not speed the other up. CPU
seconds are measured: with one thread they are what an idle machine needs. The images are random, because time does
not depend on their content.
"""

import multiprocessing
import statistics
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from multiprocessing.connection import Connection

import torch

from benchmarks.harness import Bar, Peer, Row, Size, alternate, at_least, run_alone, times_at_least
from benchmarks.peer import PeerLoop
from hyperspool.worker.training.data import Dataset, Part
from hyperspool.worker.training.model import HIDDEN_UNITS, KERNEL
from hyperspool.worker.training.params import CnnParams, TrainingSeeds
from hyperspool.worker.training.runtime import configure
from hyperspool.worker.training.trainer import Trainer

FILTERS = (10, 32, 100)
BATCH_SIZES = (16, 64, 100, 256)
TRAINING, VALIDATION = 1000, 400
CLASSES = 10
SEEDS = TrainingSeeds(1, 2, 3)
PRODUCT = 1024
"""Rows and columns of the matrices whose product says what the machine can do."""

Cell = tuple[int, int]
"""(filters, batch_size)."""
Epoch = Callable[[], object]
Make = Callable[[Cell], Epoch]


def rows(size: Size) -> Iterator[Row]:
    """Measure the time of an epoch, and the share of a matrix product's rate, by filters and mini-batch size."""
    cells = [(filters, batch_size) for filters in FILTERS for batch_size in BATCH_SIZES]
    cells = size.of(tiny=[(10, 256)], daily=[(10, 16), (32, 64), (32, 100), (100, 100)], full=cells)
    with _process() as here, _process() as there:
        for cell in cells:
            runs = {"ours": here(_ours, cell), "peer": there(_peer, cell), "product": here(_product, cell)}
            seconds = alternate(runs, rounds=size.of(tiny=1, daily=5, full=9))
            name = f"{cell[0]} filters, batch {cell[1]}"
            per_epoch = Peer("the peer loop", seconds["peer"], is_speed=True)
            yield Row(f"{name}: an epoch", seconds["ours"], "s", per_epoch, times_at_least(_least_ratio(cell)))
            rate = 2 * PRODUCT**3 / statistics.median(seconds["product"])
            shares = [100 * flops(cell) / second / rate for second in seconds["ours"]]
            yield Row(f"{name}: of a product's rate", shares, "%", bar=_least_share(cell))


def _least_ratio(cell: Cell) -> float:
    return 2.5 if cell == (32, 100) else 1.8


def _least_share(cell: Cell) -> Bar | None:
    return at_least(70) if cell[0] >= 32 else None  # noqa: PLR2004 - smaller networks do not fill the products


def flops(cell: Cell) -> float:
    """Floating-point operations of convolutions and dense layers in an epoch: two for a multiplication and addition.

    Backpropagation costs each layer two more products of the same size, but the first layer only one.
    """
    filters, batch_size = cell
    first = 24 * 24 * KERNEL**2 * filters
    others = 8 * 8 * KERNEL**2 * filters**2 + 4 * 4 * filters * HIDDEN_UNITS + HIDDEN_UNITS * CLASSES
    trained = TRAINING // batch_size * batch_size
    return 2.0 * (trained * (2 * first + 3 * others) + VALIDATION * (first + others))


def random_digits() -> Dataset:
    """Make noise in the shape of `digits`."""
    generator = torch.Generator().manual_seed(0)

    def part(count: int) -> Part:
        images = torch.rand(count, 1, 28, 28, generator=generator)
        return Part(images, torch.randint(0, CLASSES, (count,), generator=generator))

    return Dataset("noise", part(TRAINING), part(VALIDATION), CLASSES)


def _params(cell: Cell) -> CnnParams:
    return CnnParams(cell[0], learning_rate=0.01, momentum=0.5, batch_size=cell[1])


def _ours(cell: Cell) -> Epoch:
    device = configure("cpu", threads=1)
    trainer = Trainer(random_digits().to(device), _params(cell), SEEDS, device)
    return lambda: trainer.run_epoch(lambda: False)


def _peer(cell: Cell) -> Epoch:
    torch.set_num_threads(1)
    return PeerLoop(random_digits(), _params(cell), SEEDS, torch.device("cpu")).run_epoch


def _product(_cell: Cell) -> Epoch:
    torch.set_num_threads(1)
    one, other, out = (torch.rand(PRODUCT, PRODUCT) for _ in range(3))
    return lambda: torch.mm(one, other, out=out)


@contextmanager
def _process() -> Iterator[Callable[[Make, Cell], Callable[[], float]]]:
    """Start a process, and give what makes runs there: each measures the CPU seconds of what was made."""
    context = multiprocessing.get_context("spawn")
    here, there = context.Pipe()
    process = context.Process(target=_serve, args=(there,), daemon=True)
    process.start()

    def run(make: Make, cell: Cell) -> float:
        here.send((make, cell))
        return float(here.recv())

    def prepared(make: Make, cell: Cell) -> Callable[[], float]:
        run(make, cell)  # warms up caches and kernels
        return lambda: run(make, cell)

    yield prepared
    here.send(None)
    process.join()


def _serve(connection: Connection) -> None:
    made: dict[Make, tuple[Cell, Epoch]] = {}
    while (wanted := connection.recv()) is not None:
        make, cell = wanted
        if make not in made or made[make][0] != cell:
            made[make] = cell, make(cell)
        began_s = time.process_time()
        made[make][1]()
        connection.send(time.process_time() - began_s)


if __name__ == "__main__":
    run_alone(__doc__, rows)
