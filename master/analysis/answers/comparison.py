"""What a comparison of two searches says, in sentences and as a table."""

from collections.abc import Iterator, Sequence

from hyperspool.common.errors import UsageError
from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.measures.comparison import COVERAGE, Comparison, Interval, Row, Unit
from hyperspool.master.results.wording import counted, duration_text, measured_text

HEADINGS = ("search", "scores", "mean", "95% interval", "IQM", "95% interval")
IQM_TEXT = "IQM: the interquartile mean, of the middle half of the scores"
MANY = 20
"""From this number of scores on, nothing is said of intervals that are too narrow."""

Sides = Sequence[Sequence[StudyData]]


def need_comparable(sides: Sides) -> None:
    """Check that all studies measure one value, and the same.

    Raises:
        UsageError: they do not.
    """
    first = sides[0][0].spec
    for data in (data for side in sides for data in side):
        spec = data.spec
        if spec.objectives:
            measures = ", ".join(goal.measure for goal in spec.objectives)
            raise UsageError(f"compare: {spec.name} has several objectives ({measures}), so it has no best value")
        own, other = (spec.objective, first.objective)
        if (own.direction, own.measure_name) != (other.direction, other.measure_name):
            raise UsageError(
                f"compare: {first.name} is to {other.direction} its {other.measure_name}, "
                f"and {spec.name} to {own.direction} its {own.measure_name}; compare studies of one measure"
            )
        if not any(seen.number is not None for seen in data.evaluations):
            raise UsageError(f"compare: no trial of {spec.name} is COMPLETE yet")


def side_labels(sides: Sequence[Sequence[str]]) -> tuple[str, str]:
    """Return a short name for each side: a study's, or what the names of several have in common and their number."""
    first, second = map(_label, sides)
    return (first, second) if first != second else (f"{first}, {sides[0][0]}", f"{second}, {sides[1][0]}")


def _label(studies: Sequence[str]) -> str:
    if len(studies) == 1:
        return studies[0]
    first, last = min(studies), max(studies)  # what these two have in common, all have
    length = next((place for place, (one, other) in enumerate(zip(first, last, strict=False)) if one != other), 0)
    return f"{first[:length].rstrip('-_.0123456789') or studies[0]} ({len(studies)})"


def comparison_sentences(sides: Sides, labels: Sequence[str], found: Comparison, unit: Unit) -> Iterator[str]:
    """Yield what the comparison says: who leads from when, how sure that is, and what is to be kept in mind."""
    for row in found.rows[-2:] if found.rows[-1].budget is None else found.rows[-1:]:
        yield _verdict(labels, row, unit, found.leads_from if row.budget is not None else None)
    last = found.rows[-1]
    if last.improvement and last.improvement.low is not None:
        leads = _leader(last) or 0
        chance = _turned(last.improvement) if leads else last.improvement
        what = "search" if max(map(len, sides)) > 1 else "replicate"
        yield (
            f"The probability that a {what} of {labels[leads]} is better than one of {labels[1 - leads]} is "
            f"{chance.value:.2f}{_bounds(chance, '.2f')}."
        )
    yield from _cautions(sides, labels, last)


def _verdict(labels: Sequence[str], row: Row, unit: Unit, leads_from: float | None) -> str:
    phase = "After the whole search" if row.budget is None else f"After {budget_text(row.budget, unit)}"
    if row.gain is None:
        missing = [label for label, scores in zip(labels, row.scores, strict=True) if not scores]
        return f"{phase}, not every search of {' and of '.join(missing)} has a value, so nothing is compared."
    leader = _leader(row)
    if leader is None:
        return f"{phase}, {labels[0]} and {labels[1]} are equal: {_number(row.means[0])}."
    gain = Interval(-row.gain.value, *_negated(row.gain)) if leader else row.gain
    is_sure = gain.low is not None and gain.low > 0
    how = "is better than" if is_sure else "has the better mean than"
    doubt = "" if is_sure or gain.low is None else ". That may be chance: the interval holds 0"
    since = f". It has led from {budget_text(leads_from, unit)} on" if leads_from else ""
    means = f"{_number(row.means[leader])} against {_number(row.means[1 - leader])}"
    difference = f"a gain of {measured_text(gain.value)}{_bounds(gain, '.3g')}"
    return f"{phase}, {labels[leader]} {how} {labels[1 - leader]}: {means}, {difference}{doubt}{since}."


def _cautions(sides: Sides, labels: Sequence[str], last: Row) -> Iterator[str]:
    counts = [len(scores) for scores in last.scores]
    if single := [label for label, count in zip(labels, counts, strict=True) if count == 1]:
        yield (
            f"Of {' and of '.join(single)} there is a single score, so nothing says how much of this is chance. Repeat "
            "the search with other seeds and name the studies with commas between them, or confirm its best settings."
        )
    fewest = min((count for count in counts if count > 1), default=MANY)
    if fewest < MANY:
        held = max((number, share) for number, share in COVERAGE.items() if number <= fewest)[1]
        yield (
            f"Intervals of {fewest} scores are too narrow: of normal numbers, they hold the true mean in about "
            f"{held:.0%} of cases, not in 95%."
        )
    for side, label, count in zip(sides, labels, counts, strict=True):
        if len(side) == 1 and count > 1 and not side[0].spec.confirm:
            yield f"The scores of {label} are those by which its best setting was chosen, which flatters it."
    yield from _differences([data for side in sides for data in side])


def _differences(studies: Sequence[StudyData]) -> Iterator[str]:
    """What the studies do not have in common, and what therefore may explain the gain."""
    specs = [data.spec for data in studies]
    data_sets = [f"{spec.objective.name}{f' on {spec.data.name}' if spec.data else ''}" for spec in specs]
    if len(found := dict.fromkeys(data_sets)) > 1:
        yield f"They evaluate different things: {', '.join(found)}."
    if len(budgets := sorted({spec.epochs for spec in specs})) > 1:
        yield f"Their trials have up to {', '.join(map(str, budgets))} epochs: --by epochs counts these."


def comparison_rows(labels: Sequence[str], found: Comparison) -> Iterator[tuple[str, ...]]:
    """Yield the table's rows: a line for each side at each budget, the budget in the first of them."""
    for row in found.rows:
        budget = "whole" if row.budget is None else f"{row.budget:.4g}"
        for place, label in enumerate(labels):
            mean, middle = row.means[place], row.interquartile[place]
            cells = (_number(mean), _bounds(mean), _number(middle), _bounds(middle))
            yield ("" if place else budget, label, str(len(row.scores[place])), *cells)


def budget_text(budget: float, unit: Unit) -> str:
    """A budget for people: `12 trials`, `340 epochs`, `4 min 05 s`."""
    if unit is Unit.SECONDS:
        return duration_text(budget)
    return counted(round(budget), unit.value.removesuffix("s"))


def _leader(row: Row) -> int | None:
    if row.gain is None or row.gain.value == 0:
        return None
    return 0 if row.gain.value > 0 else 1


def _turned(chance: Interval) -> Interval:
    low, high = (None if end is None else 1 - end for end in (chance.high, chance.low))
    return Interval(1 - chance.value, low, high)


def _negated(gain: Interval) -> tuple[float | None, float | None]:
    low, high = (None if end is None else -end for end in (gain.high, gain.low))
    return low, high


def _number(found: Interval | None) -> str:
    return measured_text(found.value if found else None)


def _bounds(found: Interval | None, form: str | None = None) -> str:
    if found is None or found.low is None or found.high is None:
        return "" if form else "-"
    if form:
        return f" (95% interval {found.low:{form}} to {found.high:{form}})"
    return f"{measured_text(found.low)}, {measured_text(found.high)}"
