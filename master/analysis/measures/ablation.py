"""What each test case of an ablation is worth, and what it gains over the base.

Only the trials that evaluate a case's best setting again count. Those that tuned it are low partly because the lowest
was chosen, and the more so the more were tried.
"""

import math
import statistics
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from hyperspool.common.ablation import Case, cases_of
from hyperspool.common.space import Fixed, Params
from hyperspool.common.study_spec import StudySpec
from hyperspool.common.values import setting_key
from hyperspool.master.analysis.answers.answer import listed
from hyperspool.master.analysis.measures.intervals import Comparison, Interval, Sample, difference, mean_interval
from hyperspool.master.results.wording import counted, signed_text
from hyperspool.master.search.known import Evaluation
from hyperspool.master.search.settings import settings_of


@dataclass(frozen=True)
class Row:
    """A test case and what came of it.

    Attributes:
        case: the test case.
        tuned: of its best setting, the params that were tuned; empty until it is chosen.
        fresh: the values of its replicates; NaN for a FAILED one.
        searched: the value by which the setting was chosen; None if there is none.
        gain: how much better than the base its mean is, above 0 if it is better; None for the base itself, and without
            values to compare.
        comparison: with the base, its interval that of the gain; None where `gain` is.
    """

    case: Case
    tuned: Params
    fresh: Sample
    searched: float | None
    gain: float | None = None
    comparison: Comparison | None = None

    @property
    def mean(self) -> float | None:
        """The mean of its replicates' finite values; None if there is none."""
        return statistics.fmean(self.fresh.finite) if self.fresh.finite else None

    @property
    def interval(self) -> Interval | None:
        """Where the mean lies with 95 % confidence; None for fewer than two values."""
        return mean_interval(self.fresh.values)

    @property
    def gain_interval(self) -> Interval | None:
        """Where the gain lies with 95 % confidence; None without spread or values."""
        return self.comparison.interval if self.comparison else None


def ablation_rows(spec: StudySpec, seen: Iterable[Evaluation]) -> list[Row]:
    """A row for each test case, in the study's order; none for a study without test cases.

    Args:
        spec: the study.
        seen: its finished evaluations.
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


def ablation_verdict(spec: StudySpec, rows: Sequence[Row]) -> tuple[str, ...]:
    """Which improvements help, which do harm, and which the replicates cannot tell, in sentences.

    Args:
        spec: the study.
        rows: as `ablation_rows` gives them.
    """
    compared = [(row, row.comparison) for row in rows if row.comparison]
    if not compared:
        return ("No case can be compared with the base yet: that needs replicates of both.",)
    replicates = counted(spec.confirm.replicates, "fresh replicate") if spec.confirm else "fresh replicates"
    better = [row for row, seen in compared if seen.winner == row.fresh.name]
    worse = [row for row, seen in compared if seen.winner == rows[0].fresh.name]
    untold = [(row, seen) for row, seen in compared if seen.winner is None]
    sentences = [f"Better than the base, by {replicates} of each case's best setting: {_listed(better)}."]
    sentences += [f"Worse: {_listed(worse)}."] if worse else []
    sentences += [_untold(untold, len(compared))] if untold else []
    sentences.append(
        "Each interval holds for its case alone: of twenty cases that do nothing, one would seem to help or to harm."
    )
    return tuple(sentences)


def _listed(rows: Sequence[Row]) -> str:
    return listed([f"{row.case.name} ({signed_text(row.gain)})" for row in rows]) if rows else "none"


def _untold(untold: Sequence[tuple[Row, Comparison]], compared: int) -> str:
    told = f"The replicates cannot tell {len(untold)} of {counted(compared, 'case')} from the base."
    needs = [(seen.needed, row.case.name) for row, seen in untold if seen.needed]
    if not needs:
        return told
    needed, name = min(needs)
    return f"{told} The clearest of them, {name}, would need about {needed} of each."


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
    # Lower is better where the base minus the case is what the case gains.
    is_lower = spec.objective.direction == "minimise"
    first, second = (base, row) if is_lower else (row, base)
    gain = base.mean - row.mean if is_lower else row.mean - base.mean
    comparison = difference(first.fresh, second.fresh, spec.objective.direction)
    return Row(row.case, row.tuned, row.fresh, row.searched, gain, comparison)
