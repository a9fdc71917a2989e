"""The figure of the value against each parameter of a search: a small plot for each, with a running median."""

import math
from functools import partial

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.figures.axes import decades_of, limit, show_measured
from hyperspool.master.analysis.figures.captions import caption, drawn_sentence, first_sentence, zero_sentence
from hyperspool.master.analysis.figures.dots import MEDIAN_COLOUR, dot_places, draw_best, draw_medians, draw_trials
from hyperspool.master.analysis.figures.figure import NamedFigure
from hyperspool.master.analysis.figures.legends import Legend, add_legends, entry
from hyperspool.master.analysis.figures.parameter_axes import places, show_parameter
from hyperspool.master.analysis.figures.style import MOST_COLUMNS, new_panels
from hyperspool.master.analysis.figures.texts import value_label, value_title
from hyperspool.master.analysis.measures.drawn_trials import LEAST_TRIALS, drawn_trials, is_best
from hyperspool.master.analysis.measures.positions import Floats
from hyperspool.master.analysis.measures.settings import Axis, searched_parameters

LEAST_FOR_MEDIAN = 10
MAX_PANELS = 12


def figures(data: StudyData) -> list[NamedFigure]:
    """The figure, for a search with two values; for a grid see `master.analysis.figures.parameters`."""
    axes = searched_parameters(data.spec)
    if data.spec.sampler.name == "grid" or not axes or len(drawn_trials(data)) < LEAST_TRIALS:
        return []
    title = f"{value_title(data.spec)} against each parameter"
    return [NamedFigure("value-by-parameter", title, _caption(data, axes), partial(panels_figure, data))]


def panels_figure(data: StudyData) -> Figure:
    """The value against one parameter at a time, with a running median."""
    axes = searched_parameters(data.spec)[:MAX_PANELS]
    trials = drawn_trials(data)
    figure, panels = new_panels(len(axes))
    # Which direction is better fits beside a plot that is as high as the figure.
    label = value_label(data.spec) if len(axes) <= MOST_COLUMNS else data.spec.objective.measure_name
    for panel, axis in zip(panels, axes, strict=True):
        marks = _draw_panel(panel, data, axis, trials)
        show_measured(panel.yaxis, label, trials["value"], decades_of(data.spec.objective.direction))
        limit(panel.yaxis, float(trials["value"].min()), float(trials["value"].max()))
        place = panel.get_subplotspec()
        if place and not place.is_first_col():
            panel.set_ylabel("")
            panel.tick_params(labelleft=False)
    if len(trials) >= LEAST_FOR_MEDIAN:
        marks.append(entry("running median", color=MEDIAN_COLOUR, linewidth=1.6))
    add_legends(figure, [Legend(marks)])
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
    """How many neighbours on each side a running median is over."""
    return max(round(math.sqrt(trials) / 2), 1)


def _draw_panel(panel: Axes, data: StudyData, axis: Axis, trials: pd.DataFrame) -> list[Line2D]:
    show_parameter(panel.xaxis, data.spec, axis)
    at, x = places(axis, trials[axis.column]), dot_places(axis, trials[axis.column])
    is_active = np.isfinite(at)
    values = trials["value"].to_numpy(dtype=np.float64)
    marks = draw_trials(panel, x, values, trials["diverged"].to_numpy(dtype=bool), trials=trials["trial"])
    if is_active.sum() >= LEAST_FOR_MEDIAN:
        if axis.choices:
            draw_medians(panel, at[is_active], values[is_active])
        else:
            panel.plot(*running_median(at[is_active], values[is_active]), color=MEDIAN_COLOUR, linewidth=1.6)
    winner = is_best(data, trials)
    if not is_active.all():
        panel.set_xlabel(f"{panel.get_xlabel()}\n(active in {is_active.sum()} of {len(trials)})")
    return marks + draw_best(panel, x[winner], values[winner])


def _caption(data: StudyData, axes: list[Axis]) -> str:
    trials = len(drawn_trials(data))
    has_median = trials >= LEAST_FOR_MEDIAN
    return caption(
        drawn_sentence(data),
        "In each plot the other parameters vary too, which scatters the dots.",
        zero_sentence(data),
        has_median and f"The line is the median of {2 * _reach(trials) + 1} neighbours.",
        has_median and any(axis.choices for axis in axes) and "A dash is the median of a listed value's trials.",
        first_sentence(min(MAX_PANELS, len(axes)), len(axes)),
    )
