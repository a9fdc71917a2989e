"""How often the intervals of importances hold the true share, for functions whose shares are known.

    python -m benchmarks.importance              # 200 studies of each function and number: ten idle minutes
    python -m benchmarks.importance 40 ishigami  # 40 of one function

A row is a function and a number of trials. For each parameter: the true share, the mean estimate, in how many of the
studies the 90 % interval held the truth to within 0.005, and the interval's mean width. Shares are first-order Sobol
indices; what follows from them is beside each function.

Source of Ishigami's function and its indices: Ishigami and Homma 1990; Saltelli et al. 2008, Global Sensitivity
Analysis, sec. 2.9, with a = 7 and b = 0.1.
"""

import math
import sys
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from hyperspool.master.analysis.measures.importance import shortest_interval
from hyperspool.master.analysis.measures.variance_model import Coordinate, variance_shares

Floats = NDArray[np.float64]
TRIALS = (80, 100)
EDGE = 0.7
"""Where the step is."""
LENIENCE = 0.005
"""An interval may miss by less than what a percentage rounds off. Without noise, intervals are narrower than that."""


class Known(NamedTuple):
    """A function of the unit cube with known shares.

    Attributes:
        value: of points `(n, parameters)`, with noise if there is any.
        shares: of its parameters.
        levels: of its parameters; 0 for a range.
    """

    value: Callable[[Floats, np.random.Generator], Floats]
    shares: tuple[float, ...]
    levels: tuple[int, ...]


def _normalised(*variances: float, rest: float = 0.0) -> tuple[float, ...]:
    whole = sum(variances) + rest
    return tuple(variance / whole for variance in variances)


def _sum(at: Floats, random: np.random.Generator) -> Floats:
    del random
    return 3 * at[:, 0] + 2 * at[:, 1] + at[:, 2]


def _noisy_sum(at: Floats, random: np.random.Generator) -> Floats:
    return _sum(at, random) + random.normal(0, math.sqrt(14 / 12), len(at))


def _ishigami(at: Floats, random: np.random.Generator) -> Floats:
    del random
    x = math.pi * (2 * at - 1)
    value: Floats = np.sin(x[:, 0]) + 7 * np.sin(x[:, 1]) ** 2 + 0.1 * x[:, 2] ** 4 * np.sin(x[:, 0])
    return value


def _saddle(at: Floats, random: np.random.Generator) -> Floats:
    del random
    return 12 * (at[:, 0] - 0.5) * (at[:, 1] - 0.5) + at[:, 2]


def _step(at: Floats, random: np.random.Generator) -> Floats:
    del random
    return (at[:, 0] > EDGE) + 0.5 * at[:, 1]


def _valley(at: Floats, random: np.random.Generator) -> Floats:
    return (at[:, 0] - 0.4) ** 2 + 0.1 * at[:, 1] + random.normal(0, 0.03, len(at))


def _choice(at: Floats, random: np.random.Generator) -> Floats:
    return at[:, 0] + at[:, 1] + random.normal(0, 0.2, len(at))


PI4 = math.pi**4
FUNCTIONS = {
    "sum": Known(_sum, _normalised(9, 4, 1, 0), (0, 0, 0, 0)),
    "noisy sum": Known(_noisy_sum, _normalised(9, 4, 1, 0, rest=14), (0, 0, 0, 0)),
    "ishigami": Known(
        _ishigami,
        # Only x1 and x3 act together: b^2 pi^8 (1/18 - 1/50).
        _normalised((1 + 0.1 * PI4 / 5) ** 2 / 2, 49 / 8, 0, rest=0.01 * PI4**2 * (1 / 18 - 1 / 50)),
        (0, 0, 0),
    ),
    # (x - 1/2) has the variance 1/12, so the product has 144/144.
    "saddle": Known(_saddle, _normalised(0, 0, 1 / 12, rest=1), (0, 0, 0)),
    "step": Known(_step, _normalised(EDGE * (1 - EDGE), 0.25 / 12, 0), (0, 0, 0)),
    # The variance of (x - a)^2 on [0, 1] is 4/45 - a/3 + a^2/3.
    "valley": Known(_valley, _normalised(4 / 45 - 0.4 / 3 + 0.16 / 3, 0.01 / 12, 0, rest=0.0009), (0, 0, 0)),
    "choice": Known(_choice, _normalised(2 / 3, 1 / 12, 0, rest=0.04), (3, 0, 0)),
}


def covered(known: Known, trials: int, seed: int) -> Floats:
    """One study of random points, `(3, parameters)`: estimates, widths of intervals, 1 where one holds the truth."""
    random = np.random.default_rng(seed)
    columns = [random.integers(count, size=trials) if count else random.random(trials) for count in known.levels]
    at = np.column_stack(columns).astype(np.float64)
    places = [Coordinate(column, count, False) for column, count in zip(at.T, known.levels, strict=True)]
    shares = variance_shares(places, known.value(at, random), np.random.default_rng(seed)).alone
    intervals = np.array([shortest_interval(own) for own in shares.T])
    held = [
        low - LENIENCE <= true <= high + LENIENCE for (low, high), true in zip(intervals, known.shares, strict=True)
    ]
    return np.array([shares.mean(axis=0), intervals[:, 1] - intervals[:, 0], held], dtype=np.float64)


def main(studies: int, names: list[str]) -> None:
    """Print the coverage of each function and number of trials."""
    for name in names:
        known = FUNCTIONS[name]
        for trials in TRIALS:
            estimates, widths, held = np.mean([covered(known, trials, seed) for seed in range(studies)], axis=0)
            cells = [
                f"{true:.3f} {estimate:.3f} {hits:4.0%} {width:.3f}"
                for true, estimate, hits, width in zip(known.shares, estimates, held, widths, strict=True)
            ]
            print(f"{name:10} {trials:4}  {'   '.join(cells)}", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 200, sys.argv[2:] or list(FUNCTIONS))
