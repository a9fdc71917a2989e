"""Measures how long it takes to simulate random searches by shuffling trials, and to compute their exact limit.

    python -m benchmarks.simulation [--repeats 5]

The values are random, because time does not depend on them. It prints the shortest repeat in ms, after one warm-up.
"""

import argparse
import time
from collections.abc import Callable
from functools import partial

import numpy as np

from hyperspool.master.analysis.measures.replay import median_against_time
from hyperspool.master.analysis.measures.simulation import best_so_far, exact_mean, exact_quantile, simulated_quantiles

SIZES = ((1_000, 200), (10_000, 1_000))
"""Number of simulated searches, and trials of each."""
EXACT_TRIALS = (200, 10_000)
WORKERS = (1, 2, 4, 8)
LEVELS = (0.25, 0.5, 0.75)


def main() -> None:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=5)
    options = parser.parse_args()
    print(f"{'computation':<40} {'runs':>7} {'trials':>7} {'ms':>9}")
    for label, runs, trials, work in measured():
        print(f"{label:<40} {runs:>7} {trials:>7} {shortest_ms(work, options.repeats):>9.1f}")


def measured() -> list[tuple[str, str, int, Callable[[], object]]]:
    """List the measurements: label, simulated runs, trials, and the work itself."""
    generator = np.random.default_rng(0)
    rows: list[tuple[str, str, int, Callable[[], object]]] = []
    for runs, trials in SIZES:
        values = generator.random(trials)
        best = best_so_far(values, runs, seed=0)
        rows += [
            ("best so far", f"{runs}", trials, partial(best_so_far, values, runs, seed=0)),
            ("median and quartiles of best so far", f"{runs}", trials, partial(simulated_quantiles, best, LEVELS)),
        ]
    for trials in EXACT_TRIALS:
        values = generator.random(trials)
        rows += [
            ("exact median", "all", trials, partial(exact_quantile, values, 0.5)),
            ("exact mean", "all", trials, partial(exact_mean, values)),
        ]
    rows.append(("median against time, 1, 2, 4, 8 workers", "200", 200, replayed(generator)))
    return rows


def replayed(generator: np.random.Generator) -> Callable[[], object]:
    """Prepare the replay of 200 trials in 200 orders on each number of workers, in batches of 8."""
    values, durations = generator.random(200), generator.exponential(30.0, 200)
    return lambda: [median_against_time(values, durations, workers, 8, runs=200) for workers in WORKERS]


def shortest_ms(work: Callable[[], object], repeats: int) -> float:
    """Return the shortest of several measurements in milliseconds: other work on the machine delayed it least."""
    work()
    times = []
    for _ in range(repeats):
        begin = time.perf_counter()
        work()
        times.append(time.perf_counter() - begin)
    return 1000 * min(times)


if __name__ == "__main__":
    main()
