"""Axes with a name, a scale and readable ticks: for measured values, for counts, and between given ends."""

import math

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis as DrawnAxis
from matplotlib.ticker import FuncFormatter, Locator, LogLocator, MaxNLocator, NullFormatter, NullLocator
from numpy.typing import ArrayLike

from hyperspool.common.goals import Direction
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.analysis.figures.texts import tick_text, value_label
from hyperspool.master.analysis.measures.positions import Floats

ROOM = 0.04
"""Part of an axis that is left free at each end."""
FEW_DECADES, MANY_DECADES = 0.7, 2.5
"""Below the first, ticks at 1, 2 and 5 would be too few; above the second, too many."""
SINGLE = 0.5
"""Half of the length of an axis for one value."""
EPSILON = 1e-9
"""As a part of its values, an axis is at least so long: matplotlib cannot draw a shorter one."""
LARGEST = 1e307
"""Larger numbers have no room beside them."""
MOST_DECADES = 200
ROUND_STEPS = [1, 2, 2.5, 5, 10]
WHOLE_STEPS = [1, 2, 5, 10]


def show_value(drawn: DrawnAxis, spec: StudySpec, values: ArrayLike) -> None:
    """Name and scale an axis for the values of a study's trials."""
    show_measured(drawn, value_label(spec), values, decades_of(spec.objective.direction))


def show_measured(drawn: DrawnAxis, label: str, values: ArrayLike, decades: float = 1.0) -> None:
    """Name and scale an axis for measured values.

    Args:
        drawn: the axis of a plot.
        label: its name.
        values: what it shows; values that are not finite are ignored.
        decades: the axis is logarithmic if the values are positive and span more than this many powers of ten.
    """
    drawn.set_label_text(label)
    is_log = is_spread(values, decades)
    set_scale(drawn, is_log=is_log)
    if is_log:
        drawn.set_major_locator(log_locator(float(_finite(values).min()), float(_finite(values).max())))


def show_count(drawn: DrawnAxis, label: str) -> None:
    """Name an axis for whole numbers, with ticks at whole numbers only."""
    drawn.set_label_text(label)
    drawn.set_major_locator(MaxNLocator(8, steps=WHOLE_STEPS, integer=True, min_n_ticks=1))


def decades_of(direction: Direction, decades: float = 1.0) -> float:
    """From how many powers of ten on an axis for values is logarithmic: never for values of which the highest is best.

    A logarithmic scale gives the low values room. Those of a good accuracy, between 0.7 and 0.9, would share a
    fifteenth of an axis that begins at 0.01.
    """
    return decades if direction == "minimise" else math.inf


def is_spread(values: ArrayLike, decades: float = 1.0) -> bool:
    """Whether a logarithmic scale shows `values` best: all positive, spanning more than `decades` powers of ten.

    Of values that span hundreds, the room beside the largest would be no number.
    """
    known = _finite(values)
    if not known.size or known.min() <= 0:
        return False
    spread = math.log10(known.max()) - math.log10(known.min())
    return decades < spread < MOST_DECADES


def limit(drawn: DrawnAxis, low: float, high: float, room: float = ROOM) -> None:
    """Let an axis reach from `low` to `high`, whatever else is drawn.

    Args:
        drawn: the axis of a plot; its scale must be set.
        low: in data coordinates.
        high: in data coordinates; if it equals `low`, the axis is one unit long.
        room: part of the distance, on the axis' scale, that is added at each end.
    """
    is_log = drawn.get_scale() == "log"
    ends = np.log([low, high]) if is_log else np.array([low, high], dtype=np.float64)
    # Halved first: the distance of two huge values of unlike sign is no number.
    more = 2 * room * (ends[1] / 2 - ends[0] / 2)
    least = max(SINGLE if low == high else 0.0, EPSILON * float(np.abs(ends).max()))
    ends = np.clip(ends + np.array([-1, 1]) * max(more, least), -LARGEST, LARGEST)
    begin, end = (float(place) for place in (np.exp(ends) if is_log else ends))
    plot = plot_of(drawn)
    (plot.set_xlim if drawn is plot.xaxis else plot.set_ylim)(begin, end)


def set_scale(drawn: DrawnAxis, *, is_log: bool) -> None:
    """Make an axis linear or logarithmic, with ticks that read 0.05, not 5 x 10^-2."""
    plot = plot_of(drawn)
    (plot.set_xscale if drawn is plot.xaxis else plot.set_yscale)("log" if is_log else "linear")
    if not is_log:
        drawn.set_major_locator(MaxNLocator(5, steps=ROUND_STEPS))
        return
    drawn.set_major_locator(LogLocator(subs=(1, 2, 5)))
    drawn.set_major_formatter(FuncFormatter(lambda value, _: tick_text(value)))
    drawn.set_minor_locator(NullLocator())
    drawn.set_minor_formatter(NullFormatter())


def log_locator(low: float, high: float) -> Locator:
    """A few ticks at round numbers for a logarithmic scale from `low` to `high`."""
    decades = np.log10(high / low)
    if decades < FEW_DECADES:
        return MaxNLocator(4, steps=ROUND_STEPS)
    return LogLocator(numticks=5) if decades > MANY_DECADES else LogLocator(subs=(1, 2, 5))


def plot_of(drawn: DrawnAxis) -> Axes:
    """The plot that an axis belongs to.

    Raises:
        TypeError: it belongs to none.
    """
    plot = drawn.axes
    if not isinstance(plot, Axes):
        raise TypeError("an axis without a plot has no scale")
    return plot


def _finite(values: ArrayLike) -> Floats:
    known = np.asarray(values, dtype=np.float64)
    return known[np.isfinite(known)]
