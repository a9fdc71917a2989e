"""The values that a study lists for a parameter, as places on an axis: where each stands, and how it is labelled."""

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axis import Axis as DrawnAxis
from matplotlib.axis import XAxis
from matplotlib.ticker import NullLocator
from numpy.typing import ArrayLike

from hyperspool.common.study_spec import StudySpec
from hyperspool.master.analysis.figures.legends import plain
from hyperspool.master.analysis.figures.readable_axes import (
    choice_text,
    limit,
    set_scale,
    show_parameter,
)
from hyperspool.master.analysis.measures.positions import Floats, positions
from hyperspool.master.analysis.measures.settings import Axis

MOST_LISTED = 12
"""Values of a list that an axis labels one by one."""
CLOSE = 0.05
"""Listed numbers that lie closer than this part of their range would touch: they stand at equal distances."""


def stands_evenly(axis: Axis) -> bool:
    """Whether the listed values stand at equal distances in the order of the list, not where a scale has them."""
    if not axis.is_numeric:
        return True
    if not 1 < len(axis.choices) <= MOST_LISTED:
        return False
    numbers = np.array(axis.choices, dtype=np.float64)
    spots = np.log(numbers) if axis.is_log else numbers
    return bool(np.diff(spots).min() < CLOSE * (spots[-1] - spots[0]))


def order_of(axis: Axis, column: "pd.Series[Any]") -> Floats:
    """Which of the listed values each cell of a parameter's column is, from 0; NaN where it is not active."""
    found = positions(axis, column)
    if not axis.is_numeric:
        return found
    values = np.array(axis.choices, dtype=np.float64)
    nearest = np.abs(found[:, np.newaxis] - values).argmin(axis=1).astype(np.float64)
    return np.where(np.isnan(found), np.nan, nearest)


def places(axis: Axis, column: "pd.Series[Any]") -> Floats:
    """Where the cells of a parameter's column stand on an axis that `show_listed` made; NaN where it is not active."""
    return order_of(axis, column) if stands_evenly(axis) else positions(axis, column)


def show_listed(drawn: DrawnAxis, spec: StudySpec, axis: Axis, room: int) -> None:
    """Name, scale and label an axis for a parameter, with a tick at each of its values where there are few.

    Args:
        drawn: the axis of a plot.
        spec: the study.
        axis: the parameter.
        room: how many characters fit along the axis.
    """
    drawn.set_label_text(plain(axis.label))
    texts = [plain(choice_text(axis, place)) for place in range(len(axis.choices))]
    if stands_evenly(axis):
        spots: ArrayLike = np.arange(len(texts))
        set_scale(drawn, is_log=False)
        limit(drawn, -0.5, len(texts) - 0.5, room=0.0)
    else:
        show_parameter(drawn, spec, axis)
        spots = np.array(axis.choices, dtype=np.float64)
    if 0 < len(texts) <= MOST_LISTED or not axis.is_numeric:
        list_ticks(drawn, spots, texts, room)


def list_ticks(drawn: DrawnAxis, spots: ArrayLike, texts: Sequence[str], room: int) -> None:
    """Label an axis at the places given, leaving out labels that would touch the one before.

    Args:
        drawn: the axis of a plot; its scale and limits must be set.
        spots: `(n,)`, from low to high, in data coordinates.
        texts: `(n,)`.
        room: how many characters fit along the axis.
    """
    data = np.asarray(spots, dtype=np.float64)
    ends, transform = drawn.get_view_interval(), drawn.get_transform()
    begin, end, *found = transform.transform(np.concatenate([ends, data]))
    kept: list[int] = []
    free_from = -math.inf
    for place, spot in enumerate(found):
        middle = (spot - begin) / (end - begin) * room
        # Across, a label takes its width; upwards, it takes a line, which is as high as two characters are wide.
        half = (len(texts[place]) + 1) / 2 if isinstance(drawn, XAxis) else 1.0
        if middle - half >= free_from:
            kept.append(place)
            free_from = middle + half
    drawn.set_minor_locator(NullLocator())
    drawn.set_ticks(data[kept], [texts[place] for place in kept])
