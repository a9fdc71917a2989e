"""What the finalists of a search turned out to be worth, by the replicates that confirm them alone.

The search's own value of a finalist is left out: it is low partly because the finalist was chosen for it.
"""

import math
import statistics
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

from hyperspool.common.space import Params
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.analysis.measures.intervals import Interval, Sample, difference, mean_interval
from hyperspool.master.results.wording import counted, value_text
from hyperspool.master.search.confirmation import setting_key
from hyperspool.master.search.replicates import mean_of
from hyperspool.master.search.sampler import Observation

HEADINGS = ("trial", "mean", "95% interval", "median", "replicates", "in the search")
"""Of `finalists_rows`; the interval is the mean's."""


@dataclass(frozen=True)
class Finalist:
    """A setting that was evaluated again.

    Attributes:
        trial: the first of the search that had its params.
        params: its params.
        fresh: the values of its replicates; NaN for a FAILED one.
        searched: the mean of its finite values in the search; None if there was none.
    """

    trial: int
    params: Params
    fresh: Sample
    searched: float | None

    @property
    def mean(self) -> float:
        """The mean of its replicates' finite values; NaN if there is none."""
        return statistics.fmean(self.fresh.finite) if self.fresh.finite else math.nan

    @property
    def median(self) -> float:
        """The median of its replicates' finite values; NaN if there is none."""
        return statistics.median(self.fresh.finite) if self.fresh.finite else math.nan

    @property
    def interval(self) -> Interval | None:
        """Where the mean lies with 95 % confidence; None for fewer than two values."""
        return mean_interval(self.fresh.values)


def finalists_of(spec: StudySpec, seen: Iterable[Observation]) -> list[Finalist]:
    """The finalists, best mean first, those without a value last.

    Args:
        spec: the study.
        seen: its trials, their values as measured.
    """
    trials = sorted(seen, key=lambda entry: entry.trial)
    searched: dict[Hashable, list[Observation]] = {}
    fresh: dict[Hashable, list[Observation]] = {}
    for entry in trials:
        (searched if entry.trial < spec.trials else fresh).setdefault(setting_key(entry.params), []).append(entry)
    sign = 1.0 if spec.objective.direction == "minimise" else -1.0
    # The search's own mean, to the last bit, and of equals the one that it ranked first: the order of `finalize`.
    means = {key: mean_of(replicates) for key, replicates in fresh.items() if key in searched}
    ranked = sorted(means.items(), key=lambda entry: (entry[1] is None, sign * (entry[1] or 0.0)))
    return [_finalist(searched[key], fresh[key]) for key, _ in ranked]


def _finalist(searched: Sequence[Observation], fresh: Sequence[Observation]) -> Finalist:
    values = tuple(math.nan if entry.value is None else entry.value for entry in fresh)
    sample = Sample(f"trial {searched[0].trial}'s params", values, sum(entry.diverged for entry in fresh))
    numbers = [entry.number for entry in searched if entry.number is not None]
    return Finalist(searched[0].trial, searched[0].params, sample, statistics.fmean(numbers) if numbers else None)


def finalists_rows(found: Sequence[Finalist]) -> list[tuple[str, ...]]:
    """The finalists as a table for people, one a row, with `HEADINGS`."""
    rows: list[tuple[str, ...]] = []
    for one in found:
        span = f"{value_text(one.interval.low)} to {value_text(one.interval.high)}" if one.interval else "-"
        mean, median = (value_text(None if math.isnan(number) else number) for number in (one.mean, one.median))
        rows.append((str(one.trial), mean, span, median, str(len(one.fresh.finite)), value_text(one.searched)))
    return rows


def finalists_verdict(spec: StudySpec, found: Sequence[Finalist]) -> tuple[str, ...]:
    """Which finalist wins, whether the replicates suffice to say so, and what choosing the lowest had hidden.

    Args:
        spec: the study.
        found: as `finalists_of` gives them.
    """
    ranked = [one for one in found if one.fresh.finite]
    if not ranked:
        return ("No replicate of a finalist has a value.",)
    best, others = ranked[0], ranked[1:]
    sentences: list[str] = []
    if others:
        compared = [difference(best.fresh, other.fresh, spec.objective.direction) for other in others]
        untold = [str(other.trial) for other, each in zip(others, compared, strict=True) if not each.winner]
        if untold:
            which = f"trial {untold[0]}" if len(untold) == 1 else f"trials {', '.join(untold[:-1])} and {untold[-1]}"
            sentences.append(
                f"Undecided: {best.fresh.name} have the best mean, but the replicates do not tell them from {which}'s."
            )
        else:
            sentences.append(
                f"{best.fresh.name.capitalize()} win: the replicates tell them from every other finalist's."
            )
        sentences.append(f"Against the next: {compared[0].verdict}.")
    count = counted(len(best.fresh.finite), "fresh replicate")
    sentences.append(
        f"In the search {best.fresh.name} had {value_text(best.searched)}; the mean of their {count}, which had no "
        f"part in choosing them, is {value_text(best.mean)}."
    )
    return tuple(sentences)
