"""A plot of what was measured against one listed parameter: a dot per trial, and a line through the medians."""

from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from numpy.typing import NDArray

from hyperspool.common.study_spec import StudySpec
from hyperspool.master.analysis.figures.colours import listed_colours
from hyperspool.master.analysis.figures.legends import MAX_ENTRIES, Legend, entry
from hyperspool.master.analysis.figures.parameter_scale import order_of, places, show_listed, stands_evenly
from hyperspool.master.analysis.figures.style import GREY, PALETTE
from hyperspool.master.analysis.measures.positions import Floats
from hyperspool.master.analysis.measures.settings import Axis, value_text

MAX_LINES = min(len(PALETTE), MAX_ENTRIES - 3)
"""Three entries of the legend explain the marks."""
DENSE = 300
"""More dots than this are pixels in an SVG file."""
JITTER = 0.08
"""How far dots above one choice stand from its middle, at most, so that equal ones can be told from one."""
GOLDEN = 0.6180339887498949
"""Its multiples fill an interval evenly, whatever their number."""
ROOM = 75
"""Characters that fit along the axis of a plot of a whole figure's width."""


def draw_by_parameter(
    plot: Axes, spec: StudySpec, trials: pd.DataFrame, measured: Floats, axis: Axis, other: Axis | None = None
) -> list[Legend]:
    """Draw what was measured against a parameter, and dress the axis of the parameter.

    Args:
        plot: empty.
        spec: the study.
        trials: rows of `StudyData.trials`.
        measured: `(n,)`, one per row, finite.
        axis: the parameter; it has choices.
        other: a parameter whose choices get a line each; None for one line.

    Returns:
        What explains the plot.
    """
    at = places(axis, trials[axis.column])
    group = order_of(other, trials[other.column]) if other else np.zeros(len(trials))
    is_drawn = np.isfinite(at) & np.isfinite(group)
    count = len(other.choices) if other else 1
    colours = listed_colours(count, is_ordered=bool(other and other.is_numeric))
    for place, colour in enumerate(colours):
        is_here = is_drawn & (group == place)
        _draw_medians(plot, at[is_here], measured[is_here], colour, is_joined=axis.is_numeric)
    is_diverged = trials["diverged"].to_numpy(dtype=bool)
    shades = np.array(colours, dtype=object)[np.nan_to_num(group).astype(int)]
    chosen = shades[is_drawn].tolist()
    is_spread = stands_evenly(axis)
    draw_dots(plot, at[is_drawn], measured[is_drawn], chosen, is_diverged[is_drawn], is_spread=is_spread)
    show_listed(plot.xaxis, spec, axis, ROOM)
    return _explained(other, colours, has_diverged=bool((is_drawn & is_diverged).any()))


def draw_dots(
    plot: Axes, at: Floats, measured: Floats, shades: list[Any], is_diverged: NDArray[np.bool_], *, is_spread: bool
) -> None:
    """Draw a dot per trial, and a cross for one that diverged.

    Args:
        plot: to draw into.
        at: `(n,)`, across.
        measured: `(n,)`, upwards.
        shades: `(n,)` colours.
        is_diverged: `(n,)`.
        is_spread: whether equal places across are choices, and dots may stand a little beside them.
    """
    size = float(np.clip(3000 / max(len(at), 1), 6, 18))
    across = at + JITTER * (2 * (np.arange(len(at)) * GOLDEN % 1.0) - 1) if is_spread else at
    for marker, width, is_marked in (("o", 0.0, ~is_diverged), ("x", 1.2, is_diverged)):
        if is_marked.any():
            plot.scatter(
                across[is_marked],
                measured[is_marked],
                s=size,
                c=[shade for shade, is_wanted in zip(shades, is_marked, strict=True) if is_wanted],
                marker=marker,
                linewidths=width,
                alpha=0.75,
                rasterized=len(at) > DENSE,
            )


def _draw_medians(plot: Axes, at: Floats, measured: Floats, colour: Any, *, is_joined: bool) -> None:
    medians = pd.Series(measured).groupby(at).median()
    line = "-" if is_joined else ""
    plot.plot(
        medians.index,
        medians,
        color=colour,
        linestyle=line,
        linewidth=1.5,
        marker="_",
        markersize=14,
        markeredgewidth=2,
    )


def _explained(other: Axis | None, colours: Any, *, has_diverged: bool) -> list[Legend]:
    colour = GREY if other else PALETTE[0]
    marks = [
        entry("trial", color=colour, linestyle="", marker="o", markersize=4),
        entry("median", color=colour, linestyle="", marker="_", markersize=12, markeredgewidth=2),
    ]
    if has_diverged:
        marks.append(entry("diverged trial", color=colour, linestyle="", marker="x", markersize=4.5))
    legends = [Legend(marks)]
    if other:
        shown = [entry(value_text(value), color=shade) for value, shade in zip(other.choices, colours, strict=True)]
        legends.insert(0, Legend(shown, other.label))
    return legends
