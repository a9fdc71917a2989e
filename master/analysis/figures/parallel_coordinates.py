"""The figure of all parameters at once: one vertical axis for each, one line per trial."""

import math
import re
from functools import partial

import numpy as np
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.colors import LogNorm, Normalize
from matplotlib.figure import Figure
from matplotlib.ticker import Locator, MaxNLocator
from numpy.typing import ArrayLike, NDArray

from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.figures.axes import log_locator
from hyperspool.master.analysis.figures.captions import caption, drawn_sentence, first_sentence, zero_sentence
from hyperspool.master.analysis.figures.colours import value_colours, value_norm
from hyperspool.master.analysis.figures.figure import NamedFigure
from hyperspool.master.analysis.figures.marks import mark_parallel, mark_trials
from hyperspool.master.analysis.figures.parameter_axes import parameter_locator, shown_as
from hyperspool.master.analysis.figures.style import new_figure
from hyperspool.master.analysis.figures.texts import choice_text, plain, shortened, tick_text, value_label
from hyperspool.master.analysis.measures.drawn_trials import LEAST_TRIALS, best_first, drawn_trials
from hyperspool.master.analysis.measures.positions import Floats, bounds, positions
from hyperspool.master.analysis.measures.settings import Axis, searched_parameters

MOST_BEST_LINES, BEST_SHARE = 5, 0.25
MAX_AXES = 10
CLOSE = 0.045
"""Labels of ticks nearer than this part of an axis would overlap."""
WIDE_SPACE_IN = 1.0
"""Width per parameter."""
MOST_LETTERS = 16
"""Characters of a line that do not meet the name beside it."""
WORDS = re.compile(r"[^ _]*[ _]?")
LONGEST_LINE = 10
"""Characters of a name that fit on a line below its axis."""
STRIP = 0.05
"""Width of the strip that shows the colours of the values, in distances between axes."""


def figures(data: StudyData) -> list[NamedFigure]:
    """The figure, for a search with two values over at least two parameters, which does not follow a grid."""
    axes = searched_parameters(data.spec)
    if data.spec.sampler.name == "grid" or len(axes) < 2 or len(drawn_trials(data)) < LEAST_TRIALS:  # noqa: PLR2004 - a line needs two ends
        return []
    text = _caption(data, axes)
    return [NamedFigure("parallel-coordinates", "All parameters at once", text, partial(parallel_figure, data))]


def parallel_figure(data: StudyData) -> Figure:
    """One line per trial through its params to its value, coloured by the value, the best on top."""
    axes = [shown_as(axis) for axis in searched_parameters(data.spec)[:MAX_AXES]]
    trials = best_first(data, drawn_trials(data)).iloc[::-1]
    norm, colours = value_norm(data.spec, trials["value"]), value_colours(data.spec)
    heights = [
        _shares(positions(axis, trials[axis.column]), *bounds(data.spec, axis), is_log=axis.is_log) for axis in axes
    ]
    heights.append(np.asarray(norm(trials["value"].to_numpy()), dtype=np.float64))
    figure, panels = new_figure(max(6.4, WIDE_SPACE_IN * (len(axes) + 1)), 3.8)
    plot: Axes = panels[0, 0]
    mark_parallel(plot)
    _draw_lines(plot, np.stack(heights, axis=1), colours(heights[-1]), trials["trial"].to_numpy())
    for place, axis in enumerate(axes):
        _draw_axis(plot, place, _ticks(data, axis))
    _draw_axis(plot, len(axes), _value_ticks(norm))
    plot.imshow(
        np.linspace(0, 1, 256)[:, np.newaxis],
        cmap=colours,
        extent=(len(axes), len(axes) + STRIP, 0, 1),
        origin="lower",
        aspect="auto",
        zorder=3,
    )
    plot.set_xlim(-0.15, len(axes) + 0.45)
    plot.set_ylim(-0.04, 1.04)
    measure, _, direction = value_label(data.spec).partition(" (")
    names = [*(_wrapped(axis.label) for axis in axes), f"{_wrapped(measure)}\n({direction}"]
    plot.set_xticks(range(len(names)), names)
    plot.tick_params(length=0)
    plot.set_yticks([])
    plot.grid(visible=False)
    plot.spines[:].set_visible(False)
    return figure


def best_lines(trials: int) -> int:
    """How many of the best trials are drawn thick: a quarter of a few trials, five of many."""
    return min(MOST_BEST_LINES, max(int(BEST_SHARE * trials), 1))


def _draw_lines(plot: Axes, heights: Floats, colours: Floats, trials: NDArray[np.int64]) -> None:
    """Draw lines `(n, axes)` of the trials `(n,)`, the best last; NaN interrupts a line."""
    count, width = heights.shape
    segments = np.stack([np.broadcast_to(np.arange(width, dtype=np.float64), heights.shape), heights], axis=2)
    best = count - best_lines(count)
    alpha = float(np.clip(60 / count, 0.15, 0.7))
    for chosen, linewidth, opacity in ((slice(0, best), 0.8, alpha), (slice(best, None), 2.2, 1.0)):
        lines = LineCollection(list(segments[chosen]), colors=colours[chosen], linewidths=linewidth, alpha=opacity)
        mark_trials(lines, trials[chosen].tolist())
        plot.add_collection(lines)


def _draw_axis(plot: Axes, place: int, ticks: list[tuple[float, str]]) -> None:
    plot.plot([place, place], [0, 1], color="black", linewidth=0.9, zorder=3)
    # Tick labels lie on the lines, so they need a white outline.
    outline: list[patheffects.AbstractPathEffect] = [patheffects.withStroke(linewidth=2.5, foreground="white")]
    for height, text in ticks:
        plot.plot([place, place + 0.03], [height, height], color="black", linewidth=0.9, zorder=3)
        written = plot.annotate(
            text, (place, height), xytext=(6, 0), textcoords="offset points", va="center", fontsize=7.5, zorder=4
        )
        written.set_path_effects(outline)


def _shares(values: ArrayLike, low: float, high: float, *, is_log: bool) -> Floats:
    """Where values lie between the ends of a scale, in [0, 1]."""
    numbers = np.asarray(values, dtype=np.float64)
    if is_log:
        numbers, low, high = np.log(numbers), math.log(low), math.log(high)
    if low == high:
        return np.where(np.isnan(numbers), np.nan, 0.5)
    # Halved, because the distance of two huge values of unlike sign is no number.
    shares: Floats = (numbers / 2 - low / 2) / (high / 2 - low / 2)
    return shares


def _ticks(data: StudyData, axis: Axis) -> list[tuple[float, str]]:
    low, high = bounds(data.spec, axis)
    if axis.is_numeric:
        return _scale_ticks(low, high, parameter_locator(data.spec, axis), is_log=axis.is_log)
    return [(place / high, choice_text(axis, place)) for place in range(len(axis.choices))]


def _value_ticks(norm: Normalize) -> list[tuple[float, str]]:
    low, high, is_log = float(norm.vmin or 0), float(norm.vmax or 0), isinstance(norm, LogNorm)
    return _scale_ticks(low, high, log_locator(low, high) if is_log else MaxNLocator(6), is_log=is_log)


def _scale_ticks(low: float, high: float, locator: Locator, *, is_log: bool) -> list[tuple[float, str]]:
    """Both ends of a scale, and round numbers between them where the labels do not overlap."""
    ends = [low, high]
    inner = [float(tick) for tick in locator.tick_values(low, high) if low < tick < high]
    shares = _shares([*ends, *inner], low, high, is_log=is_log)
    kept: list[tuple[float, str]] = []
    for share, value in zip(shares, [*ends, *inner], strict=True):
        if all(abs(share - other) > CLOSE for other, _ in kept):
            kept.append((float(share), tick_text(float(f"{value:.3g}"))))
    return kept


def _wrapped(label: str) -> str:
    """A name on at most two lines, broken after a blank or an underscore, and cut if it is longer."""
    lines = [""]
    for part in WORDS.findall(label):
        if lines[-1] and len(lines[-1] + part.rstrip()) > LONGEST_LINE:
            lines.append("")
        lines[-1] += part
    shown = [lines[0], "".join(lines[1:])] if len(lines) > 1 else lines
    return "\n".join(plain(shortened(line.strip(), MOST_LETTERS)) for line in shown)


def _caption(data: StudyData, axes: list[Axis]) -> str:
    best = best_lines(len(drawn_trials(data)))
    has_gaps = any(drawn_trials(data)[axis.column].isna().any() for axis in axes)
    return caption(
        drawn_sentence(data),
        "One line per trial, coloured by its value.",
        f"The best {f'{best} are' if best > 1 else 'one is'} thick and on top.",
        "Each axis has the scale on which the parameter was searched.",
        zero_sentence(data),
        has_gaps and "A line is interrupted where a parameter is not active.",
        first_sentence(min(MAX_AXES, len(axes)), len(axes)),
    )
