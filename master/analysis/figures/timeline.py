"""The figure of which worker evaluated which trial when."""

from functools import partial

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.collections import PolyCollection
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.figures.captions import caption, left_out_sentence
from hyperspool.master.analysis.figures.dots import DIVERGED_COLOUR
from hyperspool.master.analysis.figures.figure import NamedFigure
from hyperspool.master.analysis.figures.legends import Legend, add_legends, area_entry
from hyperspool.master.analysis.figures.marks import mark_trials
from hyperspool.master.analysis.figures.style import DARK_BLUE, LIGHT_BLUE, PALETTE, new_figure
from hyperspool.master.analysis.figures.texts import time_unit, write_beside
from hyperspool.master.analysis.measures.timeline import (
    busy_s,
    pauses,
    timeline,
    waiting,
    waits_of,
    without_pauses,
    workers_text,
)
from hyperspool.master.results.wording import counted, duration_text

MAX_ROWS = 24
BATCH_COLOURS = (DARK_BLUE, LIGHT_BLUE)
FAILED_COLOUR, PAUSE_COLOUR, WAIT_COLOUR = PALETTE[6], PALETTE[3], "#E4E4E4"
BAR_HEIGHT, WAIT_HEIGHT = 0.8, 0.4
AXES_WIDTH_IN, OUTLINED_IN = 5.0, 0.04
"""Approximate width of the axes, and the mean width of bars from which on they have room for an outline."""
SHORTEST_S = 1e-3
"""Times are recorded in milliseconds; a timeline is at least one long."""
MAX_NAME = 22
MAX_MARKED_PAUSES = 8
MAX_OUTLINES = 3000
"""More bars than this are pixels in an SVG file."""


def figures(data: StudyData) -> list[NamedFigure]:
    """The figure, for a study in which a trial has times."""
    bars = timeline(data)
    if bars.empty:
        return []
    return [NamedFigure("timeline", "Who ran what when", _caption(data, bars), partial(timeline_figure, data))]


def timeline_figure(data: StudyData) -> Figure:
    """One row per worker and one bar per trial, coloured by batch; grey bars are waits."""
    whole = timeline(data)
    bars = without_pauses(whole).merge(data.trials[["trial", "status", "diverged"]], on="trial")
    table = _shown_workers(waiting(data))
    rows = {worker: row for row, worker in enumerate(table["worker"])}
    end_s = max(float(bars["end_s"].max()), SHORTEST_S)
    unit_s, unit = time_unit(end_s)
    figure, axes = new_figure(6.4, 1.2 + 0.24 * len(rows))
    plot: Axes = axes[0, 0]
    idle, shown = (_shown(frame, rows, unit_s) for frame in (waits_of(data, bars), bars))
    _draw_bars(plot, idle, [WAIT_COLOUR], height=WAIT_HEIGHT, linewidth=0)
    mean_in = AXES_WIDTH_IN * float((shown["right"] - shown["left"]).mean()) * unit_s / end_s
    _draw_bars(plot, shown, _colours(shown), height=BAR_HEIGHT, linewidth=0.5 if mean_in > OUTLINED_IN else 0.0)
    _mark_pauses(plot, pauses(whole), unit_s)
    plot.set_xlim(0, end_s / unit_s)
    plot.set_ylim(len(rows) - 0.5, -0.5)
    plot.set_yticks(range(len(rows)), [_short(worker) for worker in rows])
    plot.grid(visible=False, axis="y")
    cut = ", pauses cut out" if len(pauses(whole)) else ""
    plot.set_xlabel(f"time since the first trial began ({unit}{cut})")
    _label_waits(plot, table)
    add_legends(figure, [Legend(_entries(data, bars))])
    return figure


def _waits_in_words(data: StudyData) -> tuple[str, str]:
    if data.spec.mode:
        return (
            "Trials were proposed one after another; one proposal differs in colour from the next.",
            "Grey is a worker's wait between two trials, or from its last one to the end.",
        )
    wait = "Grey is a worker's wait between its last trial of a batch and the end of the batch."
    batches = data.results["batch"].nunique()
    if batches == 1:
        return ("All trials are in one batch.", wait) if len(data.results) > 1 else ("", "")
    return (f"{batches} batches of at most {data.spec.batch}; a batch differs in colour from the next.", wait)


def _caption(data: StudyData, bars: pd.DataFrame) -> str:
    table, cuts = waiting(data), pauses(bars)
    noun = "evaluation" if data.spec.halving else "trial"
    waited_s = float(table["waited_s"].sum())
    off_s = float((cuts["end_s"] - cuts["start_s"]).sum())
    return caption(
        f"{counted(len(bars), noun)} on {workers_text(bars)}, from claim to end.",
        *_waits_in_words(data),
        len(bars) > 1 and "The number on the right is the share of the worker's time that such waits took.",
        f"All workers together evaluated for {duration_text(busy_s(bars))} and waited for {duration_text(waited_s)}.",
        len(table) > MAX_ROWS and f"The {MAX_ROWS} workers that evaluated longest are shown.",
        len(cuts) > 0
        and f"{counted(len(cuts), 'pause')} in which no worker had a trial, {duration_text(off_s)} in total, "
        f"{'is' if len(cuts) == 1 else 'are'} cut out at the dashed {'line' if len(cuts) == 1 else 'lines'}.",
        left_out_sentence(len(data.results) - len(bars), noun, "without readable times"),
        len(set(data.trials["host"])) > 1 and "Each host records times by its own clock.",
    )


def _shown_workers(table: pd.DataFrame) -> pd.DataFrame:
    busiest = table.sort_values("busy_s", ascending=False, kind="stable").head(MAX_ROWS).index
    return table.loc[sorted(busiest)]


def _shown(bars: pd.DataFrame, rows: dict[str, int], unit_s: float) -> pd.DataFrame:
    """The bars of the workers that have a row, in the units of the figure."""
    shown = bars[bars["worker"].isin(list(rows))]
    return shown.assign(row=shown["worker"].map(rows), left=shown["start_s"] / unit_s, right=shown["end_s"] / unit_s)


def _draw_bars(plot: Axes, bars: pd.DataFrame, colours: list[str], *, height: float, linewidth: float) -> None:
    left, right, row = (bars[name].to_numpy(dtype=np.float64) for name in ("left", "right", "row"))
    low, high = row - height / 2, row + height / 2
    corners = np.stack([left, low, right, low, right, high, left, high], axis=1).reshape(-1, 4, 2)
    drawn = PolyCollection(list(corners), facecolors=colours, edgecolors="white", linewidths=linewidth)
    drawn.set_rasterized(len(bars) > MAX_OUTLINES)
    if "trial" in bars:
        mark_trials(drawn, bars["trial"].tolist())
    plot.add_collection(drawn)


def _colours(bars: pd.DataFrame) -> list[str]:
    return [
        FAILED_COLOUR if status == "FAILED" else DIVERGED_COLOUR if diverged else BATCH_COLOURS[batch % 2]
        for status, diverged, batch in zip(bars["status"], bars["diverged"], bars["batch"], strict=True)
    ]


def _mark_pauses(plot: Axes, cuts: pd.DataFrame, unit_s: float) -> None:
    gone_s = 0.0
    for start_s, end_s in zip(cuts["start_s"], cuts["end_s"], strict=True):
        place = (start_s - gone_s) / unit_s
        plot.axvline(place, color=PAUSE_COLOUR, linewidth=1.2, linestyle=(0, (4, 2)))
        if len(cuts) <= MAX_MARKED_PAUSES:
            style = {"ha": "center", "va": "baseline", "fontsize": 7, "color": PAUSE_COLOUR}
            write_beside(plot, duration_text(end_s - start_s), (place, 1), ("data", "axes fraction"), (0, 2), **style)
        gone_s += end_s - start_s


def _label_waits(plot: Axes, table: pd.DataFrame) -> None:
    for row, share in enumerate(table["waited_share"]):
        write_beside(plot, f"{share:.0%}", (1, row), ("axes fraction", "data"))
    write_beside(plot, "waited", (1, 1), "axes fraction", (4, 2), va="baseline", fontsize=7)


def _entries(data: StudyData, bars: pd.DataFrame) -> list[Patch]:
    what, waiting_text = ("proposals", "waiting") if data.spec.mode else ("batches", "waiting for the batch")
    shown = dict(zip((f"trials of even {what}", f"of odd {what}"), BATCH_COLOURS, strict=True))
    if len(set(bars["batch"])) == 1:
        shown = {"trial": BATCH_COLOURS[int(bars["batch"].iloc[0]) % 2]}
    if bars["diverged"].any():
        shown["diverged"] = DIVERGED_COLOUR
    if (bars["status"] == "FAILED").any():
        shown["failed"] = FAILED_COLOUR
    shown[waiting_text] = WAIT_COLOUR
    return [area_entry(label, color=colour) for label, colour in shown.items()]


def _short(worker: str) -> str:
    """The end of a worker's name, which tells workers of a host apart."""
    return worker if len(worker) <= MAX_NAME else f"…{worker[1 - MAX_NAME :]}"
