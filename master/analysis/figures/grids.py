"""Figures of two listed parameters: the value in each cell, as a heat map."""

from functools import partial
from itertools import combinations
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle
from numpy.typing import NDArray

from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.figures.captions import caption, drawn_sentence
from hyperspool.master.analysis.figures.colours import trials_norm, value_colours
from hyperspool.master.analysis.figures.dots import draw_best
from hyperspool.master.analysis.figures.figure import NamedFigure, distinct, name_of
from hyperspool.master.analysis.figures.legends import add_colour_bar
from hyperspool.master.analysis.figures.parameter_axes import GAP_IN, list_ticks, order_of
from hyperspool.master.analysis.figures.style import PALETTE, new_figure
from hyperspool.master.analysis.figures.texts import choice_text, fitted, plain, value_label, value_title, width_in
from hyperspool.master.analysis.measures.drawn_trials import drawn_trials, is_best
from hyperspool.master.analysis.measures.positions import Floats
from hyperspool.master.analysis.measures.settings import Axis, searched_parameters

MAX_PAIRS = 10
MAX_SIDE = 30
"""Cells along a side; more would be too small to tell apart."""
WRITTEN_CELLS = 60
"""Up to this number of cells, each cell's value is written into it."""
BESIDE_IN = 2.2
"""Width in inches of the names of rows and the colour bar beside the cells."""
LABEL_IN = 1.5
"""Room for the name of an axis, at least."""
COLUMN_IN, ROW_IN = 0.7, 0.18
"""Width in inches of a column and height of a row, at least."""
FILLED = 0.5
"""Share of the cells that must have a trial; a random search over two lists may leave most cells empty."""
DARK = 0.45
"""Below this lightness a cell's text is white."""


class Cells(NamedTuple):
    """The cells of two parameters: `(len(rows.choices), len(columns.choices))` each.

    Attributes:
        columns: the parameter across.
        rows: the parameter upwards.
        median: of the values in each cell; NaN in a cell without a value, or with diverged trials only.
        is_diverged: whether all trials of the cell diverged.
        best: the row and column of the cell with the best median, None without any.
        best_setting: those of the cell of the best setting, which may be another; None if it is in no cell.
    """

    columns: Axis
    rows: Axis
    median: Floats
    is_diverged: NDArray[np.bool_]
    best: tuple[int, int] | None = None
    best_setting: tuple[int, int] | None = None


def figures(data: StudyData) -> list[NamedFigure]:
    """A heat map for each pair of listed parameters of which at least half of the cells have a trial."""
    axes = [axis for axis in searched_parameters(data.spec) if 1 < len(axis.choices) <= MAX_SIDE]
    drawn: list[NamedFigure] = []
    for pair in list(combinations(axes, 2))[:MAX_PAIRS]:
        cells = cells_of(data, *pair)
        if (np.isfinite(cells.median) | cells.is_diverged).mean() < FILLED:
            continue
        names = "-".join(name_of(axis.name) for axis in pair)
        title = f"{value_title(data.spec)} by {pair[0].label} and {pair[1].label}"
        others = len(searched_parameters(data.spec)) - len(pair)
        drawn.append(
            NamedFigure(f"grid-{names}", title, _caption(data, cells, others), partial(grid_figure, data, cells))
        )
    return distinct(drawn)


def cells_of(data: StudyData, first: Axis, second: Axis) -> Cells:
    """Gather a study's trials with values into the cells of two parameters; the one with more choices runs across."""
    trials = drawn_trials(data)
    columns, rows = (first, second) if len(first.choices) > len(second.choices) else (second, first)
    frame = pd.DataFrame(
        {
            "row": order_of(rows, trials[rows.column]),
            "column": order_of(columns, trials[columns.column]),
            "value": trials["value"],
            "diverged": trials["diverged"],
            "best": is_best(data, trials),
        }
    ).dropna()
    frame = frame.astype({"row": "int64", "column": "int64"})
    shape = len(rows.choices), len(columns.choices)
    median, is_diverged = np.full(shape, np.nan), np.zeros(shape, dtype=np.bool_)
    for _, cell in frame.groupby(["row", "column"]):
        place = int(cell["row"].iloc[0]), int(cell["column"].iloc[0])
        is_diverged[place] = cell["diverged"].all()
        median[place] = np.nan if is_diverged[place] else cell["value"].median()
    winner = frame.loc[frame["best"] & ~frame["diverged"], ["row", "column"]]
    best_setting = (int(winner["row"].iloc[0]), int(winner["column"].iloc[0])) if len(winner) else None
    return Cells(columns, rows, median, is_diverged, _best_cell(data, median), best_setting)


def _best_cell(data: StudyData, median: Floats) -> tuple[int, int] | None:
    if not np.isfinite(median).any():
        return None
    best = (np.nanargmin if data.spec.objective.direction == "minimise" else np.nanargmax)(median)
    row, column = np.unravel_index(best, median.shape)
    return int(row), int(column)


def grid_figure(data: StudyData, cells: Cells) -> Figure:
    """A heat map of two parameters with the best cell framed."""
    rows, columns = cells.median.shape
    # Names below the columns must all fit; some numbers may be left out.
    names = [] if cells.columns.is_numeric else [choice_text(cells.columns, place) for place in range(columns)]
    column_in = max([COLUMN_IN, *(width_in(name) + GAP_IN for name in names)])
    across_in = float(np.clip(column_in * columns, 2.4, 6.8))
    figure, axes = new_figure(BESIDE_IN + across_in, float(np.clip(1.4 + 0.5 * rows, 2.8, 7.0)))
    plot: Axes = axes[0, 0]
    plot.grid(visible=False)
    is_written = cells.median.size <= WRITTEN_CELLS
    if np.isfinite(cells.median).any():
        norm, colours = trials_norm(data), value_colours(data.spec)
        plot.pcolormesh(np.ma.masked_invalid(cells.median), cmap=colours, norm=norm, edgecolors="white", linewidth=0.8)
        if is_written:
            _write(plot, cells, colours(norm(np.nan_to_num(cells.median, nan=norm.vmin or 0.0))))
        _frame_best(plot, cells)
        _mark_best_setting(plot, cells)
        add_colour_bar(figure, [plot], norm, colours, value_label(data.spec))
    _mark_diverged(plot, cells, is_written=is_written)
    plot.set(xlim=(0, columns), ylim=(0, rows))
    for drawn, axis, room_in in ((plot.xaxis, cells.columns, across_in), (plot.yaxis, cells.rows, ROW_IN * rows)):
        drawn.set_label_text(plain(fitted(axis.label, max(room_in, LABEL_IN))))
        texts = [choice_text(axis, place) for place in range(len(axis.choices))]
        list_ticks(drawn, np.arange(len(texts)) + 0.5, texts, room_in)
        drawn.set_tick_params(length=0)
    for spine in plot.spines.values():
        spine.set_visible(False)
    return figure


def _write(plot: Axes, cells: Cells, colours: Floats) -> None:
    lightness = colours[..., :3] @ np.array([0.299, 0.587, 0.114])
    for row, column in np.argwhere(np.isfinite(cells.median)).tolist():
        plot.text(
            column + 0.5,
            row + 0.5,
            f"{cells.median[row, column]:.3g}",
            ha="center",
            va="center",
            fontsize=8,
            color="white" if lightness[row, column] < DARK else "black",
        )


def _frame_best(plot: Axes, cells: Cells) -> None:
    if cells.best is None:
        return
    row, column = cells.best
    place = (column + 0.04, row + 0.04)
    plot.add_patch(Rectangle(place, 0.92, 0.92, fill=False, edgecolor=PALETTE[1], linewidth=2.2, zorder=3))


def _mark_best_setting(plot: Axes, cells: Cells) -> None:
    """A star in the cell of the best setting, in a corner, where no number stands; none if that cell is framed."""
    if cells.best_setting is not None and cells.best_setting != cells.best:
        row, column = cells.best_setting
        draw_best(plot, np.array([column + 0.85]), np.array([row + 0.8]), colour=PALETTE[1])


def _mark_diverged(plot: Axes, cells: Cells, *, is_written: bool) -> None:
    for row, column in np.argwhere(cells.is_diverged).tolist():
        plot.add_patch(
            Rectangle((column, row), 1, 1, facecolor="#EEEEEE", edgecolor="#BBBBBB", hatch="///", linewidth=0)
        )
        if is_written:
            box = {"facecolor": "#EEEEEE", "edgecolor": "none", "pad": 1.5}
            plot.text(column + 0.5, row + 0.5, "div.", ha="center", va="center", fontsize=8, bbox=box)


def _best_sentence(cells: Cells) -> str:
    if cells.best_setting is None:
        return "The cell with the best median is framed."
    if cells.best_setting == cells.best:
        return "The cell with the best median is framed; the best setting lies in it."
    return "The cell with the best median is framed; a star marks another, in which the best setting lies."


def _caption(data: StudyData, cells: Cells, others: int) -> str:
    has_value, is_empty = np.isfinite(cells.median), np.isnan(cells.median) & ~cells.is_diverged
    return caption(
        drawn_sentence(data),
        f"A cell shows the median of its trials{', over all values of the other parameters' if others else ''}.",
        bool(has_value.any())
        and f"The darker, the better, on one scale in all figures of trials. {_best_sentence(cells)}",
        bool(cells.is_diverged.any()) and "In hatched cells every trial diverged.",
        bool(is_empty.any()) and "Empty cells have no trial.",
    )
