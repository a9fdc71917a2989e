"""The style of every figure: colours that colour-blind readers can tell apart, a light grid, no box.

Figures are `matplotlib.figure.Figure` objects, never pyplot's: there is no global state, no window opens, and two
figures may be drawn at the same time.
"""

from typing import Any

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

PALETTE: tuple[str, ...] = (
    "#0072B2",  # blue
    "#D55E00",  # vermilion
    "#009E73",  # bluish green
    "#CC79A7",  # reddish purple
    "#661A00",  # brown
    "#000066",  # indigo
    "#000000",  # black
)
"""Source: Okabe and Ito 2008, Color Universal Design. Brown and indigo replace their orange, sky blue and yellow, whose
contrast on white is less than 3; of all colours that have it, these two lie farthest from the others."""
LIGHT_BLUE, DARK_BLUE = "#2F8FCC", "#004C78"
GREY = "#888888"
RC: dict[Any, Any] = {
    "figure.dpi": 150,
    "font.size": 9,
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.labelsize": 9,
    "axes.titlesize": 10,
    "grid.color": "#DDDDDD",
    "grid.linewidth": 0.6,
    "xtick.labelsize": 8,
    "ytick.labelsize": 8,
    "legend.fontsize": 8,
    "legend.frameon": False,
}
"""Settings of matplotlib that hold while a figure's axes are made."""
MOST_COLUMNS = 3


def new_figure(
    width_in: float = 6.4, height_in: float = 4.0, rows: int = 1, columns: int = 1
) -> tuple[Figure, np.ndarray[Any, np.dtype[np.object_]]]:
    """A figure in the project's style, to be read at half the width of a page.

    Returns:
        The figure and its axes, as an array `(rows, columns)` even if there is only one plot: `axes[0, 0]`.
    """
    with mpl.rc_context(RC):
        figure = Figure(figsize=(width_in, height_in), layout="constrained")
        axes = figure.subplots(rows, columns, squeeze=False)
    return figure, axes


def new_panels(count: int) -> tuple[Figure, list[Axes]]:
    """A figure of small plots, row by row, up to three in a row.

    Returns:
        The figure and its `count` plots.
    """
    # Four stand two by two: a fourth alone in its row would leave most of that row empty.
    columns = 2 if count == MOST_COLUMNS + 1 else min(count, MOST_COLUMNS)
    rows = -(-count // columns)
    figure, axes = new_figure(6.4, 0.2 + 2.25 * rows, rows, columns)
    panels: list[Axes] = axes.ravel().tolist()
    for panel in panels[count:]:
        panel.remove()
    return figure, panels[:count]
