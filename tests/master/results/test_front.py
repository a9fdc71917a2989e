import itertools
import math
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hyperspool.common.study_spec import StudySpec
from hyperspool.master.results.front import (
    Point,
    dominates,
    front_of,
    hypervolume,
    hypervolumes,
    reference_of,
    study_front,
)
from tests.conftest import spec_of
from tests.master.played import evaluation

GRID = 4


def clouds(least: int = 0) -> st.SearchStrategy[list[Point]]:
    """Points on a small grid, where ties and equal points are frequent."""
    number = st.integers(0, GRID).map(float)
    return st.integers(2, 4).flatmap(lambda size: st.lists(st.tuples(*[number] * size), min_size=least, max_size=12))


def counted_volume(points: list[Point], size: int) -> int:
    """The number of unit cells up to (GRID, ..., GRID) that a point dominates."""
    cells = itertools.product(range(GRID), repeat=size)
    return sum(any(all(own <= low for own, low in zip(point, cell, strict=True)) for point in points) for cell in cells)


@given(clouds())
def test_front_is_what_no_other_point_dominates(points: list[Point]) -> None:
    wanted = [place for place, point in enumerate(points) if not any(dominates(other, point) for other in points)]
    assert front_of(points) == wanted


@given(clouds(least=1))
def test_hypervolume_equals_the_cells_that_are_dominated(points: list[Point]) -> None:
    size = len(points[0])
    reference = (float(GRID),) * size
    assert hypervolume(points, reference) == pytest.approx(counted_volume(points, size))


@given(clouds(least=1))
def test_hypervolume_after_each_evaluation_is_that_of_its_points(points: list[Point]) -> None:
    reference = (float(GRID - 1),) * len(points[0])  # some points lie beyond it
    with_gaps = [each for point in points for each in (point, None)]
    found = list(hypervolumes(with_gaps, reference))
    assert found[::2] == found[1::2]
    for count, volume in enumerate(found[::2], start=1):
        assert volume == pytest.approx(hypervolume(points[:count], reference))


def test_hypervolume_of_known_fronts() -> None:
    assert hypervolume([(1.0, 3.0), (2.0, 1.0)], (4.0, 4.0)) == 7.0
    assert hypervolume([(0.0, 0.0, 0.0)], (2.0, 3.0, 4.0)) == 24.0
    assert hypervolume([], ()) == 0.0


def test_reference_lies_a_tenth_beyond_the_worst() -> None:
    assert reference_of([(0.0, 20.0), (10.0, 10.0)]) == (11.0, 21.0)
    assert reference_of([]) == ()


def spec() -> StudySpec:
    return spec_of(objectives=[{"measure": "error"}, {"measure": "size", "direction": "maximise"}])


def test_diverged_broken_and_failed_trials_are_not_on_the_front() -> None:
    measured = [(0.5, 1.0), (0.4, 9.0), (0.3, 9.0), (0.2, 0.5), (0.1, math.nan)]
    seen = [replace(evaluation(trial, {}, pair[0]), measured=pair) for trial, pair in enumerate(measured)]
    seen[1] = replace(seen[1], diverged=True)
    seen[2] = replace(seen[2], violations=(0.1,))
    front = study_front(spec(), [*seen, evaluation(5, {}, None)])
    assert [each.trial for each in front.evaluations] == [3, 0]  # by the objective's value
    assert front.points == ((0.5, -1.0), None, None, (0.2, -0.5), None, None)
    assert front.reference_values(spec()) == {"error": pytest.approx(0.53), "size": pytest.approx(0.45)}
    assert front.hypervolumes()[-1] == pytest.approx(front.hypervolume)


def test_front_of_a_study_without_results_is_empty() -> None:
    front = study_front(spec(), [])
    assert (front.evaluations, front.hypervolume, front.hypervolumes()) == ((), 0.0, [])
    assert front.reference_values(spec()) == {}
