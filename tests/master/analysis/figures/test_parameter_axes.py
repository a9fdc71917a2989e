from typing import Any

import numpy as np
import pytest

from hyperspool.master.analysis.figures.parameter_axes import list_ticks, places, show_parameter, shown_as
from hyperspool.master.analysis.figures.style import new_figure
from hyperspool.master.analysis.measures.settings import Axis, searched_parameters
from tests.master.analysis.synthetic import make_study_data

MIXED = {"kind": ["a", "b", 1, True], "size": [64, 16, 256], "layers": {"type": "int", "low": 1, "high": 4}}


def axis_of(choices: list[Any]) -> Axis:
    return searched_parameters(make_study_data({"x": choices}, objective="mine").spec)[0]


@pytest.mark.parametrize(
    ("choices", "expected"),
    [
        ([1, 2, 3], False),
        ([0.001, 0.01, 1.0], False),
        ([0.0, 0.01, 0.99], True),
        (["a", "b"], True),
        ([True, False], True),
    ],
)
def test_listed_numbers_stand_evenly_only_if_they_would_touch(choices: list[Any], expected: bool) -> None:
    assert shown_as(axis_of(choices)).is_numeric != expected


def test_numbers_that_stand_evenly_are_in_order_and_labelled() -> None:
    data = make_study_data({"x": [0.99, 0.0, 0.01]}, objective="mine")
    (axis,) = searched_parameters(data.spec)
    assert places(axis, data.trials[axis.column]).tolist() == [2, 0, 1]
    plot = new_figure()[1][0, 0]
    show_parameter(plot.xaxis, data.spec, axis)
    assert [text.get_text() for text in plot.get_xticklabels()] == ["0", "0.01", "0.99"]


def test_a_list_over_decades_has_a_logarithmic_axis() -> None:
    data = make_study_data({"x": [0.001, 0.01, 1.0]}, objective="mine")
    plot = new_figure()[1][0, 0]
    show_parameter(plot.xaxis, data.spec, searched_parameters(data.spec)[0])
    assert plot.get_xscale() == "log"
    assert plot.get_xticks().tolist() == [0.001, 0.01, 1.0]


def test_labels_that_would_touch_are_left_out() -> None:
    plot = new_figure()[1][0, 0]
    plot.set_xlim(0, 10)
    list_ticks(plot.xaxis, np.arange(10), [f"label {place}" for place in range(10)], room_in=3.0)
    assert plot.get_xticks().tolist() == [0, 2, 4, 6, 8]
    list_ticks(plot.xaxis, np.arange(10), [f"label {place}" for place in range(10)], room_in=3.0, is_slanted=True)
    assert plot.get_xticks().tolist() == list(range(10))


@pytest.mark.parametrize(("names", "degrees"), [(["a", "b"], 0), ([f"a rather long {n}" for n in "abcdefgh"], 45)])
def test_names_that_do_not_fit_are_slanted_not_omitted(names: list[str], degrees: int) -> None:
    data = make_study_data({"x": names}, objective="mine")
    plot = new_figure()[1][0, 0]
    show_parameter(plot.xaxis, data.spec, searched_parameters(data.spec)[0])
    assert [text.get_text() for text in plot.get_xticklabels()] == names
    assert plot.get_xticklabels()[0].get_rotation() == degrees


@pytest.mark.parametrize(
    ("columns", "expected"), [(1, [0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1]), (3, [0.001, 0.01, 0.1])]
)
def test_a_narrow_logarithmic_axis_has_ticks_at_powers_of_ten(columns: int, expected: list[float]) -> None:
    rate = {"type": "float", "low": 0.001, "high": 0.15, "log": True}
    data = make_study_data({"rate": rate}, trials=3, objective="mine")
    plot = new_figure(columns=columns)[1][0, 0]
    show_parameter(plot.xaxis, data.spec, searched_parameters(data.spec)[0])
    assert [tick for tick in plot.get_xticks() if 0.0009 < tick < 0.15] == pytest.approx(expected)


def test_few_numbers_have_ticks_and_whole_numbers_whole_ticks() -> None:
    data = make_study_data(MIXED, trials=3, objective="mine")
    _, size, layers = searched_parameters(data.spec)
    _, axes = new_figure(columns=2)
    for plot, axis in zip(axes[0], (size, layers), strict=True):
        show_parameter(plot.xaxis, data.spec, axis)
    assert axes[0, 0].get_xticks().tolist() == [16, 64, 256]
    assert all(float(tick).is_integer() for tick in axes[0, 1].get_xticks())


def test_three_decades_of_a_parameter_have_a_tick_each() -> None:
    data = make_study_data(
        {"rate": {"type": "float", "low": 0.001, "high": 1.0, "log": True}}, trials=3, objective="mine"
    )
    plot = new_figure()[1][0, 0]
    show_parameter(plot.xaxis, data.spec, searched_parameters(data.spec)[0])
    ticks = [tick for tick in plot.get_xticks() if 0.001 <= round(tick, 6) <= 1.0]
    assert ticks == pytest.approx([0.001, 0.01, 0.1, 1.0])
