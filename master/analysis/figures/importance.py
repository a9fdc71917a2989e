"""The figure of which parameters mattered."""

from functools import partial

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.figures.captions import caption, drawn_sentence
from hyperspool.master.analysis.figures.figure import NamedFigure
from hyperspool.master.analysis.figures.legends import Legend, add_legends, labelled
from hyperspool.master.analysis.figures.style import GREY, PALETTE, new_figure
from hyperspool.master.analysis.figures.texts import plain, shortened
from hyperspool.master.analysis.measures.importance import (
    METHODS,
    Importances,
    importances,
    whole_sentence,
)

MAX_PARAMETERS = 12
BAR_HEIGHT = 0.36
LONGEST_LABEL = 30
REST = ("only two together", "not explained")
"""The rows below the parameters, of fANOVA alone."""


def figures(data: StudyData) -> list[NamedFigure]:
    """The figure, for a study with enough trials and parameters; importances are computed for its caption."""
    found = importances(data)
    if found.reason:
        return []
    title = "Which parameters mattered"
    return [NamedFigure("importance", title, _caption(data, found), partial(importance_figure, found))]


def importance_figure(found: Importances) -> Figure:
    """Horizontal bars of both methods, the most important parameter on top; below, what none explains alone."""
    names = list(dict.fromkeys(found.table["parameter"]))[:MAX_PARAMETERS]
    labels = found.table.drop_duplicates("parameter").set_index("parameter")["label"]
    figure, axes = new_figure(6.4, 0.8 + 0.45 * (len(names) + len(REST)))
    plot: Axes = axes[0, 0]
    for place, (method, colour) in enumerate(zip(METHODS, PALETTE, strict=False)):
        rows = found.table[found.table["method"] == method].set_index("parameter").loc[names]
        heights = np.arange(len(names)) + (place - 0.5) * BAR_HEIGHT
        plot.barh(heights, rows["importance"], height=BAR_HEIGHT, color=colour, alpha=0.85, label=method)
        plot.hlines(heights, rows["low"], rows["high"], color="black", linewidth=1.2)
        plot.plot(rows["low"], heights, "|", rows["high"], heights, "|", color="black", markersize=5)
    below = np.arange(len(REST)) + len(names)
    plot.barh(
        below,
        [found.together, found.unexplained],
        height=BAR_HEIGHT,
        facecolor="none",
        edgecolor=PALETTE[0],
        hatch="////",
    )
    plot.axhline(len(names) - 0.5, color=GREY, linewidth=0.8)
    plot.set_ylim(below[-1] + 0.5, -0.5)
    plot.set_yticks(range(len(names) + len(REST)), [*(_tick(str(labels[name])) for name in names), *REST])
    plot.grid(visible=False, axis="y")
    plot.set_xlim(0, 1)
    plot.set_xlabel("importance, as a share")
    add_legends(figure, [Legend(labelled(plot))])
    return figure


def _tick(label: str) -> str:
    return plain(shortened(label, LONGEST_LABEL))


def _caption(data: StudyData, found: Importances) -> str:
    hidden = found.table["parameter"].nunique() - MAX_PARAMETERS
    left_out = ", ".join(found.left_out)
    return caption(
        drawn_sentence(data),
        "fANOVA: the share of the value's variance over the whole space that a parameter explains by itself.",
        whole_sentence(found),
        found.has_intervals and "A line is a 90 % interval of that share.",
        not found.has_intervals and f"It has no interval below {found.intervals_from} trials.",
        f"PED-ANOVA: how much a parameter sets the best {found.best} trials apart from all trials.",
        "Its shares sum to 1 and have no interval.",
        bool(left_out) and f"Left out, because not every trial has a value for them: {left_out}.",
        hidden > 0 and f"The {hidden} least important are not shown.",
    )
