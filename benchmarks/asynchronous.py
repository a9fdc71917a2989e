"""Measures what a search gains that never waits for the rest of a batch, on scenario 6's durations.

    python -m benchmarks.asynchronous [--trials 40] [--scale 1] [--only-replayed] [--root DIR]

Eight workers, the slowest half as fast as the fastest, evaluate in batches of 8 and asynchronously: once replayed, as
if only trials took time, and once as real processes on a real folder, whose objective sleeps. A worker's time counts
from its first trial, so that the start of Python is not measured. It is lost in the search while the worker waits
though trials are left to begin, and at the end when none is left.
"""

import argparse
import heapq
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from benchmarks.sleeping import DURATIONS_S, SLOWNESS
from hyperspool.common.layout import StudyFolder
from hyperspool.master.results.standing import open_standing

SLOWNESSES = tuple(1 + number / 7 for number in range(8))
"""Of each worker: its trials take so many times as long."""
BATCH = 8
STUDY = """
trials = {trials}
batch = 8
{mode}
sampler.name = "grid"
objective.name = "sleep"
budget.epochs = 1
space.place = {{ type = "int", low = 0, high = {last}, step = 1 }}
"""


@dataclass(frozen=True)
class Run:
    """A trial on a worker, in seconds since any beginning."""

    worker: str
    start_s: float
    end_s: float


@dataclass(frozen=True)
class Losses:
    """What a search took, in seconds of each worker, and the shares of this time that were lost."""

    each_s: float
    in_search: float
    at_end: float


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--trials", type=int, default=len(DURATIONS_S))
    parser.add_argument("--scale", type=float, default=1.0, help="Times of all sleeps.")
    parser.add_argument("--only-replayed", action="store_true")
    parser.add_argument("--root", type=Path, help="Put the shared folder below this one. Default: a temporary folder.")
    options = parser.parse_args()
    print(f"{options.trials} trials, {len(SLOWNESSES)} workers")
    print(f"{'':<32} {'evaluations per hour':>20} {'lost in the search':>19} {'lost at the end':>16}")
    show("replayed", *(replayed(options.trials, options.scale, batch) for batch in (BATCH, None)))
    if not options.only_replayed:
        with tempfile.TemporaryDirectory(dir=options.root) as place:
            modes = ("", 'mode = "asynchronous"')
            show("processes", *(measured(Path(place), options.trials, options.scale, mode) for mode in modes))


def show(how: str, in_batches: Sequence[Run], asynchronous: Sequence[Run]) -> None:
    """Print a row for each mode, and how many times as many evaluations an hour has."""
    found = [losses(in_batches), losses(asynchronous)]
    for name, each in zip((f"in batches of {BATCH}", "asynchronous"), found, strict=True):
        per_hour = len(in_batches) / each.each_s * 3600
        print(f"{f'{how}, {name}':<32} {per_hour:>20.0f} {each.in_search:>19.1%} {each.at_end:>16.1%}")
    print(f"{f'{how}, times as many':<32} {found[0].each_s / found[1].each_s:>20.2f}")


def losses(runs: Sequence[Run]) -> Losses:
    """Sum up what all workers lost from their first starts to the last end of all."""
    last_start_s, end_s = max(run.start_s for run in runs), max(run.end_s for run in runs)
    by_worker: dict[str, list[Run]] = {}
    for run in runs:
        by_worker.setdefault(run.worker, []).append(run)
    whole_s = sum(end_s - min(run.start_s for run in own) for own in by_worker.values())
    # A worker's end begins when it has finished its last trial, but not before the last one of all has begun.
    at_end_s = sum(end_s - max(last_start_s, *(run.end_s for run in own)) for own in by_worker.values())
    in_search_s = whole_s - at_end_s - sum(run.end_s - run.start_s for run in runs)
    return Losses(whole_s / len(by_worker), max(in_search_s / whole_s, 0.0), at_end_s / whole_s)


def replayed(trials: int, scale: float, batch: int | None) -> list[Run]:
    """Give out the trials in order, each to the worker that is free first."""
    free = [(0.0, number) for number in range(len(SLOWNESSES))]
    runs: list[Run] = []
    for trial in range(trials):
        if batch and not trial % batch:
            barrier_s = max(free)[0]
            free = [(barrier_s, number) for _, number in free]
            heapq.heapify(free)
        start_s, number = heapq.heappop(free)
        end_s = start_s + DURATIONS_S[trial % len(DURATIONS_S)] * SLOWNESSES[number] * scale
        runs.append(Run(str(number), start_s, end_s))
        heapq.heappush(free, (end_s, number))
    return runs


def measured(root: Path, trials: int, scale: float, mode: str) -> list[Run]:
    """Run a study with a worker process of each slowness; return when each trial ran where."""
    study = root / f"{'free' if mode else 'batches'}.toml"
    study.write_text(STUDY.format(trials=trials, mode=mode, last=trials - 1))
    shared = ["--root", str(root), "--objective", "sleep=benchmarks.sleeping:sleep"]
    worker = [sys.executable, "-m", "worker", "--study", study.stem, *shared]
    with ExitStack() as stack:
        for slowness in SLOWNESSES:
            surroundings = os.environ | {SLOWNESS: str(slowness * scale)}
            process = subprocess.Popen(worker, env=surroundings, stdout=subprocess.DEVNULL)  # noqa: S603 - our own program
            stack.callback(process.wait)
            stack.callback(process.terminate)
        master = [sys.executable, "-m", "master", "run", str(study), *shared]
        subprocess.run(master, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - our own program
    results = open_standing(StudyFolder(root, study.stem)).results.values()
    ends = [datetime.fromisoformat(result.times.ended_at).timestamp() for result in results]
    return [
        Run(result.attribution.worker, end_s - result.times.evaluation_s, end_s)
        for result, end_s in zip(results, ends, strict=True)
    ]


if __name__ == "__main__":
    main()
