"""A plot of measured values against one listed parameter: a dot per trial, and a dash or a line at the medians."""

import numpy as np
import pandas as pd
from matplotlib.axes import Axes

from hyperspool.common.study_spec import StudySpec
from hyperspool.master.analysis.figures.colours import listed_colours
from hyperspool.master.analysis.figures.dots import dot_places, draw_medians, draw_trials
from hyperspool.master.analysis.figures.legends import MAX_ENTRIES, Legend, entry
from hyperspool.master.analysis.figures.parameter_axes import order_of, places, show_parameter
from hyperspool.master.analysis.figures.style import PALETTE
from hyperspool.master.analysis.measures.positions import Floats
from hyperspool.master.analysis.measures.settings import Axis
from hyperspool.master.results.wording import param_text

MAX_LINES = min(len(PALETTE), MAX_ENTRIES - 3)
"""Three entries of the legend explain the marks."""


def draw_by_parameter(
    plot: Axes, spec: StudySpec, trials: pd.DataFrame, measured: Floats, axis: Axis, other: Axis | None = None
) -> list[Legend]:
    """Draw measured values against a parameter, and set up the parameter's axis.

    Args:
        plot: empty.
        spec: the study.
        trials: rows of `StudyData.trials`.
        measured: `(n,)`, one per row, finite.
        axis: the parameter; it has choices.
        other: a parameter each of whose choices has a colour and a line of its own; None for one colour.

    Returns:
        The legends that explain the plot.
    """
    show_parameter(plot.xaxis, spec, axis)
    at, x = places(axis, trials[axis.column]), dot_places(axis, trials[axis.column])
    group = order_of(other, trials[other.column]) if other else np.zeros(len(trials))
    is_drawn = np.isfinite(at) & np.isfinite(group)
    colours = listed_colours(len(other.choices) if other else 1, is_ordered=bool(other and other.is_numeric))
    shades = [colours[int(place)] for place in group[is_drawn]] if other else colours[0]
    is_diverged = trials["diverged"].to_numpy(dtype=bool)
    marks = draw_trials(plot, x[is_drawn], measured[is_drawn], is_diverged[is_drawn], shades, trials["trial"][is_drawn])
    marks += draw_medians(plot, at[is_drawn], measured[is_drawn], shades, is_joined=axis.is_numeric)
    if not other:
        return [Legend(marks)]
    shown = [entry(param_text(value), color=shade) for value, shade in zip(other.choices, colours, strict=True)]
    return [Legend(shown, other.label), Legend(marks)]
