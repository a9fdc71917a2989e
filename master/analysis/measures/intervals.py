"""How far a few replicates can be trusted: intervals for means, medians and spreads, and whether two settings differ.

Three replicates say little, and these functions say how little. Student's t, not the normal distribution, makes the
intervals for means; for a median without assumptions there is nothing below six values; and a comparison that the
replicates cannot decide is told as such, with the number of replicates that probably could.

The means assume that replicates of a setting scatter about normally. A setting of which some replicates diverge does
not: its interval is very wide then, and the verdict names the diverged ones.
"""

import math
import statistics
from bisect import bisect_left
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Literal

from hyperspool.master.results.wording import counted, measured_text

CONFIDENCE = 0.95
POWER = 0.8
"""Probability with which as many replicates as `Comparison.needed` would decide: 0.8 is the custom."""
MAX_NEEDED = 1000
"""Replicates of a setting beyond which nobody wants to know the number."""
MIN_SPREAD = 2
"""Values that have a spread at all."""

Direction = Literal["minimise", "maximise"]


@dataclass(frozen=True)
class Interval:
    """An interval that covers the true value with probability `confidence`, `centre` being its estimate."""

    centre: float
    low: float
    high: float
    confidence: float
    count: int


@dataclass(frozen=True)
class Sample:
    """One side of a comparison.

    Attributes:
        name: what a sentence calls it.
        values: one per replicate; NaN for a FAILED one, which is left out.
        n_diverged: how many of the replicates diverged. They count with their value, the error of guessing.
    """

    name: str
    values: tuple[float, ...]
    n_diverged: int = 0

    @property
    def finite(self) -> tuple[float, ...]:
        """The values that are numbers."""
        return _finite(self.values)


@dataclass(frozen=True)
class Comparison:
    """What the replicates of two settings say about their difference.

    Attributes:
        interval: of the mean of the first minus that of the second; None if a side has fewer than two values, or no
            value differs from the others of its side.
        winner: the name of the better side, or None if the replicates cannot tell.
        needed: about how many replicates of each setting would tell; None if they do, or nothing says how many.
        verdict: all of it in a sentence.
    """

    interval: Interval | None
    winner: str | None
    needed: int | None
    verdict: str


def mean_interval(values: Iterable[float], confidence: float = CONFIDENCE) -> Interval | None:
    """Student's t interval for the mean; None for fewer than two values. NaN and infinite values are left out."""
    numbers = _finite(values)
    if len(numbers) < MIN_SPREAD:
        return None
    mean = statistics.mean(numbers)
    half = _student(confidence, len(numbers) - 1) * statistics.stdev(numbers) / math.sqrt(len(numbers))
    return Interval(mean, mean - half, mean + half, confidence, len(numbers))


def median_interval(values: Iterable[float], confidence: float = CONFIDENCE) -> Interval | None:
    """The narrowest pair of order statistics that covers the median at least so often, whatever the distribution.

    Its `confidence` is what it reaches. None if not even the least and the greatest value reach it: at 0.95 that is
    with fewer than six values. NaN and infinite values are left out.
    """
    from scipy import stats

    numbers = sorted(_finite(values))
    count = len(numbers)
    # The k-th value from below is above the median with the probability of fewer than k heads in `count` tosses.
    reached = [1 - 2 * float(stats.binom.cdf(k - 1, count, 0.5)) for k in range(1, count // 2 + 1)]
    enough = [k for k, coverage in enumerate(reached, start=1) if coverage >= confidence]
    if not enough:
        return None
    k = enough[-1]
    return Interval(statistics.median(numbers), numbers[k - 1], numbers[count - k], reached[k - 1], count)


def deviation_interval(*groups: Iterable[float], confidence: float = CONFIDENCE) -> Interval | None:
    """The interval for the standard deviation of normal values within groups, each with a mean of its own.

    By the chi-squared distribution. With one group of three values it reaches from half to more than six times the
    estimate. None if no group has two values. NaN and infinite values are left out.
    """
    from scipy import stats

    numbers = [found for group in groups if len(found := _finite(group)) >= MIN_SPREAD]
    freedom = sum(len(group) - 1 for group in numbers)
    if not freedom:
        return None
    deviation = math.sqrt(sum(statistics.variance(group) * (len(group) - 1) for group in numbers) / freedom)
    tail = (1 - confidence) / 2
    low, high = (math.sqrt(freedom / float(stats.chi2.ppf(level, freedom))) for level in (1 - tail, tail))
    return Interval(deviation, low * deviation, high * deviation, confidence, sum(map(len, numbers)))


def correlation_threshold(count: int, confidence: float = CONFIDENCE) -> float:
    """The rank correlation that chance exceeds, in size, with probability 1 - confidence; 1 for fewer than four pairs.

    By the t approximation: r = t / sqrt(n - 2 + t^2).
    """
    freedom = count - 2
    if freedom < MIN_SPREAD:
        return 1.0
    t = _student(confidence, freedom)
    return t / math.sqrt(freedom + t * t)


def difference(
    first: Sample, second: Sample, direction: Direction = "minimise", confidence: float = CONFIDENCE
) -> Comparison:
    """Which of two settings is better, by Welch's interval for the difference of their means.

    Also fit for the best two of many: when all settings were in truth alike, 3 or 5 replicates of the best two of 2, 5
    or 20 settings were told apart in less than 5 % of 1,500 simulated studies.

    If the interval holds 0 the replicates cannot tell. `needed` is then the smallest n for which a fresh study, with n
    replicates of each setting, the same difference and the same standard deviations, would decide with probability 0.8:

        n >= (t(1 - alpha / 2) + t(0.8))^2 * (s1^2 + s2^2) / difference^2

    with Welch's degrees of freedom for n and n. Both spreads are themselves known from few replicates: take it as a
    rough number.
    """
    remark = _diverged_remark(first, second)
    if min(len(first.finite), len(second.finite)) < MIN_SPREAD:
        counts = f"{counted(len(first.finite), 'replicate')} of {first.name} and {len(second.finite)} of {second.name}"
        verdict = f"cannot be told: {counts} have no spread to compare by; at least 3 of each are needed{remark}"
        return Comparison(None, None, None, verdict)
    estimate = statistics.mean(first.finite) - statistics.mean(second.finite)
    better, worse = (first, second) if (estimate < 0) == (direction == "minimise") else (second, first)
    deviations = [statistics.stdev(sample.finite) for sample in (first, second)]
    if not any(deviations):
        return _without_spread(better, worse, estimate, remark)
    counts_of = [len(first.finite), len(second.finite)]
    half = _student(confidence, _freedom(deviations, counts_of)) * _error(deviations, counts_of)
    interval = Interval(estimate, estimate - half, estimate + half, confidence, sum(counts_of))
    if abs(estimate) > half:
        low, high = sorted((abs(interval.low), abs(interval.high)))
        verdict = f"{better.name} is better than {worse.name}, by {measured_text(low)} to {measured_text(high)}{remark}"
        return Comparison(interval, better.name, None, verdict)
    needed = _needed(estimate, deviations, confidence)
    return Comparison(interval, None, needed, _undecided(counts_of, interval, needed, remark))


def _undecided(counts: Sequence[int], interval: Interval, needed: int | None, remark: str) -> str:
    replicates = (
        counted(counts[0], "replicate") if counts[0] == counts[1] else f"{counts[0]} and {counts[1]} replicates"
    )
    if needed is None:
        more = "the means are equal, which no number of replicates would tell from a tiny difference"
    elif needed > MAX_NEEDED:
        more = f"more than {MAX_NEEDED} replicates of each would be needed"
    else:
        more = f"about {needed} replicates of each would be needed"
    span = f"a {interval.confidence:.0%} interval from {measured_text(interval.low)} to {measured_text(interval.high)}"
    return f"cannot be told: {replicates} give {span} for the difference; {more}{remark}"


def _without_spread(better: Sample, worse: Sample, estimate: float, remark: str) -> Comparison:
    if estimate == 0:
        verdict = f"no difference: every replicate of both gave {measured_text(better.finite[0])}{remark}"
        return Comparison(None, None, None, verdict)
    verdict = (
        f"{better.name} is better than {worse.name}: every replicate of the one gave "
        f"{measured_text(better.finite[0])}, every one of the other {measured_text(worse.finite[0])}{remark}"
    )
    return Comparison(None, better.name, None, verdict)


def _diverged_remark(*samples: Sample) -> str:
    told = [f"{sample.n_diverged} of {len(sample.values)} of {sample.name}" for sample in samples if sample.n_diverged]
    return f" (diverged: {' and '.join(told)}; they count with the error of guessing)" if told else ""


def _needed(estimate: float, deviations: Sequence[float], confidence: float) -> int | None:
    if estimate == 0:
        return None

    def is_enough(count: int) -> bool:
        freedom = _freedom(deviations, [count, count])
        reach = _student(confidence, freedom) + _student(2 * POWER - 1, freedom)
        return abs(estimate) >= reach * _error(deviations, [count, count])

    # Once enough, more are too: with every replicate both the quantiles and the error shrink.
    return MIN_SPREAD + bisect_left(range(MIN_SPREAD, MAX_NEEDED + 1), True, key=is_enough)


def _error(deviations: Sequence[float], counts: Sequence[int]) -> float:
    """The standard error of the difference of two means."""
    return math.hypot(*(deviation / math.sqrt(count) for deviation, count in zip(deviations, counts, strict=True)))


def _freedom(deviations: Sequence[float], counts: Sequence[int]) -> float:
    """Welch and Satterthwaite's degrees of freedom."""
    largest = max(deviations)
    shares = [(deviation / largest) ** 2 / count for deviation, count in zip(deviations, counts, strict=True)]
    return sum(shares) ** 2 / sum(share**2 / (count - 1) for share, count in zip(shares, counts, strict=True))


def _student(confidence: float, freedom: float) -> float:
    """How many standard errors a two-sided interval reaches to either side."""
    from scipy import stats

    return float(stats.t.ppf((1 + confidence) / 2, freedom))


def _finite(values: Iterable[float]) -> tuple[float, ...]:
    return tuple(float(value) for value in values if math.isfinite(value))
