import numpy as np
import pytest
from matplotlib.colors import LogNorm

from master.analysis.figures.readable_axes import is_spread, show_parameter, time_unit, value_label, value_norm
from master.analysis.figures.style import new_figure
from master.analysis.settings import searched_parameters
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


def test_values_over_more_than_a_decade_are_logarithmic_and_zero_never_is() -> None:
    assert is_spread([0.05, 0.9, np.nan])
    assert not is_spread([0.1, 0.9])
    assert not is_spread([0.0, 0.9])
    assert not is_spread([])
    assert isinstance(value_norm([0.05, 0.9]), LogNorm)


def test_equal_values_have_a_scale() -> None:
    assert value_norm([0.9, 0.9])(0.9) == pytest.approx(0.5)


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
