"""Figures of the final value by each parameter of a grid."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd
from matplotlib.figure import Figure

from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.figures.axes import show_value
from hyperspool.master.analysis.figures.by_parameter import MAX_LINES, draw_by_parameter
from hyperspool.master.analysis.figures.captions import caption, drawn_sentence
from hyperspool.master.analysis.figures.figure import NamedFigure, distinct, name_of
from hyperspool.master.analysis.figures.legends import add_legends
from hyperspool.master.analysis.figures.stochasticity import is_about_chance
from hyperspool.master.analysis.figures.style import new_figure
from hyperspool.master.analysis.measures.drawn_trials import LEAST_TRIALS, drawn_trials
from hyperspool.master.analysis.measures.settings import Axis, searched_parameters

MAX_FIGURES = 8


def figures(data: StudyData) -> list[NamedFigure]:
    """A figure per parameter of a grid; for other searches see `master.analysis.figures.value_panels`."""
    axes = [axis for axis in searched_parameters(data.spec) if axis.choices]
    trials = drawn_trials(data)
    # The module stochasticity draws studies of chance.
    if data.spec.sampler.name != "grid" or len(trials) < LEAST_TRIALS or is_about_chance(data):
        return []
    measure = data.spec.objective.measure_name
    drawn: list[NamedFigure] = []
    for axis in axes[:MAX_FIGURES]:
        other = most_telling_other(axis, axes, trials)
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
        other: a parameter each of whose choices has a line; None for one line.
    """
    trials = drawn_trials(data)
    values = trials["value"].to_numpy(dtype=np.float64)
    figure, axes = new_figure()
    plot = axes[0, 0]
    legends = draw_by_parameter(plot, data.spec, trials, values, axis, other)
    show_value(plot.yaxis, data.spec, values)
    add_legends(figure, legends)
    return figure


def most_telling_other(axis: Axis, axes: Sequence[Axis], trials: pd.DataFrame) -> Axis | None:
    """The other parameter whose values differ most in their median value; None if none has few enough values.

    Args:
        axis: the parameter that is left aside.
        axes: all that are searched.
        trials: with values.
    """

    def spread(candidate: Axis) -> float:
        medians = trials.groupby(candidate.column)["value"].median()
        return float(medians.max() - medians.min()) if len(medians) else 0.0

    candidates = [candidate for candidate in axes if candidate != axis and 1 < len(candidate.choices) <= MAX_LINES]
    return max(candidates, key=spread, default=None)


def _caption(data: StudyData, axes: Sequence[Axis], other: Axis | None) -> str:
    # Of the axes, one is drawn and one is coloured.
    has_more = len(axes) > (2 if other else 1)
    medians = "The dashes are medians"
    if other:
        medians += f", a colour per value of {other.label}"
    if has_more:
        medians += ", over all values of the other parameters"
    return caption(drawn_sentence(data), "A dot is a trial.", f"{medians}.")
