"""The figure of every two parameters: where in the space the good trials lie."""

from functools import partial

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.figure import Figure

from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.figures.colours import value_colours, value_norm
from hyperspool.master.analysis.figures.figure import NamedFigure
from hyperspool.master.analysis.figures.readable_axes import set_scale, show_parameter, value_label
from hyperspool.master.analysis.figures.style import PALETTE, RC, new_figure
from hyperspool.master.analysis.measures.drawn_trials import best_first, drawn_sentence, drawn_trials, zero_sentences
from hyperspool.master.analysis.measures.importance import most_important
from hyperspool.master.analysis.measures.positions import Floats, positions
from hyperspool.master.analysis.measures.settings import Axis, searched_parameters

MAX_PARAMETERS = 6
LEAST_TRIALS = 3
DENSE = 200
"""More dots than this are pixels in an SVG file."""
JITTER = 0.15


def figures(data: StudyData) -> list[NamedFigure]:
    """The pairwise map, if at least two parameters were searched, freely and not on a grid."""
    axes = searched_parameters(data.spec)
    if data.spec.sampler.name == "grid" or len(axes) < 2 or len(drawn_trials(data)) < LEAST_TRIALS:  # noqa: PLR2004 - a pair
        return []
    shown = shown_axes(data)
    caption = [
        drawn_sentence(data),
        "Each panel shows all of them by two of their params; the better ones lie on top, the best one is ringed.",
        *zero_sentences(data),
    ]
    left_out = [axis.label for axis in axes if axis not in shown]
    if left_out:
        caption.append(
            f"The {MAX_PARAMETERS} most important parameters by PED-ANOVA are shown; left out: {', '.join(left_out)}."
        )
    if any(drawn_trials(data)[axis.column].isna().any() for axis in shown):
        caption.append("A trial is absent where one of the two parameters is not active.")
    return [NamedFigure("pairs", "Every two parameters", " ".join(caption), partial(pair_figure, data))]


def shown_axes(data: StudyData) -> list[Axis]:
    """The parameters of the map, in the study's order: all, or the most important if there are too many."""
    axes = searched_parameters(data.spec)
    if len(axes) <= MAX_PARAMETERS:
        return axes
    chosen = most_important(data)[:MAX_PARAMETERS]
    return [axis for axis in axes if axis in chosen]


def pair_figure(data: StudyData) -> Figure:
    """The lower triangle of a scatter matrix, coloured by value, with one colour bar."""
    axes = shown_axes(data)
    size = len(axes) - 1
    width_in = max(4.2, 1.2 * size + 1.6)
    figure, panels = new_figure(width_in, width_in * (0.95 if size > 1 else 0.9), size, size)
    for row in range(size):
        for column in range(size):
            if column > row:
                panels[row, column].remove()
                continue
            _draw_panel(panels[row, column], data, axes[column], axes[row + 1])
            _label(panels[row, column], axes[column], axes[row + 1], is_left=column == 0, is_lowest=row == size - 1)
    figure.align_labels()
    mappable = ScalarMappable(value_norm(drawn_trials(data)["value"]), value_colours(data.spec))
    with mpl.rc_context(RC):
        kept = [panels[row, column] for row in range(size) for column in range(row + 1)]
        bar = figure.colorbar(mappable, ax=kept, location="top", shrink=0.8, aspect=40)
    bar.set_label(value_label(data.spec))
    set_scale(bar.ax.xaxis, is_log=bar.ax.get_xscale() == "log")
    return figure


def _draw_panel(panel: Axes, data: StudyData, across: Axis, up: Axis) -> None:
    trials = best_first(data, drawn_trials(data)).iloc[::-1]
    x, y = (_spread(axis, positions(axis, trials[axis.column]), seed) for seed, axis in enumerate((across, up)))
    size = float(np.clip(1500 / len(trials), 4, 16))
    panel.scatter(
        x,
        y,
        c=trials["value"],
        s=size,
        norm=value_norm(trials["value"]),
        cmap=value_colours(data.spec),
        linewidths=0,
        antialiased=len(trials) <= DENSE,
        rasterized=len(trials) > DENSE,
    )
    panel.plot(
        x[-1:], y[-1:], "o", markersize=7, markerfacecolor="none", markeredgecolor=PALETTE[1], markeredgewidth=1.4
    )
    show_parameter(panel.xaxis, data.spec, across)
    show_parameter(panel.yaxis, data.spec, up)


def _spread(axis: Axis, places: Floats, seed: int) -> Floats:
    """Choices spread a little, so that trials do not hide each other."""
    if axis.is_numeric:
        return places
    return places + np.random.default_rng(seed).uniform(-JITTER, JITTER, len(places))


def _label(panel: Axes, across: Axis, up: Axis, *, is_left: bool, is_lowest: bool) -> None:
    if is_lowest:
        panel.set_xlabel(across.label)
        panel.tick_params(axis="x", labelrotation=45)
    else:
        panel.set_xticklabels([])
    if is_left:
        panel.set_ylabel(up.label)
    else:
        panel.set_yticklabels([])
