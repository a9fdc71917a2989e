"""Figures of the simulated random search: how good it is after t evaluations, and after how much time on W workers."""

from functools import partial
from typing import Final

import matplotlib as mpl
import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.ticker import NullFormatter
from numpy.typing import ArrayLike

from hyperspool.common.objectives import measure_name
from hyperspool.master.analysis.data.frames import StudyData, spent_s
from hyperspool.master.analysis.figures.figure import NamedFigure
from hyperspool.master.analysis.figures.readable_axes import set_scale, show_measured, time_unit
from hyperspool.master.analysis.figures.style import GREY, PALETTE, RC, new_figure
from hyperspool.master.analysis.measures.replay import median_against_time, mode_name, speedups
from hyperspool.master.analysis.measures.simulation import (
    Direction,
    Floats,
    best_so_far,
    exact_quantile,
    simulated_quantiles,
    to_minimise,
)

RUNS, REPLAYED_RUNS = 1000, 200
"""Simulated searches of a figure, and those that are also played on a number of workers."""
WORKERS = (1, 2, 4, 8)
THIN_RUNS = 20
"""Simulated searches that are drawn one by one."""
MEDIAN_COLOUR, EXACT_COLOUR = PALETTE[0], PALETTE[1]
BATCHED: Final = "-"
ASYNCHRONOUS: Final = (0, (3, 1.2))
"""Line styles of the two ways of giving trials to workers."""
DOTS = (0, (1, 1.5))


def figures(data: StudyData) -> list[NamedFigure]:
    """The figures that a study's trials suffice for, as a report shows them."""
    return study_figures(data)


def study_figures(data: StudyData, runs: int = RUNS, seed: int = 0) -> list[NamedFigure]:
    """The figures that a study's trials suffice for: none if fewer than two have a value.

    Args:
        data: the study.
        runs: how many searches to simulate, at least 1; at most `REPLAYED_RUNS` are played on workers.
        seed: of the shuffling.
    """
    values, durations = data.trials["value"].to_numpy(dtype=np.float64), spent_s(data.trials).to_numpy(dtype=np.float64)
    if np.count_nonzero(np.isfinite(values)) < 2:  # noqa: PLR2004 - one value has no other order
        return []
    objective, batch, replayed = data.spec.objective, data.spec.batch, min(runs, REPLAYED_RUNS)
    measure, direction = measure_name(objective.name), objective.direction
    simulated = partial(simulation_figure, values, measure, runs=runs, seed=seed, direction=direction)
    played = partial(replay_figure, values, durations, batch, measure, runs=replayed, seed=seed, direction=direction)
    return [
        NamedFigure("simulated-search", "Simulated random searches", _simulation_caption(data, runs), simulated),
        NamedFigure("simulated-workers", "What more workers would buy", _replay_caption(values, replayed), played),
    ]


def _simulation_caption(data: StudyData, runs: int) -> str:
    values, sampler = data.trials["value"].to_numpy(dtype=np.float64), data.spec.sampler.name
    meaning = "each order is a random search as likely as the one that was run."
    if sampler != "random":
        meaning = f"how a random order through what {sampler} search tried would have done."
    if data.trials["replicate"].any():
        meaning += " Replicates of a setting count as trials of their own."
    return (
        f"The {values.size} finished trials of this study, shuffled {runs:,} times: {meaning}{_failed(values)} All "
        "orders end at the same best, so the spread towards the right is smaller than that of new searches."
    )


def _replay_caption(values: Floats, runs: int) -> str:
    return (
        f"Left: the {values.size} finished trials in {runs:,} random orders, played again with their recorded times; a "
        "line begins when half of the searches have a value. Right: the recorded order. A batch begins when the one "
        f"before is in; asynchronously, no worker waits for another.{_failed(values)} Left out: that workers on one "
        "machine slow each other down."
    )


def _failed(values: Floats) -> str:
    count = values.size - np.count_nonzero(np.isfinite(values))
    return f" Trials without a value take their turn and are never the best; here, {count}." if count else ""


def simulation_figure(
    values: ArrayLike, measure: str, *, runs: int = RUNS, seed: int = 0, direction: Direction = "minimise"
) -> Figure:
    """The best value so far against evaluations: simulated searches, their median and quartiles, the exact median.

    Args:
        values: `(n,)`, one per trial; NaN for a trial without a value.
        measure: what the value is called.
        runs: how many searches to simulate, at least 1.
        seed: of the shuffling.
        direction: of the objective.
    """
    lower_is_better = to_minimise(values, direction)
    best = best_so_far(lower_is_better, runs, seed)
    low, median, high = to_minimise(simulated_quantiles(best, (0.25, 0.5, 0.75)), direction)
    exact = to_minimise(exact_quantile(lower_is_better, 0.5), direction)
    thin = to_minimise(best[:THIN_RUNS], direction)
    evaluations = np.arange(1, lower_is_better.size + 1)
    figure, axes = new_figure()
    plot: Axes = axes[0, 0]
    for run in thin:
        plot.step(evaluations, run, where="post", color=GREY, alpha=0.6, linewidth=0.6)
    plot.fill_between(evaluations, low, high, step="post", color=MEDIAN_COLOUR, alpha=0.25, linewidth=0)
    plot.step(evaluations, median, where="post", color=MEDIAN_COLOUR, linewidth=2.4)
    plot.step(evaluations, exact, where="post", color=EXACT_COLOUR, linewidth=1.4, linestyle=DOTS)
    handles = [
        Line2D([], [], color=GREY, linewidth=0.8, label=f"{len(thin)} of {runs:,} simulated searches"),
        Line2D([], [], color=MEDIAN_COLOUR, linewidth=2.4, label=f"median of {runs:,}"),
        Line2D([], [], color=MEDIAN_COLOUR, linewidth=7, alpha=0.25, label=f"quartiles of {runs:,}"),
        Line2D([], [], color=EXACT_COLOUR, linewidth=1.4, linestyle=DOTS, label="median of all orders, exact"),
    ]
    _spending_axis(plot, "evaluations")
    plot.set_ylabel(f"best {measure} so far")
    show_measured(plot.yaxis, np.append(thin.ravel(), exact))
    _legend(figure, handles, columns=2)
    return figure


def replay_figure(  # noqa: PLR0913 - what was measured, what it is called, and how to simulate: no two belong together
    values: ArrayLike,
    durations: ArrayLike,
    batch: int,
    measure: str,
    *,
    workers: tuple[int, ...] = WORKERS,
    runs: int = REPLAYED_RUNS,
    seed: int = 0,
    direction: Direction = "minimise",
) -> Figure:
    """The median best value so far against time on W workers, in batches and asynchronously, and what is lost.

    Args:
        values: `(n,)`, in trial order; NaN for a trial without a value.
        durations: `(n,)` seconds, in trial order.
        batch: trials per batch.
        measure: what the value is called.
        workers: numbers of workers, at most as many as there are colours.
        runs: over how many simulated searches the median is taken.
        seed: of the shuffling.
        direction: of the objective.

    Raises:
        UsageError: a duration is negative or missing, or the batch is empty.
    """
    figure, axes = new_figure(columns=2)
    axes[0, 0].get_gridspec().set_width_ratios([2, 1])
    plot: Axes = axes[0, 0]
    lower_is_better = to_minimise(values, direction)
    unit_s, unit = time_unit(float(np.sum(durations)))
    drawn: list[Floats] = []
    for count, colour in zip(workers, PALETTE, strict=False):
        for mode, style in ((batch, BATCHED), (None, ASYNCHRONOUS)):
            times, best = median_against_time(lower_is_better, durations, count, mode, runs=runs, seed=seed)
            drawn.append(to_minimise(best, direction))
            plot.step(times / unit_s, drawn[-1], where="post", color=colour, linestyle=style, linewidth=1.2)
    _spending_axis(plot, f"time since the search began ({unit})")
    plot.set_ylabel(f"best {measure} so far, median")
    show_measured(plot.yaxis, np.concatenate(drawn))
    _legend(figure, _replay_handles(batch, workers), columns=3)
    _draw_speedups(axes[0, 1], durations, batch, workers)
    return figure


def _replay_handles(batch: int, workers: tuple[int, ...]) -> list[Line2D]:
    handles = [
        Line2D([], [], color=colour, linewidth=2, label=f"{count} worker{'' if count == 1 else 's'}")
        for count, colour in zip(workers, PALETTE, strict=False)
    ]
    batched = Line2D([], [], color="black", linewidth=1.2, linestyle=BATCHED, label=mode_name(batch))
    free = Line2D([], [], color="black", linewidth=1.2, linestyle=ASYNCHRONOUS, label=mode_name(None))
    return [*handles, batched, free]


def _draw_speedups(plot: Axes, durations: ArrayLike, batch: int, workers: tuple[int, ...]) -> None:
    """How many times as fast as one worker, beside what it would be if no time were lost."""
    table = speedups(durations, batch, workers)
    plot.plot(workers, workers, color=GREY, linewidth=3, alpha=0.5, label="no time lost")
    for mode, style, marker in ((batch, BATCHED, "o"), (None, ASYNCHRONOUS, "^")):
        rows = table[table["mode"] == mode_name(mode)]
        plot.plot(
            rows["workers"], rows["speedup"], color="black", linestyle=style, linewidth=1.2, marker=marker, markersize=4
        )
    plot.set_xscale("log", base=2)
    plot.set_yscale("log", base=2)
    for axis in (plot.xaxis, plot.yaxis):
        axis.set_ticks(workers, [str(count) for count in workers])
        axis.set_minor_formatter(NullFormatter())
    plot.set_xlabel("workers")
    plot.set_ylabel("times as fast as one worker")
    with mpl.rc_context(RC):
        plot.legend(loc="upper left")


def _spending_axis(plot: Axes, label: str) -> None:
    """Name the axis of what a search spends: logarithmic, because most is won by its first tenth."""
    plot.set_xlabel(label)
    set_scale(plot.xaxis, is_log=True)
    # Only now does the axis know that it cannot begin below 0.
    show_measured(plot.xaxis, plot.get_xlim(), decades=0.0)


def _legend(figure: Figure, handles: list[Line2D], columns: int) -> None:
    """Above the axes: within, the lines of a study of few trials would cross it."""
    with mpl.rc_context(RC):
        figure.legend(handles=handles, loc="outside upper left", ncols=columns)
