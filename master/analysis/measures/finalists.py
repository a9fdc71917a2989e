"""What the finalists of a search turned out to be worth, by the replicates that confirm them alone.

The search's own value of a finalist is left out: it is low partly because the finalist was chosen for it.
"""

import math
import statistics
from collections.abc import Sequence

from hyperspool.common.study_spec import StudySpec
from hyperspool.master.analysis.measures.intervals import Sample, difference, mean_interval
from hyperspool.master.results.finalists import Finalist
from hyperspool.master.results.wording import counted, measured_text

HEADINGS = ("trial", "mean", "95% interval", "median", "replicates", "in the search")
"""Of `finalists_rows`; the interval is the mean's."""


def sample_of(finalist: Finalist) -> Sample:
    """The values of a finalist's replicates; NaN for one that has none."""
    evaluations = finalist.again.evaluations
    values = tuple(math.nan if seen.number is None else seen.number for seen in evaluations)
    return Sample(f"trial {finalist.trial}'s params", values, sum(seen.diverged for seen in evaluations))


def finalists_rows(found: Sequence[Finalist]) -> list[tuple[str, ...]]:
    """The finalists as a table for people, one a row, with `HEADINGS`."""
    rows: list[tuple[str, ...]] = []
    for finalist in found:
        again = sample_of(finalist)
        interval = mean_interval(again.values)
        span = f"{measured_text(interval.low)} to {measured_text(interval.high)}" if interval else "-"
        median = measured_text(statistics.median(again.finite) if again.finite else None)
        shown = (
            measured_text(finalist.mean),
            span,
            median,
            str(finalist.replicates),
            measured_text(finalist.searched.mean),
        )
        rows.append((str(finalist.trial), *shown))
    return rows


def finalists_verdict(spec: StudySpec, found: Sequence[Finalist]) -> tuple[str, ...]:
    """Which finalist wins, whether the replicates suffice to say so, and what choosing the lowest had hidden.

    Args:
        spec: the study.
        found: as `hyperspool.master.results.finalists.finalists` returns them.
    """
    ranked = [finalist for finalist in found if finalist.mean is not None]
    if not ranked:
        return ("No replicate of a finalist has a value.",)
    best, others = ranked[0], ranked[1:]
    own = sample_of(best)
    sentences: list[str] = []
    if others:
        compared = [difference(own, sample_of(other), spec.objective.direction) for other in others]
        untold = [str(other.trial) for other, each in zip(others, compared, strict=True) if not each.winner]
        if untold:
            which = f"trial {untold[0]}" if len(untold) == 1 else f"trials {', '.join(untold[:-1])} and {untold[-1]}"
            sentences.append(
                f"Undecided: {own.name} have the best mean, but the replicates do not tell them from {which}'s."
            )
        else:
            sentences.append(f"{own.name.capitalize()} win: the replicates tell them from every other finalist's.")
        sentences.append(f"Against the next: {compared[0].verdict}.")
    count = counted(best.replicates, "fresh replicate")
    sentences.append(
        f"In the search {own.name} had {measured_text(best.searched.mean)}; the mean of their {count}, which had no "
        f"part in choosing them, is {measured_text(best.mean)}."
    )
    return tuple(sentences)
