"""How good a random search is after t evaluations: simulated by shuffling one search, and exactly over all orders.

Random search draws every trial independently, so the n finished trials of a study could have come in any order, and
every order is equally likely. Shuffling them repeats the search without any training (the idea behind the efficiency
curves of Bergstra and Bengio 2012, JMLR 13). The limit of many shuffles has a closed form. Let k of the n values be at
most x. The probability that none of these k is among the first t of a random order is

    P(best of the first t > x) = C(n - k, t) / C(n, t)

(Dodge et al. 2019, arXiv:1909.03004, draw with replacement instead: (1 - k/n)^t.)

The limits: the result describes the n given trials. Every order ends at the same best value, so the spread goes to zero
as t goes to n; that of fresh searches of n trials would not. And it holds for random search alone: a trial that a
method proposed after seeing other trials cannot come before them.

Lower is better everywhere here; negate what is to be maximised. A trial without a value (FAILED: NaN, or infinite)
counts as an evaluation and is never the best. Until the first value, the best is NaN, which is worse than any value.
"""

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

Floats = NDArray[np.float64]
Direction = Literal["minimise", "maximise"]

TIE = 1e-9
"""Probabilities that differ by a smaller share count as equal. Rounding errors are smaller (1e-12 at n = 10,000), and
differences that matter are larger."""


def to_minimise(values: ArrayLike, direction: Direction) -> Floats:
    """Turn values of any shape into values of which lower is better. The same call turns them back."""
    numbers = np.asarray(values, dtype=np.float64)
    return numbers if direction == "minimise" else -numbers


def turned_back(quantiles: Floats, direction: Direction) -> Floats:
    """Turn quantiles of `to_minimise` values into those of the values themselves.

    Args:
        quantiles: `(levels, n)`, of levels that lie evenly around 0.5, in rising order.
        direction: of the objective.

    Returns:
        `(levels, n)`, of the same levels in rising order. The lowest quarter of maximised values is the highest quarter
        of their negatives, so negating alone would exchange the two.
    """
    turned = to_minimise(quantiles, direction)
    return turned if direction == "minimise" else turned[::-1]


def best_so_far(values: ArrayLike, runs: int, seed: int) -> Floats:
    """Simulate random searches by shuffling the trials of one search.

    Args:
        values: `(n,)`, one per trial, in any order.
        runs: how many searches to simulate.
        seed: of the shuffling. The same seed gives the same searches.

    Returns:
        `(runs, n)`: the best value of the first t trials, t from 1, of every simulated search. Each row is
        non-increasing, and NaN until its first trial with a value.
    """
    orders = np.broadcast_to(_without_gaps(values), (runs, np.size(values)))
    best = np.random.default_rng(seed).permuted(orders, axis=1)
    np.minimum.accumulate(best, axis=1, out=best)
    return _with_gaps(best)


def simulated_quantiles(best: Floats, levels: Sequence[float]) -> Floats:
    """Quantiles over simulated searches, after each number of evaluations.

    Args:
        best: `(runs, n)`, from `best_so_far`.
        levels: between 0 and 1; 0.5 is the median.

    Returns:
        `(len(levels), n)`: the lowest value that at least that share of the runs has reached. It is the inverse of the
        distribution function, so it is always one of the values. NaN where a smaller share of the runs has any value.
    """
    filled = np.where(np.isnan(best), np.inf, best)
    quantiles: Floats = np.quantile(filled, levels, axis=0, method="inverted_cdf")
    return _with_gaps(quantiles)


def exact_distribution(values: ArrayLike, target: float) -> Floats:
    """The probability that the best of the first t trials of a random order is at most `target`.

    It is `1 - C(n - k, t) / C(n, t)`, where k values are at most `target`. The ratio is computed as the product over
    i < t of `(n - k - i) / (n - i)`. That needs no factorial, and each factor is between 0 and 1, so nothing overflows
    or cancels.

    Args:
        values: `(n,)`, one per trial, in any order.
        target: a value.

    Returns:
        `(n,)` for t = 1..n, non-decreasing.
    """
    trials = _without_gaps(values)
    good = int(np.count_nonzero(np.isfinite(trials) & (trials <= target)))
    return 1.0 - _misses(trials.size, good, trials.size)


def exact_quantile(values: ArrayLike, level: float) -> Floats:
    """A quantile of the best of the first t trials, over all orders of the trials.

    It is the inverse of the distribution function: the lowest value x for which the best of the first t is at most x
    with probability `level` or more. So it is always one of the values and never lies between two. Where two values
    share the median, it is the lower one.

    Args:
        values: `(n,)`, one per trial, in any order. 10,000 values take a fraction of a second.
        level: above 0, at most 1; 0.5 is the median.

    Returns:
        `(n,)` for t = 1..n, non-increasing; NaN where the probability that a search has any value is below `level`.
    """
    ordered = np.sort(_without_gaps(values))
    quantile = np.full(ordered.size, np.inf)
    # The k-th lowest value is the quantile from the first t on at which P >= level. A larger k reaches its level at an
    # earlier t, so only the t that the previous k left open are computed: about n log n steps instead of n^2.
    still_open = ordered.size
    for good, value in enumerate(ordered, start=1):
        if not still_open:
            break
        reached = int(np.count_nonzero(_misses(ordered.size, good, still_open) > (1.0 - level) * (1.0 + TIE)))
        quantile[reached:still_open] = value
        still_open = reached
    return _with_gaps(quantile)


def exact_mean(values: ArrayLike) -> Floats:
    """The expected best of the first t trials, over all orders that have a value among these.

    The k-th lowest value is the best of t trials with probability `C(n - k, t - 1) / C(n, t)`. Ties need no special
    case, because trials that tie are interchangeable. Orders whose first t trials all failed have no best value and are
    left out of the mean.

    Args:
        values: `(n,)`, one per trial, in any order.

    Returns:
        `(n,)` for t = 1..n, non-increasing; all NaN if no trial has a value.
    """
    ordered = np.sort(_without_gaps(values))
    count = ordered.size
    evaluations = np.arange(1, count + 1, dtype=np.float64)
    is_best = evaluations / count
    total, weight = np.zeros(count), np.zeros(count)
    for place, value in enumerate(ordered[np.isfinite(ordered)], start=1):
        # For t above n - place + 1 the first t trials always include a better one.
        possible = slice(0, count - place + 1)
        total[possible] += is_best[possible] * value
        weight[possible] += is_best[possible]
        if place < count:
            is_best[possible] *= (count - place + 1 - evaluations[possible]) / (count - place)
    mean = np.full(count, np.nan)
    np.divide(total, weight, out=mean, where=weight > 0)
    return mean


def _misses(count: int, good: int, evaluations: int) -> Floats:
    """The probability that the first t of `count` trials include none of the `good` ones.

    Returns:
        `(evaluations,)` for t = 1, 2, ...
    """
    drawn = np.arange(evaluations, dtype=np.float64)
    factors: Floats = np.maximum(count - good - drawn, 0.0) / (count - drawn)
    return np.cumprod(factors, dtype=np.float64)


def _without_gaps(values: ArrayLike) -> Floats:
    numbers = np.array(values, dtype=np.float64)
    numbers[~np.isfinite(numbers)] = np.inf
    return numbers


def _with_gaps(best: Floats) -> Floats:
    best[np.isinf(best)] = np.nan
    return best
