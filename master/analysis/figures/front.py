"""The figures of a study with several objectives: its front, and the hypervolume over the evaluations."""

from collections.abc import Sequence
from functools import partial
from itertools import combinations, pairwise
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import LogLocator

from hyperspool.common.goals import Goal
from hyperspool.master.analysis.data.columns import KEEPS, ON_FRONT, values_column
from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.figures.axes import decades_of, is_spread, limit, show_count, show_measured
from hyperspool.master.analysis.figures.captions import caption, left_out_sentence
from hyperspool.master.analysis.figures.dots import BEST_COLOUR, draw_trials
from hyperspool.master.analysis.figures.figure import NamedFigure
from hyperspool.master.analysis.figures.legends import Legend, add_legends, entry
from hyperspool.master.analysis.figures.marks import mark_trials
from hyperspool.master.analysis.figures.numbered import name_dots
from hyperspool.master.analysis.figures.style import GREY, new_figure, new_panels
from hyperspool.master.results.front import front_of, study_front
from hyperspool.master.results.wording import counted
from hyperspool.master.search.known import loss_of

PLANE = 2
"""The objectives that one plot can show."""
WIDE_DECADES, FEW_TICKS = 1.5, 4
"""In a small plot, an axis of more powers of ten than the first has fewer ticks than the second."""
ROOM = 0.1
"""Part of an axis that is left free at each end, for the numbers of the trials at the ends of the front."""


def figures(data: StudyData) -> list[NamedFigure]:
    """The figures, for a study of several objectives in which a trial is on the front."""
    if data.spec.objectives is None or not data.trials[ON_FRONT].any():
        return []
    front = study_front(data.spec, data.evaluations)
    worst = ", ".join(f"{name} {number:.4g}" for name, number in front.reference_values(data.spec).items())
    volume = caption(
        "The volume that the front dominates after each evaluation, in order of trial number, in units of the product "
        "of the objectives.",
        f"It reaches to the reference point {worst}, which is a tenth of each range worse than the worst trial.",
        "A step is a trial that joined the front.",
    )
    return [
        NamedFigure("front", "The front", _caption(data), partial(front_figure, data)),
        NamedFigure("hypervolume", "Hypervolume of the front", volume, partial(hypervolume_figure, data)),
    ]


def front_figure(data: StudyData) -> Figure:
    """The trials by two objectives at a time. Of only two, the front as steps, and the trials on it by number."""
    goals = data.spec.objectives or ()
    pairs = list(combinations(goals, 2))
    if len(goals) == PLANE:
        figure, axes = new_figure(6.4, 4.2)
        panels: list[Axes] = [axes[0, 0]]
    else:
        figure, panels = new_panels(len(pairs))
    marks: dict[str, Line2D] = {}
    for panel, (across, up) in zip(panels, pairs, strict=True):
        for drawn in _draw_panel(panel, data, across, up, is_alone=len(pairs) == 1):
            marks.setdefault(str(drawn.get_label()), drawn)
    add_legends(figure, [Legend(list(marks.values()))])
    if len(pairs) == 1:
        # The size of the plot is known once the legend has its place.
        trials, columns = _drawn(data), [values_column(goal.measure) for goal in goals]
        leading, others = trials[trials[ON_FRONT]], trials.loc[~trials[ON_FRONT], columns]
        names = list(map(str, leading["trial"]))
        name_dots(panels[0], leading[columns].to_numpy(), names, others.to_numpy(), _towards_better(goals))
    return figure


def hypervolume_figure(data: StudyData) -> Figure:
    """The hypervolume after each evaluation, in order of trial number."""
    volumes = study_front(data.spec, data.evaluations).hypervolumes()
    figure, axes = new_figure(6.4, 3.0)
    plot: Axes = axes[0, 0]
    plot.step(np.arange(1, len(volumes) + 1), volumes, where="post", color=BEST_COLOUR, linewidth=2.0)
    show_count(plot.xaxis, "evaluations, in order of trial number")
    show_measured(plot.yaxis, "hypervolume", [0.0, *volumes])
    plot.set_ylim(0, 1.05 * max(volumes) or 1.0)
    plot.set_xlim(0.5, len(volumes) + max(0.5, len(volumes) / 100))
    return figure


def _draw_panel(panel: Axes, data: StudyData, across: Goal, up: Goal, *, is_alone: bool) -> list[Line2D]:
    trials = _drawn(data)
    x, y = (trials[values_column(goal.measure)].to_numpy(dtype=np.float64) for goal in (across, up))
    leads = trials[ON_FRONT].to_numpy(dtype=np.bool_)
    keeps = trials[KEEPS].to_numpy(dtype=np.bool_) if KEEPS in trials else np.ones(len(trials), dtype=np.bool_)
    for drawn, goal, values in ((panel.xaxis, across, x), (panel.yaxis, up, y)):
        show_measured(drawn, _label(goal, is_alone=is_alone), values, decades_of(goal.direction))
        if not is_alone and is_spread(values, decades_of(goal.direction, WIDE_DECADES)):
            drawn.set_major_locator(LogLocator(numticks=FEW_TICKS))
        limit(drawn, float(values.min()), float(values.max()), ROOM)
    numbers, others = trials["trial"].to_numpy(), keeps & ~leads
    marks = draw_trials(panel, x[others], y[others], trials=numbers[others]) if others.any() else []
    if not keeps.all():
        (broken,) = panel.plot(x[~keeps], y[~keeps], "x", color=GREY, markersize=4, zorder=1.7)
        mark_trials(broken, numbers[~keeps].tolist())
        marks.append(entry("breaks a constraint", color=GREY, linestyle="", marker="x", markersize=4))
    size = 5.5 if is_alone else 4.0
    if is_alone:
        panel.plot(*_steps(panel, x[leads], y[leads], (across, up)), color=BEST_COLOUR, linewidth=1.4, zorder=2)
    style: dict[str, Any] = {"color": BEST_COLOUR, "marker": "o", "markeredgecolor": "white", "markeredgewidth": 0.6}
    (front,) = panel.plot(x[leads], y[leads], linestyle="", markersize=size, zorder=3, **style)
    mark_trials(front, numbers[leads].tolist())
    label = "on the front, by trial number" if is_alone else "on the front"
    return [entry(label, linestyle="-" if is_alone else "", linewidth=1.4, markersize=size, **style), *marks]


def _drawn(data: StudyData) -> pd.DataFrame:
    columns = [values_column(goal.measure) for goal in data.spec.objectives or ()]
    return data.trials[~data.trials["diverged"]].dropna(subset=columns)


def _steps(panel: Axes, x: np.ndarray, y: np.ndarray, goals: Sequence[Goal]) -> tuple[list[float], list[float]]:
    """The edge of what the front dominates, from edge to edge of a plot whose limits are set."""
    losses = [
        (loss_of(first, goals[0].direction), loss_of(second, goals[1].direction))
        for first, second in zip(x.tolist(), y.tolist(), strict=True)
    ]
    corners = sorted({losses[place] for place in front_of(losses)})
    ends = [
        max(loss_of(float(end), goal.direction) for end in limits)
        for goal, limits in zip(goals, (panel.get_xlim(), panel.get_ylim()), strict=True)
    ]
    path = [(corners[0][0], ends[1]), corners[0]]
    for before, after in pairwise(corners):
        path += [(after[0], before[1]), after]
    path.append((ends[0], corners[-1][1]))
    return (
        [loss_of(first, goals[0].direction) for first, _ in path],
        [loss_of(second, goals[1].direction) for _, second in path],
    )


def _towards_better(goals: Sequence[Goal]) -> tuple[int, int]:
    first, second = (-1 if goal.direction == "minimise" else 1 for goal in goals)
    return first, second


def _label(goal: Goal, *, is_alone: bool) -> str:
    better = "lower" if goal.direction == "minimise" else "higher"
    return f"{goal.measure} ({better} is better)" if is_alone else f"{goal.measure} ({better})"


def _caption(data: StudyData) -> str:
    trials, goals = data.trials, data.spec.objectives or ()
    drawn = _drawn(data)
    has_steps = len(goals) == PLANE
    return caption(
        f"{counted(len(drawn), 'COMPLETE trial')}, {int(trials[ON_FRONT].sum())} of them on the front: no other trial "
        "is at least as good in every objective and better in one.",
        has_steps and "The steps are the edge of what the front dominates.",
        has_steps and "Numbers are those of trials; where there is no room for all, some of the front have none.",
        not has_steps
        and "Each plot shows two of the objectives, so dots of the front may lie behind others there; "
        "the command `top` lists the front.",
        left_out_sentence(int(trials["diverged"].sum()), "diverged trial"),
        left_out_sentence(int((trials["status"] == "FAILED").sum()), "FAILED trial"),
    )
