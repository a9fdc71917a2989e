"""Figures of what training costs: seconds per epoch by mini-batch size and number of filters."""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hyperspool.common.objectives import PARAMETERS
from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.figures.axes import show_measured
from hyperspool.master.analysis.figures.by_parameter import MAX_LINES, draw_by_parameter
from hyperspool.master.analysis.figures.captions import caption, left_out_sentence
from hyperspool.master.analysis.figures.colours import parameter_colours, parameter_norm
from hyperspool.master.analysis.figures.dots import dot_places, draw_trials
from hyperspool.master.analysis.figures.figure import NamedFigure, distinct, name_of
from hyperspool.master.analysis.figures.legends import Legend, add_colour_bar, add_legends
from hyperspool.master.analysis.figures.parameter_axes import show_parameter
from hyperspool.master.analysis.figures.style import PALETTE, new_figure
from hyperspool.master.analysis.measures.positions import Floats, positions
from hyperspool.master.analysis.measures.relation import LEAST_TRIALS, groups_by, p_between
from hyperspool.master.analysis.measures.settings import Axis, searched_parameters
from hyperspool.master.results.wording import counted

SIZES = ("num_filters", "batch_size")
"""Of the built-in objectives' parameters, those that determine how much there is to compute."""
MAX_FIGURES = 6
LOG_DECADES = 0.5
"""Times that span more powers of ten are drawn on a logarithmic axis."""
CLEAR = 0.01
"""Chance of a difference in time below which a parameter changes it: each of many parameters has this chance."""
NOTABLE = 1.1
"""The least ratio of times that is worth a figure."""


class Costs(NamedTuple):
    """What each trial of a study cost.

    Attributes:
        trials: rows of `StudyData.trials`.
        seconds: `(n,)`, one per row.
        per: `epoch`, or `trial` for an objective without epochs.
    """

    trials: pd.DataFrame
    seconds: Floats
    per: str


def figures(data: StudyData) -> list[NamedFigure]:
    """A figure per searched parameter that changes the time: of a built-in objective by design, else as measured."""
    costs = costs_of(data)
    if len(costs.trials) < 2:  # noqa: PLR2004 - a single dot has nothing to be compared with
        return []
    searched = searched_parameters(data.spec)
    if data.spec.objective.name in PARAMETERS:
        axes = [axis for axis in searched if axis.name in SIZES]
    else:
        axes = [axis for axis in searched if (axis.is_numeric or axis.choices) and changes_time(axis, costs)]
    drawn = [
        NamedFigure(
            f"time-by-{name_of(axis.name)}",
            f"Time per {costs.per} by {axis.label}",
            _caption(data, axis, _other(axis, axes, costs), costs),
            partial(time_figure, data, axis, _other(axis, axes, costs)),
        )
        for axis in axes[:MAX_FIGURES]
    ]
    return distinct(drawn)


def costs_of(data: StudyData) -> Costs:
    """The median over a trial's epochs of an epoch's time; without epochs, the time of the evaluation.

    Trials that failed before the end of an epoch are left out, and so are times of 0, which a logarithmic axis cannot
    show.
    """
    if len(data.curves):
        seconds, per = data.trials["trial"].map(data.curves.groupby("trial")["seconds"].median()), "epoch"
    else:
        seconds, per = data.trials["evaluation_s"].where(data.trials["status"] != "FAILED"), "trial"
    is_known = (seconds > 0).to_numpy(dtype=bool)
    return Costs(data.trials[is_known], seconds[is_known].to_numpy(dtype=np.float64), per)


def time_figure(data: StudyData, axis: Axis, other: Axis | None) -> Figure:
    """Each trial's time against one parameter.

    Args:
        data: the study.
        axis: the parameter, numeric.
        other: another parameter that determines the time, which gives the colours; None for one colour.
    """
    costs = costs_of(data)
    figure, panels = new_figure()
    plot: Axes = panels[0, 0]
    if axis.choices and _has_lines(other):
        legends = draw_by_parameter(plot, data.spec, costs.trials, costs.seconds, axis, other)
    else:
        show_parameter(plot.xaxis, data.spec, axis)
        legends = _scatter(figure, plot, costs, axis, other)
    show_measured(plot.yaxis, f"time per {costs.per} (seconds)", costs.seconds, LOG_DECADES)
    add_legends(figure, legends)
    return figure


def changes_time(axis: Axis, costs: Costs) -> bool:
    """Whether the time differs between values of a parameter by more than chance, and by more than `NOTABLE` times."""
    is_active = costs.trials[axis.column].notna().to_numpy(dtype=np.bool_)
    if is_active.sum() < LEAST_TRIALS:
        return False
    active = costs.trials[is_active]
    seconds = pd.Series(costs.seconds[is_active], index=active.index)
    groups = seconds.groupby(groups_by(axis, active))
    medians = groups.median()
    return bool(medians.max() > NOTABLE * medians.min()) and p_between(own for _, own in groups) < CLEAR


def _other(axis: Axis, axes: Sequence[Axis], costs: Costs) -> Axis | None:
    """Another parameter that changes the time, and is a number or a short list, in trials in which both are active."""
    is_active = costs.trials[axis.column].notna()
    others = (other for other in axes if other != axis and (other.is_numeric or _has_lines(other)))
    return next((other for other in others if (is_active & costs.trials[other.column].notna()).sum() > 1), None)


def _has_lines(other: Axis | None) -> bool:
    return other is None or 0 < len(other.choices) <= MAX_LINES


def _scatter(figure: Figure, plot: Axes, costs: Costs, axis: Axis, other: Axis | None) -> list[Legend]:
    x = dot_places(axis, costs.trials[axis.column])
    is_diverged = costs.trials["diverged"].to_numpy(dtype=bool)
    numbers_of = costs.trials["trial"].to_numpy()
    if not other:
        marks = draw_trials(plot, x, costs.seconds, is_diverged, PALETTE[0], numbers_of)
        return [Legend(marks if is_diverged.any() else [])]
    numbers = positions(other, costs.trials[other.column])
    is_active = np.isfinite(numbers)
    norm, colours = parameter_norm(other, numbers[is_active]), parameter_colours()
    shades = colours(norm(numbers[is_active]))
    drawn = (x[is_active], costs.seconds[is_active], is_diverged[is_active])
    marks = draw_trials(plot, *drawn, shades, numbers_of[is_active])
    add_colour_bar(figure, [plot], norm, colours, other.label)
    return [Legend(marks if is_diverged.any() else [])]


def _caption(data: StudyData, axis: Axis, other: Axis | None, costs: Costs) -> str:
    colour = f"The colour is the {other.label}." if other else ""
    if axis.choices and _has_lines(other):
        mark = "The line joins the medians" if axis.is_numeric else "A dash is the median of a value's trials"
        colour = f"{mark}{f', a colour per value of {other.label}' if other else ''}."
    devices = costs.trials.groupby(["host", "device"]).ngroups
    return caption(
        f"{counted(len(costs.trials), 'trial')}, a dot each.",
        costs.per == "epoch"
        and "A trial's time per epoch is the median over its epochs, training and validation together.",
        colour,
        devices > 1 and f"The trials ran on {devices} devices, which may differ in speed.",
        left_out_sentence(len(data.trials) - len(costs.trials), "trial", "without a measured time"),
    )
