"""Measures what a trial costs through the whole protocol, with an objective that costs nothing, by number of workers.

    python -m benchmarks.throughput [--size daily] [--workers 1,2] [--trials 600]

Real processes on a real file system publish, claim, evaluate in the child, report and collect 4 parameters, all trials
in one batch. The peer is optuna's storage in a journal file with as many processes; both are warm when they begin. Time
counts from the first claim to the last result, CPU seconds without the start of Python. The floor is one lock and two
flushes for each trial, on the same disk.
"""

import argparse
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from statistics import median
from typing import TypeVar

from benchmarks.fleet import Cpu, Done, Fleet
from benchmarks.floor import floor_s
from benchmarks.harness import Peer, Row, Size, alternate, at_most, show, times_at_least
from benchmarks.optuna_processes import Peers, run_peers

T = TypeVar("T")

TIMES_OPTUNA = {1: 3, 2: 3, 4: 3, 8: 5, 32: 15}
"""The bar of trials per second for each number of workers."""
OPTUNA = "optuna, journal file"


@dataclass(frozen=True)
class Ours:
    """What a study took.

    Attributes:
        per_s: trials per second.
        cpu: seconds of all trials.
        handovers_s: for each two trials that followed one another on a worker, the seconds from the evaluation of the
            first to that of the second.
        failed: failed tries to claim a job, for each trial.
    """

    per_s: float
    cpu: Cpu
    handovers_s: Sequence[float]
    failed: float


def rows(size: Size) -> Iterator[Row]:
    """The rows of each number of workers."""
    numbers = size.of(tiny=(2,), daily=(1, 2, 8), full=tuple(TIMES_OPTUNA))
    trials, rounds = size.of(tiny=16, daily=400, full=600), size.of(tiny=1, daily=3, full=5)
    for workers in numbers:
        yield from rows_of_workers(workers, trials, rounds)


def rows_of_workers(workers: int, trials: int, rounds: int) -> Iterator[Row]:
    """The rows of one number of workers."""
    ours: list[Ours] = []
    peers: list[Peers] = []
    with tempfile.TemporaryDirectory() as name:
        place = Path(name)
        runs = {
            "ours": lambda: _noted(ours, measure(place / f"ours-{len(ours)}", workers, trials)).per_s,
            OPTUNA: lambda: _peers_per_s(_noted(peers, run_peers(place / f"{len(peers)}.log", workers, trials))),
            "floor": lambda: trials / floor_s(place / "floor", workers, trials),
        }
        found = alternate(runs, rounds)
    who = f"{workers} workers" if workers > 1 else "1 worker"
    bar = times_at_least(TIMES_OPTUNA.get(workers, 3))
    yield Row(f"trials/s, {who}", found["ours"], "/s", Peer(OPTUNA, found[OPTUNA]), bar)
    yield Row(f"trials/s, {who}, beside the floor", found["ours"], "/s", Peer("the floor", found["floor"]))
    whole = [1000 * each.cpu.whole_s / trials for each in ours]
    theirs = [1000 * each.cpu_s / trials for each in peers]
    parts = ", ".join(
        f"{part} {median([1000 * getattr(each.cpu, f'{part}_s') / trials for each in ours]):.2f}"
        for part in ("parents", "master", "children")
    )
    yield Row(f"CPU per trial, {who}", whole, "ms", Peer(OPTUNA, theirs), note=parts)
    handovers = [1000 * median(each.handovers_s) for each in ours if each.handovers_s]
    yield Row(f"from evaluation to evaluation on a worker, {who}", handovers, "ms")
    bar = at_most(1)
    yield Row(f"failed claims per trial, {who}", [each.failed for each in ours], "", bar=bar)


def measure(root: Path, workers: int, trials: int, mode: str = "") -> Ours:
    """Run a study with warm workers."""
    with Fleet(root, workers) as fleet:
        fleet.gather()
        start = fleet.run("nothing", 1)
        done = fleet.run("nothing", trials, mode)
        fleet.stop()
        tries, failed = fleet.tries
    if tries - failed < trials:
        raise RuntimeError(f"{tries} tries to claim a job were counted, {failed} of them failed, for {trials} trials")
    cpu = Cpu(done.cpu.parents_s, done.cpu.children_s, done.cpu.master_s - start.cpu.master_s)
    return Ours(trials / done.seconds, cpu, handovers_s(done), failed / trials)


def handovers_s(done: Done) -> list[float]:
    """The seconds between the evaluations of two trials that followed one another on a worker."""
    moments: dict[str, list[float]] = {}
    for result in done.results:
        moments.setdefault(result.attribution.worker, []).append(result.value or 0.0)
    return [later - earlier for each in moments.values() for earlier, later in pairwise(sorted(each))]


def _peers_per_s(peers: Peers) -> float:
    return peers.trials / peers.seconds


def _noted(notes: list[T], value: T) -> T:
    notes.append(value)
    return value


def main() -> None:
    """Print the rows, of other numbers of workers and trials if these are given."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--size", type=Size, choices=list(Size), default=Size.DAILY)
    parser.add_argument("--workers", help="Numbers of workers, such as 1,2.")
    parser.add_argument("--trials", type=int, default=600)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    if options.workers is None:
        found = rows(options.size)
    else:
        numbers = map(int, options.workers.split(","))
        found = (row for count in numbers for row in rows_of_workers(count, options.trials, options.rounds))
    for row in found:
        show(row)


if __name__ == "__main__":
    main()
