"""Scales that people can read: of a parameter, of what was measured, of time."""

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis as DrawnAxis
from matplotlib.ticker import FixedLocator, FuncFormatter, Locator, LogLocator, MaxNLocator, NullFormatter, NullLocator
from numpy.typing import ArrayLike

from hyperspool.common.objectives import measure_name
from hyperspool.common.space import Int
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.analysis.measures.positions import Floats, bounds
from hyperspool.master.analysis.measures.settings import Axis, value_text

ROOM = 0.04
"""Part of an axis that is left free at each end."""
FEW_DECADES, MANY_DECADES = 0.7, 2.5
"""Below the first, ticks at 1, 2 and 5 would be too few; above the second, too many."""
ROUND_STEPS = [1, 2, 2.5, 5, 10]
FEW_CHOICES = 8
"""So many choices have a tick each."""
SHORT_TEXT = 17
"""Characters of a choice that fit below an axis."""


def value_label(spec: StudySpec) -> str:
    """The name of a study's value, and which way is better, for an axis."""
    better = "lower" if spec.objective.direction == "minimise" else "higher"
    return f"{measure_name(spec.objective.name)} ({better} is better)"


def is_spread(values: ArrayLike, decades: float = 1.0) -> bool:
    """Whether a logarithmic scale shows `values` best: positive, and spanning more than so many powers of ten."""
    known = _finite(values)
    return bool(known.size and known.min() > 0 and known.max() > known.min() * 10**decades)


def show_measured(drawn: DrawnAxis, values: ArrayLike, decades: float = 1.0) -> None:
    """Scale an axis for measured values: logarithmic if they span more than so many powers of ten."""
    set_scale(drawn, is_log=is_spread(values, decades))
    if is_spread(values, max(decades, MANY_DECADES)):
        drawn.set_major_locator(log_locator(float(_finite(values).min()), float(_finite(values).max())))


def show_parameter(drawn: DrawnAxis, spec: StudySpec, axis: Axis) -> None:
    """Scale an axis for a parameter, over its whole range with a little room at both ends."""
    low, high = bounds(spec, axis)
    if axis.is_numeric:
        set_scale(drawn, is_log=axis.is_log)
        limit(drawn, low, high)
        drawn.set_major_locator(parameter_locator(spec, axis))
    else:
        drawn.set_ticks(range(len(axis.choices)), [choice_text(axis, place) for place in range(len(axis.choices))])
        limit(drawn, low - 0.5, high + 0.5, room=0.0)


def parameter_locator(spec: StudySpec, axis: Axis) -> Locator:
    """Where the axis of a parameter of numbers has its ticks: at each choice if they are few, else at round numbers."""
    if 0 < len(axis.choices) <= FEW_CHOICES:
        return FixedLocator([float(choice) for choice in axis.choices])
    low, high = bounds(spec, axis)
    if axis.is_log:
        return log_locator(low, high)
    is_whole = isinstance(spec.space.root[axis.name], Int)
    return MaxNLocator(5, steps=[1, 2, 5, 10] if is_whole else ROUND_STEPS, integer=is_whole)


def limit(drawn: DrawnAxis, low: float, high: float, room: float = ROOM) -> None:
    """Let an axis reach from `low` to `high`, whatever else is drawn.

    Args:
        drawn: the axis of a plot; its scale must be set.
        low: in data coordinates.
        high: in data coordinates; where it equals `low`, the axis is one unit long.
        room: part of the distance, on the axis' scale, that is added at each end.
    """
    is_log = drawn.get_scale() == "log"
    ends = np.log([low, high]) if is_log else np.array([low, high], dtype=np.float64)
    more = room * (ends[1] - ends[0]) or 0.5 * (low == high)
    ends = ends + np.array([-more, more])
    begin, end = (float(place) for place in (np.exp(ends) if is_log else ends))
    plot = _plot_of(drawn)
    (plot.set_xlim if drawn is plot.xaxis else plot.set_ylim)(begin, end)


def set_scale(drawn: DrawnAxis, *, is_log: bool) -> None:
    """Make an axis linear or logarithmic, with ticks that read 0.05, not 5 x 10^-2."""
    plot = _plot_of(drawn)
    (plot.set_xscale if drawn is plot.xaxis else plot.set_yscale)("log" if is_log else "linear")
    if not is_log:
        drawn.set_major_locator(MaxNLocator(5, steps=ROUND_STEPS))
        return
    drawn.set_major_locator(LogLocator(subs=(1, 2, 5)))
    drawn.set_major_formatter(FuncFormatter(lambda value, _: tick_text(value)))
    drawn.set_minor_locator(NullLocator())
    drawn.set_minor_formatter(NullFormatter())


def log_locator(low: float, high: float) -> Locator:
    """Ticks of a logarithmic scale from `low` to `high`: few, at round numbers."""
    decades = np.log10(high / low)
    if decades < FEW_DECADES:
        return MaxNLocator(4, steps=ROUND_STEPS)
    return LogLocator(numticks=5) if decades > MANY_DECADES else LogLocator(subs=(1, 2, 5))


def tick_text(value: float) -> str:
    """A number beside a tick."""
    return f"{value:g}"


def choice_text(axis: Axis, place: int) -> str:
    """A choice of a parameter beside its tick, cut if it is long."""
    text = value_text(axis.choices[place])
    return text if len(text) <= SHORT_TEXT else f"{text[: SHORT_TEXT - 1]}…"


def time_unit(longest_s: float) -> tuple[float, str]:
    """The unit in which a time is a number that people can read: its seconds and its name."""
    hour, minute = 3600.0, 60.0
    if longest_s >= 10 * hour:
        return hour, "hours"
    return (minute, "minutes") if longest_s >= 10 * minute else (1.0, "seconds")


def _plot_of(drawn: DrawnAxis) -> Axes:
    plot = drawn.axes
    if not isinstance(plot, Axes):
        raise TypeError("an axis without axes has no scale")
    return plot


def _finite(values: ArrayLike) -> Floats:
    known = np.asarray(values, dtype=np.float64)
    return known[np.isfinite(known)]
