"""The figure of a search from coarse to fine: where each round drew, its best trials, and its values."""

from functools import partial

import numpy as np
import pandas as pd
from matplotlib.artist import Artist
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from hyperspool.common.space import Categorical, Fixed, Parameter
from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.figures.axes import decades_of, show_count, show_measured
from hyperspool.master.analysis.figures.captions import caption, drawn_sentence, first_sentence, zero_sentence
from hyperspool.master.analysis.figures.dots import MEDIAN_COLOUR, draw_best, draw_trials, spread
from hyperspool.master.analysis.figures.figure import NamedFigure
from hyperspool.master.analysis.figures.legends import Legend, add_legends, area_entry, entry
from hyperspool.master.analysis.figures.parameter_axes import places, show_parameter
from hyperspool.master.analysis.figures.style import new_panels
from hyperspool.master.analysis.measures.positions import Floats
from hyperspool.master.analysis.measures.rounds import BEST_SHOWN, Round, rounds
from hyperspool.master.analysis.measures.settings import Axis, searched_parameters

REGION_COLOUR = "#DDDDDD"
MAX_PANELS = 12
HALF_WIDTH = 0.4
"""Of a round's column, in rounds."""
REACH = 0.25
"""How far from the middle of its column a trial stands at most, in rounds."""


def figures(data: StudyData) -> list[NamedFigure]:
    """The figure, for a search from coarse to fine in which a trial has a value."""
    found = [each for each in rounds(data) if len(each.measured)]
    if not found:
        return []
    return [NamedFigure("rounds", "Where each round drew", _caption(data, found), partial(rounds_figure, data, found))]


def rounds_figure(data: StudyData, found: list[Round]) -> Figure:
    """Round by round the measured values, and for each parameter the region, the trials and the best of them."""
    axes = searched_parameters(data.spec)[: MAX_PANELS - 1]
    figure, panels = new_panels(len(axes) + 1)
    marks: list[Artist] = [*_draw_values(panels[0], data, found)]
    for panel, axis in zip(panels[1:], axes, strict=True):
        _draw_parameter(panel, data, axis, found)
    for panel in panels:
        show_count(panel.xaxis, "round")
        panel.set_xlim(0.5, found[-1].number + 0.5)
        panel.grid(visible=False, axis="x")
    marks.append(entry("median", color=MEDIAN_COLOUR, linewidth=1.6))
    marks.append(area_entry("where the round drew", color=REGION_COLOUR))
    add_legends(figure, [Legend(marks)])
    return figure


def _draw_values(panel: Axes, data: StudyData, found: list[Round]) -> list[Line2D]:
    for each in found:
        middle = float(each.measured.median())
        panel.hlines(middle, each.number - HALF_WIDTH, each.number + HALF_WIDTH, color=MEDIAN_COLOUR, linewidth=1.6)
    values = np.concatenate([each.measured for each in found])
    objective = data.spec.objective
    show_measured(panel.yaxis, objective.measure_name, values, decades_of(objective.direction))
    return _draw_trials(panel, found, _trials_of(found)["value"].to_numpy(dtype=np.float64))


def _draw_parameter(panel: Axes, data: StudyData, axis: Axis, found: list[Round]) -> None:
    show_parameter(panel.yaxis, data.spec, axis)
    ends = panel.get_ylim()
    for each in found:
        _draw_region(panel, axis, each.number, each.region.root[axis.name])
    trials = _trials_of(found)
    # A trial without a value is in no plot, so that it can be followed through all of them.
    has_value = np.isfinite(trials["value"].to_numpy(dtype=np.float64))
    _draw_trials(panel, found, np.where(has_value, places(axis, trials[axis.column]), np.nan))
    panel.set_ylim(ends)


def _draw_region(panel: Axes, axis: Axis, number: int, region: Parameter) -> None:
    left, right = number - HALF_WIDTH, number + HALF_WIDTH
    match region:
        case Fixed():
            return
        case Categorical():
            found = places(axis, pd.Series(region.choices, dtype=object))
            panel.hlines(found, left, right, color=REGION_COLOUR, linewidth=3, zorder=1)
        case _:
            low, high = places(axis, pd.Series([region.low, region.high]))
            panel.fill_between([left, right], low, high, color=REGION_COLOUR, linewidth=1, zorder=1)


def _draw_trials(panel: Axes, found: list[Round], heights: Floats) -> list[Line2D]:
    """Draw the trials of all rounds, each at the same place across in every plot, so that one can be followed."""
    trials = _trials_of(found)
    x = spread(np.repeat([float(each.number) for each in found], [len(each.trials) for each in found]), REACH)
    is_best = np.isin(trials["trial"].to_numpy(), [trial for each in found for trial in each.best])
    others = trials[~is_best]
    is_diverged = others["diverged"].to_numpy(dtype=bool)
    marks = draw_trials(panel, x[~is_best], heights[~is_best], is_diverged, trials=others["trial"])
    return marks + draw_best(panel, x[is_best], heights[is_best], f"the {BEST_SHOWN} best of a round")


def _trials_of(found: list[Round]) -> pd.DataFrame:
    return pd.concat([each.trials for each in found])


def _caption(data: StudyData, found: list[Round]) -> str:
    parameters = len(searched_parameters(data.spec))
    return caption(
        f"{len(found)} of {data.spec.sampler.rounds} rounds.",
        drawn_sentence(data),
        "Grey is what a round drew from: a range, or the values of a list.",
        "A trial stands at the same place across in every plot.",
        zero_sentence(data),
        "The answers say whether a round's values are better than those of the round before, and not by chance.",
        first_sentence(min(MAX_PANELS - 1, parameters), parameters),
    )
