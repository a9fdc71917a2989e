"""Measures how long it takes to simulate random searches by shuffling trials, and to compute their exact limit.

    python -m benchmarks.simulation [--size daily]

The values are random, because time does not depend on them. The best so far of all simulated searches is compared with
the loop that people write: shuffle, then `numpy.minimum.accumulate`, search by search.
"""

from collections.abc import Callable, Iterator
from functools import partial

import numpy as np

from benchmarks.harness import Peer, Row, Size, alternate, run_alone, seconds_of
from hyperspool.master.analysis.measures.replay import median_against_time
from hyperspool.master.analysis.measures.simulation import best_so_far, exact_mean, exact_quantile, simulated_quantiles

LEVELS = (0.25, 0.5, 0.75)
WORKERS = (1, 2, 4, 8)


def rows(size: Size) -> Iterator[Row]:
    """The milliseconds of each computation."""
    rounds = size.of(tiny=1, daily=5, full=15)
    searches, trials = size.of(tiny=(100, 20), daily=(1_000, 200), full=(10_000, 1_000))
    generator = np.random.default_rng(0)
    values = generator.random(trials)
    best = best_so_far(values, searches, seed=0)
    what = f"{searches:,} searches of {trials:,} trials"
    ours, loop = f"best so far of {what}", "a loop"
    found = _milliseconds(
        {ours: partial(best_so_far, values, searches, seed=0), loop: lambda: by_loop(values, searches)}, rounds
    )
    yield Row(ours, found[ours], "ms", Peer(loop, found[loop], is_speed=True))
    works: dict[str, Callable[[], object]] = {
        f"median and quartiles of {what}": partial(simulated_quantiles, best, LEVELS),
        f"exact median of {trials * 10:,} trials": partial(exact_quantile, generator.random(trials * 10), 0.5),
        f"exact mean of {trials * 10:,} trials": partial(exact_mean, generator.random(trials * 10)),
        f"median against time of {trials:,} trials, 1, 2, 4, 8 workers": replayed(generator, trials),
    }
    for name, milliseconds in _milliseconds(works, rounds).items():
        yield Row(name, milliseconds, "ms")


def by_loop(values: "np.ndarray[tuple[int], np.dtype[np.float64]]", searches: int) -> object:
    """The best so far, search by search."""
    generator = np.random.default_rng(0)
    return np.array([np.minimum.accumulate(generator.permutation(values)) for _ in range(searches)])


def replayed(generator: np.random.Generator, trials: int) -> Callable[[], object]:
    """Prepare the replay of trials in 200 orders on each number of workers, in batches of 8."""
    values, durations = generator.random(trials), generator.exponential(30.0, trials)
    return lambda: [median_against_time(values, durations, workers, 8, runs=200) for workers in WORKERS]


def _milliseconds(works: dict[str, Callable[[], object]], rounds: int) -> dict[str, list[float]]:
    for work in works.values():
        work()  # what is loaded on first use
    seconds = alternate({name: seconds_of(work) for name, work in works.items()}, rounds)
    return {name: [1000 * each for each in found] for name, found in seconds.items()}


if __name__ == "__main__":
    run_alone(__doc__, rows)
