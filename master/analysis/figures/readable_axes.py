"""Scales that people can read: of a parameter, of the value, of time; and colours by value."""

import numpy as np
from matplotlib import colormaps
from matplotlib.axes import Axes
from matplotlib.axis import Axis as DrawnAxis
from matplotlib.colors import Colormap, LogNorm, Normalize
from matplotlib.ticker import FixedLocator, FuncFormatter, Locator, LogLocator, MaxNLocator, NullFormatter, NullLocator
from numpy.typing import ArrayLike

from common.objectives import measure_name
from common.space import Int
from common.study_spec import StudySpec
from master.analysis.positions import bounds
from master.analysis.settings import Axis, value_text

DECADE = 10.0
"""Values that span more than this factor are shown on a logarithmic scale."""
FEW_DECADES, MANY_DECADES = 0.7, 3.0
"""Below the first, ticks at 1, 2 and 5 would be too few; above the second, too many."""
ROUND_STEPS = [1, 2, 2.5, 5, 10]
FEW_CHOICES = 8
"""So many choices have a tick each."""
SHORT_TEXT = 14
"""Characters of a choice that fit below an axis."""


def value_label(spec: StudySpec) -> str:
    """The name of a study's value, and which way is better, for an axis."""
    better = "lower" if spec.objective.direction == "minimise" else "higher"
    return f"{measure_name(spec.objective.name)} ({better} is better)"


def is_spread(values: ArrayLike) -> bool:
    """Whether a logarithmic scale shows `values` best: positive, and spanning more than a decade."""
    known = np.asarray(values, dtype=np.float64)
    known = known[np.isfinite(known)]
    return bool(known.size and known.min() > 0 and known.max() > DECADE * known.min())


def show_value(drawn: DrawnAxis, values: ArrayLike) -> None:
    """Scale an axis for the values of trials."""
    set_scale(drawn, is_log=is_spread(values))


def value_norm(values: ArrayLike) -> Normalize:
    """Where values lie between the lowest (0) and the highest (1), on their scale; the same scale as `show_value`."""
    known = np.asarray(values, dtype=np.float64)
    low, high = float(np.nanmin(known)), float(np.nanmax(known))
    if low == high:
        low, high = low - 0.5, high + 0.5
    return LogNorm(low, high) if is_spread(known) else Normalize(low, high)


def value_colours(spec: StudySpec) -> Colormap:
    """Colours that are dark where a trial is good. cividis: even in lightness, for all kinds of colour vision."""
    return colormaps["cividis" if spec.objective.direction == "minimise" else "cividis_r"]


def show_parameter(drawn: DrawnAxis, spec: StudySpec, axis: Axis) -> None:
    """Scale an axis for a parameter, over its whole range with a little room at both ends."""
    low, high = bounds(spec, axis)
    if axis.is_numeric:
        set_scale(drawn, is_log=axis.is_log)
        room = (high / low) ** 0.04 if axis.is_log else (high - low) * 0.04
        ends = (low / room, high * room) if axis.is_log else (low - room, high + room)
    else:
        ends = (low - 0.5, high + 0.5)
        drawn.set_ticks(range(len(axis.choices)), [choice_text(axis, place) for place in range(len(axis.choices))])
    plot = drawn.axes
    if isinstance(plot, Axes):
        (plot.set_xlim if drawn is plot.xaxis else plot.set_ylim)(ends)
    if axis.is_numeric:
        drawn.set_major_locator(parameter_locator(spec, axis))


def parameter_locator(spec: StudySpec, axis: Axis) -> Locator:
    """Where the axis of a parameter of numbers has its ticks: at each choice if they are few, else at round numbers."""
    if 0 < len(axis.choices) <= FEW_CHOICES:
        return FixedLocator([float(choice) for choice in axis.choices])
    low, high = bounds(spec, axis)
    if axis.is_log:
        return log_locator(low, high)
    is_whole = isinstance(spec.space.root[axis.name], Int)
    return MaxNLocator(5, steps=[1, 2, 5, 10] if is_whole else ROUND_STEPS, integer=is_whole)


def set_scale(drawn: DrawnAxis, *, is_log: bool) -> None:
    """Make an axis linear or logarithmic, with ticks that read 0.05, not 5 x 10^-2."""
    plot = drawn.axes
    if not isinstance(plot, Axes):
        raise TypeError("an axis without axes has no scale")
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
