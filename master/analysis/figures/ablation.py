"""The figure of an ablation: the value of each test case, and its gain over the base."""

from collections.abc import Sequence
from functools import partial
from textwrap import wrap

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from hyperspool.common.study_spec import StudySpec
from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.exports.ablation_table import KINDS
from hyperspool.master.analysis.figures.captions import caption, diverged_sentence
from hyperspool.master.analysis.figures.dots import draw_trials
from hyperspool.master.analysis.figures.figure import NamedFigure
from hyperspool.master.analysis.figures.legends import Legend, add_legends, entry
from hyperspool.master.analysis.figures.style import GREY, PALETTE, new_figure
from hyperspool.master.analysis.figures.texts import plain, value_label
from hyperspool.master.analysis.measures.ablation import Row, ablation_rows
from hyperspool.master.results.wording import counted, first_line

BASE, BETTER, WORSE = "black", PALETTE[0], PALETTE[1]
LINE = 36
"""Characters per line of a test case's name beside the figure."""
GAP = 0.6
"""Rows between two kinds of test cases."""


def figures(data: StudyData) -> list[NamedFigure]:
    """The gains, for an ablation of which cases have been evaluated again."""
    rows = [row for row in ablation_rows(data.spec, data.evaluations) if row.fresh.finite]
    if not any(row.comparison for row in rows):
        return []
    title = "What each test case gains over the base"
    return [NamedFigure("ablation", title, _caption(data.spec, rows), partial(ablation_figure, data.spec, rows))]


def ablation_figure(spec: StudySpec, rows: Sequence[Row]) -> Figure:
    """On the left the replicates of each case and the interval of their mean, on the right the interval of the gain."""
    heights = _heights(rows)
    figure, axes = new_figure(9.0, 1.3 + 0.32 * (heights[-1] + 1), 1, 2)
    values, gains = axes[0]
    for row, height in zip(rows, heights, strict=True):
        colour = _colour(row)
        _draw_values(values, row, height, colour)
        _draw_gain(gains, row, height, colour)
    for plot in (values, gains):
        plot.set_ylim(heights[-1] + 0.7, -0.7)
        plot.grid(visible=False, axis="y")
        plot.tick_params(axis="y", length=0)
        plot.spines["left"].set_visible(False)
    values.set_yticks(heights, [_name(row) for row in rows])
    gains.set_yticks(heights, [])
    values.set_xlabel(value_label(spec))
    gains.set_xlabel("gain over the base (above 0 is better)")
    gains.axvline(0.0, color="black", linewidth=0.8)
    found = {_colour(row) for row in rows}
    words = {BASE: "the base", BETTER: "better", WORSE: "worse", GREY: "the replicates cannot tell"}
    add_legends(figure, [Legend([entry(text, color=colour) for colour, text in words.items() if colour in found])])
    return figure


def _heights(rows: Sequence[Row]) -> list[float]:
    heights: list[float] = []
    for place, row in enumerate(rows):
        is_new = place > 0 and row.case.kind != rows[place - 1].case.kind
        heights.append((heights[-1] + 1.0 if heights else 0.0) + GAP * is_new)
    return heights


def _draw_values(plot: Axes, row: Row, height: float, colour: str) -> None:
    values = np.array(row.fresh.finite)
    draw_trials(plot, values, np.full(len(values), height), colours=colour)
    if row.interval:
        plot.hlines(height, row.interval.low, row.interval.high, color=colour, linewidth=1.2)
    plot.plot(np.mean(values), height, "|", color=colour, markersize=11, markeredgewidth=2)


def _draw_gain(plot: Axes, row: Row, height: float, colour: str) -> None:
    if row.gain is None:
        return
    if row.gain_interval:
        plot.hlines(height, row.gain_interval.low, row.gain_interval.high, color=colour, linewidth=1.6)
    plot.plot(row.gain, height, "o", color=colour, markersize=5)


def _colour(row: Row) -> str:
    if row.case.kind == "base":
        return BASE
    if row.comparison is None or row.comparison.winner is None:
        return GREY
    return BETTER if row.comparison.winner == row.fresh.name else WORSE


def _name(row: Row) -> str:
    """A test case's name on at most two lines; of many improvements the first and the last."""
    names = row.case.improvements
    full = first_line(row.case.name)
    short = full if len(full) <= 2 * LINE else first_line(f"{names[0]} + ... + {names[-1]}")
    return "\n".join(plain(line) for line in wrap(short, LINE, max_lines=2, placeholder=" ..."))


def _caption(spec: StudySpec, rows: Sequence[Row]) -> str:
    replicates = spec.confirm.replicates if spec.confirm else 0
    diverged = sum(row.fresh.n_diverged for row in rows)
    groups = [text for kind, text in KINDS.items() if text and any(row.case.kind == kind for row in rows)]
    return caption(
        f"The base, then improvements {' and '.join(groups)}, each with the best setting of its own tuning.",
        f"On the left, that setting evaluated {counted(replicates, 'more time')}: a dot is a trial, a dash their mean.",
        "Lines are 95 % intervals (Student's; on the right Welch's), each for its case alone.",
        diverged_sentence(diverged, counted(diverged, "replicate")),
    )
