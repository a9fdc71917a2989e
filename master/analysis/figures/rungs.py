"""The figure of a study with rungs: which trials went on, and what each rung cost."""

from functools import partial

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter, NullLocator

from hyperspool.common.halving import Halving
from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.figures.axes import show_count, show_value
from hyperspool.master.analysis.figures.captions import caption
from hyperspool.master.analysis.figures.figure import NamedFigure
from hyperspool.master.analysis.figures.legends import Legend, add_legends, entry
from hyperspool.master.analysis.figures.marks import mark_trials
from hyperspool.master.analysis.figures.style import GREY, PALETTE, new_figure
from hyperspool.master.analysis.measures.drawn_trials import best_first
from hyperspool.master.analysis.measures.settings import complete
from hyperspool.master.results.wording import counted

NAMED = 5
"""So many trials at the full budget have a colour and a name."""
MOST_LINES = 400
"""More lines than this are pixels."""


def figures(data: StudyData) -> list[NamedFigure]:
    """The figure, for a study with rungs in which an evaluation has a value."""
    if data.spec.halving is None or not len(_valued(data)):
        return []
    draw = partial(rungs_figure, data, data.spec.halving)
    return [NamedFigure("rungs", "Which trials went on", _caption(data, data.spec.halving), draw)]


def rungs_figure(data: StudyData, halving: Halving) -> Figure:
    """Left a line per trial through its values, rung by rung; right the epochs that each rung took."""
    ladder = halving.ladder(data.spec.epochs)
    figure, axes = new_figure(6.4, 3.2, columns=2)
    _draw_climb(axes[0, 0], data, ladder)
    _draw_cost(axes[0, 1], data, ladder)
    best = _best(data)
    marks = [entry(f"trial {trial}", color=colour, linewidth=1.6) for trial, colour in _colours(best).items()]
    more = [entry("other trials", color=GREY, linewidth=0.8)] if len(data.trials) > len(best) else []
    add_legends(figure, [Legend([*marks, *more])])
    return figure


def _draw_climb(panel: Axes, data: StudyData, ladder: tuple[int, ...]) -> None:
    valued = _valued(data)
    colours = _colours(_best(data))
    shown = [*colours, *(trial for trial in valued["trial"].unique() if trial not in colours)][:MOST_LINES]
    for trial, own in valued[valued["trial"].isin(shown)].groupby("trial"):
        epochs, colour = [ladder[rung] for rung in own["rung"]], colours.get(trial)
        (line,) = panel.plot(epochs, own["value"], color=colour or GREY, marker="o")
        mark_trials(line, [own["trial"].tolist()[:1]])
        line.set(linewidth=1.6 if colour else 0.6, markersize=3 if colour else 2, zorder=3 if colour else 2)
    show_value(panel.yaxis, data.spec, valued["value"])
    panel.set_xlabel("epochs")
    panel.set_xscale("log")
    panel.set_xticks(ladder, [str(epochs) for epochs in ladder])
    panel.xaxis.set_minor_locator(NullLocator())
    panel.xaxis.set_minor_formatter(NullFormatter())


def _draw_cost(panel: Axes, data: StudyData, ladder: tuple[int, ...]) -> None:
    taken = _epochs_taken(data).groupby(data.results["rung"]).sum().reindex(range(len(ladder)), fill_value=0)
    counts = data.results["rung"].value_counts()
    places = np.arange(len(ladder))
    panel.barh(places, taken, height=0.6, color=PALETTE[0])
    for place, epochs in enumerate(taken):
        panel.text(epochs, place, f" {counted(int(counts.get(place, 0)), 'trial')}", va="center", fontsize=8)
    panel.set_yticks(places, [str(epochs) for epochs in ladder])
    panel.set_ylabel("rung, by its epochs")
    show_count(panel.xaxis, "epochs trained on it")
    panel.set_xlim(0, max(float(taken.max()), 1.0) * 1.35)
    panel.grid(visible=False, axis="y")


def _epochs_taken(data: StudyData) -> "pd.Series[int]":
    """The epochs of each result that no lower rung of its trial had trained."""
    results = data.results
    return (results["epochs"] - results.groupby("trial")["epochs"].shift(fill_value=0)).clip(lower=0)


def _valued(data: StudyData) -> pd.DataFrame:
    return data.results.dropna(subset=["value"])


def _best(data: StudyData) -> list[int]:
    """The best trials at the full budget, best first."""
    return best_first(data, complete(data.trials))["trial"].head(NAMED).tolist()


def _colours(best: list[int]) -> dict[object, str]:
    return dict(zip(best, PALETTE, strict=False))


def _caption(data: StudyData, halving: Halving) -> str:
    spent, full = int(_epochs_taken(data).sum()), len(data.trials) * data.spec.epochs
    lines = len(_valued(data)["trial"].unique())
    return caption(
        f"{counted(len(data.trials), 'trial')} on rungs of {', '.join(map(str, halving.ladder(data.spec.epochs)))} "
        "epochs.",
        "A line goes through what a trial measured at the end of each rung, and ends where it was stopped.",
        f"{counted(spent, 'epoch')} were trained; full trainings of these trials would have cost {full}.",
        lines > MOST_LINES and f"The best and the first {MOST_LINES} of {lines} trials are drawn.",
    )
