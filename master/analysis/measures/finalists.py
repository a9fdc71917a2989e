"""The value of each finalist of a search, measured by its confirming replicates alone.

The value that a finalist had in the search does not count: the finalist was chosen for it, so it is biased.
"""

import math
import statistics
from collections.abc import Sequence

from hyperspool.common.study_spec import StudySpec
from hyperspool.master.analysis.measures.intervals import Sample, difference, mean_interval
from hyperspool.master.results.finalists import Finalist
from hyperspool.master.results.wording import counted, measured_text

HEADINGS = ("trial", "mean", "95% interval", "median", "replicates", "in the search")
"""The headings of `finalists_rows`. The interval is that of the mean."""


def finalist_sample(finalist: Finalist) -> Sample:
    """The values of a finalist's replicates; NaN for a replicate without a value."""
    evaluations = finalist.again.evaluations
    values = tuple(math.nan if seen.number is None else seen.number for seen in evaluations)
    return Sample(f"trial {finalist.trial}'s setting", values, sum(seen.diverged for seen in evaluations))


def finalists_rows(found: Sequence[Finalist]) -> list[tuple[str, ...]]:
    """The finalists as a table for people: one row each, with the columns `HEADINGS`."""
    rows: list[tuple[str, ...]] = []
    for finalist in found:
        again = finalist_sample(finalist)
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
    """Say which finalist wins, whether the replicates decide it, and how biased its value in the search was.

    Args:
        spec: the study.
        found: from `hyperspool.master.results.finalists.finalists`.
    """
    ranked = [finalist for finalist in found if finalist.mean is not None]
    if not ranked:
        return ("No replicate of a finalist has a value.",)
    best, others = ranked[0], ranked[1:]
    own = finalist_sample(best)
    sentences: list[str] = []
    if others:
        compared = [difference(own, finalist_sample(other), spec.objective.direction) for other in others]
        close = [str(other.trial) for other, each in zip(others, compared, strict=True) if not each.winner]
        if close:
            which = f"trial {close[0]}" if len(close) == 1 else f"trials {', '.join(close[:-1])} and {close[-1]}"
            sentences.append(
                f"Undecided: {own.name} has the best mean, but by the replicates {which} may be as good or better."
            )
        else:
            sentences.append(f"{own.name.capitalize()} wins: by the replicates it is better than every other finalist.")
        sentences.append(f"Against the next best: {compared[0].verdict}.")
    count = counted(best.replicates, "fresh replicate")
    sentences.append(
        f"In the search {own.name} had {measured_text(best.searched.mean)}; the mean of its {count}, which had no "
        f"part in the choice, is {measured_text(best.mean)}."
    )
    return tuple(sentences)
