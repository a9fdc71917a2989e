"""Answers for studies whose parameters have listed values: best combinations, and the time of an epoch."""

from itertools import combinations
from statistics import geometric_mean
from typing import Any

import pandas as pd

from hyperspool.common.objectives import PARAMETERS
from hyperspool.master.analysis.answers.answer import (
    Answer,
    by_value,
    compared_axes,
    edge_remark,
    measure_of,
    ratio_text,
    seconds_text,
    setting_sample,
    trend,
)
from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.measures.intervals import MIN_SPREAD, difference
from hyperspool.master.analysis.measures.settings import Axis, is_grid, settings_table
from hyperspool.master.results.wording import counted, measured_text, param_text

TUNED_FIRST = "learning_rate"
"""In a pair with this parameter, its best value is asked for each value of the other, because the best learning rate
depends on the other parameters."""
COSTLY = ("batch_size", "num_filters")
"""The parameters of the built-in objectives that change the time of an epoch."""
_REASONS = {
    "batch_size": (
        "Mini-batches of {least} make {factor} times as many updates in an epoch as those of {most}, but not {factor} "
        "times as long an epoch: every example is processed once either way, so only what an update costs beside its "
        "examples comes {factor} times as often."
    ),
    "num_filters": (
        "Between {least} and {most} filters is a factor of {factor}. With few filters an epoch takes less than that "
        "many times as long, because much of an update costs the same with any number. With many it takes more, as "
        "the second convolution has filters times filters weights."
    ),
}
"""Why the time of an epoch is not in proportion to what changes it, in the built-in networks."""
NOTABLE = 1.1
"""The least ratio of epoch times that is reported for a parameter of a user's own objective."""


def best_for_each(data: StudyData) -> list[Answer]:
    """Answer, for every pair of parameters, which value of one is best for each value of the other."""
    axes = compared_axes(data.spec)
    if not is_grid(axes):
        return []
    table = settings_table(data)
    pairs = (
        (first, second) if second.name != TUNED_FIRST else (second, first) for first, second in combinations(axes, 2)
    )
    return [answer for best, each in pairs if (answer := _best_for_each(data, table, best, each))]


def _best_for_each(data: StudyData, table: pd.DataFrame, best: Axis, each: Axis) -> Answer | None:
    rows: list[dict[str, Any]] = []
    sentences: list[str] = []
    measure = measure_of(data.spec)
    for value in each.choices:
        group = by_value(table[table[each.column] == value], data.spec).drop_duplicates(best.column)
        group = group.dropna(subset=[best.column])
        if group.empty:
            continue
        first, others = group.iloc[0], group.iloc[1:]
        row = {each.label: value, f"best {best.label}": first[best.column], measure: first["mean"]}
        sentence = f"{each.text(value)}: {best.text(first[best.column])} is best, with {_value(first, measure)}"
        if not others.empty:
            other = others.iloc[0]
            row |= {"next": other[best.column], f"{measure} of the next": other["mean"]}
            sentence += f"; next is {param_text(other[best.column])} with {measured_text(float(other['mean']))}"
            sentence += _certainty(data, first, other)
        rows.append(row)
        sentences.append(f"{sentence}.")
    if not rows:
        return None
    chosen = [row[f"best {best.label}"] for row in rows]
    if each.is_numeric and (word := trend(chosen)):
        sentences.append(f"As the {each.label} rises, the best {best.label} {word}.")
    if remark := edge_remark(best, chosen):
        sentences.append(remark)
    return Answer(f"Which {best.label} is best for each {each.label}?", tuple(sentences), pd.DataFrame(rows))


def _value(row: "pd.Series[Any]", measure: str) -> str:
    count = int(row["n_complete"])
    number = measured_text(float(row["mean"]))
    return f"{measure} {number}" if count == 1 else f"a mean {measure} of {number} over {counted(count, 'replicate')}"


def _certainty(data: StudyData, *rows: "pd.Series[Any]") -> str:
    first, second = (setting_sample(data, int(row["setting"]), str(row["label"])) for row in rows)
    if min(len(first.finite), len(second.finite)) < MIN_SPREAD:
        return ""
    winner = difference(first, second, data.spec.objective.direction).winner
    return ", and the replicates confirm that" if winner else ", but the replicates leave that undecided"


def epoch_times(data: StudyData) -> list[Answer]:
    """Answer, for every parameter that changes the time of an epoch, how much longer an epoch takes with each value."""
    axes = compared_axes(data.spec)
    if not is_grid(axes) or data.curves.empty:
        return []
    table = settings_table(data)
    table = table[table["epoch_s"] > 0]  # an objective may report epochs without a time
    costly = [axis for axis in axes if data.spec.objective.name not in PARAMETERS or axis.name in COSTLY]
    return [answer for axis in costly if (answer := _epoch_times(data, table, axis, axes))]


def _epoch_times(data: StudyData, table: pd.DataFrame, axis: Axis, axes: list[Axis]) -> Answer | None:
    others = [other.column for other in axes if other != axis]
    # Only combinations of the other parameters that were tried with every value of this one are compared. Otherwise a
    # value that happened to be tried with slow combinations would look slow.
    wide = table.assign(all=0).pivot_table(
        index=["all", *others], columns=axis.column, values="epoch_s", aggfunc="median", dropna=False
    )
    wide = wide.dropna()
    present = [value for value in axis.choices if value in wide.columns]
    if wide.empty or len(present) < 2:  # noqa: PLR2004 - a ratio takes two
        return None
    # The ratio of geometric means equals the geometric mean of the ratios, whichever value is the reference.
    seconds: dict[Any, float] = {value: geometric_mean(wide[value]) for value in present}
    reference = min(present, key=lambda value: seconds[value])
    ratios = {value: seconds[value] / seconds[reference] for value in present}
    if data.spec.objective.name not in PARAMETERS and max(ratios.values()) < NOTABLE:
        return None
    sentences = [
        f"An epoch takes {seconds_text(seconds[reference])} with {axis.text(reference)}"
        + "".join(
            f"; {ratio_text(ratios[value])} times as long with {param_text(value)} ({seconds_text(seconds[value])})"
            for value in present
            if value != reference
        )
        + "."
    ]
    if reason := _REASONS.get(axis.name) if data.spec.objective.name in PARAMETERS else None:
        least, most = float(present[0]), float(present[-1])
        sentences.append(reason.format(factor=f"{most / least:.3g}", least=present[0], most=present[-1]))
    if others:
        sentences.append(f"The other parameters are equal in each comparison: {counted(len(wide), 'combination')}.")
    devices = data.trials[["host", "device"]].drop_duplicates()
    if len(devices) > 1:
        sentences.append(f"The trials ran on {len(devices)} different devices, which may explain part of the ratio.")
    found = pd.DataFrame(
        {axis.label: present, "epoch_s": [seconds[v] for v in present], "ratio": [ratios[v] for v in present]}
    )
    return Answer(f"How does the time of an epoch depend on the {axis.label}?", tuple(sentences), found)
