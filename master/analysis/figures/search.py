"""Figures of a search: the best value so far, the value against each parameter, and all parameters at once."""

import math
from functools import partial

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import MaxNLocator
from numpy.typing import NDArray

from hyperspool.common.objectives import measure_name
from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.figures.figure import NamedFigure
from hyperspool.master.analysis.figures.parallel_coordinates import MAX_AXES, best_lines, parallel_figure
from hyperspool.master.analysis.figures.readable_axes import (
    choice_text,
    limit,
    show_measured,
    show_parameter,
    value_label,
)
from hyperspool.master.analysis.figures.style import GREY, PALETTE, RC, new_figure
from hyperspool.master.analysis.measures.drawn_trials import best_first, drawn_sentence, drawn_trials, zero_sentences
from hyperspool.master.analysis.measures.positions import Floats, positions
from hyperspool.master.analysis.measures.settings import Axis, searched_parameters
from hyperspool.master.results.wording import value_text

Bools = NDArray[np.bool_]

TRIAL_COLOUR, DIVERGED_COLOUR, BEST_COLOUR, MEDIAN_COLOUR = PALETTE[5], PALETTE[1], PALETTE[0], PALETTE[6]
LEAST_TRIALS, LEAST_FOR_MEDIAN = 2, 10
DENSE = 300
"""More dots than this are pixels in an SVG file."""
MAX_PANELS = 12
ROOM_FOR_CHOICES = 20
"""Characters below a panel; longer choices are slanted."""
JITTER = 0.15


def figures(data: StudyData) -> list[NamedFigure]:
    """The figures of a search that has two values; a grid's parameters are shown setting by setting elsewhere."""
    if len(drawn_trials(data)) < LEAST_TRIALS:
        return []
    drawn = [NamedFigure("best-so-far", "Best value so far", _best_caption(data), partial(best_so_far_figure, data))]
    axes = searched_parameters(data.spec)
    if data.spec.sampler.name == "grid" or not axes:
        return drawn
    measure = measure_name(data.spec.objective.name)
    drawn.append(
        NamedFigure(
            "value-by-parameter",
            f"{measure.capitalize()} against each parameter",
            _scatter_caption(data),
            partial(scatter_figure, data),
        )
    )
    if len(axes) > 1:
        drawn.append(
            NamedFigure(
                "parallel-coordinates",
                "All parameters at once",
                _parallel_caption(data),
                partial(parallel_figure, data),
            )
        )
    return drawn


def best_so_far_figure(data: StudyData) -> Figure:
    """Each trial's value and the best so far, in order of trial number: the same on any number of workers.

    A failed trial takes its turn.
    """
    trials, values = data.trials, _comparable(data)
    evaluations = np.arange(1, len(trials) + 1, dtype=np.float64)
    is_diverged = trials["diverged"].to_numpy(dtype=bool)
    best = (np.fmin if data.spec.objective.direction == "minimise" else np.fmax).accumulate(values)
    figure, axes = new_figure(6.4, 3.6)
    plot: Axes = axes[0, 0]
    _draw_trials(plot, evaluations, values, is_diverged)
    plot.step(evaluations, best, where="post", color=BEST_COLOUR, linewidth=2.4)
    winner = best_first(data, drawn_trials(data)).iloc[0]
    where = int(np.flatnonzero(trials["trial"].to_numpy() == winner["trial"])[0])
    plot.plot(evaluations[where], values[where], "*", color=BEST_COLOUR, markeredgecolor="white", markersize=13)
    _draw_failed(plot, evaluations[np.isnan(values)])
    show_measured(plot.yaxis, values)
    plot.set_ylabel(value_label(data.spec))
    plot.set_xlabel("evaluations, in order of trial number")
    plot.xaxis.set_major_locator(MaxNLocator(5, steps=[1, 2, 5, 10], integer=True))
    plot.set_xlim(0.5 if len(trials) < DENSE else 0, len(trials) + max(0.5, len(trials) / 100))
    handles = [
        *_dot_handles(data),
        Line2D([], [], color=BEST_COLOUR, linewidth=2.4, label="best so far"),
        _star(f"best: {value_text(float(winner['value']))}, trial {winner['trial']}"),
    ]
    _legend(figure, handles)
    return figure


def scatter_figure(data: StudyData) -> Figure:
    """The value against one parameter at a time: a panel each, with a running median."""
    axes = searched_parameters(data.spec)[:MAX_PANELS]
    columns = 1 if len(axes) == 1 else 2 if len(axes) in {2, 4} else 3
    rows = -(-len(axes) // columns)
    figure, panels = new_figure(6.4, 0.6 + 2.2 * rows, rows, columns)
    trials = drawn_trials(data)
    for place in range(panels.size):
        panel: Axes = panels[divmod(place, columns)]
        if place >= len(axes):
            panel.remove()
            continue
        _draw_panel(panel, data, axes[place], trials)
        if place % columns:
            panel.set_yticklabels([])
        else:
            panel.set_ylabel(value_label(data.spec) if rows == 1 else measure_name(data.spec.objective.name))
    handles = _dot_handles(data, is_failed_shown=False)
    if len(trials) >= LEAST_FOR_MEDIAN:
        handles.append(Line2D([], [], color=MEDIAN_COLOUR, linewidth=1.6, label="running median"))
    _legend(figure, [*handles, _star("best")])
    return figure


def running_median(x: Floats, values: Floats) -> tuple[Floats, Floats]:
    """The median of the values of about sqrt(n) neighbours along x.

    Args:
        x: `(n,)`, in any order, finite.
        values: `(n,)`.

    Returns:
        The distinct x in ascending order, and at each the median of its values and of the neighbours on both sides.
    """
    order = np.argsort(x, kind="stable")
    reach = _reach(len(x))
    distinct, first, count = np.unique(x[order], return_index=True, return_counts=True)
    windows = zip(np.maximum(first - reach, 0), first + count + reach, strict=True)
    return distinct, np.array([np.median(values[order[begin:end]]) for begin, end in windows])


def _reach(trials: int) -> int:
    """Neighbours on each side."""
    return max(round(math.sqrt(trials) / 2), 1)


def _comparable(data: StudyData) -> Floats:
    """`(n,)` values in trial order; NaN for trials that are not COMPLETE."""
    trials = data.trials
    return trials["value"].where(trials["status"] == "COMPLETE").to_numpy(dtype=np.float64)


def _draw_panel(panel: Axes, data: StudyData, axis: Axis, trials: pd.DataFrame) -> None:
    places = positions(axis, trials[axis.column])
    is_active = np.isfinite(places)
    x, shown = places[is_active], trials[is_active]
    values = shown["value"].to_numpy(dtype=np.float64)
    jitter = 0.0 if axis.is_numeric else np.random.default_rng(0).uniform(-JITTER, JITTER, len(x))
    _draw_trials(panel, x + jitter, values, shown["diverged"].to_numpy(dtype=bool))
    if len(x) >= LEAST_FOR_MEDIAN:
        _draw_median(panel, axis, x, values)
    is_best = shown.index.to_numpy() == best_first(data, trials).index[0]
    panel.plot((x + jitter)[is_best], values[is_best], "*", color=BEST_COLOUR, markeredgecolor="white", markersize=11)
    show_parameter(panel.xaxis, data.spec, axis)
    if (
        not axis.is_numeric
        and sum(len(choice_text(axis, place)) for place in range(len(axis.choices))) > ROOM_FOR_CHOICES
    ):
        panel.tick_params(axis="x", labelrotation=30)
    show_measured(panel.yaxis, trials["value"])
    limit(panel.yaxis, float(trials["value"].min()), float(trials["value"].max()))
    absent = len(trials) - len(x)
    panel.set_xlabel(axis.label + (f"\n(active in {len(x)} of {len(trials)})" if absent else ""))


def _draw_median(panel: Axes, axis: Axis, x: Floats, values: Floats) -> None:
    if axis.choices:
        for place in np.unique(x):
            panel.plot(place, np.median(values[x == place]), "_", color=MEDIAN_COLOUR, markersize=16, markeredgewidth=2)
    else:
        panel.plot(*running_median(x, values), color=MEDIAN_COLOUR, linewidth=1.6)


def _draw_trials(plot: Axes, x: Floats, values: Floats, is_diverged: Bools) -> None:
    size = float(np.clip(2000 / max(len(x), 1), 5, 18))
    is_dense = len(x) > DENSE
    plot.scatter(
        x[~is_diverged], values[~is_diverged], s=size, color=TRIAL_COLOUR, linewidths=0, alpha=0.9, rasterized=is_dense
    )
    plot.scatter(
        x[is_diverged],
        values[is_diverged],
        s=size,
        color=DIVERGED_COLOUR,
        marker="x",
        linewidths=0.9,
        rasterized=is_dense,
    )


def _draw_failed(plot: Axes, x: Floats) -> None:
    """Failed trials have no value: ticks along the upper edge."""
    heights = np.full(len(x), 0.985)
    plot.plot(x, heights, "v", color=GREY, markersize=4, transform=plot.get_xaxis_transform(), clip_on=False)


def _dot_handles(data: StudyData, *, is_failed_shown: bool = True) -> list[Line2D]:
    handles = [Line2D([], [], color=TRIAL_COLOUR, marker="o", linestyle="", markersize=4, label="trial")]
    if drawn_trials(data)["diverged"].any():
        handles.append(Line2D([], [], color=DIVERGED_COLOUR, marker="x", linestyle="", markersize=4, label="diverged"))
    if is_failed_shown and (data.trials["status"] == "FAILED").any():
        handles.append(Line2D([], [], color=GREY, marker="v", linestyle="", markersize=4, label="failed"))
    return handles


def _star(label: str) -> Line2D:
    return Line2D([], [], color=BEST_COLOUR, marker="*", linestyle="", markersize=9, label=label)


def _legend(figure: Figure, handles: list[Line2D]) -> None:
    with mpl.rc_context(RC):
        figure.legend(handles=handles, loc="outside upper center", ncols=len(handles), columnspacing=1.2)


def _best_caption(data: StudyData) -> str:
    return (
        f"The value of each trial and the best so far. {drawn_sentence(data)} "
        "Evaluations count in order of trial number, not of time, so the line is the same on any number of workers; "
        "a failed trial takes its turn."
    )


def _scatter_caption(data: StudyData) -> str:
    axes = searched_parameters(data.spec)
    trials = len(drawn_trials(data))
    lines = [f"{drawn_sentence(data)} In each panel the other parameters vary too, which spreads the dots."]
    lines += zero_sentences(data)
    if trials >= LEAST_FOR_MEDIAN:
        width = 2 * _reach(trials) + 1
        lines.append(f"The line is the median of {width} neighbours.")
        if any(axis.choices for axis in axes):
            lines.append("Of a listed value, a bar is the median of its trials.")
    if len(axes) > MAX_PANELS:
        lines.append(f"The first {MAX_PANELS} of {len(axes)} parameters are shown.")
    return " ".join(lines)


def _parallel_caption(data: StudyData) -> str:
    axes = searched_parameters(data.spec)
    best = best_lines(len(drawn_trials(data)))
    lines = [
        drawn_sentence(data),
        "One line per trial, coloured by its value.",
        f"The best {f'{best} are' if best > 1 else 'one is'} thick and on top.",
        "Each axis has the scale on which the parameter was searched.",
        *zero_sentences(data),
    ]
    if any(data.trials[axis.column].isna().any() for axis in axes):
        lines.append("A line is interrupted where a parameter is not active.")
    if len(axes) > MAX_AXES:
        lines.append(f"The first {MAX_AXES} of {len(axes)} parameters are shown.")
    return " ".join(lines)
