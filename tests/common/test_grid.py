import json
from itertools import product
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hyperspool.common.grid import grid, grid_problems, grid_size
from hyperspool.common.space import Space

HUGE = {"type": "int", "low": -(2**53), "high": 2**53}


def space_of(**parameters: Any) -> Space:
    return Space.model_validate_json(json.dumps(parameters))


def test_a_grid_changes_the_files_first_parameter_slowest() -> None:
    space = space_of(rate=[0.1, 0.2], fixed="sgd", size=[500, 20, 100])
    found = [tuple(params.values()) for params in grid(space)]
    assert found == list(product([0.1, 0.2], ["sgd"], [500, 20, 100]))


@pytest.mark.parametrize(
    ("parameter", "values"),
    [
        ({"type": "int", "low": 2, "high": 5}, [2, 3, 4, 5]),
        ({"type": "int", "low": 2, "high": 11, "step": 4}, [2, 6, 10]),
        ({"type": "int", "low": 3, "high": 3}, [3]),
        ({"type": "float", "low": 0.1, "high": 0.7, "step": 0.2}, [0.1, 0.3, 0.5, 0.7]),
        ({"type": "float", "low": -1, "high": 1.3, "step": 1}, [-1.0, 0.0, 1.0]),
        ({"type": "float", "low": 0.0, "high": 0.3, "step": 0.3}, [0.0, 0.3]),
        (["b", True, 1.5], ["b", True, 1.5]),
        (7, [7]),
    ],
)
def test_grid_values_go_from_low_to_high_without_rounding_errors(parameter: Any, values: list[Any]) -> None:
    space = space_of(x=parameter)
    assert [params["x"] for params in grid(space)] == values
    assert all(space.problems(params) == () for params in grid(space))
    assert grid_size(space, 100) == len(values)


@pytest.mark.parametrize(
    ("parameter", "problem"),
    [
        ({"type": "float", "low": 0, "high": 1}, "a range without a step has no grid"),
        ({"type": "float", "low": 0.1, "high": 1, "log": True}, "a logarithmic scale has no grid"),
        ({"type": "int", "low": 1, "high": 9, "log": True}, "a logarithmic scale has no grid"),
    ],
)
def test_a_parameter_without_a_grid_says_what_to_do(parameter: Any, problem: str) -> None:
    expected = f"space.x: {problem}; give a list of values, or a step on a linear scale"
    assert grid_problems(space_of(x=parameter, y=1)) == (expected,)


def test_a_parameter_that_is_not_wanted_adds_no_combinations() -> None:
    space = space_of(
        method=["sgd", "adam"], momentum={**HUGE, "low": 2**53 - 1, "when": {"method": "sgd"}}, size=[1, 2]
    )
    assert list(grid(space)) == [
        {"method": "sgd", "momentum": 2**53 - 1, "size": 1},
        {"method": "sgd", "momentum": 2**53 - 1, "size": 2},
        {"method": "sgd", "momentum": 2**53, "size": 1},
        {"method": "sgd", "momentum": 2**53, "size": 2},
        {"method": "adam", "size": 1},
        {"method": "adam", "size": 2},
    ]
    assert grid_size(space, 100) == 6
    assert grid_size(space_of(method="adam", never={**HUGE, "when": {"method": "sgd"}}), 100) == 1


@given(
    choices=st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=4, unique=True), min_size=1, max_size=5),
    conditions=st.lists(st.tuples(st.integers(0, 4), st.integers(0, 3)), min_size=5, max_size=5),
    backwards=st.booleans(),
)
def test_the_size_counts_the_combinations_which_all_differ(
    choices: list[list[int]], conditions: list[tuple[int, int]], backwards: bool
) -> None:
    table: dict[str, Any] = {}
    for number, (values, (other, wanted)) in enumerate(zip(choices, conditions, strict=False)):
        possible = other < number and wanted in choices[other]
        when = {f"p{other}": [wanted]} if possible else {}
        table[f"p{number}"] = {"type": "categorical", "choices": values, "when": when}
    space = space_of(**dict(reversed(table.items())) if backwards else table)
    found = [json.dumps(params) for params in grid(space)]
    assert len(found) == len(set(found)) == grid_size(space, 10_000)
    assert all(space.problems(json.loads(params)) == () for params in found)


def test_a_huge_grid_is_counted_without_being_gone_through() -> None:
    space = space_of(a=HUGE, b=HUGE, c=[1, 2])
    assert grid_size(space, 10**40) == 2 * (2**54 + 1) ** 2
    assert next(grid(space)) == {"a": -(2**53), "b": -(2**53), "c": 1}
    deciding = space_of(a=HUGE, b={**HUGE, "when": {"a": 1}})
    assert grid_size(deciding, 1000) == 1001


def test_a_space_may_have_more_parameters_than_python_has_frames() -> None:
    assert len(list(grid(space_of(**{f"p{number}": [1, 2] if number == 0 else 1 for number in range(1000)})))) == 2
