"""Figures of the final value by each parameter of a grid."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from hyperspool.common.objectives import measure_name
from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.figures.by_parameter import MAX_LINES, draw_by_parameter
from hyperspool.master.analysis.figures.figure import NamedFigure, distinct, name_of
from hyperspool.master.analysis.figures.legends import add_legends
from hyperspool.master.analysis.figures.readable_axes import show_measured, value_label
from hyperspool.master.analysis.figures.stochasticity import is_about_chance
from hyperspool.master.analysis.figures.style import new_figure
from hyperspool.master.analysis.measures.drawn_trials import drawn_sentence, drawn_trials
from hyperspool.master.analysis.measures.settings import Axis, searched_parameters

MAX_FIGURES = 8


def figures(data: StudyData) -> list[NamedFigure]:
    """The final value by each parameter that a grid goes through; other searches: `master.analysis.figures.search`."""
    axes = [axis for axis in searched_parameters(data.spec) if axis.choices]
    trials = drawn_trials(data)
    # One dot is no figure, and chance has its own.
    if data.spec.sampler.name != "grid" or len(trials) < 2 or is_about_chance(data):  # noqa: PLR2004 - see above
        return []
    measure = measure_name(data.spec.objective.name)
    drawn: list[NamedFigure] = []
    for axis in axes[:MAX_FIGURES]:
        other = telling_other(axis, axes, trials)
        drawn.append(
            NamedFigure(
                f"value-by-{name_of(axis.name)}",
                f"Final {measure} by {axis.label}",
                _caption(data, axes, other),
                partial(parameter_figure, data, axis, other),
            )
        )
    return distinct(drawn)


def parameter_figure(data: StudyData, axis: Axis, other: Axis | None) -> Figure:
    """The final value of each trial against one parameter, with a line through the medians.

    Args:
        data: the study.
        axis: the parameter; it has choices.
        other: a parameter whose choices get a line each; None for one line.
    """
    trials = drawn_trials(data)
    values = trials["value"].to_numpy(dtype=np.float64)
    figure, axes = new_figure()
    plot = axes[0, 0]
    legends = draw_by_parameter(plot, data.spec, trials, values, axis, other)
    show_measured(plot.yaxis, values)
    plot.set_ylabel(value_label(data.spec))
    add_legends(figure, legends)
    return figure


def telling_other(axis: Axis, axes: Sequence[Axis], trials: pd.DataFrame) -> Axis | None:
    """Of the other parameters with few values, the one between whose medians the value differs most; None without any.

    Args:
        axis: the parameter that the others are others to.
        axes: all that are searched.
        trials: with values.
    """

    def spread(candidate: Axis) -> float:
        medians = trials.groupby(candidate.column)["value"].median()
        return float(medians.max() - medians.min()) if len(medians) else 0.0

    candidates = [candidate for candidate in axes if candidate != axis and 1 < len(candidate.choices) <= MAX_LINES]
    return max(candidates, key=spread, default=None)


def _caption(data: StudyData, axes: Sequence[Axis], other: Axis | None) -> str:
    parts = [drawn_sentence(data), "A dot is a trial."]
    if other is None:
        parts.append("The dashes are medians" + (" over all other parameters." if len(axes) > 1 else "."))
        return " ".join(parts)
    parts.append(f"The dashes are medians, a colour per value of {other.label}")
    if len(axes) > 2:  # noqa: PLR2004 - the one drawn and the one coloured leave none over
        parts[-1] += ", over all values of the other parameters"
    return " ".join(parts) + "."
