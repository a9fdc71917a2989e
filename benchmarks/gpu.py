"""Measures training on a GPU beside the loop that people write, in under 8 minutes, with torch and numpy alone.

    benchmarks/gpu.sh [--device cuda:0] [--size tiny|full] [--out FOLDER]

It prints each figure as soon as it is known, and writes `gpu.md` and `gpu.json` into the folder after each: what was
measured is there, whenever it is ended. With `--device cpu` it shows that everything runs; its figures mean nothing.
"""

import argparse
import json
import platform
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import torch

from benchmarks.gpu_profile import profiled
from benchmarks.gpu_slots import TrialProcesses, multi_process_service
from benchmarks.gpu_trials import PARAMS, SEEDS, after_steps, capture_on, finish, noise
from benchmarks.harness import Peer, Row, Size, alternate, at_most, markdown, not_measured, show, times_at_least
from benchmarks.peer import PeerLoop
from hyperspool.worker.training import captured
from hyperspool.worker.training.captured import Capture, directly
from hyperspool.worker.training.params import CnnParams
from hyperspool.worker.training.runtime import configure, device_name
from hyperspool.worker.training.trainer import Epoch, Trainer

LIMIT_S = 440.0
"""After this no measurement is begun."""
PEER = "the peer loop"


@dataclass(frozen=True)
class Plan:
    """How much is measured.

    Attributes:
        shapes: (filters, batch size) of the networks.
        training: number of training images.
        rounds: timed epochs of each shape.
        epochs: of a trial.
        first_steps: how those first steps are made that are measured, each in a process of its own.
        slots: numbers of trials at once.
        window_s: how long each of them is measured.
    """

    shapes: tuple[tuple[int, int], ...]
    training: int
    rounds: int
    epochs: int
    first_steps: tuple[str, ...]
    slots: tuple[int, ...]
    window_s: float


PLANS = {
    Size.TINY: Plan(((2, 64),), 128, 1, 2, (), (1,), 0.01),
    Size.FULL: Plan(
        tuple((filters, batch) for filters in (32, 10, 100) for batch in (64, 16, 256)),
        training=5000,
        rounds=7,
        epochs=5,
        first_steps=("peer", "launched", "captured"),
        slots=(1, 2, 3, 4, 6, 8, 12, 16),
        window_s=5.0,
    ),
}
KINDS: dict[str, dict[str, Any]] = {
    "a constant rate": {},
    "one cycle, Nesterov, weight decay": {"schedule": "one_cycle", "nesterov": True, "l2": 1e-4},
    "batch norm, augmentation": {"batch_norm": True, "augmentation": True},
}
NOT_MEASURED = (
    "an epoch, captured and launched, for each of 9 shapes",
    "captured and launched curves, bit by bit",
    "the first step on a GPU",
    "trials per hour with 1 to 16 slots",
    "trials per hour under the Multi-Process Service",
)
"""What stands in the results of a machine without a GPU."""


def rows(size: Size) -> Iterator[Row]:
    """Measure on the first GPU, for `make bench`."""
    if not torch.cuda.is_available():
        for what in NOT_MEASURED:
            yield not_measured(what, "no GPU here; benchmarks/gpu.sh measures it where there is one")
        return
    yield from measured("cuda:0", PLANS[Size.TINY if size is Size.TINY else Size.FULL])


def measured(name: str, plan: Plan) -> Iterator[Row]:
    """Measure everything on a device."""
    end_s = time.monotonic() + LIMIT_S
    device = configure(name, threads=1)
    for filters, batch_size in plan.shapes:
        params = replace(PARAMS, num_filters=filters, batch_size=batch_size)
        if time.monotonic() < end_s:
            yield from _epochs(params, plan, device)
        else:
            yield not_measured(f"an epoch, {_shape(params)}", "time was over")
    for kind, changes in KINDS.items():
        yield _equality(kind, replace(PARAMS, **changes), plan, device)
    yield from _first_steps(name, plan)
    trial_s = _peer_trial_s(plan, device)
    yield from _slots("each in its own time", {}, name, plan, trial_s, end_s)
    if device.type == "cuda":
        try:
            with multi_process_service() as environment:
                yield from _slots("under the Multi-Process Service", environment, name, plan, trial_s, end_s)
        except RuntimeError as error:
            yield not_measured("trials per hour under the Multi-Process Service", str(error))


def _shape(params: CnnParams) -> str:
    return f"{params.num_filters} filters, batch {params.batch_size}"


def _epochs(params: CnnParams, plan: Plan, device: torch.device) -> Iterator[Row]:
    """Seconds of an epoch: replayed, launched one by one, and the peer's."""
    raw = noise(plan.training)
    data = raw.to(device)
    trainers = {}
    for how, capture in {"captured": capture_on(device), "launched": directly}.items():
        with _capturing(device, capture):
            trainers[how] = Trainer(data, params, SEEDS, device)
    runs: dict[str, Callable[[], float]] = {
        how: _timed(lambda trainer=trainer: trainer.run_epoch(lambda: False), device)  # type: ignore[misc]
        for how, trainer in trainers.items()
    }
    peer = PeerLoop(raw, params, SEEDS, device)
    runs["peer"] = lambda: _as_people_run(_timed(peer.run_epoch, device))
    for run in runs.values():
        run()
    found = alternate(runs, plan.rounds)
    bar = times_at_least(10) if (params.num_filters, params.batch_size) == (32, 64) else None
    peers = Peer(PEER, found["peer"], is_speed=True)
    yield Row(f"an epoch, {_shape(params)}, captured", found["captured"], "s", peers, bar)
    yield Row(f"an epoch, {_shape(params)}, launched one by one", found["launched"], "s", peers)
    if (params.num_filters, params.batch_size) == plan.shapes[0]:
        yield from profiled(trainers["captured"], plan.training // params.batch_size, device)


def _timed(work: Callable[[], object], device: torch.device) -> Callable[[], float]:
    def run() -> float:
        began_s = time.perf_counter()
        work()
        finish(device)
        return time.perf_counter() - began_s

    return run


def _as_people_run(run: Callable[[], float]) -> float:
    """Run with torch's own settings: nobody else pays for repeatability."""
    torch.use_deterministic_algorithms(mode=False)
    try:
        return run()
    finally:
        torch.use_deterministic_algorithms(mode=torch.cuda.is_available(), warn_only=True)


@contextmanager
def _capturing(device: torch.device, capture: Capture) -> Iterator[None]:
    before = captured.CAPTURES.get(device.type)
    captured.CAPTURES[device.type] = capture
    yield
    del captured.CAPTURES[device.type]
    if before is not None:
        captured.CAPTURES[device.type] = before


def _equality(kind: str, params: CnnParams, plan: Plan, device: torch.device) -> Row:
    """How many epochs and weights differ: replayed, replayed with an interruption, and launched one by one."""
    data = noise(plan.training).to(device)
    results: list[tuple[list[Epoch], list[torch.Tensor]]] = []
    for capture, stopped_after in ((capture_on(device), 10**9), (capture_on(device), 3), (directly, 10**9)):
        with _capturing(device, capture):
            results.append(_trained(lambda: Trainer(data, params, SEEDS, device, 2), stopped_after))
    (curve, weights), *others = results
    differing = sum(
        sum(ours != theirs for ours, theirs in zip(curve, other, strict=True))
        + sum(not torch.equal(ours, theirs) for ours, theirs in zip(weights, other_weights, strict=True))
        for other, other_weights in others
    )
    name = f"epochs and weights that differ from launching, or after an interruption: {kind}"
    return Row(name, [float(differing)], "of them", bar=at_most(0))


def _trained(make: Callable[[], Trainer], stopped_after: int) -> tuple[list[Epoch], list[torch.Tensor]]:
    trainer, should_stop = make(), after_steps(stopped_after)
    while len(trainer.curve) < 2:  # noqa: PLR2004 - epochs
        if trainer.run_epoch(should_stop) is None:
            state, trainer, should_stop = trainer.state_dict(), make(), after_steps(10**9)
            trainer.load_state_dict(state)
    return [replace(epoch, seconds=0.0) for epoch in trainer.curve], [*trainer.model.parameters()]


def _first_steps(name: str, plan: Plan) -> Iterator[Row]:
    seconds = {how: _first_step(name, plan, how) for how in plan.first_steps}
    peer = Peer(PEER, [seconds.pop("peer")], is_speed=True) if "peer" in seconds else None
    for how, taken_s in seconds.items():
        yield Row(f"from data on the device to the first step, {how}", [taken_s], "s", peer)


def _first_step(name: str, plan: Plan, how: str) -> float:
    command = [sys.executable, "-m", "benchmarks.gpu_trials", "first-step", name, str(plan.training), how]
    return float(subprocess.run(command, check=True, capture_output=True, text=True, timeout=90).stdout)  # noqa: S603


def _peer_trial_s(plan: Plan, device: torch.device) -> float:
    def trial() -> None:
        peer = PeerLoop(noise(plan.training), PARAMS, SEEDS, device)
        for _ in range(plan.epochs):
            peer.run_epoch()

    return statistics.median(_as_people_run(_timed(trial, device)) for _ in range(min(plan.rounds, 3)))


def _slots(
    how: str, environment: dict[str, str], name: str, plan: Plan, peer_trial_s: float, end_s: float
) -> Iterator[Row]:
    """Trials per hour of several processes at once."""
    free = _free_memory(name)
    processes = TrialProcesses(max(plan.slots), [name, str(plan.training), str(plan.epochs)], environment)
    peer = Peer(f"{PEER}, one process", [3600 / peer_trial_s])
    found: dict[int, float] = {}
    try:
        processes.wait_until_ready()
        if free:
            each = (free - _free_memory(name)) / max(plan.slots) / 2**20
            yield Row(f"memory of the device for each of {max(plan.slots)} processes, {how}", [each], "MiB")
        for count in plan.slots:
            if time.monotonic() > end_s:
                break
            per_hour = processes.epochs_per_second(count, plan.window_s) / plan.epochs * 3600
            found[count] = per_hour
            yield Row(f"trials per hour, {count} at once, {how}", [per_hour], "1/h", peer)
    except RuntimeError as error:
        yield not_measured(f"trials per hour, more at once, {how}", str(error))
    finally:
        processes.end()
    if found:
        best = max(found, key=lambda count: found[count])
        title = f"trials per hour, the device filled, {how}"
        yield Row(title, [found[best]], "1/h", peer, times_at_least(50), note=f"{best} at once")


def _free_memory(name: str) -> int:
    return torch.cuda.mem_get_info(torch.device(name))[0] if name.startswith("cuda") else 0


def main() -> None:
    """Measure, print and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--device", default="cuda:0")
    parser.add_argument("--size", type=Size, choices=list(PLANS), default=Size.FULL)
    parser.add_argument("--out", type=Path, default=Path())
    options = parser.parse_args()
    began_s = time.monotonic()
    where = {
        "device": device_name(configure(options.device, threads=1)),
        "versions": f"Python {platform.python_version()}, torch {torch.__version__}, CUDA {torch.version.cuda}",
        "size": str(options.size),
    }
    print(*where.values(), sep=", ", flush=True)
    known: list[Row] = []
    for row in measured(options.device, PLANS[options.size]):
        show(row)
        known.append(row)
        write(options.out, where | {"seconds": f"{time.monotonic() - began_s:.0f}"}, known)


def write(folder: Path, where: dict[str, str], known: list[Row]) -> None:
    """Write what is known so far as `gpu.md` and `gpu.json`."""
    folder.mkdir(parents=True, exist_ok=True)
    head = "# Training on a GPU\n\n" + "".join(f"- {name}: {text}\n" for name, text in where.items())
    (folder / "gpu.md").write_text(f"{head}\n{markdown(known)}", encoding="utf-8")
    found = [
        {"name": row.name, "values": row.values, "unit": row.unit, "note": row.note}
        | ({"peer": row.peer.name, "peer_values": row.peer.values, "ratio": row.ratio} if row.peer else {})
        | ({"bar": row.bar.limit, "is_reached": row.is_reached} if row.bar else {})
        for row in known
    ]
    (folder / "gpu.json").write_text(json.dumps(where | {"rows": found}, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
