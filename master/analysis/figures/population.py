"""The figure of a population: how values and params change from generation to generation, along each lineage."""

from functools import partial

import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hyperspool.common.population import PBT
from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.figures.axes import limit, show_count, show_measured
from hyperspool.master.analysis.figures.captions import caption
from hyperspool.master.analysis.figures.figure import NamedFigure
from hyperspool.master.analysis.figures.legends import Legend, add_legends, entry
from hyperspool.master.analysis.figures.marks import mark_trials
from hyperspool.master.analysis.figures.parameter_axes import places, show_parameter
from hyperspool.master.analysis.figures.style import GREY, MOST_COLUMNS, PALETTE, new_panels
from hyperspool.master.analysis.figures.texts import value_label
from hyperspool.master.analysis.measures.drawn_trials import best_first
from hyperspool.master.analysis.measures.settings import Axis, complete, searched_parameters
from hyperspool.master.results.generations import lineage_of, lineage_text
from hyperspool.master.results.wording import counted

NAMED = 3
"""So many trials of the last generation have a colour and a name."""
MOST_PARAMETERS = 5
MOST_LINES = 400
"""More lines than this are pixels."""


def figures(data: StudyData) -> list[NamedFigure]:
    """The figure, for a population in which a trial has a value."""
    if data.spec.sampler.name != PBT or data.trials["value"].isna().all():
        return []
    title = "How the population trained"
    return [NamedFigure("population", title, _caption(data), partial(population_figure, data))]


def population_figure(data: StudyData) -> Figure:
    """The value over the epochs, and each number that changes; a line goes from a trial to those that start from it."""
    axes = _changing(data)
    figure, panels = new_panels(1 + len(axes))
    lineages = _lineages(data)
    trials = data.trials.set_index("trial", drop=False)
    _draw(panels[0], trials, trials["value"], lineages, is_level=False)
    # Which direction is better fits beside a plot that is as high as the figure.
    label = value_label(data.spec) if len(panels) <= MOST_COLUMNS else data.spec.objective.measure_name
    show_measured(panels[0].yaxis, label, trials["value"])
    for panel, axis in zip(panels[1:], axes, strict=True):
        stands = pd.Series(places(axis, trials[axis.column]), index=trials.index)
        _draw(panel, trials, stands, lineages, is_level=True)
        show_parameter(panel.yaxis, data.spec, axis)
    for panel in panels:
        show_count(panel.xaxis, "epochs")
        limit(panel.xaxis, 0.0, float(data.spec.epochs), room=0.02)
    marks = [
        entry(f"to trial {trials[0]}", color=colour, linewidth=1.6)
        for trials, colour in zip(lineages, PALETTE, strict=False)
    ]
    others = [entry("other members", color=GREY, linewidth=0.8)] if len(trials) > sum(map(len, lineages)) else []
    add_legends(figure, [Legend([*marks, *others])])
    return figure


def _draw(
    panel: Axes, trials: pd.DataFrame, stands: "pd.Series[float]", lineages: list[tuple[int, ...]], *, is_level: bool
) -> None:
    """Draw a line per trial: level over its own epochs, or from its start's place to its own."""
    colours = {
        trial: (colour, 3 - place)
        for place, (lineage, colour) in reversed(list(enumerate(zip(lineages, PALETTE, strict=False))))
        for trial in lineage
    }
    shown = [*colours, *(trial for trial in trials.index if trial not in colours)][:MOST_LINES]
    for trial in shown:
        row, start = trials.loc[trial], trials["starts_from"][trial]
        before = stands.get(start, float("nan"))
        first = float(trials["epochs"].get(start, 0))
        x, y = [first, float(row["epochs"])], [before, stands[trial]]
        if is_level:
            x, y = [first, *x], [before, stands[trial], stands[trial]]
        colour, rank = colours.get(trial, (GREY, 0))
        (line,) = panel.plot(x, y, color=colour, zorder=2 + rank)
        mark_trials(line, [[trial]])
        line.set_linewidth(1.6 if rank else 0.6)
        if not is_level:
            line.set(marker="o", markersize=3 if rank else 2, markevery=[-1])


def _changing(data: StudyData) -> list[Axis]:
    names = data.spec.sampler.perturb or ()
    return [axis for axis in searched_parameters(data.spec) if axis.name in names and axis.is_numeric][:MOST_PARAMETERS]


def _lineages(data: StudyData) -> list[tuple[int, ...]]:
    """The best trials of the last generation, best first, each with those that it comes from."""
    best = best_first(data, complete(data.trials))["trial"].head(NAMED).tolist()
    there = set(data.trials["trial"])
    return [tuple(each for each in lineage_of(trial, data.journal.entries) if each in there) for trial in best]


def _caption(data: StudyData) -> str:
    sampler, lines, lineages = data.spec.sampler, len(data.trials), _lineages(data)
    return caption(
        f"{counted(data.spec.epochs // (sampler.interval or 1), 'generation')} of {sampler.population} members, "
        f"{counted(sampler.interval or 1, 'epoch')} each.",
        "A line goes from a trial to each that starts from its checkpoint.",
        "Where a line jumps to another member's, a worse one was given up and copied that one.",
        bool(lineages) and f"The best: {lineage_text(lineages[0])}.",
        lines > MOST_LINES and f"{MOST_LINES} of {lines} trials are drawn.",
    )
