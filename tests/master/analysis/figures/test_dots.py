import numpy as np
import pytest
from matplotlib.colors import to_hex

from hyperspool.master.analysis.figures.dots import (
    ACROSS,
    DENSE,
    DIVERGED_COLOUR,
    JITTER,
    TRIAL_COLOUR,
    UPWARDS,
    dot_places,
    draw_best,
    draw_failed,
    draw_medians,
    draw_trials,
    spread,
)
from hyperspool.master.analysis.figures.style import GREY, new_figure
from hyperspool.master.analysis.measures.settings import searched_parameters
from tests.master.analysis.synthetic import make_study_data

X = np.arange(4.0)
IS_DIVERGED = np.array([False, True, False, False])


def test_a_diverged_trial_is_a_cross_below_the_dots() -> None:
    plot = new_figure()[1][0, 0]
    entries = draw_trials(plot, X, X, IS_DIVERGED)
    dots, crosses = plot.collections
    assert [len(np.asarray(marks.get_offsets())) for marks in (dots, crosses)] == [3, 1]
    assert crosses.get_zorder() < dots.get_zorder()
    assert [(entry.get_label(), entry.get_marker()) for entry in entries] == [("trial", "o"), ("diverged", "x")]
    assert [entry.get_color() for entry in entries] == [TRIAL_COLOUR, DIVERGED_COLOUR]


def test_marks_of_many_colours_have_a_grey_entry() -> None:
    plot = new_figure()[1][0, 0]
    colours = ["#111111", "#111111", "#222222", "#333333"]
    (entry,) = draw_trials(plot, X, X, colours=colours)
    assert entry.get_color() == GREY
    assert [to_hex(colour) for colour in plot.collections[0].get_facecolors()] == colours
    (entry,) = draw_medians(plot, X, X, colours)
    assert entry.get_color() == GREY
    assert len(plot.lines) == 3


def test_what_is_not_drawn_has_no_entry() -> None:
    plot = new_figure()[1][0, 0]
    nothing = np.empty(0)
    for draw in (draw_trials, draw_medians):
        assert draw(plot, nothing, nothing) == []
    assert draw_failed(plot, nothing, nothing) == []
    assert not plot.collections
    assert not plot.lines
    assert [entry.get_label() for entry in draw_failed(plot, X, range(len(X))) + draw_best(plot, X, X)] == [
        "failed",
        "best",
    ]


@pytest.mark.parametrize("count", [DENSE, DENSE + 1])
def test_very_many_dots_are_pixels_in_an_svg_file(count: int) -> None:
    plot = new_figure()[1][0, 0]
    draw_trials(plot, np.arange(float(count)), np.zeros(count))
    assert plot.collections[0].get_rasterized() == (count > DENSE)


def test_medians_are_of_the_trials_at_each_x() -> None:
    plot = new_figure()[1][0, 0]
    draw_medians(plot, np.array([0.0, 0.0, 0.0, 1.0]), np.array([1.0, 2.0, 6.0, 3.0]), is_joined=True)
    (line,) = plot.lines
    assert np.asarray(line.get_ydata()).tolist() == [2, 3]
    assert line.get_linestyle() == "-"


def test_equal_choices_stand_apart_and_numbers_where_they_are() -> None:
    data = make_study_data({"kind": ["a", "b"], "x": [1, 2]}, objective="mine", replicates=4)
    kind, x = searched_parameters(data.spec)
    found = dot_places(kind, data.trials[kind.column])
    assert len(np.unique(found)) == len(data.trials)
    assert np.abs(found - found.round()).max() <= JITTER
    assert dot_places(x, data.trials[x.column]).tolist() == data.trials[x.column].tolist()


def test_a_single_dot_stands_in_the_middle() -> None:
    assert spread(np.array([3.0]), 0.25).tolist() == [3]


def test_dots_fill_a_square_evenly() -> None:
    x, y = (spread(np.zeros(64), 0.5, step) + 0.5 for step in (ACROSS, UPWARDS))
    cells = np.histogram2d(x, y, bins=4, range=[[0, 1], [0, 1]])[0]
    assert cells.min() >= 2
