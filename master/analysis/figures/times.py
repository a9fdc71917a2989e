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
from hyperspool.master.analysis.figures.by_parameter import DENSE, MAX_LINES, draw_by_parameter
from hyperspool.master.analysis.figures.colours import parameter_colours, parameter_norm
from hyperspool.master.analysis.figures.figure import NamedFigure, distinct, name_of
from hyperspool.master.analysis.figures.legends import add_colour_bar, add_legends, plain
from hyperspool.master.analysis.figures.readable_axes import show_measured, show_parameter
from hyperspool.master.analysis.figures.style import PALETTE, new_figure
from hyperspool.master.analysis.measures.positions import Floats, positions
from hyperspool.master.analysis.measures.settings import Axis, searched_parameters
from hyperspool.master.results.wording import counted

SIZES = ("num_filters", "batch_size")
"""Of the built-in objectives' parameters, those that decide how much there is to compute."""
MAX_FIGURES = 6
LOG_DECADES = 0.5
"""Times that span more powers of ten are drawn on a logarithmic axis."""


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
    """The time by each number that decides it and that is searched: of a user's objective, by any."""
    costs = costs_of(data)
    is_built_in = data.spec.objective.name in PARAMETERS
    axes = [
        axis for axis in searched_parameters(data.spec) if axis.is_numeric and (axis.name in SIZES or not is_built_in)
    ]
    if len(costs.trials) < 2:  # noqa: PLR2004 - one dot is no figure
        return []
    drawn = [
        NamedFigure(
            f"time-by-{name_of(axis.name)}",
            f"Time per {costs.per} by {axis.label}",
            _caption(data, axis, _other(axis, axes), costs),
            partial(time_figure, data, axis, _other(axis, axes)),
        )
        for axis in axes[:MAX_FIGURES]
    ]
    return distinct(drawn)


def costs_of(data: StudyData) -> Costs:
    """The median over a trial's epochs of the time that one took; without epochs, the time of the evaluation.

    Trials that failed without an epoch are left out, and so are times of 0, which a logarithmic axis cannot show.
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
        other: another parameter that decides the time, and gives the colours; None for one colour.
    """
    costs = costs_of(data)
    figure, panels = new_figure()
    plot: Axes = panels[0, 0]
    plot.set_ylabel(f"time per {costs.per} (seconds)")
    if axis.choices and _has_lines(other):
        legends = draw_by_parameter(plot, data.spec, costs.trials, costs.seconds, axis, other)
        show_measured(plot.yaxis, costs.seconds, LOG_DECADES)
        add_legends(figure, legends)
        return figure
    _scatter(figure, plot, costs, axis, other)
    plot.set_xlabel(plain(axis.label))
    show_parameter(plot.xaxis, data.spec, axis)
    show_measured(plot.yaxis, costs.seconds, LOG_DECADES)
    return figure


def _other(axis: Axis, axes: Sequence[Axis]) -> Axis | None:
    return next((other for other in axes if other != axis), None)


def _has_lines(other: Axis | None) -> bool:
    return other is None or 0 < len(other.choices) <= MAX_LINES


def _scatter(figure: Figure, plot: Axes, costs: Costs, axis: Axis, other: Axis | None) -> None:
    at = positions(axis, costs.trials[axis.column])
    size = float(np.clip(3000 / len(at), 6, 18))
    is_dense = len(at) > DENSE
    if other is None:
        plot.scatter(at, costs.seconds, s=size, color=PALETTE[0], linewidths=0, alpha=0.8, rasterized=is_dense)
        return
    numbers = positions(other, costs.trials[other.column])
    is_active = np.isfinite(numbers)
    norm, colours = parameter_norm(other, numbers[is_active]), parameter_colours()
    plot.scatter(
        at[is_active],
        costs.seconds[is_active],
        s=size,
        c=numbers[is_active],
        cmap=colours,
        norm=norm,
        linewidths=0,
        rasterized=is_dense,
    )
    add_colour_bar(figure, [plot], norm, colours, other.label)


def _caption(data: StudyData, axis: Axis, other: Axis | None, costs: Costs) -> str:
    parts = [f"{counted(len(costs.trials), 'trial')}, a dot each."]
    if costs.per == "epoch":
        parts.append("A trial's time per epoch is the median over its epochs, training and validation together.")
    if axis.choices and _has_lines(other):
        colour = f", a colour per value of {other.label}" if other else ""
        parts.append(f"The line joins the medians{colour}.")
    elif other:
        parts.append(f"The colour is the {other.label}.")
    devices = costs.trials.groupby(["host", "device"]).ngroups
    if devices > 1:
        parts.append(f"The trials ran on {devices} devices, which may differ in speed.")
    absent = len(data.trials) - len(costs.trials)
    if absent:
        parts.append(f"{counted(absent, 'trial')} without a measured time left out.")
    return " ".join(parts)
