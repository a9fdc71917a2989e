import numpy as np
import pytest

from hyperspool.master.analysis.figures.readable_axes import (
    is_spread,
    limit,
    set_scale,
    show_measured,
    show_parameter,
    time_unit,
    value_label,
)
from hyperspool.master.analysis.figures.style import new_figure
from hyperspool.master.analysis.measures.settings import searched_parameters
from tests.master.analysis.synthetic import make_study_data

MIXED = {"kind": ["a", "b", 1, True], "size": [64, 16, 256], "layers": {"type": "int", "low": 1, "high": 4}}


def test_few_numbers_have_a_tick_each_and_whole_numbers_whole_ticks() -> None:
    data = make_study_data(MIXED, trials=3, objective="mine")
    _, size, layers = searched_parameters(data.spec)
    _, axes = new_figure(columns=2)
    for plot, axis in zip(axes[0], (size, layers), strict=True):
        show_parameter(plot.xaxis, data.spec, axis)
    assert axes[0, 0].get_xticks().tolist() == [16, 64, 256]
    assert all(float(tick).is_integer() for tick in axes[0, 1].get_xticks())


def test_three_decades_of_a_parameter_have_a_tick_each_so_that_a_narrow_panel_has_room() -> None:
    data = make_study_data(
        {"rate": {"type": "float", "low": 0.001, "high": 1.0, "log": True}}, trials=3, objective="mine"
    )
    plot = new_figure()[1][0, 0]
    show_parameter(plot.xaxis, data.spec, searched_parameters(data.spec)[0])
    ticks = [tick for tick in plot.get_xticks() if 0.001 <= round(tick, 6) <= 1.0]
    assert ticks == pytest.approx([0.001, 0.01, 0.1, 1.0])


def test_values_over_more_than_a_decade_are_logarithmic_and_zero_never_is() -> None:
    assert is_spread([0.05, 0.9, np.nan])
    assert not is_spread([0.1, 0.9])
    assert not is_spread([0.0, 0.9])
    assert not is_spread([])


@pytest.mark.parametrize(
    ("values", "expected"), [([0.02, 0.9], "log"), ([0.2, 0.9], "linear"), ([0.0, 1.0], "linear"), ([np.nan], "linear")]
)
def test_measured_values_have_a_logarithmic_axis_if_they_span_a_decade(values: list[float], expected: str) -> None:
    plot = new_figure()[1][0, 0]
    show_measured(plot.yaxis, values)
    assert plot.get_yscale() == expected


def test_many_decades_have_few_ticks() -> None:
    plot = new_figure()[1][0, 0]
    plot.set_ylim(1e-9, 1.0)
    show_measured(plot.yaxis, [1e-9, 1.0, np.nan, np.inf])
    assert len([tick for tick in plot.get_yticks() if 1e-9 <= tick <= 1.0]) <= 6


@pytest.mark.parametrize(
    ("is_log", "ends", "expected"),
    [
        (False, (0.0, 10.0), (-1.0, 11.0)),
        (True, (1.0, 1e10), (0.1, 1e11)),
        (False, (3.0, 3.0), (2.5, 3.5)),
        (True, (1.0, 1.0), (np.exp(-0.5), np.exp(0.5))),
    ],
)
def test_an_axis_has_the_same_room_at_both_ends(
    is_log: bool, ends: tuple[float, float], expected: tuple[float, float]
) -> None:
    plot = new_figure()[1][0, 0]
    set_scale(plot.yaxis, is_log=is_log)
    limit(plot.yaxis, *ends, room=0.1)
    assert plot.get_ylim() == pytest.approx(expected)


@pytest.mark.parametrize(("direction", "better"), [("minimise", "lower"), ("maximise", "higher")])
def test_the_label_tells_which_way_is_better(direction: str, better: str) -> None:
    spec = make_study_data(trials=1, objective="mine", direction=direction).spec
    assert value_label(spec) == f"value ({better} is better)"


def test_times_have_a_unit_that_people_can_read() -> None:
    assert [time_unit(seconds)[1] for seconds in (5, 599, 600, 35_999, 36_000)] == [
        "seconds",
        "seconds",
        "minutes",
        "minutes",
        "hours",
    ]
