"""The figure of a search's progress: each trial's value, and the best so far."""

from functools import partial

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.figures.axes import show_count, show_value
from hyperspool.master.analysis.figures.captions import caption, drawn_sentence
from hyperspool.master.analysis.figures.dots import BEST_COLOUR, draw_best, draw_failed, draw_trials
from hyperspool.master.analysis.figures.figure import NamedFigure
from hyperspool.master.analysis.figures.legends import Legend, add_legends, entry
from hyperspool.master.analysis.figures.style import new_figure
from hyperspool.master.analysis.measures.drawn_trials import LEAST_TRIALS, best_values, drawn_trials, is_best
from hyperspool.master.results.wording import measured_text

MANY_TRIALS = 300
"""From here on the room of half a trial at the left end cannot be seen."""


def figures(data: StudyData) -> list[NamedFigure]:
    """The figure, for a study in which at least two trials have a value."""
    if len(drawn_trials(data)) < LEAST_TRIALS:
        return []
    text = caption(
        "The value of each trial and the best so far.",
        drawn_sentence(data),
        "What is best is the setting with the best mean of all its replicates." if data.spec.replicates > 1 else "",
        "Evaluations are counted in order of trial number, not of time, so the line is the same on any number of "
        "workers; a failed trial counts as an evaluation.",
    )
    return [NamedFigure("best-so-far", "Best value so far", text, partial(best_so_far_figure, data))]


def best_so_far_figure(data: StudyData) -> Figure:
    """Each trial's value and the best so far, in order of trial number; failed trials count as evaluations."""
    trials = data.trials
    values = trials["value"].where(trials["status"] == "COMPLETE").to_numpy(dtype=np.float64)
    evaluations = np.arange(1, len(trials) + 1, dtype=np.float64)
    if data.left_out:
        evaluations = trials["trial"].to_numpy(dtype=np.float64) + 1
    figure, axes = new_figure(6.4, 3.4)
    plot: Axes = axes[0, 0]
    marks = draw_trials(plot, evaluations, values, trials["diverged"].to_numpy(dtype=bool), trials=trials["trial"])
    has_failed = (trials["status"] == "FAILED").to_numpy(dtype=bool)
    marks += draw_failed(plot, evaluations[has_failed], trials.loc[has_failed, "trial"])
    plot.step(evaluations, best_values(data), where="post", color=BEST_COLOUR, linewidth=2.4)
    marks.append(entry("best so far", color=BEST_COLOUR, linewidth=2.4))
    drawn = drawn_trials(data)
    winners = drawn[is_best(data, drawn)]
    if len(winners):
        is_winner = trials["trial"].isin(winners["trial"]).to_numpy()
        count, first = len(winners), winners["trial"].iloc[0]
        which = f"trial {first}" if count == 1 else f"mean of {count} trials from {first}"
        label = f"best: {measured_text(float(winners['value'].mean()))}, {which}"
        marks += draw_best(plot, evaluations[is_winner], values[is_winner], label)
    show_value(plot.yaxis, data.spec, values)
    show_count(plot.xaxis, "evaluations, in order of trial number")
    plot.set_xlim(0.5 if len(trials) < MANY_TRIALS else 0, evaluations[-1] + max(0.5, evaluations[-1] / 100))
    add_legends(figure, [Legend(marks)])
    return figure
