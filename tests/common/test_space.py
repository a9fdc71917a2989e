import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from hyperspool.common.space import Categorical, Fixed, Float, Int, Params, Space, same_params, same_value

UNITS = st.floats(min_value=0.0, max_value=1.0, exclude_max=True)
MIXED = Space.model_validate_json(
    json.dumps(
        {
            "rate": {"type": "float", "low": 1e-5, "high": 1.0, "log": True},
            "dropout": {"type": "float", "low": 0.0, "high": 0.9, "step": 0.1},
            "layers": {"type": "int", "low": 1, "high": 64, "log": True},
            "width": {"type": "int", "low": 8, "high": 64, "step": 8},
            "method": ["sgd", "adam", 3, True],
            "nesterov": {"type": "categorical", "choices": [True, False], "when": {"method": "sgd"}},
            "delay": {"type": "int", "low": 0, "high": 3, "when": {"nesterov": True}},
            "classes": 10,
        }
    )
)


def space_of(**parameters: Any) -> Space:
    return Space.model_validate_json(json.dumps(parameters))


@given(st.dictionaries(st.sampled_from(list(MIXED.root)), UNITS), UNITS)
def test_every_point_of_the_unit_cube_is_a_valid_trial(units: dict[str, float], other: float) -> None:
    params = MIXED.at(lambda name: units.get(name, other))
    assert MIXED.problems(params) == ()
    assert MIXED.problems(json.loads(json.dumps(params))) == ()


@pytest.mark.parametrize("log", [False, True])
def test_float_reaches_from_low_to_high(log: bool) -> None:
    parameter = Float(type="float", low=0.01, high=0.1, log=log)
    assert parameter.from_unit(0.0) == pytest.approx(0.01)
    assert parameter.from_unit(1 - 2**-53) == pytest.approx(0.1)
    assert 0.01 <= parameter.from_unit(0.0) <= parameter.from_unit(1 - 2**-53) <= 0.1


def test_log_float_gives_each_decade_the_same_share() -> None:
    parameter = Float(type="float", low=1e-4, high=1.0, log=True)
    assert [parameter.from_unit(unit) for unit in (0.25, 0.5, 0.75)] == pytest.approx([1e-3, 1e-2, 1e-1])


def test_float_with_step_gives_the_grid_and_nothing_else() -> None:
    parameter = Float(type="float", low=0.1, high=0.55, step=0.15)
    values = {parameter.from_unit(index / 1000) for index in range(1000)}
    assert sorted(values) == [0.1, 0.25, 0.4, 0.55]


@pytest.mark.parametrize(("log", "step"), [(False, None), (True, None), (False, 3)])
def test_int_reaches_every_value_of_its_range(log: bool, step: int | None) -> None:
    parameter = Int(type="int", low=1, high=10, log=log, step=step)
    values = {parameter.from_unit(index / 10_000) for index in range(10_000)}
    assert values == set(range(1, 11, step or 1))


def test_int_gives_each_value_the_same_share() -> None:
    parameter = Int(type="int", low=0, high=3)
    values = [parameter.from_unit(index / 1000) for index in range(1000)]
    assert [values.count(value) for value in range(4)] == [250] * 4


def test_log_int_gives_low_and_high_their_full_share() -> None:
    parameter = Int(type="int", low=16, high=256, log=True)
    values = [parameter.from_unit(index / 100_000) for index in range(100_000)]
    share = math.log(256.5 / 15.5)
    assert values.count(16) / 100_000 == pytest.approx(math.log(16.5 / 15.5) / share, rel=0.01)
    assert values.count(256) / 100_000 == pytest.approx(math.log(256.5 / 255.5) / share, rel=0.1)


def test_a_parameter_whose_condition_does_not_hold_is_absent() -> None:
    space = space_of(method=["sgd", "adam"], momentum={"type": "float", "low": 0, "high": 1, "when": {"method": "sgd"}})
    assert space.at(lambda _name: 0.0) == {"method": "sgd", "momentum": 0.0}
    assert space.at(lambda _name: 0.9) == {"method": "adam"}
    assert space.problems({"method": "adam", "momentum": 0.5}) == (
        "params.momentum: given, though its condition method = 'sgd' does not hold",
    )
    assert space.problems({"method": "sgd"}) == ("params.momentum: missing",)


def test_a_condition_may_name_a_later_parameter() -> None:
    space = space_of(momentum={"type": "float", "low": 0, "high": 1, "when": {"method": ["sgd", "nag"]}}, method="nag")
    assert space.order() == ["method", "momentum"]
    assert list(space.at(lambda _name: 0.0)) == ["momentum", "method"]


def test_the_files_order_is_kept_where_conditions_allow() -> None:
    space = space_of(
        b={"type": "int", "low": 0, "high": 1, "when": {"c": 1}},
        a=1,
        c=[1, 2],
        d={"type": "fixed", "value": 1, "when": {"a": 1}},
        e=1,
    )
    assert space.order() == ["a", "c", "b", "d", "e"]


@pytest.mark.parametrize(
    ("params", "problem"),
    [
        ({"rate": 2.0}, "found 2.0, expected 1e-05 to 1.0"),
        ({"rate": float("nan")}, "found nan, expected a number"),
        ({"rate": "fast"}, "found 'fast', expected a number"),
        ({"rate": True}, "found true, expected a number"),
        ({"dropout": 0.15}, "found 0.15, expected 0.0 plus a multiple of 0.1"),
        ({"layers": 2.0}, "found 2.0, expected an integer"),
        ({"layers": 65}, "found 65, expected 1 to 64"),
        ({"width": 9}, "found 9, expected 8 plus a multiple of 8"),
        ({"method": "rmsprop"}, "found 'rmsprop', expected one of 'sgd', 'adam', 3, true"),
        ({"classes": 11}, "found 11, expected 10"),
        ({"colour": 1}, "no such parameter in the study's space"),
    ],
)
def test_params_outside_the_space_name_what_was_expected(params: Params, problem: str) -> None:
    lines = MIXED.problems(MIXED.at(lambda _name: 0.5) | params)
    assert lines == (f"params.{next(iter(params))}: {problem}",)


def test_a_whole_number_without_its_point_is_a_float_too() -> None:
    assert space_of(x={"type": "float", "low": 0, "high": 1}).problems({"x": 1}) == ()


@pytest.mark.parametrize(
    ("parameter", "message"),
    [
        ({"type": "float", "low": 2, "high": 1}, "low must not be above high"),
        ({"type": "float", "low": 0, "high": 1, "log": True}, "a logarithmic scale begins above 0"),
        ({"type": "float", "low": 1, "high": 2, "log": True, "step": 0.1}, "log and step exclude each other"),
        ({"type": "float", "low": 0, "high": 1, "step": 1.5}, "a step of 1.5 is larger than the range from 0.0 to 1.0"),
        ({"type": "int", "low": 3, "high": 5, "step": 3}, "a step of 3 is larger than the range from 3 to 5"),
        ({"type": "categorical", "choices": [1, 2, 1.0]}, "1.0 stands twice in the list"),
        ({"type": "int", "low": 0, "high": 1, "when": {"y": 1}}, "names 'y', which is not a parameter"),
        ({"type": "int", "low": 0, "high": 1, "when": {"x": 1}}, "run in a circle"),
    ],
)
def test_an_impossible_parameter_is_refused(parameter: dict[str, Any], message: str) -> None:
    with pytest.raises(ValidationError, match=message):
        space_of(x=parameter)


def test_a_condition_that_can_never_hold_is_refused() -> None:
    with pytest.raises(ValidationError, match="can never hold: found 'nag', expected one of 'sgd', 'adam'"):
        space_of(method=["sgd", "adam"], x={"type": "int", "low": 0, "high": 1, "when": {"method": "nag"}})


def test_a_number_fixes_a_parameter_a_list_gives_choices() -> None:
    space = space_of(momentum=0.9, batch_size=[20, 100, 500])
    assert space.root["momentum"] == Fixed(type="fixed", value=0.9)
    assert space.root["batch_size"] == Categorical(type="categorical", choices=(20, 100, 500))


def test_equal_values_may_differ_in_last_digits_not_in_kind() -> None:
    assert same_value(0.1 + 0.2, 0.3)
    assert same_value(1, 1.0)
    assert not same_value(True, 1)
    assert not same_value("1", 1)
    assert same_params({"x": 0.1 + 0.2}, {"x": 0.3})
    assert not same_params({"x": 0.3}, {"x": 0.3, "y": 1})


@pytest.mark.parametrize(
    ("table", "kind"),
    [
        ({"low": 0.0, "high": 1.0}, "float"),
        ({"low": 0, "high": 1.0}, "float"),
        ({"low": 1, "high": 10}, "int"),
        ({"low": 1, "high": 10, "log": True}, "int"),
        ({"low": 1, "high": 10, "step": 0.5}, "float"),
        ({"low": 1, "high": 10, "coarse": [1, 2.5]}, "float"),
        ({"choices": ["a", 1]}, "categorical"),
        ({"value": 3}, "fixed"),
        ({"type": "float", "low": 1, "high": 10}, "float"),
    ],
)
def test_type_follows_from_what_a_table_holds(table: dict[str, Any], kind: str) -> None:
    assert Space.model_validate_json(json.dumps({"x": table})).root["x"].type == kind


@pytest.mark.parametrize("table", [{}, {"low": 1}, {"high": 1}, {"low": True, "high": True}])
def test_table_from_which_no_type_follows_is_refused(table: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        Space.model_validate_json(json.dumps({"x": table}))
