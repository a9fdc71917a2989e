"""Trials as dots, alike in every figure: a cross if one diverged, a triangle if it failed, a star for the best.

Each function returns the entries of a legend that explain what it drew.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.colors import to_hex, to_rgba_array
from matplotlib.lines import Line2D
from numpy.typing import ArrayLike, NDArray

from hyperspool.master.analysis.figures.legends import entry
from hyperspool.master.analysis.figures.marks import mark_trials
from hyperspool.master.analysis.figures.parameter_axes import places, shown_as
from hyperspool.master.analysis.figures.style import GREY, LIGHT_BLUE, PALETTE
from hyperspool.master.analysis.measures.positions import Floats
from hyperspool.master.analysis.measures.settings import Axis

Bools = NDArray[np.bool_]
Colours = str | Sequence[Any] | Floats
"""One for all, or one per trial."""

TRIAL_COLOUR, DIVERGED_COLOUR, BEST_COLOUR, MEDIAN_COLOUR = LIGHT_BLUE, PALETTE[1], PALETTE[0], PALETTE[6]
DENSE = 3000
"""More dots than this are pixels in an SVG file, which would take MB otherwise; no page can tell pixels apart."""
LARGEST, SMALLEST = 18.0, 7.0
"""Area of a dot in square points, in a figure of one plot."""
CROWDED = 110
"""Trials from which on dots are smaller than `LARGEST`."""
JITTER = 0.12
"""How far a dot stands from its choice at most, in choices, so that equal trials do not hide each other."""
ACROSS, UPWARDS = 0.7548776662466927, 0.5698402909980532
"""Their multiples, modulo 1, fill a square evenly, whatever the number of dots.

Source: Roberts 2018, The Unreasonable Effectiveness of Quasirandom Sequences; 1/g and 1/g^2 for g^3 = g + 1.
"""


def draw_trials(
    plot: Axes,
    x: Floats,
    y: Floats,
    is_diverged: Bools | None = None,
    colours: Colours | None = None,
    trials: ArrayLike | None = None,
) -> list[Line2D]:
    """Draw a dot per trial, and a cross for each that diverged.

    Args:
        plot: to draw into.
        x: `(n,)`, in data coordinates; NaN for a trial that is not drawn.
        y: `(n,)`, likewise.
        is_diverged: `(n,)`; None if no trial is drawn as a cross.
        colours: None for the usual ones of dots and of crosses.
        trials: `(n,)`, the trials' numbers; None if a page is not to know which dot is which trial.
    """
    marked = np.zeros(len(x), dtype=np.bool_) if is_diverged is None else is_diverged
    size = float(np.clip(LARGEST * CROWDED / max(len(x), 1), SMALLEST, LARGEST)) * _shrinkage(plot)
    entries: list[Line2D] = []
    # Lines lie above dots, and dots above crosses: what diverged hides nothing.
    for label, marker, is_chosen, usual, width, height in (
        ("trial", "o", ~marked, TRIAL_COLOUR, 0.0, 1.9),
        ("diverged", "x", marked, DIVERGED_COLOUR, 1.0, 1.8),
    ):
        if is_chosen.any():
            chosen = usual if colours is None else colours
            # As numbers: of a thousand dots, names of colours would take more time than the dots.
            shades = np.broadcast_to(to_rgba_array(chosen), (len(x), 4))[is_chosen]
            drawn = plot.scatter(
                x[is_chosen],
                y[is_chosen],
                s=size,
                c=shades,
                marker=marker,
                linewidths=width,
                alpha=0.9,
                zorder=height,
                rasterized=len(x) > DENSE,
            )
            if trials is not None:
                mark_trials(drawn, np.asarray(trials)[is_chosen & np.isfinite(x) & np.isfinite(y)].tolist())
            entries.append(_mark(label, marker, _common(chosen), markersize=4))
    return entries


def draw_failed(plot: Axes, x: Floats, trials: ArrayLike) -> list[Line2D]:
    """Draw a triangle at the upper edge for each failed trial, which has no value.

    Args:
        plot: to draw into.
        x: `(n,)`, in data coordinates.
        trials: `(n,)`, the trials' numbers.
    """
    # To the layout of a figure, a line without points that is not clipped reaches to the figure's corner.
    if not len(x):
        return []
    heights = np.full(len(x), 0.985)
    (drawn,) = plot.plot(x, heights, "v", color=GREY, markersize=4, transform=plot.get_xaxis_transform(), clip_on=False)
    mark_trials(drawn, np.asarray(trials).tolist())
    return [_mark("failed", "v", GREY, markersize=4)]


def draw_best(plot: Axes, x: Floats, y: Floats, label: str = "best", colour: str = BEST_COLOUR) -> list[Line2D]:
    """Draw a star at each of the best trials."""
    size = 12 * _shrinkage(plot)
    plot.plot(x, y, "*", color=colour, markeredgecolor="white", markeredgewidth=0.6, markersize=size, zorder=4)
    return [_mark(label, "*", colour, markersize=9)]


def draw_medians(
    plot: Axes, x: Floats, y: Floats, colours: Colours = MEDIAN_COLOUR, *, is_joined: bool = False
) -> list[Line2D]:
    """Draw a dash at the median of the trials of each colour at each x, and a line through them if joined."""
    shades = _shades(colours, len(x))
    for colour, trials in pd.DataFrame({"x": x, "y": y, "colour": shades}).groupby("colour", sort=False):
        medians = trials.groupby("x")["y"].median()
        line = "-" if is_joined else ""
        plot.plot(medians, color=str(colour), ls=line, lw=1.5, marker="_", markersize=14, markeredgewidth=2)
    return [_mark("median", "_", _common(colours), markersize=12, markeredgewidth=2)] if shades else []


def dot_places(axis: Axis, column: "pd.Series[Any]", step: float = ACROSS) -> Floats:
    """Where dots stand on a parameter's axis: a little beside their values if these stand evenly."""
    found = places(axis, column)
    return found if shown_as(axis).is_numeric else spread(found, JITTER, step)


def spread(found: Floats, reach: float, step: float = ACROSS) -> Floats:
    """Places that differ from the given ones by at most `reach`, evenly; the same for the same trials."""
    return found + reach * (2 * ((0.5 + np.arange(len(found)) * step) % 1.0) - 1)


def _shades(colours: Colours, count: int) -> list[str]:
    return [to_hex(colours)] * count if isinstance(colours, str) else [to_hex(colour) for colour in colours]


def _common(colours: Colours) -> str:
    """The colour of an entry: grey if each trial has a colour of its own."""
    return colours if isinstance(colours, str) else GREY


def _mark(label: str, marker: str, colour: str, **style: Any) -> Line2D:
    return entry(label, color=colour, linestyle="", marker=marker, **style)


def _shrinkage(plot: Axes) -> float:
    """Marks are smaller in plots that share the width of a figure, but less so than the plots."""
    grid = plot.get_gridspec()
    return grid.ncols**-0.25 if grid else 1.0
