"""The figure of a search from coarse to fine: where each round drew, its best trials, and how its values lie."""

from functools import partial

import matplotlib as mpl
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch
from matplotlib.ticker import MaxNLocator

from hyperspool.common.objectives import measure_name
from hyperspool.common.space import Categorical, Fixed, Parameter
from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.figures.figure import NamedFigure
from hyperspool.master.analysis.figures.legends import plain
from hyperspool.master.analysis.figures.readable_axes import show_measured, show_parameter
from hyperspool.master.analysis.figures.style import PALETTE, RC, new_figure
from hyperspool.master.analysis.measures.drawn_trials import drawn_sentence, zero_sentences
from hyperspool.master.analysis.measures.positions import Floats, positions
from hyperspool.master.analysis.measures.rounds import BEST_SHOWN, Round, rounds
from hyperspool.master.analysis.measures.settings import Axis, searched_parameters

TRIAL_COLOUR, DIVERGED_COLOUR, BEST_COLOUR, MEDIAN_COLOUR = PALETTE[5], PALETTE[1], PALETTE[0], PALETTE[6]
REGION_COLOUR = "#DDDDDD"
COLUMNS = 3
MAX_PANELS = 12
HALF_WIDTH = 0.4
"""Of a round's column, in rounds."""
JITTER = 0.25


def figures(data: StudyData) -> list[NamedFigure]:
    """The rounds, once a trial has a value; nothing for a study that does not search from coarse to fine."""
    found = [each for each in rounds(data) if len(each.measured)]
    if not found:
        return []
    return [NamedFigure("rounds", "Where each round drew", _caption(data, found), partial(rounds_figure, data, found))]


def rounds_figure(data: StudyData, found: list[Round]) -> Figure:
    """Round by round: what was measured, and for each parameter the region, the trials and the best of them."""
    axes = searched_parameters(data.spec)[: MAX_PANELS - 1]
    columns = min(len(axes) + 1, COLUMNS)
    rows = -(-(len(axes) + 1) // columns)
    figure, panels = new_figure(6.4, 0.6 + 2.4 * rows, rows, columns)
    flat: list[Axes] = panels.ravel().tolist()
    _draw_values(flat[0], data, found)
    for panel, axis in zip(flat[1:], axes, strict=False):
        _draw_parameter(panel, data, axis, found)
    for panel in flat[len(axes) + 1 :]:
        panel.remove()
    for panel in flat[: len(axes) + 1]:
        panel.set_xlabel("round")
        panel.set_xlim(0.5, found[-1].number + 0.5)
        panel.xaxis.set_major_locator(MaxNLocator(6, steps=[1, 2, 5, 10], integer=True))
        panel.grid(visible=False, axis="x")
    with mpl.rc_context(RC):
        figure.legend(handles=_handles(data), loc="outside upper center", ncols=5, columnspacing=1.2)
    return figure


def _draw_values(panel: Axes, data: StudyData, found: list[Round]) -> None:
    for each in found:
        _draw_trials(panel, each, each.trials["value"].to_numpy(dtype=np.float64))
        middle = float(each.measured.median())
        ends = [each.number - HALF_WIDTH, each.number + HALF_WIDTH]
        panel.plot(ends, [middle, middle], color=MEDIAN_COLOUR, linewidth=1.6, zorder=4)
    show_measured(panel.yaxis, np.concatenate([each.measured for each in found]))
    panel.set_ylabel(measure_name(data.spec.objective.name))


def _draw_parameter(panel: Axes, data: StudyData, axis: Axis, found: list[Round]) -> None:
    show_parameter(panel.yaxis, data.spec, axis)
    ends = panel.get_ylim()
    for each in found:
        _draw_region(panel, axis, each.number, each.region.root[axis.name])
        _draw_trials(panel, each, positions(axis, each.trials[axis.column]))
    panel.set_ylim(ends)
    panel.set_ylabel(plain(axis.label))


def _draw_region(panel: Axes, axis: Axis, number: int, region: Parameter) -> None:
    left, right = number - HALF_WIDTH, number + HALF_WIDTH
    match region:
        case Fixed():
            return
        case Categorical():
            places = positions(axis, pd.Series(region.choices, dtype=object))
            panel.hlines(places, left, right, color=REGION_COLOUR, linewidth=3, zorder=1)
        case _:
            panel.fill_between([left, right], region.low, region.high, color=REGION_COLOUR, linewidth=1, zorder=1)


def _draw_trials(panel: Axes, each: Round, heights: Floats) -> None:
    """The trials of a round, each at the same place across in every panel, so that one can be followed."""
    numbers = each.trials["trial"].to_numpy()
    x = each.number + np.random.default_rng(each.number).uniform(-JITTER, JITTER, len(numbers))
    is_diverged = each.trials["diverged"].to_numpy(dtype=bool)
    is_best = np.isin(numbers, each.best)
    is_plain = ~is_diverged & ~is_best & np.isfinite(each.trials["value"].to_numpy(dtype=np.float64))
    panel.scatter(x[is_plain], heights[is_plain], s=9, color=TRIAL_COLOUR, linewidths=0, zorder=2)
    panel.scatter(
        x[is_diverged], heights[is_diverged], s=12, color=DIVERGED_COLOUR, marker="x", linewidths=0.9, zorder=2
    )
    panel.plot(
        x[is_best], heights[is_best], "*", color=BEST_COLOUR, markeredgecolor="white", markeredgewidth=0.5, markersize=9
    )


def _handles(data: StudyData) -> list[Line2D | Patch]:
    def mark(marker: str, colour: str, size: int, label: str) -> Line2D:
        return Line2D([], [], color=colour, marker=marker, linestyle="", markersize=size, label=label)

    handles: list[Line2D | Patch] = [mark("o", TRIAL_COLOUR, 4, "trial")]
    if data.trials["diverged"].any():
        handles.append(mark("x", DIVERGED_COLOUR, 4, "diverged"))
    handles.append(mark("*", BEST_COLOUR, 9, f"the {BEST_SHOWN} best of a round"))
    handles.append(Line2D([], [], color=MEDIAN_COLOUR, linewidth=1.6, label="median"))
    handles.append(Patch(color=REGION_COLOUR, label="where the round drew"))
    return handles


def _caption(data: StudyData, found: list[Round]) -> str:
    rounds_told = f"{len(found)} of {data.spec.sampler.rounds} rounds"
    lines = [
        f"{rounds_told}. {drawn_sentence(data)}",
        "Grey is what a round drew from: a range, or the values of a list.",
        "A trial stands at the same place across in every panel.",
        *zero_sentences(data),
        "Whether a round's values are better than those of the one before, and not by chance, is among the answers.",
    ]
    parameters = len(searched_parameters(data.spec))
    if parameters >= MAX_PANELS:
        lines.append(f"The first {MAX_PANELS - 1} of {parameters} parameters are shown.")
    return " ".join(lines)
