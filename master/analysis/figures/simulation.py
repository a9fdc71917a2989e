"""Figures of simulated random searches: the best value after t evaluations, and after a time on W workers."""

from dataclasses import dataclass
from functools import partial
from typing import Any, Final

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter
from numpy.typing import ArrayLike

from hyperspool.master.analysis.data.frames import StudyData, spent_s
from hyperspool.master.analysis.figures.axes import decades_of, set_scale, show_measured
from hyperspool.master.analysis.figures.captions import caption
from hyperspool.master.analysis.figures.figure import NamedFigure
from hyperspool.master.analysis.figures.legends import Legend, add_legends, labelled
from hyperspool.master.analysis.figures.style import GREY, PALETTE, new_figure
from hyperspool.master.analysis.figures.texts import time_unit
from hyperspool.master.analysis.measures.drawn_trials import LEAST_TRIALS, kept_values
from hyperspool.master.analysis.measures.replay import median_against_time, mode_name, speedups
from hyperspool.master.analysis.measures.simulation import (
    Direction,
    Floats,
    best_so_far,
    exact_quantile,
    simulated_quantiles,
    to_minimise,
    turned_back,
)
from hyperspool.master.results.wording import counted

RUNS, REPLAYED_RUNS = 1000, 200
"""Simulated searches of a figure, and those that are also replayed on workers."""
WORKERS = (1, 2, 4, 8)
THIN_RUNS = 20
"""Simulated searches that are drawn one by one."""
MEDIAN_COLOUR, EXACT_COLOUR = PALETTE[0], PALETTE[1]
BATCHED: Final = "-"
ASYNCHRONOUS: Final = (0, (3, 1.2))
"""Line styles of the two ways in which workers get trials."""
DOTS = (0, (1, 1.5))


@dataclass(frozen=True)
class Finished:
    """The finished trials that searches are simulated from, in trial order.

    Attributes:
        values: `(n,)`; NaN for a trial without a value.
        durations: `(n,)` seconds.
        batch: trials per batch.
        measure: the name of the value.
        direction: of the objective.
    """

    values: ArrayLike
    durations: ArrayLike
    batch: int
    measure: str
    direction: Direction = "minimise"


def figures(data: StudyData) -> list[NamedFigure]:
    """The figures, for a study in which two trials have a value; none of a sample, which has too many of the best."""
    return [] if data.left_out else study_figures(data)


def study_figures(data: StudyData, runs: int = RUNS, seed: int = 0) -> list[NamedFigure]:
    """The figures with a given number of simulated searches; an empty list if fewer than two trials have a value.

    Args:
        data: the study.
        runs: how many searches to simulate, at least 1; at most `REPLAYED_RUNS` are replayed on workers.
        seed: of the shuffling.
    """
    values, durations = kept_values(data), spent_s(data.trials).to_numpy(dtype=np.float64)
    if np.count_nonzero(np.isfinite(values)) < LEAST_TRIALS:
        return []
    objective, replayed = data.spec.objective, min(runs, REPLAYED_RUNS)
    finished = Finished(values, durations, data.spec.batch, objective.measure_name, objective.direction)
    simulated = partial(simulation_figure, finished, runs=runs, seed=seed)
    replay = partial(replay_figure, finished, runs=replayed, seed=seed)
    searches = NamedFigure("simulated-search", "Simulated random searches", _simulation_caption(data, runs), simulated)
    if not durations.sum():  # trials that took no time are as fast on any number of workers
        return [searches]
    text = _replay_caption(values, replayed)
    return [searches, NamedFigure("simulated-workers", "What more workers would gain", text, replay)]


def _simulation_caption(data: StudyData, runs: int) -> str:
    values, sampler = kept_values(data), data.spec.sampler.name
    meaning = "each order is a random search as likely as the one that was run."
    if sampler != "random":
        meaning = f"they show how a random order of what {sampler} search tried would have done."
    return caption(
        f"The {values.size} finished trials of this study, shuffled {runs:,} times: {meaning}",
        bool(data.trials["replicate"].any()) and "Replicates of a setting count as separate trials.",
        _without_value(values),
        "All orders end at the same best, so the spread towards the right is smaller than that of new searches.",
    )


def _replay_caption(values: Floats, runs: int) -> str:
    return caption(
        f"Left: the {values.size} finished trials in {runs:,} random orders, replayed with their recorded times; a "
        "line begins when half of the searches have a value.",
        "Right: the recorded order.",
        "A batch begins when the one before is finished; asynchronously, no worker waits for another.",
        _without_value(values),
        "Not considered: workers on one machine slow each other down.",
    )


def _without_value(values: Floats) -> str:
    count = values.size - np.count_nonzero(np.isfinite(values))
    return f"Trials without a value count as evaluations and are never the best; here, {count}." if count else ""


def simulation_figure(finished: Finished, *, runs: int = RUNS, seed: int = 0) -> Figure:
    """The best value so far against evaluations: simulated searches, their median and quartiles, the exact median.

    Args:
        finished: the trials.
        runs: how many searches to simulate, at least 1.
        seed: of the shuffling.
    """
    lower_is_better = to_minimise(finished.values, finished.direction)
    best = best_so_far(lower_is_better, runs, seed)
    low, median, high = turned_back(simulated_quantiles(best, (0.25, 0.5, 0.75)), finished.direction)
    exact = to_minimise(exact_quantile(lower_is_better, 0.5), finished.direction)
    thin = to_minimise(best[:THIN_RUNS], finished.direction)
    evaluations = np.arange(1, lower_is_better.size + 1)
    figure, axes = new_figure()
    plot: Axes = axes[0, 0]
    for place, run in enumerate(thin):
        label = "" if place else f"{len(thin)} of {runs:,} simulated searches"
        plot.step(evaluations, run, where="post", color=GREY, alpha=0.6, linewidth=0.6, label=label)
    draw = partial(plot.step, evaluations, where="post")
    draw(median, color=MEDIAN_COLOUR, linewidth=2.4, label=f"median of {runs:,}")
    shade: dict[str, Any] = {"color": MEDIAN_COLOUR, "alpha": 0.25, "linewidth": 0}
    plot.fill_between(evaluations, low, high, step="post", label=f"quartiles of {runs:,}", **shade)
    draw(exact, color=EXACT_COLOUR, linewidth=1.4, linestyle=DOTS, label="median of all orders, exact")
    _show_spent(plot, "evaluations")
    scale = decades_of(finished.direction)
    show_measured(plot.yaxis, f"best {finished.measure} so far", np.append(thin.ravel(), exact), scale)
    add_legends(figure, [Legend(labelled(plot))])
    return figure


def replay_figure(
    finished: Finished, *, workers: tuple[int, ...] = WORKERS, runs: int = REPLAYED_RUNS, seed: int = 0
) -> Figure:
    """The median best value so far against time on W workers, in batches and asynchronously, and what is lost.

    Args:
        finished: the trials.
        workers: numbers of workers, at most as many as there are colours.
        runs: over how many simulated searches the median is taken.
        seed: of the shuffling.

    Raises:
        UsageError: a duration is negative or missing, or the batch is empty.
    """
    figure, axes = new_figure(columns=2)
    axes[0, 0].get_gridspec().set_width_ratios([2, 1])
    plot: Axes = axes[0, 0]
    lower_is_better = to_minimise(finished.values, finished.direction)
    unit_s, unit = time_unit(float(np.sum(finished.durations)))
    drawn: list[Floats] = []
    for count, colour in zip(workers, PALETTE, strict=False):
        for mode, style in ((finished.batch, BATCHED), (None, ASYNCHRONOUS)):
            times, best = median_against_time(lower_is_better, finished.durations, count, mode, runs=runs, seed=seed)
            drawn.append(to_minimise(best, finished.direction))
            # The style is explained beside the other plot.
            label = counted(count, "worker") if mode else ""
            plot.step(times / unit_s, drawn[-1], where="post", color=colour, ls=style, linewidth=1.2, label=label)
    _show_spent(plot, f"time since the search began ({unit})")
    label = f"best {finished.measure} so far, median"
    show_measured(plot.yaxis, label, np.concatenate(drawn), decades_of(finished.direction))
    _draw_speedups(axes[0, 1], finished, workers)
    add_legends(figure, [Legend(labelled(plot)) for plot in axes[0]])
    return figure


def _draw_speedups(plot: Axes, finished: Finished, workers: tuple[int, ...]) -> None:
    """Draw how many times as fast as one worker several are, and would be if no time were lost."""
    table = speedups(finished.durations, finished.batch, workers)
    for mode, style, marker in ((finished.batch, BATCHED, "o"), (None, ASYNCHRONOUS, "^")):
        rows = table[table["mode"] == mode_name(mode)]
        line: dict[str, Any] = {"color": "black", "linestyle": style, "linewidth": 1.2, "label": mode_name(mode)}
        plot.plot(rows["workers"], rows["speedup"], marker=marker, markersize=4, **line)
    plot.plot(workers, workers, color=GREY, linewidth=3, alpha=0.5, zorder=1, label="no time lost")
    plot.set_xscale("log", base=2)
    plot.set_yscale("log", base=2)
    for axis in (plot.xaxis, plot.yaxis):
        axis.set_ticks(workers, [str(count) for count in workers])
        axis.set_minor_formatter(NullFormatter())
    plot.set_xlabel("workers")
    plot.set_ylabel("times as fast as one worker")


def _show_spent(plot: Axes, label: str) -> None:
    """Name the axis of what a search spends; it is logarithmic, because the first tenth gains most."""
    set_scale(plot.xaxis, is_log=True)
    # The limits are asked for only now: those of a linear axis may begin below 0.
    show_measured(plot.xaxis, label, plot.get_xlim(), decades=0.0)
