"""Figures of the curves: losses and error against epochs and against training time, one curve per setting."""

from collections.abc import Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.figures.figure import NamedFigure
from hyperspool.master.analysis.figures.legends import MAX_ENTRIES, Legend, add_colour_bar, add_legends, entry
from hyperspool.master.analysis.figures.readable_axes import limit, show_measured, time_unit
from hyperspool.master.analysis.figures.setting_looks import Looks, looks_of
from hyperspool.master.analysis.figures.style import GREY, new_figure
from hyperspool.master.analysis.measures.drawn_trials import snapshot_sentence
from hyperspool.master.analysis.measures.positions import Floats
from hyperspool.master.analysis.measures.setting_curves import SettingCurve, measured, setting_curves
from hyperspool.master.results.wording import counted

QUANTITIES = ("training_loss", "validation_loss", "validation_error")
WIDE_DECADES = 1.5
"""Curves that span more powers of ten are drawn on a logarithmic axis."""
MANY_SETTINGS = 60
"""From here on the lines are thin and let others shine through."""
MAX_LINES = 150
"""Settings that are drawn at most; more lines hide each other, and make files of MB."""
DENSE_SEGMENTS = 10_000
"""More pieces of lines than this are pixels in an SVG file; up to here they take less as lines."""
FAR = 5.0
"""So many times higher than half of the curves, and a curve goes beyond the axis."""
FEW_EPOCHS = 12
"""Up to here each epoch has a dot."""


class _Side(NamedTuple):
    """One of the two plots: what a curve is drawn against."""

    label: str
    unit: float
    is_time: bool

    def places(self, curve: SettingCurve) -> Floats:
        return curve.elapsed_s / self.unit if self.is_time else curve.epoch


def figures(data: StudyData) -> list[NamedFigure]:
    """A figure for each of training loss, validation loss and validation error that was measured after any epoch."""
    return [
        NamedFigure(
            f"{quantity.replace('_', '-')}-curves",
            f"{_name(quantity).capitalize()} during training",
            _caption(data, quantity),
            partial(curve_figure, data, quantity),
        )
        for quantity in QUANTITIES
        if setting_curves(data, quantity)
    ]


def curve_figure(data: StudyData, quantity: str) -> Figure:
    """A quantity against epochs on the left, and against training time on the right.

    Args:
        data: a study that has a curve of the quantity.
        quantity: a column of `StudyData.curves`.
    """
    curves = {curve.setting: curve for curve in setting_curves(data, quantity)}
    looks = looks_of(data, room=_room(data))
    shown = spread_out([curves[setting] for setting in looks.order if setting in curves])
    figure, axes = new_figure(9.0, 3.6, 1, 2)
    plots: list[Axes] = list(axes[0])
    plots[1].sharey(plots[0])
    plots[1].tick_params(labelleft=False)
    unit_s, unit = time_unit(max(float(curve.elapsed_s[-1]) for curve in shown))
    for plot, side in zip(
        plots, (_Side("epochs", 1.0, False), _Side(f"training time ({unit})", unit_s, True)), strict=True
    ):
        _draw(plot, side, shown, looks)
        _scale_across(plot, side, shown)
    plots[0].set_ylabel(_name(quantity))
    _scale_upwards(plots[0], shown, axis_top(shown))
    if quantity == "validation_error" and data.trials["diverged"].any():
        _draw_guessing(plots, data)
    _explain(figure, plots, looks, has_ends=any(curve.is_diverged for curve in shown))
    return figure


def spread_out(curves: Sequence[SettingCurve]) -> list[SettingCurve]:
    """At most `MAX_LINES` of the curves, evenly chosen in their order, first and last included."""
    if len(curves) <= MAX_LINES:
        return list(curves)
    return [curves[place] for place in np.linspace(0, len(curves) - 1, MAX_LINES).round().astype(int)]


def _draw(plot: Axes, side: _Side, shown: Sequence[SettingCurve], looks: Looks) -> None:
    is_many = len(shown) > MANY_SETTINGS
    if looks.legends:
        for curve in shown:
            colour, places = looks.colour[curve.setting], side.places(curve)
            plot.plot(
                places,
                curve.median,
                color=colour,
                linestyle=looks.dashes.get(curve.setting, "-"),
                linewidth=1.4,
                marker="o" if len(places) <= FEW_EPOCHS else "",
                markersize=3,
            )
            if (curve.high > curve.low).any():
                plot.fill_between(places, curve.low, curve.high, color=colour, alpha=0.18, linewidth=0)
    else:
        lines = [np.column_stack([side.places(curve), curve.median]) for curve in shown]
        colours = [looks.colour[curve.setting] for curve in shown]
        is_dense = sum(map(len, lines)) > DENSE_SEGMENTS
        width, alpha = (0.7, 0.7) if is_many else (1.1, 0.9)
        plot.add_collection(LineCollection(lines, colors=colours, linewidths=width, alpha=alpha, rasterized=is_dense))
        # A line of a single point is none.
        dots = [place for place, line in enumerate(lines) if len(line) == 1]
        if dots:
            spots = np.concatenate([lines[place] for place in dots])
            shades = [colours[place] for place in dots]
            plot.scatter(spots[:, 0], spots[:, 1], c=shades, s=12, alpha=0.8, rasterized=is_dense)
    ends = [
        (side.places(curve)[-1], curve.median[-1], looks.colour[curve.setting]) for curve in shown if curve.is_diverged
    ]
    for place, value, colour in ends:
        plot.plot(place, value, "x", color=colour, markersize=6, markeredgewidth=1.6)


def _scale_across(plot: Axes, side: _Side, shown: Sequence[SettingCurve]) -> None:
    places = np.concatenate([side.places(curve) for curve in shown])
    plot.set_xlabel(side.label)
    if side.is_time:
        ends = np.array([side.places(curve)[-1] for curve in shown])
        show_measured(plot.xaxis, ends, WIDE_DECADES)
    else:
        plot.xaxis.set_major_locator(MaxNLocator(8, steps=[1, 2, 5, 10], integer=True, min_n_ticks=1))
    limit(plot.xaxis, float(places.min()), float(places.max()))


def _scale_upwards(plot: Axes, shown: Sequence[SettingCurve], top: float) -> None:
    """For the curves that did not diverge: the last finite loss of one that did may be anything."""
    sound = [curve for curve in shown if not curve.is_diverged] or shown
    values = np.concatenate([np.concatenate([curve.low, curve.high]) for curve in sound])
    values = np.minimum(values, top)
    show_measured(plot.yaxis, values, WIDE_DECADES)
    limit(plot.yaxis, float(values.min()), float(values.max()))


def axis_top(curves: Sequence[SettingCurve]) -> float:
    """Where an axis for losses ends: a first step that is far too long may make a loss of 10^5 that then falls.

    Returns:
        `FAR` times the height that half of the settings' curves reach; infinity if nothing is higher, so that all is
        shown.
    """
    highest = [float(curve.median.max()) for curve in curves]
    top = FAR * float(np.median(highest))
    return top if 0 < top < max(float(curve.high.max()) for curve in curves) else np.inf


def _draw_guessing(plots: Sequence[Axes], data: StudyData) -> None:
    chance = float(data.trials.loc[data.trials["diverged"], "value"].median())
    low, high = plots[0].get_ylim()
    plots[0].set_ylim(min(low, chance), max(high, 1.03 * chance))
    for plot in plots:
        plot.axhline(chance, color=GREY, linewidth=1.2, linestyle=(0, (1, 1.5)))
    plots[1].annotate(
        "guessing",
        (1.0, chance),
        xycoords=("axes fraction", "data"),
        xytext=(3, 0),
        textcoords="offset points",
        va="center",
        fontsize=8,
        color="#555555",
    )


def _explain(figure: Figure, plots: Sequence[Axes], looks: Looks, *, has_ends: bool) -> None:
    marks = [entry("diverged from here on", color=GREY, linestyle="", marker="x", markeredgewidth=1.6)]
    add_legends(figure, [*looks.legends, Legend(marks if has_ends else [])])
    if looks.norm:
        add_colour_bar(figure, plots, looks.norm, looks.colour_map, looks.bar_label)


def _name(quantity: str) -> str:
    return quantity.replace("_", " ")


def _caption(data: StudyData, quantity: str) -> str:
    drawn = set(measured(data, quantity)["trial"])
    is_drawn = data.trials["trial"].isin(drawn)
    settings = data.trials.loc[is_drawn, "setting"].nunique()
    counts = f"{counted(len(drawn), 'trial')} of {counted(settings, 'setting')}"
    parts = [f"{counts}, on the left against epochs, on the right against training time."]
    if len(drawn) > settings:
        parts.append("A line is the median of a setting's replicates.")
        if looks_of(data, room=_room(data)).legends:
            parts.append("The shade behind it reaches from the lowest to the highest of them.")
    diverged = int(data.trials["diverged"].sum())
    if diverged:
        parts.append(
            f"{counted(diverged, 'trial')} diverged: a loss was no finite number any more. "
            "Such a curve ends before that epoch, and it does not stretch the axes."
        )
    if settings > MAX_LINES:
        parts.append(f"{MAX_LINES} of the settings are drawn, evenly chosen along the colour bar.")
    top = axis_top(setting_curves(data, quantity))
    if np.isfinite(top):
        parts.append(f"The axis ends at {top:.2g}; some curves go higher.")
    if absent := int((~is_drawn & ~data.trials["diverged"]).sum()):
        parts.append(f"{counted(absent, 'trial')} without any measured epoch left out.")
    if told := snapshot_sentence(data):
        parts.append(told)
    return " ".join(parts)


def _room(data: StudyData) -> int:
    """Entries of the legend that settings may have: one explains the mark of those that diverged."""
    return MAX_ENTRIES - bool(data.trials["diverged"].any())
