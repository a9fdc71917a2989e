"""The figure of every two parameters, which shows where in the space the good trials lie."""

from functools import partial

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.figures.captions import caption, drawn_sentence, zero_sentence
from hyperspool.master.analysis.figures.colours import trials_norm, value_colours
from hyperspool.master.analysis.figures.dots import ACROSS, UPWARDS, dot_places, draw_best, draw_trials
from hyperspool.master.analysis.figures.figure import NamedFigure
from hyperspool.master.analysis.figures.legends import Legend, add_colour_bar, add_legends
from hyperspool.master.analysis.figures.parameter_axes import show_parameter
from hyperspool.master.analysis.figures.style import PALETTE, new_figure
from hyperspool.master.analysis.figures.texts import fitted, plain, value_label
from hyperspool.master.analysis.measures.drawn_trials import best_first, drawn_trials, is_best
from hyperspool.master.analysis.measures.importance import most_important
from hyperspool.master.analysis.measures.settings import Axis, searched_parameters

MAX_PARAMETERS = 6
LEAST_TRIALS = 3
LABEL_IN = 1.0
"""Room for the name of a parameter beside a plot. The plots become smaller if there are long texts beside them."""


def figures(data: StudyData) -> list[NamedFigure]:
    """The figure, for a search with three values over at least two parameters, which does not follow a grid."""
    axes = searched_parameters(data.spec)
    if data.spec.sampler.name == "grid" or len(axes) < 2 or len(drawn_trials(data)) < LEAST_TRIALS:  # noqa: PLR2004 - a pair
        return []
    return [NamedFigure("pairs", "Every two parameters", _caption(data, axes), partial(pair_figure, data))]


def shown_axes(data: StudyData) -> list[Axis]:
    """The parameters that are shown, in the study's order: all, or the most important if there are too many."""
    axes = searched_parameters(data.spec)
    if len(axes) <= MAX_PARAMETERS:
        return axes
    chosen = most_important(data)[:MAX_PARAMETERS]
    return [axis for axis in axes if axis in chosen]


def pair_figure(data: StudyData) -> Figure:
    """The lower triangle of a scatter matrix, coloured by value."""
    axes = shown_axes(data)
    size = len(axes) - 1
    height_in = 1.2 * size + (1.4 if size > 1 else 2.4)
    figure, panels = new_figure(height_in + 0.8, height_in, size, size)
    drawn: list[Axes] = []
    for row in range(size):
        for column in range(size):
            panel: Axes = panels[row, column]
            if column > row:
                panel.remove()
                continue
            marks = _draw_panel(panel, data, axes[column], axes[row + 1])
            panel.label_outer()
            drawn.append(panel)
    figure.align_labels()
    add_colour_bar(figure, drawn, trials_norm(data), value_colours(data.spec), value_label(data.spec))
    add_legends(figure, [Legend(marks)])
    return figure


def _draw_panel(panel: Axes, data: StudyData, across: Axis, up: Axis) -> list[Line2D]:
    show_parameter(panel.xaxis, data.spec, across, is_slanted=True)
    show_parameter(panel.yaxis, data.spec, up)
    panel.set(xlabel=plain(fitted(across.label, LABEL_IN)), ylabel=plain(fitted(up.label, LABEL_IN)))
    trials = best_first(data, drawn_trials(data)).iloc[::-1]
    x = dot_places(across, trials[across.column], ACROSS)
    y = dot_places(up, trials[up.column], UPWARDS)
    values = trials["value"].to_numpy(dtype=np.float64)
    shades = value_colours(data.spec)(trials_norm(data)(values))
    marks = draw_trials(panel, x, y, trials["diverged"].to_numpy(dtype=bool), shades, trials["trial"])
    winner = is_best(data, trials)
    return marks + draw_best(panel, x[winner], y[winner], colour=PALETTE[1])


def _caption(data: StudyData, axes: list[Axis]) -> str:
    shown = shown_axes(data)
    left_out = ", ".join(axis.label for axis in axes if axis not in shown)
    has_gaps = any(drawn_trials(data)[axis.column].isna().any() for axis in shown)
    return caption(
        drawn_sentence(data),
        "Each plot shows the trials by two of their params, better ones on top of worse ones.",
        zero_sentence(data),
        bool(left_out)
        and f"The {MAX_PARAMETERS} most important parameters by PED-ANOVA are shown; left out: {left_out}.",
        has_gaps and "A trial is absent where one of the two parameters is not active.",
    )
