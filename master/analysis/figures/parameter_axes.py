"""Axes for parameters: where each value stands, which ticks there are, and how they are labelled."""

import math
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axis import Axis as DrawnAxis
from matplotlib.axis import XAxis
from matplotlib.ticker import FixedLocator, Locator, LogLocator, MaxNLocator, NullLocator
from numpy.typing import ArrayLike

from hyperspool.common.space import Int
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.analysis.figures.axes import ROUND_STEPS, WHOLE_STEPS, limit, log_locator, plot_of, set_scale
from hyperspool.master.analysis.figures.style import RC
from hyperspool.master.analysis.figures.texts import SMALL_PT, choice_text, fitted, plain, tick_text, width_in
from hyperspool.master.analysis.measures.positions import Floats, bounds, positions
from hyperspool.master.analysis.measures.settings import Axis

MOST_LISTED = 12
"""Values of a list that an axis labels one by one."""
CLOSE = 0.05
"""Listed numbers that lie closer than this part of their range would touch: they stand at equal distances."""
SLANT_DEGREES = 45
GAP_IN, LINE_IN = 0.06, 0.14
"""The least space between two labels in a row, and the height of a label's line."""
GROWTH = 1.15
"""How much longer an axis is after the layout of the figure, about."""


def shown_as(axis: Axis) -> Axis:
    """The parameter as figures show it: listed numbers that would touch on their scale stand evenly, like names."""
    if not axis.is_numeric or not 1 < len(axis.choices) <= MOST_LISTED:
        return axis
    numbers = np.array(axis.choices, dtype=np.float64)
    spots = np.log(numbers) if axis.is_log else numbers
    return _as_names(axis) if np.diff(spots).min() < CLOSE * (spots[-1] - spots[0]) else axis


def order_of(axis: Axis, column: "pd.Series[Any]") -> Floats:
    """The index of each cell of a parameter's column in the list of its values; NaN where it is not active."""
    return positions(_as_names(axis), column)


def places(axis: Axis, column: "pd.Series[Any]") -> Floats:
    """Where the cells of a parameter's column stand on an axis of `show_parameter`; NaN where it is not active."""
    return positions(shown_as(axis), column)


def show_parameter(drawn: DrawnAxis, spec: StudySpec, axis: Axis, *, is_slanted: bool = False) -> None:
    """Name and scale an axis for a parameter, over its whole range, with a tick at each value of a short list.

    Args:
        drawn: the axis of a plot.
        spec: the study.
        axis: the parameter.
        is_slanted: whether labels below the axis are slanted; names that do not fit side by side always are.
    """
    axis = shown_as(axis)
    low, high = bounds(spec, axis)
    texts = [choice_text(axis, place) for place in range(len(axis.choices))]
    spots = positions(axis, pd.Series(axis.choices, dtype=object))
    set_scale(drawn, is_log=axis.is_log)
    room_in = _room_in(drawn)
    drawn.set_label_text(plain(fitted(axis.label, room_in * SMALL_PT / float(RC["axes.labelsize"]))))
    if axis.is_numeric:
        limit(drawn, low, high)
    else:
        limit(drawn, low - 0.5, high + 0.5, room=0.0)
        is_slanted |= len(_apart(drawn, spots, texts, room_in)) < len(texts)
    if is_slanted and isinstance(drawn, XAxis):
        drawn.set_tick_params(labelrotation=SLANT_DEGREES)
    if not axis.is_numeric or 0 < len(texts) <= MOST_LISTED:
        list_ticks(drawn, spots, texts, room_in, is_slanted=is_slanted)
        return
    locator = parameter_locator(spec, axis)
    ticks = [tick for tick in locator.tick_values(low, high) if low <= tick <= high]
    is_tight = len(_apart(drawn, ticks, [*map(tick_text, ticks)], room_in, is_slanted=is_slanted)) < len(ticks)
    drawn.set_major_locator(LogLocator(numticks=5) if is_tight and axis.is_log else locator)


def parameter_locator(spec: StudySpec, axis: Axis) -> Locator:
    """Ticks of a numeric parameter: at each listed value if there are few, else at round numbers."""
    if 0 < len(axis.choices) <= MOST_LISTED:
        return FixedLocator([float(choice) for choice in axis.choices])
    low, high = bounds(spec, axis)
    if axis.is_log:
        return log_locator(low, high)
    is_whole = isinstance(spec.space.root[axis.name], Int)
    return MaxNLocator(5, steps=WHOLE_STEPS if is_whole else ROUND_STEPS, integer=is_whole)


def list_ticks(
    drawn: DrawnAxis, spots: ArrayLike, texts: Sequence[str], room_in: float, *, is_slanted: bool = False
) -> None:
    """Label an axis at given places, leaving out each label that would touch the one before.

    Args:
        drawn: the axis of a plot; its scale and limits must be set.
        spots: `(n,)`, from low to high, in data coordinates.
        texts: `(n,)`.
        room_in: length of the axis in inches.
        is_slanted: whether labels are slanted.
    """
    data = np.asarray(spots, dtype=np.float64)
    kept = _apart(drawn, data, texts, room_in, is_slanted=is_slanted)
    drawn.set_minor_locator(NullLocator())
    drawn.set_ticks(data[kept], [texts[place] for place in kept])


def _apart(
    drawn: DrawnAxis, spots: ArrayLike, texts: Sequence[str], room_in: float, *, is_slanted: bool = False
) -> list[int]:
    """The indices of the labels that do not touch one before."""
    # Slanted or beside the axis, a label takes the height of a line; else its own width.
    takes_line = is_slanted or not isinstance(drawn, XAxis)
    ends, transform = drawn.get_view_interval(), drawn.get_transform()
    begin, end, *found = transform.transform(np.concatenate([ends, spots]))
    kept: list[int] = []
    free_from = -math.inf
    for place, spot in enumerate(found):
        middle = (spot - begin) / (end - begin) * room_in
        half = LINE_IN / 2 if takes_line else (width_in(texts[place]) + GAP_IN) / 2
        if middle - half >= free_from:
            kept.append(place)
            free_from = middle + half
    return kept


def _as_names(axis: Axis) -> Axis:
    return replace(axis, is_numeric=False, is_log=False)


def _room_in(drawn: DrawnAxis) -> float:
    """The length of an axis in inches, estimated, because the figure is laid out later."""
    plot = plot_of(drawn).get_window_extent()
    length = float(plot.width if isinstance(drawn, XAxis) else plot.height)
    return GROWTH * length / float(RC["figure.dpi"])
