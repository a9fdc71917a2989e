from itertools import combinations
from typing import Any

import numpy as np
import pytest
from matplotlib.colors import LogNorm, to_hex, to_rgb

from hyperspool.common.study_spec import StudySpec
from hyperspool.master.analysis.figures.colours import (
    _DARK_TO_BRIGHT,
    listed_colours,
    parameter_norm,
    trials_norm,
    value_colours,
    value_norm,
)
from hyperspool.master.analysis.figures.style import DARK_BLUE, GREY, LIGHT_BLUE, PALETTE
from hyperspool.master.analysis.measures.positions import Floats
from hyperspool.master.analysis.measures.settings import searched_parameters
from tests.master.analysis.synthetic import make_study_data

LIGHTNESS = np.array([0.299, 0.587, 0.114])
LEAST_CONTRAST = 3.0
"""Source: Web Content Accessibility Guidelines 2.2, criterion 1.4.11, for what a graphic needs to be understood."""
LEAST_DISTANCE = 0.07
"""Between two colours of a list, in Oklab, which has 1 between black and white. Source: Ottosson 2020."""
INVERTED = 0.902
"""The part of `invert` in the filter of dark pages; `hue-rotate(180deg)` is this matrix, as CSS defines it."""
HALF_TURN = np.array([[-0.574, 1.43, 0.144], [0.426, 0.43, 0.144], [0.426, 1.43, -0.856]])
SEEN_BY = {
    "all cones": np.eye(3),
    "deuteranopia": [[0.367322, 0.860646, -0.227968], [0.280085, 0.672501, 0.047413], [-0.011820, 0.042940, 0.968881]],
    "protanopia": [[0.152286, 1.052583, -0.204868], [0.114503, 0.786281, 0.099216], [-0.003882, -0.048116, 1.051998]],
    "tritanopia": [[1.255528, -0.076749, -0.178779], [-0.078411, 0.930809, 0.147602], [0.004733, 0.691367, 0.303900]],
}
"""Source: Machado, Oliveira and Fernandes 2009, severity 1.0, on linear colours."""
OKLAB = (
    np.array(
        [
            [0.4122214708, 0.5363325363, 0.0514459929],
            [0.2119034982, 0.6806995451, 0.1073969566],
            [0.0883024619, 0.2817188376, 0.6299787005],
        ]
    ),
    np.array(
        [
            [0.2104542553, 0.7936177850, -0.0040720468],
            [1.9779984951, -2.4285922050, 0.4505937099],
            [0.0259040371, 0.7827717662, -0.8086757660],
        ]
    ),
)
LINES = [*PALETTE, GREY, LIGHT_BLUE, DARK_BLUE, *_DARK_TO_BRIGHT(np.linspace(0, 1, 9))]


def linear(colour: Any) -> Floats:
    shown = np.asarray(to_rgb(colour))
    return np.where(shown <= 0.04045, shown / 12.92, ((shown + 0.055) / 1.055) ** 2.4)


def contrast(colour: Any, paper: Any) -> float:
    low, high = sorted(float(linear(one) @ [0.2126, 0.7152, 0.0722]) for one in (colour, paper))
    return (high + 0.05) / (low + 0.05)


def on_a_dark_page(colour: Any) -> Any:
    shown = np.asarray(to_rgb(colour))
    return tuple(np.clip(HALF_TURN @ (shown * (1 - 2 * INVERTED) + INVERTED), 0, 1).tolist())


@pytest.mark.parametrize("colour", LINES, ids=to_hex)
def test_every_line_has_contrast_on_light_and_dark_pages(colour: Any) -> None:
    assert contrast(colour, "white") >= LEAST_CONTRAST
    assert contrast(on_a_dark_page(colour), on_a_dark_page("white")) >= LEAST_CONTRAST


@pytest.mark.parametrize("eyes", SEEN_BY)
def test_colours_of_a_list_differ_for_all_eyes(eyes: str) -> None:
    seen = [OKLAB[1] @ np.cbrt(np.clip(OKLAB[0] @ SEEN_BY[eyes] @ linear(colour), 0, None)) for colour in PALETTE]
    distances = [float(np.linalg.norm(first - second)) for first, second in combinations(seen, 2)]
    assert min(distances) >= LEAST_DISTANCE


def spec_of(direction: str) -> StudySpec:
    return make_study_data(trials=1, objective="mine", direction=direction).spec


@pytest.mark.parametrize(("direction", "best"), [("minimise", 0.0), ("maximise", 1.0)])
def test_better_values_are_darker(direction: str, best: float) -> None:
    colours = value_colours(spec_of(direction))
    lightness = colours(np.linspace(best, 1 - best, 9))[:, :3] @ LIGHTNESS
    assert np.all(np.diff(lightness) > 0)


def test_values_over_more_than_a_decade_have_a_logarithmic_bar() -> None:
    assert isinstance(value_norm(spec_of("minimise"), [0.05, 0.9, np.nan]), LogNorm)
    assert not isinstance(value_norm(spec_of("minimise"), [0.1, 0.9]), LogNorm)
    assert not isinstance(value_norm(spec_of("maximise"), [0.05, 0.9, np.nan]), LogNorm)


def test_equal_values_have_a_colour() -> None:
    assert value_norm(spec_of("minimise"), [0.9, 0.9])(0.9) == pytest.approx(0.5)
    data = make_study_data({"x": [1, 2, 3]}, objective="mine")
    assert 0 < parameter_norm(searched_parameters(data.spec)[0], [2.0, 2.0])(2.0) < 1


def test_listed_numbers_differ_in_lightness_and_names_in_hue() -> None:
    shades = np.array(listed_colours(4, is_ordered=True))[:, :3] @ LIGHTNESS
    assert np.all(np.diff(shades) > 0)
    assert len(set(listed_colours(4, is_ordered=False))) == 4


def test_diverged_trials_do_not_stretch_the_colours_of_the_others() -> None:
    data = make_study_data({"x": [1, 2, 3]}, objective="mine", diverges=lambda params: params["x"] == 3)
    norm = trials_norm(data)
    assert (norm.vmin, norm.vmax) == (data.trials["value"][:2].min(), data.trials["value"][:2].max())
