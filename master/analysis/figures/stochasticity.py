"""The figure of chance: how far replicates lie apart, by the source of randomness that differs between them."""

from functools import partial

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hyperspool.common.objectives import SOURCES
from hyperspool.master.analysis.data.columns import params_column
from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.figures.axes import show_count, show_value
from hyperspool.master.analysis.figures.by_parameter import draw_by_parameter
from hyperspool.master.analysis.figures.captions import caption, drawn_sentence
from hyperspool.master.analysis.figures.colours import listed_colours
from hyperspool.master.analysis.figures.figure import NamedFigure
from hyperspool.master.analysis.figures.legends import add_legends
from hyperspool.master.analysis.figures.style import new_figure
from hyperspool.master.analysis.measures.drawn_trials import drawn_trials
from hyperspool.master.analysis.measures.positions import Floats
from hyperspool.master.analysis.measures.setting_curves import measured
from hyperspool.master.analysis.measures.settings import VARIES, Axis, searched_parameters

COLUMN = params_column(VARIES)


def figures(data: StudyData) -> list[NamedFigure]:
    """The figure, for a study of chance alone."""
    if not is_about_chance(data):
        return []
    title = f"Spread of the {data.spec.objective.measure_name} by source of randomness"
    return [NamedFigure("stochasticity", title, _caption(data), partial(stochasticity_figure, data))]


def is_about_chance(data: StudyData) -> bool:
    """Whether the source of randomness is all that the study searches, and a source has at least two values."""
    names = [axis.name for axis in searched_parameters(data.spec)]
    trials = drawn_trials(data)
    return names == [VARIES] and len(trials) > 0 and bool(trials.groupby(COLUMN).size().max() > 1)


def stochasticity_figure(data: StudyData) -> Figure:
    """The replicates' final values by source and, if there are curves, how far these lie apart after each epoch."""
    trials = drawn_trials(data)
    (axis,) = searched_parameters(data.spec)
    values = trials["value"].to_numpy(dtype=np.float64)
    curves = measured(data, "validation_error").merge(trials[["trial", COLUMN]], on="trial")
    figure, axes = new_figure(9.0 if len(curves) else 6.4, 3.8, 1, 2 if len(curves) else 1)
    plot: Axes = axes[0, 0]
    legends = draw_by_parameter(plot, data.spec, trials, values, axis, axis)
    show_value(plot.yaxis, data.spec, values)
    plot.set_xlabel("what varies between replicates")
    if len(curves):
        _draw_ranges(axes[0, 1], curves, axis)
    add_legends(figure, legends)
    return figure


def spread_by_epoch(curves: pd.DataFrame) -> "pd.Series[float]":
    """From epoch to the distance between the highest and the lowest validation error of several trials.

    Epochs that only some of the trials reached are left out.

    Args:
        curves: rows of `StudyData.curves`.
    """
    errors = curves.groupby("epoch")["validation_error"]
    is_whole = errors.count() == curves["trial"].nunique()
    return (errors.max() - errors.min())[is_whole]


def _draw_ranges(plot: Axes, curves: pd.DataFrame, axis: Axis) -> None:
    for source, colour in zip(axis.choices, listed_colours(len(axis.choices), is_ordered=False), strict=True):
        spread = spread_by_epoch(curves[curves[COLUMN] == source])
        epochs: Floats = spread.index.to_numpy(dtype=np.float64)
        plot.plot(epochs, spread, color=colour, linewidth=1.3, marker="o" if len(epochs) == 1 else "")
    show_count(plot.xaxis, "epochs")
    plot.set_ylabel("validation error: highest minus lowest")
    # The line of a source that changes nothing lies at 0, so the axis begins a little below.
    plot.set_ylim(bottom=-0.02 * plot.get_ylim()[1])


def _caption(data: StudyData) -> str:
    deviations = drawn_trials(data).groupby(COLUMN)["value"].std().dropna()
    listed = ", ".join(f"{source} {deviations[source]:.2g}" for source in SOURCES if source in deviations.index)
    return caption(
        drawn_sentence(data),
        "A dot is a trial, a dash the median of a source's replicates.",
        not measured(data, "validation_error").empty and "On the right, how far the replicates' curves lie apart.",
        f"Standard deviation of the final value: {listed}.",
    )
