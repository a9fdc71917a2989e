"""Figures of the curves: losses and errors against epochs and against training time, one curve per setting."""

import math
from collections.abc import Mapping, Sequence
from functools import partial
from typing import NamedTuple

import numpy as np
from matplotlib.axes import Axes
from matplotlib.collections import LineCollection
from matplotlib.figure import Figure

from hyperspool.common.objectives import PARAMETERS
from hyperspool.master.analysis.data.columns import curve_metrics
from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.figures.axes import decades_of, limit, show_count, show_measured
from hyperspool.master.analysis.figures.captions import caption, left_out_sentence
from hyperspool.master.analysis.figures.dots import draw_trials
from hyperspool.master.analysis.figures.figure import NamedFigure
from hyperspool.master.analysis.figures.legends import MAX_ENTRIES, Legend, add_colour_bar, add_legends, entry
from hyperspool.master.analysis.figures.marks import mark_sides, mark_trials
from hyperspool.master.analysis.figures.setting_styles import SettingStyles, styles_of
from hyperspool.master.analysis.figures.style import GREY, new_figure
from hyperspool.master.analysis.figures.texts import time_unit, write_beside
from hyperspool.master.analysis.measures.drawn_trials import snapshot_sentence
from hyperspool.master.analysis.measures.epoch_metric import NO_PROGRESS, find_epoch_metric, metric_label
from hyperspool.master.analysis.measures.positions import Floats
from hyperspool.master.analysis.measures.setting_curves import (
    RunCurve,
    SettingCurve,
    measured,
    run_curves,
    setting_curves,
)
from hyperspool.master.results.wording import counted

QUANTITIES = ("training_loss", "validation_loss", "validation_error")
"""What is drawn of a built-in objective. Of a user's own, what its trials reported."""
MOST_FIGURES = 6
"""More metrics would bury the rest of the page."""
WIDE_DECADES = 1.5
"""Curves that span more powers of ten are drawn on a logarithmic axis."""
TIME_DECADES = 0.8
"""Likewise of their lengths in time: the short ones would be a knot at 0."""
MANY_SETTINGS = 60
"""From here on lines are thin and translucent."""
MAX_LINES = 150
"""Settings that are drawn at most; more lines would hide each other and make files of MB."""
DENSE_SEGMENTS = 30_000
"""More pieces of lines than this are pixels in an SVG file, where they take less space; no page can tell them apart."""
FAR = 5.0
"""The axis ends at this multiple of the height that half of the curves reach."""
FEW_EPOCHS = 12
"""Up to this number each epoch has a dot."""


class _Side(NamedTuple):
    """One of the two plots: the quantity that a curve is drawn against."""

    label: str
    unit: float
    is_time: bool

    def places(self, curve: SettingCurve | RunCurve) -> Floats:
        return curve.elapsed_s / self.unit if self.is_time else curve.epoch


def figures(data: StudyData) -> list[NamedFigure]:
    """A figure per quantity that was measured after any epoch: the study's measure first, at most `MOST_FIGURES`."""
    drawable = [quantity for quantity in _quantities(data) if setting_curves(data, quantity)]
    drawn, others = drawable[:MOST_FIGURES], drawable[MOST_FIGURES:]
    return [
        NamedFigure(
            f"{quantity.replace('_', '-')}-curves",
            f"{_title(quantity)} during training",
            _caption(data, quantity, others if quantity == drawn[-1] else []),
            partial(curve_figure, data, quantity),
        )
        for quantity in drawn
    ]


def _quantities(data: StudyData) -> list[str]:
    if data.spec.objective.name in PARAMETERS:
        return list(QUANTITIES)
    names = [name for name in curve_metrics(data.curves) if name not in NO_PROGRESS]
    return sorted(names, key=lambda name: name != data.spec.objective.measure)


def curve_figure(data: StudyData, quantity: str) -> Figure:
    """A quantity against epochs on the left, and against training time on the right.

    Args:
        data: a study that has a curve of the quantity.
        quantity: a column of `StudyData.curves`.
    """
    curves = {curve.setting: curve for curve in setting_curves(data, quantity)}
    styles = styles_of(data, room=_room(data))
    shown = spread_out([curves[setting] for setting in styles.order if setting in curves])
    figure, axes = new_figure(9.0, 3.6, 1, 2)
    plots: list[Axes] = list(axes[0])
    mark_sides(plots)
    plots[1].sharey(plots[0])
    plots[1].tick_params(labelleft=False)
    unit_s, unit = time_unit(max(float(curve.elapsed_s[-1]) for curve in shown))
    trials_of = {int(str(setting)): list(own) for setting, own in data.trials.groupby("setting")["trial"]}
    runs = _drawn_runs(data, quantity)
    for plot, side in zip(
        plots, (_Side("epochs", 1.0, False), _Side(f"training time ({unit})", unit_s, True)), strict=True
    ):
        _draw_runs(plot, side, runs, styles)
        _draw(plot, side, shown, styles, trials_of, has_runs=bool(runs))
        _scale_across(plot, side, shown, runs)
    _scale_upwards(plots[0], data, quantity, shown)
    if quantity == "validation_error" and data.trials["diverged"].any():
        _draw_guessing(plots, data)
    _explain(figure, plots, styles, has_ends=any(curve.is_diverged for curve in shown))
    return figure


def spread_out(curves: Sequence[SettingCurve]) -> list[SettingCurve]:
    """At most `MAX_LINES` of the curves, evenly spaced in their order, the first and the last among them."""
    if len(curves) <= MAX_LINES:
        return list(curves)
    return [curves[place] for place in np.linspace(0, len(curves) - 1, MAX_LINES).round().astype(int)]


def _draw(
    plot: Axes,
    side: _Side,
    shown: Sequence[SettingCurve],
    styles: SettingStyles,
    trials_of: Mapping[int, list[int]],
    *,
    has_runs: bool,
) -> None:
    if styles.legends:
        for curve in shown:
            _draw_styled(plot, side.places(curve), curve, styles, trials_of[curve.setting])
            if not has_runs and (curve.high > curve.low).any():
                area = {"color": styles.colour[curve.setting], "alpha": 0.18, "linewidth": 0}
                plot.fill_between(side.places(curve), curve.low, curve.high, **area)
    else:
        _draw_coloured(plot, side, shown, styles, trials_of)
    for curve in shown:
        if curve.is_diverged:
            colour = styles.colour[curve.setting]
            plot.plot(side.places(curve)[-1], curve.median[-1], "x", color=colour, markersize=6, markeredgewidth=1.6)


def _draw_styled(plot: Axes, places: Floats, curve: SettingCurve, styles: SettingStyles, trials: Sequence[int]) -> None:
    """Draw one of a few curves."""
    colour = styles.colour[curve.setting]
    (line,) = plot.plot(
        places,
        curve.median,
        color=colour,
        linestyle=styles.dashes.get(curve.setting, "-"),
        linewidth=1.4,
        marker="o" if len(places) <= FEW_EPOCHS else "",
        markersize=3,
    )
    mark_trials(line, [trials])


def _drawn_runs(data: StudyData, quantity: str) -> dict[int, list[RunCurve]]:
    """The curves of single trials behind those of their settings; none if there are too many, or too many settings."""
    runs = run_curves(data, quantity)
    is_few = bool(styles_of(data, room=_room(data)).legends) and sum(map(len, runs.values())) <= MAX_LINES
    return runs if is_few else {}


def _draw_runs(plot: Axes, side: _Side, runs: Mapping[int, Sequence[RunCurve]], styles: SettingStyles) -> None:
    for setting, own in runs.items():
        for run in own:
            places = side.places(run)
            marker = "." if len(places) == 1 else ""
            style = {"color": styles.colour[setting], "linewidth": 0.6, "alpha": 0.8, "zorder": 1.6, "marker": marker}
            (line,) = plot.plot(places, run.value, **style)
            mark_trials(line, [run.trial])


def _draw_coloured(
    plot: Axes, side: _Side, shown: Sequence[SettingCurve], styles: SettingStyles, trials_of: Mapping[int, list[int]]
) -> None:
    """Draw many curves at once, as lines without marks."""
    lines = [np.column_stack([side.places(curve), curve.median]) for curve in shown]
    colours = [styles.colour[curve.setting] for curve in shown]
    is_dense = sum(map(len, lines)) > DENSE_SEGMENTS
    width, alpha = (0.7, 0.7) if len(shown) > MANY_SETTINGS else (1.1, 0.9)
    drawn = LineCollection(lines, colors=colours, linewidths=width, alpha=alpha, rasterized=is_dense)
    mark_trials(drawn, [trials_of[curve.setting] for curve in shown])
    plot.add_collection(drawn)
    # A line through a single point cannot be seen.
    single = [place for place, line in enumerate(lines) if len(line) == 1]
    if single:
        points = np.concatenate([lines[place] for place in single])
        draw_trials(plot, points[:, 0], points[:, 1], colours=[colours[place] for place in single])


def _scale_across(
    plot: Axes, side: _Side, shown: Sequence[SettingCurve], runs: Mapping[int, Sequence[RunCurve]]
) -> None:
    drawn: list[SettingCurve | RunCurve] = [*shown, *(run for own in runs.values() for run in own)]
    places = np.concatenate([side.places(curve) for curve in drawn])
    if side.is_time:
        ends = np.array([side.places(curve)[-1] for curve in shown])
        show_measured(plot.xaxis, side.label, ends, TIME_DECADES)
    else:
        show_count(plot.xaxis, side.label)
    limit(plot.xaxis, float(places.min()), float(places.max()))


def _scale_upwards(plot: Axes, data: StudyData, quantity: str, shown: Sequence[SettingCurve]) -> None:
    # The last finite loss of a curve that diverged may be any number, so the others decide.
    sound = [curve for curve in shown if not curve.is_diverged] or shown
    values = np.concatenate([np.concatenate([curve.low, curve.high]) for curve in sound])
    values = np.minimum(values, _top(data, quantity, shown))
    decades = decades_of("maximise" if _is_highest_best(data, quantity) else "minimise", WIDE_DECADES)
    show_measured(plot.yaxis, metric_label(quantity), values, decades)
    limit(plot.yaxis, float(values.min()), float(values.max()))


def axis_top(curves: Sequence[SettingCurve]) -> float:
    """Where an axis for losses ends: a first step that is far too long may cause a loss of 10^5 that then falls.

    Returns:
        `FAR` times the height that half of the settings' curves reach; infinity if no curve is higher.
    """
    highest = [float(curve.median.max()) for curve in curves]
    top = FAR * float(np.median(highest))
    return top if 0 < top < max(float(curve.high.max()) for curve in curves) else np.inf


def _is_highest_best(data: StudyData, quantity: str) -> bool:
    ranked_by = find_epoch_metric(data)
    return ranked_by is not None and ranked_by.name == quantity and ranked_by.is_highest


def _top(data: StudyData, quantity: str, curves: Sequence[SettingCurve]) -> float:
    """Where the axis ends. Of a quantity of which the highest is best, nothing is cut: the best would be."""
    return math.inf if _is_highest_best(data, quantity) else axis_top(curves)


def _draw_guessing(plots: Sequence[Axes], data: StudyData) -> None:
    chance = float(data.trials.loc[data.trials["diverged"], "value"].median())
    low, high = plots[0].get_ylim()
    plots[0].set_ylim(min(low, chance), max(high, 1.03 * chance))
    for plot in plots:
        plot.axhline(chance, color=GREY, linewidth=1.2, linestyle=(0, (1, 1.5)))
    write_beside(plots[1], "guessing", (1.0, chance), ("axes fraction", "data"), (3, 0), color="#555555")


def _explain(figure: Figure, plots: Sequence[Axes], styles: SettingStyles, *, has_ends: bool) -> None:
    marks = [entry("diverged from here on", color=GREY, linestyle="", marker="x", markeredgewidth=1.6)]
    add_legends(figure, [*styles.legends, Legend(marks if has_ends else [])])
    if styles.norm:
        add_colour_bar(figure, plots, styles.norm, styles.colour_map, styles.bar_label)


def _title(quantity: str) -> str:
    label = metric_label(quantity)
    return label if label == quantity else label.capitalize()


def _caption(data: StudyData, quantity: str, others: Sequence[str]) -> str:
    drawn = set(measured(data, quantity)["trial"])
    is_drawn = data.trials["trial"].isin(drawn)
    settings = data.trials.loc[is_drawn, "setting"].nunique()
    has_replicates = len(drawn) > settings
    diverged = int(data.trials["diverged"].sum())
    top = _top(data, quantity, setting_curves(data, quantity))
    return caption(
        f"{counted(len(drawn), 'trial')} of {counted(settings, 'setting')}, "
        "on the left against epochs, on the right against training time.",
        has_replicates and _replicates_sentence(data, quantity),
        diverged > 0
        and f"{counted(diverged, 'trial')} diverged: a loss was no longer a finite number. "
        "Such a curve ends before that epoch, and it does not stretch the axes.",
        settings > MAX_LINES and f"{MAX_LINES} of the settings are drawn, evenly spaced along the colour bar.",
        top < math.inf and f"The axis ends at {top:.2g}; some curves go higher.",
        left_out_sentence(int((~is_drawn & ~data.trials["diverged"]).sum()), "trial", "without any measured epoch"),
        snapshot_sentence(data),
        len(others) > 0 and f"Not drawn: {', '.join(others)}. The table of the curves has them.",
    )


def _replicates_sentence(data: StudyData, quantity: str) -> str:
    if _drawn_runs(data, quantity):
        return "A thin line is a trial, a thick one the median of a setting's replicates."
    shade = " The shade behind it reaches from the lowest to the highest of them."
    return (
        f"A line is the median of a setting's replicates.{shade if styles_of(data, room=_room(data)).legends else ''}"
    )


def _room(data: StudyData) -> int:
    """How many entries of the legend the settings may have; one is kept for the mark of diverged curves."""
    return MAX_ENTRIES - bool(data.trials["diverged"].any())
