"""Measures what a search gains whose batches begin with the trials that are predicted to take longest.

    python -m benchmarks.batch_order [--size daily]

Replayed: the master's own prediction orders trials whose durations are known, and each goes to the worker that is free
first, as if only trials took time. Scenario 6's 40 trials; and 638 recorded trials of its space, in batches of two and
of four trials per worker. Each repeat has the trials in another order. The note says what a master would gain that
knew all durations before. Measured: 2 workers, whose objective sleeps.
"""

import heapq
import json
import lzma
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np

from benchmarks.harness import Peer, Row, Size, not_measured, run_alone
from benchmarks.recorded import TABLE
from benchmarks.sleeping import DURATIONS_S, SCALE
from hyperspool.common.layout import StudyFolder
from hyperspool.common.records import Attribution, Budget, Job, Result, Seeds, Status, Times
from hyperspool.common.space import Params
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.results.standing import open_standing
from hyperspool.master.run.longest_first import LongestFirst
from hyperspool.master.search.random_search import draw
from hyperspool.master.studies.preset import load_preset

NOWHERE = StudyFolder(Path("/nowhere"), "demo")
"""Nothing is written there."""
MEASURED_WORKERS = 2
STUDY = """
trials = 40
batch = 8
objective.name = "compute"
budget.epochs = 1
space.num_filters = { type = "int", low = 10, high = 100 }
space.learning_rate = { type = "float", low = 0.01, high = 0.31622776601683794, log = true }
space.momentum = { type = "float", low = 0.0, high = 1.0 }
space.batch_size = { type = "int", low = 16, high = 256, log = true }
"""
"""Scenario 6, whose objective sleeps."""


@dataclass(frozen=True)
class Timed:
    """A trial's params, and the seconds that it takes."""

    params: Params
    seconds: float


def rows(size: Size) -> Iterator[Row]:
    """The seconds of whole searches, in both orders."""
    spec = load_preset("scenario6")
    repeats = size.of(tiny=1, daily=50, full=400)
    for batch, workers in ((8, 2), (8, 4), (20, 2), (20, 4), (20, 8), (40, 2), (40, 4), (40, 8), (40, 16)):
        name = f"scenario 6, batches of {batch}, {workers} workers, replayed"
        yield compared(name, spec, scenario6(spec), workers, batch, repeats)
    numbers = size.of(tiny=(2, 64), daily=(2, 4, 8, 16, 32, 64), full=(2, 4, 8, 16, 32, 64))
    for each in (2, 4):
        for workers in numbers:
            name = f"638 trials, batches of {each * workers}, {workers} workers, replayed"
            yield compared(name, spec, recorded(), workers, each * workers, max(repeats // 5, 1))
    name = f"scenario 6, {MEASURED_WORKERS} workers, real processes"
    if size is Size.TINY:
        yield not_measured(name, "it takes half a minute")
        return
    scale = size.of(tiny=0.0, daily=0.25, full=1.0)
    rounds = size.of(tiny=0, daily=1, full=3)
    ordered, plain = zip(*(measured(scale) for _ in range(rounds)), strict=True)
    yield Row(name, ordered, "s", Peer("by number", plain, is_speed=True), note=f"durations times {scale}")


def compared(name: str, spec: StudySpec, trials: Sequence[Timed], workers: int, batch: int, repeats: int) -> Row:
    """Replay the trials in their order and in others, by number and longest first."""
    generator = np.random.default_rng(0)
    found: list[tuple[float, float, float]] = []
    for number in range(repeats):
        order = generator.permutation(len(trials)) if number else range(len(trials))
        shuffled = [trials[place] for place in order]
        known = sum(replayed_s(sorted(some, key=lambda one: -one.seconds), workers) for some in cut(shuffled, batch))
        search = LongestFirst(NOWHERE, spec)
        begun = sum(replayed_s(some, workers, search) for some in cut(shuffled, batch))
        found.append((begun, sum(replayed_s(some, workers) for some in cut(shuffled, batch)), known))
    ours, plain, best = zip(*found, strict=True)
    note = f"with all durations known: {np.median(plain) / np.median(best):.3g}x"
    return Row(name, ours, "s", Peer("by number", plain, is_speed=True), note=note)


def cut(trials: Sequence[Timed], batch: int) -> list[Sequence[Timed]]:
    """The trials in batches."""
    return [trials[first : first + batch] for first in range(0, len(trials), batch)]


def replayed_s(batch: Sequence[Timed], workers: int, search: LongestFirst | None = None) -> float:
    """Give out a batch, each trial to the worker that is free first; return the seconds until its end.

    Args:
        batch: in order of numbers.
        workers: how many.
        search: suggests orders, and learns from the trials as they end; None: the order of the numbers.
    """
    jobs = {number: job_of(number, trial.params) for number, trial in enumerate(batch)}
    left = _ordered(search, jobs, list(jobs))
    running: list[tuple[float, int]] = []
    now_s = 0.0
    while left or running:
        while left and len(running) < workers:
            number = left.pop(0)
            heapq.heappush(running, (now_s + batch[number].seconds, number))
        now_s, number = heapq.heappop(running)
        if search is not None:
            search.landed(result_of(jobs[number], batch[number].seconds))
            if search.is_due:
                left = _ordered(search, jobs, left)
    return now_s


def _ordered(search: LongestFirst | None, jobs: dict[int, Job], left: list[int]) -> list[int]:
    found = search.ordered([jobs[number] for number in left]) if search else []
    return [job.trial for job in found] or left


def scenario6(spec: StudySpec) -> list[Timed]:
    """Scenario 6's trials."""
    return [Timed(draw(spec.space, spec.seed, trial), seconds) for trial, seconds in enumerate(DURATIONS_S)]


def recorded() -> list[Timed]:
    """The recorded trials, as if all epochs took as long as the shortest one: other work delayed that one least."""
    table: dict[str, Any] = json.loads(lzma.decompress(TABLE.read_bytes()))
    return [Timed(row["params"], min(row["seconds"]) * len(row["seconds"])) for row in table["rows"]]


def job_of(trial: int, params: Params) -> Job:
    """A job with these params."""
    seeds = Seeds(initialisation=0, shuffling=0, dropout=0)
    return Job(study="demo", trial=trial, params=params, budget=Budget(epochs=1), seeds=seeds, published_at="")


def result_of(job: Job, seconds: float) -> Result:
    """The result of a job that took this long."""
    return Result(
        study=job.study,
        trial=job.trial,
        issue=1,
        attempt=1,
        status=Status.COMPLETE,
        value=0.0,
        params=job.params,
        budget=job.budget,
        seeds=job.seeds,
        attribution=Attribution(worker="w", host="h", pid=1, device="cpu", threads=1),
        times=Times(published_at="now", claimed_at="now", ended_at="now", evaluation_s=seconds, training_s=0.0),
    )


def measured(scale: float) -> tuple[float, float]:
    """Run scenario 6 with a master of each kind at the same time; return the seconds of both."""
    with tempfile.TemporaryDirectory() as place, ThreadPoolExecutor() as threads:
        masters = ("hyperspool.master", "benchmarks.unordered_master")
        ordered, plain = threads.map(lambda master: search_s(Path(place, master), master, scale), masters)
    return ordered, plain


def search_s(root: Path, master: str, scale: float) -> float:
    """Run the search; return the seconds from its first claim to its last result."""
    root.mkdir()
    study = root / "six.toml"
    study.write_text(STUDY, encoding="utf-8")
    command = [sys.executable, "-m", master, "run", str(study), "--root", str(root), "--workers", str(MEASURED_WORKERS)]
    command += ["--objective", "compute=benchmarks.sleeping:compute"]
    surroundings = os.environ | {SCALE: str(scale)}
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, env=surroundings)  # noqa: S603 - our own program
    times = [result.times for result in open_standing(StudyFolder(root, study.stem)).results.values()]
    first, last = min(each.claimed_at for each in times), max(each.ended_at for each in times)
    return (datetime.fromisoformat(last) - datetime.fromisoformat(first)).total_seconds()


if __name__ == "__main__":
    run_alone(__doc__, rows)
