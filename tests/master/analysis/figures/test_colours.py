import numpy as np
import pytest
from matplotlib.colors import LogNorm

from hyperspool.master.analysis.figures.colours import listed_colours, parameter_norm, value_colours, value_norm
from hyperspool.master.analysis.measures.settings import searched_parameters
from tests.master.analysis.synthetic import make_study_data

LIGHTNESS = np.array([0.299, 0.587, 0.114])
READABLE = 0.8
"""On white, brighter lines cannot be seen."""


@pytest.mark.parametrize(("direction", "best"), [("minimise", 0.0), ("maximise", 1.0)])
def test_better_values_are_darker_and_none_is_too_bright(direction: str, best: float) -> None:
    colours = value_colours(make_study_data(trials=1, objective="mine", direction=direction).spec)
    lightness = colours(np.linspace(best, 1 - best, 9))[:, :3] @ LIGHTNESS
    assert np.all(np.diff(lightness) > 0)
    assert lightness.max() < READABLE


def test_values_over_more_than_a_decade_have_a_logarithmic_bar() -> None:
    assert isinstance(value_norm([0.05, 0.9, np.nan]), LogNorm)
    assert not isinstance(value_norm([0.1, 0.9]), LogNorm)


def test_equal_values_have_a_colour() -> None:
    assert value_norm([0.9, 0.9])(0.9) == pytest.approx(0.5)
    data = make_study_data({"x": [1, 2, 3]}, objective="mine")
    assert 0 < parameter_norm(searched_parameters(data.spec)[0], [2.0, 2.0])(2.0) < 1


def test_listed_numbers_differ_in_lightness_and_names_in_hue() -> None:
    shades = np.array(listed_colours(4, is_ordered=True))[:, :3] @ LIGHTNESS
    assert np.all(np.diff(shades) > 0)
    assert len(set(listed_colours(4, is_ordered=False))) == 4
