"""The Pareto front of a study with several objectives, and its hypervolume.

A point is what one trial measured, as losses: lower is better in each of its numbers. One point dominates another if it
is not worse in any number and better in one. The front is what no point dominates. The hypervolume of a front is the
volume that its points dominate, up to a reference point that is worse than all of them.

Source of the hypervolume: While, Bradstreet and Barone 2012, A Fast Way of Calculating Exact Hypervolumes, IEEE
Transactions on Evolutionary Computation 16(1).
"""

import math
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from hyperspool.common.study_spec import StudySpec
from hyperspool.master.search.known import Evaluation, loss_of

Point = tuple[float, ...]
BEYOND = 0.1
"""How far the reference point lies beyond the worst numbers, as a share of each one's range. At the worst numbers
themselves, the ends of a front would have no volume."""


@dataclass(frozen=True)
class Front:
    """The front of a study with several objectives.

    Attributes:
        evaluations: those on the front, by the objective's value, best first.
        points: for each evaluation of the study, in the order of trials: its losses; None if it cannot be on the front.
        reference: the hypervolume's, as losses; empty while there is no point.
    """

    evaluations: tuple[Evaluation, ...]
    points: tuple[Point | None, ...]
    reference: Point

    @property
    def hypervolume(self) -> float:
        """The hypervolume of all points."""
        return hypervolume((point for point in self.points if point is not None), self.reference)

    def hypervolumes(self) -> list[float]:
        """The hypervolume after each evaluation, all up to the one reference point."""
        return list(hypervolumes(self.points, self.reference))

    def reference_values(self, spec: StudySpec) -> dict[str, float]:
        """The reference point as measured numbers, by measure; empty while there is no point."""
        pairs = zip(spec.objectives or (), self.reference, strict=False)
        return {goal.measure: loss_of(number, goal.direction) for goal, number in pairs}


def study_front(spec: StudySpec, evaluations: Sequence[Evaluation]) -> Front:
    """Return the front of a study's evaluations at the full budget.

    Evaluations that diverged or break a constraint are not on it, nor are those without a value.

    Args:
        spec: a study of several objectives.
        evaluations: in the order of their trials.
    """
    direction, goals = spec.objective.direction, spec.objectives or ()
    points = tuple(seen.losses(direction, goals) if seen.keeps_constraints else None for seen in evaluations)
    measured = [(seen, point) for seen, point in zip(evaluations, points, strict=True) if point is not None]
    found = [measured[place] for place in front_of([point for _, point in measured])]
    ordered = sorted(found, key=lambda pair: (pair[0].loss(direction), pair[1], pair[0].trial))
    return Front(tuple(seen for seen, _ in ordered), points, reference_of(point for _, point in measured))


def dominates(one: Point, other: Point) -> bool:
    """Return whether one point dominates another. A point does not dominate its equal."""
    return one != other and all(own <= number for own, number in zip(one, other, strict=True))


def front_of(points: Sequence[Point]) -> list[int]:
    """Return the places of the points that no other point dominates, in the order given; equal points all count."""
    kept: list[int] = []
    # A point can only be dominated by one that comes before it in this order.
    for place in sorted(range(len(points)), key=lambda place: points[place]):
        # With two numbers, the last one kept has the lowest second number so far.
        rivals = kept[-1:] if len(points[place]) == 2 else kept  # noqa: PLR2004 - a plane
        if not any(dominates(points[rival], points[place]) for rival in rivals):
            kept.append(place)
    return sorted(kept)


def reference_of(points: Iterable[Point]) -> Point:
    """Return the reference point for some points: a little worse than the worst of each number; empty for no points."""
    columns = list(zip(*points, strict=True))
    return tuple(max(column) + BEYOND * (max(column) - min(column)) for column in columns)


def hypervolume(points: Iterable[Point], reference: Point) -> float:
    """Return the volume that points dominate, up to the reference point. Points beyond it count as far as they reach.

    Exact for any number of objectives; the time of two grows with the points times their logarithm, that of four
    with their number to the third power or so.
    """
    inside = sorted({tuple(map(min, point, reference)) for point in points})
    if len(reference) == 2:  # noqa: PLR2004 - a plane
        return _area(inside, reference)
    inside = [inside[place] for place in front_of(inside)]
    return math.fsum(_exclusive(point, inside[place + 1 :], reference) for place, point in enumerate(inside))


def hypervolumes(points: Iterable[Point | None], reference: Point) -> Iterator[float]:
    """Yield the hypervolume after each evaluation; None stands for one that cannot be on the front."""
    front: list[Point] = []
    volume = 0.0
    for point in points:
        if point is not None and point not in front and not any(dominates(other, point) for other in front):
            volume += _exclusive(tuple(map(min, point, reference)), front, reference)
            front = [*(other for other in front if not dominates(point, other)), point]
        yield volume


def _area(inside: Sequence[Point], reference: Point) -> float:
    area, height = 0.0, reference[1]
    for first, second in inside:
        if second < height:
            area += (reference[0] - first) * (height - second)
            height = second
    return area


def _exclusive(point: Point, others: Sequence[Point], reference: Point) -> float:
    """The volume that a point dominates and no other of some points does."""
    whole = math.prod(end - number for number, end in zip(point, reference, strict=True))
    return whole - hypervolume((tuple(map(max, point, other)) for other in others), reference) if others else whole
