"""The figure of chance: how far replicates lie apart, by the source of randomness that differs between them."""

from collections.abc import Sequence
from functools import partial

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from hyperspool.common.objectives import SOURCES, measure_name
from hyperspool.master.analysis.data.columns import params_column
from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.figures.by_parameter import draw_dots
from hyperspool.master.analysis.figures.figure import NamedFigure
from hyperspool.master.analysis.figures.legends import Legend, add_legends, entry
from hyperspool.master.analysis.figures.readable_axes import value_label
from hyperspool.master.analysis.figures.style import PALETTE, new_figure
from hyperspool.master.analysis.measures.drawn_trials import drawn_sentence, drawn_trials
from hyperspool.master.analysis.measures.positions import Floats
from hyperspool.master.analysis.measures.setting_curves import measured
from hyperspool.master.analysis.measures.settings import VARIES, label_of, searched_parameters

COLUMN = params_column(VARIES)


def figures(data: StudyData) -> list[NamedFigure]:
    """The spread by source of randomness, for a study of nothing else."""
    if not is_about_chance(data):
        return []
    title = f"Spread of the {measure_name(data.spec.objective.name)} by source of randomness"
    return [NamedFigure("stochasticity", title, _caption(data), partial(stochasticity_figure, data))]


def is_about_chance(data: StudyData) -> bool:
    """Whether the source of randomness is all that the study searches, and a source has a spread to show."""
    names = [axis.name for axis in searched_parameters(data.spec)]
    trials = drawn_trials(data)
    return names == [VARIES] and len(trials) > 0 and bool(trials.groupby(COLUMN).size().max() > 1)


def stochasticity_figure(data: StudyData) -> Figure:
    """The replicates' final values by source and, where there are curves, how far these lie apart after each epoch."""
    trials = drawn_trials(data)
    curves = measured(data, "validation_error").merge(trials[["trial", COLUMN]], on="trial")
    sources = [source for source in SOURCES if (trials[COLUMN] == source).any()]
    colours = dict(zip(sources, PALETTE, strict=False))
    figure, axes = new_figure(9.0 if len(curves) else 6.4, 3.8, 1, 2 if len(curves) else 1)
    _draw_strip(axes[0, 0], data, trials, colours)
    if len(curves):
        _draw_ranges(axes[0, 1], curves, colours)
        add_legends(
            figure, [Legend([entry(source, color=colour) for source, colour in colours.items()], label_of(VARIES))]
        )
    return figure


def spread_by_epoch(curves: pd.DataFrame) -> "pd.Series[float]":
    """From epoch to the distance between the highest and the lowest validation error of several trials.

    Epochs that only a part of them reached are left out.

    Args:
        curves: rows of `StudyData.curves`.
    """
    errors = curves.groupby("epoch")["validation_error"]
    whole = errors.count() == curves["trial"].nunique()
    return (errors.max() - errors.min())[whole]


def _draw_strip(plot: Axes, data: StudyData, trials: pd.DataFrame, colours: dict[str, str]) -> None:
    for place, (source, colour) in enumerate(colours.items()):
        rows = trials[trials[COLUMN] == source]
        values, is_diverged = rows["value"].to_numpy(dtype=np.float64), rows["diverged"].to_numpy(dtype=bool)
        plot.plot(place, np.median(values), "_", color=colour, markersize=26, markeredgewidth=2)
        draw_dots(plot, np.full(len(rows), float(place)), values, [colour] * len(rows), is_diverged, is_spread=True)
    plot.set_xticks(range(len(colours)), list(colours))
    plot.set_xlim(-0.5, len(colours) - 0.5)
    plot.set_xlabel("what varies between replicates")
    plot.set_ylabel(value_label(data.spec))


def _draw_ranges(plot: Axes, curves: pd.DataFrame, colours: dict[str, str]) -> None:
    for source, colour in colours.items():
        spread = spread_by_epoch(curves[curves[COLUMN] == source])
        epochs: Floats = spread.index.to_numpy(dtype=np.float64)
        plot.plot(epochs, spread, color=colour, linewidth=1.3, marker="o" if len(epochs) == 1 else "")
    plot.set_xlabel("epochs")
    plot.set_ylabel("validation error: highest minus lowest")
    plot.xaxis.set_major_locator(MaxNLocator(8, steps=[1, 2, 5, 10], integer=True, min_n_ticks=1))
    # A little below 0, where the line of what does not vary at all lies.
    plot.set_ylim(bottom=-0.02 * plot.get_ylim()[1])


def _caption(data: StudyData) -> str:
    trials = drawn_trials(data)
    parts = [drawn_sentence(data), "A dot is a trial, a dash the median of a source's replicates."]
    if len(measured(data, "validation_error")):
        parts.append("On the right, how far the replicates' curves lie apart.")
    return " ".join([*parts, _deviations(trials, list(SOURCES))])


def _deviations(trials: pd.DataFrame, sources: Sequence[str]) -> str:
    deviations = trials.groupby(COLUMN)["value"].std().dropna()
    told = [f"{source} {deviations[source]:.2g}" for source in sources if source in deviations.index]
    return f"Standard deviation of the final value: {', '.join(told)}."
