import numpy as np
import pytest

from hyperspool.master.analysis.figures.axes import is_spread, limit, set_scale, show_measured, show_value
from hyperspool.master.analysis.figures.style import new_figure
from tests.master.analysis.synthetic import make_study_data


def test_only_positive_values_over_more_than_a_decade_are_spread() -> None:
    assert is_spread([0.05, 0.9, np.nan])
    assert not is_spread([0.1, 0.9])
    assert not is_spread([0.0, 0.9])
    assert not is_spread([])


@pytest.mark.parametrize(
    ("values", "expected"), [([0.02, 0.9], "log"), ([0.2, 0.9], "linear"), ([0.0, 1.0], "linear"), ([np.nan], "linear")]
)
def test_measured_values_over_a_decade_have_a_logarithmic_axis(values: list[float], expected: str) -> None:
    plot = new_figure()[1][0, 0]
    show_measured(plot.yaxis, "seconds", values)
    assert plot.get_yscale() == expected


def test_high_accuracies_have_their_share_of_the_axis() -> None:
    data = make_study_data({"x": [1, 2]}, objective="mine", direction="maximise")
    plot = new_figure()[1][0, 0]
    show_value(plot.yaxis, data.spec, [0.02, 0.3, 0.74, 0.89])
    assert plot.get_yscale() == "linear"


def test_many_decades_have_few_ticks() -> None:
    plot = new_figure()[1][0, 0]
    plot.set_ylim(1e-9, 1.0)
    show_measured(plot.yaxis, "seconds", [1e-9, 1.0, np.nan, np.inf])
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
