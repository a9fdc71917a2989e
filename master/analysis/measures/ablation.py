"""The value of each test case of an ablation, and its gain over the base.

Only the trials that evaluate a case's best setting again count. A value from the tuning is biased: the setting was
chosen because its value was low, and the more settings were tried, the more luck is in the lowest one.
"""

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hyperspool.common.ablation import Case, cases_of
from hyperspool.common.space import Fixed, Params
from hyperspool.common.study_spec import StudySpec
from hyperspool.common.values import setting_key
from hyperspool.master.analysis.measures.intervals import Comparison, Interval, Sample, difference, mean_interval
from hyperspool.master.search.known import Evaluation
from hyperspool.master.search.settings import settings_of


@dataclass(frozen=True)
class Row:
    """A test case and its results.

    Attributes:
        case: the test case.
        tuned: the tuned params of its best setting; empty until that setting is chosen.
        fresh: the values of its replicates; NaN for a FAILED replicate.
        searched: the value by which the setting was chosen; None without such a value.
        gain: by how much its mean is better than the base's: positive if it is better. None for the base itself, and
            without values to compare.
        comparison: the comparison with the base, whose interval is that of the gain; None where `gain` is None.
    """

    case: Case
    tuned: Params
    fresh: Sample
    searched: float | None
    gain: float | None = None
    comparison: Comparison | None = None

    @property
    def mean(self) -> float | None:
        """The mean of its replicates' finite values; None without finite values."""
        return statistics.fmean(self.fresh.finite) if self.fresh.finite else None

    @property
    def interval(self) -> Interval | None:
        """The 95 % confidence interval of the mean; None for fewer than two values."""
        return mean_interval(self.fresh.values)

    @property
    def gain_interval(self) -> Interval | None:
        """The 95 % confidence interval of the gain; None without values, or if they do not vary."""
        return self.comparison.interval if self.comparison else None


def ablation_rows(spec: StudySpec, seen: Iterable[Evaluation]) -> list[Row]:
    """One row for each test case, in the study's order; an empty list for a study that is not an ablation.

    Args:
        spec: the study.
        seen: its finished evaluations, in any order.
    """
    if spec.ablation is None:
        return []
    cases = cases_of(spec.ablation, spec.space)
    found: list[list[Evaluation]] = [[] for _ in cases]
    for entry in sorted(seen, key=lambda entry: entry.trial):
        if entry.stage.case is not None:
            found[entry.stage.case].append(entry)
    rows = [_row(case, own) for case, own in zip(cases, found, strict=True)]
    return [rows[0], *(_compared(spec, row, rows[0]) for row in rows[1:])]


def _row(case: Case, seen: Sequence[Evaluation]) -> Row:
    again = [entry for entry in seen if not entry.stage.is_search]
    values = tuple(math.nan if entry.number is None else entry.number for entry in again)
    sample = Sample(case.name, values, sum(entry.diverged for entry in again))
    if not again:
        return Row(case, {}, sample, None)
    chosen = again[0].params
    tuned = {name: value for name, value in chosen.items() if not isinstance(case.space.root[name], Fixed)}
    searched = settings_of(entry for entry in seen if entry.stage.is_search)
    means = [setting.mean for setting in searched if setting.key == setting_key(chosen)]
    return Row(case, tuned, sample, means[0] if means else None)


def _compared(spec: StudySpec, row: Row, base: Row) -> Row:
    if row.mean is None or base.mean is None:
        return row
    # The gain is positive if the case is better: the base minus the case if lower is better, else the reverse.
    is_lower = spec.objective.direction == "minimise"
    first, second = (base, row) if is_lower else (row, base)
    gain = base.mean - row.mean if is_lower else row.mean - base.mean
    comparison = difference(first.fresh, second.fresh, spec.objective.direction)
    return Row(row.case, row.tuned, row.fresh, row.searched, gain, comparison)
