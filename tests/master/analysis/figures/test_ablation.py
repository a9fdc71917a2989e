"""The figure of an ablation: a row per test case, its gain, and whether the replicates are sure of it."""

import io

import numpy as np
import pytest
from matplotlib.axes import Axes
from matplotlib.colors import to_hex

from hyperspool.common.space import Params
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.figures.ablation import BASE, BETTER, LINE, WORSE, figures
from hyperspool.master.analysis.figures.style import GREY
from tests.conftest import spec_of
from tests.master.analysis.searched import searched


def study(*names: str) -> StudySpec:
    """An ablation whose improvements each set a parameter of their own, g for good, b for bad, n for neither."""
    space = {name[0]: {"type": "categorical", "choices": [0, 1]} for name in names}
    ablation = {
        "base": dict.fromkeys(space, 0),
        "improvements": [{"name": name, "params": {name[0]: 1}} for name in names],
        "settings": 3,
    }
    x = {"x": {"type": "float", "low": 0.0, "high": 1.0}}
    trials = 3 * 2 * len(names)
    return spec_of(trials=trials, space=space | x, ablation=ablation, confirm={"replicates": 4})


def value_of(trial: int, params: Params) -> float:
    chance = np.sin(trial * 12.9898) / 100
    return float(0.5 - 0.2 * float(params.get("g", 0)) + 0.2 * float(params.get("b", 0)) + chance)


NAMES = ("good", "bad", "neither here nor there, and said in a great many words")


def axes_of(data: StudyData) -> tuple[Axes, Axes]:
    (figure,) = figures(data)
    values, gains = figure.draw().axes
    return values, gains


def test_test_cases_have_rows_in_order_below_the_base() -> None:
    values, _ = axes_of(searched(study(*NAMES), value_of))
    labels = [tick.get_text() for tick in values.get_yticklabels()]
    assert labels[:3] == ["base", "good", "bad"]
    assert len(labels) == 6
    assert all(len(line) <= LINE for label in labels for line in label.split("\n"))
    assert values.yaxis_inverted()
    assert list(values.get_yticks()) == sorted(values.get_yticks())


def test_the_colour_of_a_gain_says_whether_it_is_certain() -> None:
    _, gains = axes_of(searched(study(*NAMES), value_of))
    points = [line for line in gains.lines if line.get_marker() == "o"]
    drawn = [(np.round(np.asarray(line.get_xdata()), 1).item(), to_hex(line.get_color())) for line in points]
    assert drawn[:3] == [(0.2, to_hex(BETTER)), (-0.2, to_hex(WORSE)), (0.0, to_hex(GREY))]
    assert len(drawn) == 5
    assert not any(to_hex(line.get_color()) == to_hex(BASE) for line in points)


@pytest.mark.parametrize("done", [1, 18, 19, 20, 25, 41, 42])
def test_an_unfinished_study_is_drawn_once_a_gain_is_known(done: int) -> None:
    data = searched(study(*NAMES), value_of, done=done)
    drawn = figures(data)
    assert bool(drawn) == (done >= 20)
    for figure in drawn:
        figure.draw().savefig(io.BytesIO(), format="png")
