"""A process of `benchmarks.gpu`: trains trials on a device, without the protocol, or measures its own first step.

    python -m benchmarks.gpu_trials trials DEVICE TRAINING EPOCHS
    python -m benchmarks.gpu_trials first-step DEVICE TRAINING captured|launched|peer

The first reads numbers of seconds from standard input, a line each, trains for as long, and answers with the number of
epochs and the seconds that they took. It needs torch and numpy alone.
"""

import sys
import time
from collections.abc import Callable

import torch

from benchmarks.peer import PeerLoop
from hyperspool.worker.training import captured
from hyperspool.worker.training.captured import Capture, CudaGraphs, directly
from hyperspool.worker.training.data import Dataset, Part
from hyperspool.worker.training.params import CnnParams, TrainingSeeds
from hyperspool.worker.training.runtime import configure
from hyperspool.worker.training.trainer import Trainer

PARAMS = CnnParams(num_filters=32, learning_rate=0.01, momentum=0.5, batch_size=64)
SEEDS = TrainingSeeds(initialisation=1, shuffling=2, dropout=3)


def noise(training: int) -> Dataset:
    """Random images in the shape of MNIST's, with a fifth as many for validation: time does not depend on them."""
    generator = torch.Generator().manual_seed(0)

    def part(count: int) -> Part:
        images = torch.rand(count, 1, 28, 28, generator=generator)
        return Part(images, torch.randint(0, 10, (count,), generator=generator))

    return Dataset("mnist", part(training), part(training // 5), classes=10)


def capture_on(device: torch.device) -> Capture:
    """What captures on a device; on a CPU the tests' recording, so that everything here can be tried without a GPU."""
    if device.type == "cuda":
        return CudaGraphs()
    from tests.worker.training.recording import record

    return record


def finish(device: torch.device) -> None:
    """Wait until the device has done all that was asked of it."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)


def after_steps(count: int) -> Callable[[], bool]:
    """Ask a training to stop after a number of steps."""
    steps = iter(range(count))
    return lambda: next(steps, None) is None


def _serve(device: torch.device, training: int, epochs: int) -> None:
    captured.CAPTURES[device.type] = capture_on(device) if device.type == "cuda" else directly
    data = noise(training).to(device)
    trainer = Trainer(data, PARAMS, SEEDS, device, epochs)
    trainer.run_epoch(lambda: False)
    print("ready", flush=True)
    for line in sys.stdin:
        began_s, done = time.perf_counter(), 0
        while time.perf_counter() - began_s < float(line):
            if len(trainer.curve) >= epochs:
                trainer = Trainer(data, PARAMS, SEEDS, device, epochs)
            trainer.run_epoch(lambda: False)
            done += 1
        print(done, time.perf_counter() - began_s, flush=True)


def first_step_s(device: torch.device, training: int, how: str) -> float:
    """Seconds from data on the device to the end of a first update, by one of `captured`, `launched` and `peer`."""
    captured.CAPTURES[device.type] = directly if how == "launched" else capture_on(device)
    raw = noise(training)
    data = raw.to(device)
    finish(device)
    began_s = time.perf_counter()
    if how == "peer":
        peer = PeerLoop(raw, PARAMS, SEEDS, device)
        peer.step(raw.training.images[: PARAMS.batch_size], raw.training.labels[: PARAMS.batch_size])
    else:
        Trainer(data, PARAMS, SEEDS, device).run_epoch(after_steps(1))
    finish(device)
    return time.perf_counter() - began_s


def main() -> None:
    """Run what the arguments ask for."""
    kind, name, training, last = sys.argv[1:]
    device = configure(name, threads=1)
    if kind == "trials":
        _serve(device, int(training), int(last))
    else:
        print(first_step_s(device, int(training), last))


if __name__ == "__main__":
    main()
