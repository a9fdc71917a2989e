from typing import Any

import numpy as np
import pytest

from hyperspool.master.analysis.figures.parameter_scale import list_ticks, places, show_listed, stands_evenly
from hyperspool.master.analysis.figures.style import new_figure
from hyperspool.master.analysis.measures.settings import Axis, searched_parameters
from tests.master.analysis.synthetic import make_study_data


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
def test_values_stand_where_their_scale_has_them_unless_they_would_touch(choices: list[Any], expected: bool) -> None:
    assert stands_evenly(axis_of(choices)) == expected


def test_numbers_that_stand_evenly_are_in_order_and_labelled() -> None:
    data = make_study_data({"x": [0.99, 0.0, 0.01]}, objective="mine")
    (axis,) = searched_parameters(data.spec)
    assert places(axis, data.trials[axis.column]).tolist() == [2, 0, 1]
    plot = new_figure()[1][0, 0]
    show_listed(plot.xaxis, data.spec, axis, 75)
    assert [text.get_text() for text in plot.get_xticklabels()] == ["0", "0.01", "0.99"]


def test_a_list_over_decades_has_a_logarithmic_axis_with_a_tick_per_value() -> None:
    data = make_study_data({"x": [0.001, 0.01, 1.0]}, objective="mine")
    plot = new_figure()[1][0, 0]
    show_listed(plot.xaxis, data.spec, searched_parameters(data.spec)[0], 75)
    assert plot.get_xscale() == "log"
    assert plot.get_xticks().tolist() == [0.001, 0.01, 1.0]


def test_labels_that_would_touch_are_left_out() -> None:
    plot = new_figure()[1][0, 0]
    plot.set_xlim(0, 10)
    list_ticks(plot.xaxis, np.arange(10), [f"label {place}" for place in range(10)], room=40)
    assert plot.get_xticks().tolist() == [0, 2, 4, 6, 8]
