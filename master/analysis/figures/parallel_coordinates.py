"""The figure of all parameters at once: one vertical axis each, one line per trial."""

import math

import numpy as np
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import Locator, MaxNLocator
from numpy.typing import ArrayLike

from hyperspool.common.objectives import measure_name
from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.figures.colours import value_colours, value_norm
from hyperspool.master.analysis.figures.readable_axes import choice_text, log_locator, parameter_locator, tick_text
from hyperspool.master.analysis.figures.style import new_figure
from hyperspool.master.analysis.measures.drawn_trials import best_first, drawn_trials
from hyperspool.master.analysis.measures.positions import Floats, bounds, positions
from hyperspool.master.analysis.measures.settings import Axis, searched_parameters

MOST_BEST_LINES, BEST_SHARE = 5, 0.25
MAX_AXES = 10
CLOSE = 0.045
"""Ticks nearer than this part of an axis would write over each other."""
WIDE_SPACE_IN = 1.0
STRIP = 0.05


def parallel_figure(data: StudyData) -> Figure:
    """One line per trial through its params to its value, coloured by value, the best on top."""
    axes = searched_parameters(data.spec)[:MAX_AXES]
    trials = best_first(data, drawn_trials(data)).iloc[::-1]
    norm, colours = value_norm(trials["value"]), value_colours(data.spec)
    heights = [_unit(positions(axis, trials[axis.column]), data, axis) for axis in axes]
    heights.append(np.asarray(norm(trials["value"].to_numpy()), dtype=np.float64))
    figure, panels = new_figure(max(6.4, WIDE_SPACE_IN * (len(axes) + 1)), 3.8)
    plot: Axes = panels[0, 0]
    _draw_lines(plot, np.stack(heights, axis=1), colours(heights[-1]))
    for place, axis in enumerate(axes):
        _draw_axis(plot, place, _ticks(data, axis))
    _draw_axis(plot, len(axes), _value_ticks(norm))
    ends = (len(axes), len(axes) + STRIP)
    plot.imshow(
        np.linspace(0, 1, 256)[:, np.newaxis],
        cmap=colours,
        extent=(*ends, 0, 1),
        origin="lower",
        aspect="auto",
        zorder=3,
    )
    plot.set_xlim(-0.15, len(axes) + 0.45)
    plot.set_ylim(-0.04, 1.04)
    better = "lower" if data.spec.objective.direction == "minimise" else "higher"
    names = [
        *(_wrapped(axis.label) for axis in axes),
        f"{_wrapped(measure_name(data.spec.objective.name))}\n({better} is better)",
    ]
    plot.set_xticks(range(len(names)), names)
    plot.tick_params(length=0)
    plot.set_yticks([])
    plot.grid(visible=False)
    plot.spines[:].set_visible(False)
    return figure


def best_lines(trials: int) -> int:
    """How many of the best trials are drawn thick: few, of many and of few."""
    return min(MOST_BEST_LINES, max(int(BEST_SHARE * trials), 1))


def _draw_lines(plot: Axes, heights: Floats, colours: Floats) -> None:
    """Lines `(n, axes)`, the best last; NaN interrupts a line."""
    count, width = heights.shape
    segments = np.stack([np.broadcast_to(np.arange(width, dtype=np.float64), heights.shape), heights], axis=2)
    best = count - best_lines(count)
    alpha = float(np.clip(60 / count, 0.15, 0.7))
    for chosen, linewidth, opacity in ((slice(0, best), 0.8, alpha), (slice(best, None), 2.2, 1.0)):
        lines = LineCollection(list(segments[chosen]), colors=colours[chosen], linewidths=linewidth, alpha=opacity)
        plot.add_collection(lines)


def _draw_axis(plot: Axes, place: int, ticks: list[tuple[float, str]]) -> None:
    plot.plot([place, place], [0, 1], color="black", linewidth=0.9, zorder=3)
    outline: list[patheffects.AbstractPathEffect] = [patheffects.withStroke(linewidth=2.5, foreground="white")]
    for height, text in ticks:
        plot.plot([place, place + 0.03], [height, height], color="black", linewidth=0.9, zorder=3)
        written = plot.annotate(
            text, (place, height), xytext=(6, 0), textcoords="offset points", va="center", fontsize=7.5, zorder=4
        )
        written.set_path_effects(outline)


def _unit(places: Floats, data: StudyData, axis: Axis) -> Floats:
    low, high = bounds(data.spec, axis)
    return _share(places, low, high, is_log=axis.is_log)


def _share(values: ArrayLike, low: float, high: float, *, is_log: bool) -> Floats:
    """Where values lie between the ends of a scale, in [0, 1]."""
    numbers = np.asarray(values, dtype=np.float64)
    if is_log:
        numbers, low, high = np.log(numbers), math.log(low), math.log(high)
    return (numbers - low) / (high - low)


def _ticks(data: StudyData, axis: Axis) -> list[tuple[float, str]]:
    low, high = bounds(data.spec, axis)
    if axis.is_numeric:
        return _scale_ticks(low, high, parameter_locator(data.spec, axis), is_log=axis.is_log)
    return [(place / high, choice_text(axis, place)) for place in range(len(axis.choices))]


def _value_ticks(norm: Normalize) -> list[tuple[float, str]]:
    low, high, is_log = float(norm.vmin or 0), float(norm.vmax or 0), isinstance(norm, LogNorm)
    return _scale_ticks(low, high, log_locator(low, high) if is_log else MaxNLocator(6), is_log=is_log)


def _scale_ticks(low: float, high: float, locator: Locator, *, is_log: bool) -> list[tuple[float, str]]:
    """Round numbers, and both ends of the scale unless a round number is too close to tell them apart."""
    ends = [low, high]
    inner = [float(tick) for tick in locator.tick_values(low, high) if low < tick < high]
    shares = _share([*ends, *inner], low, high, is_log=is_log)
    kept: list[tuple[float, str]] = []
    for share, value in zip(shares, [*ends, *inner], strict=True):
        if all(abs(share - other) > CLOSE for other, _ in kept):
            kept.append((float(share), tick_text(float(f"{value:.3g}"))))
    return kept


def _wrapped(label: str) -> str:
    return label.replace(" ", "\n", 1) if len(label) > 10 else label  # noqa: PLR2004 - characters that fit below an axis
