"""The answer of a grid over one number: what happens at its lowest and its highest value."""

from typing import Any

import pandas as pd

from hyperspool.master.analysis.answers.answer import Answer, compared_axes
from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.measures.epoch_metric import EpochMetric, find_epoch_metric, metric_label
from hyperspool.master.analysis.measures.setting_curves import SettingCurve, setting_curves
from hyperspool.master.analysis.measures.settings import Axis, is_grid
from hyperspool.master.results.wording import counted, measured_text

LEAST_VALUES = 3
STILL = 0.1
"""A curve that gains less than this part of what the best one gains has not moved."""


def extremes(data: StudyData) -> list[Answer]:
    """Answer what training does at the lowest and the highest value, if a single number with listed values varies."""
    axes, metric = compared_axes(data.spec), find_epoch_metric(data)
    if len(axes) != 1 or not is_grid(axes) or not axes[0].is_numeric or metric is None:
        return []
    axis = axes[0]
    values = data.trials.drop_duplicates("setting").set_index("setting")[axis.column]
    curves = {float(values[curve.setting]): curve for curve in setting_curves(data, metric.name)}
    if len(curves) < LEAST_VALUES:
        return []
    ends = [min(curves), max(curves)]
    best = (max if metric.is_highest else min)(curves, key=lambda value: curves[value].median[-1])
    sentences = [_sentence(axis, metric, curves, value, best) for value in ends if value != best]
    if best in ends:
        sentences.append(f"{_text(axis, best)} ends best, so a better value may lie beyond what was tried.")
    if data.trials["replicate"].any():
        sentences.append("The curves are medians over the replicates of a value.")
    low, high = (axis.text(_declared(axis, end)) for end in ends)
    return [Answer(f"What happens at {low} and at {high}?", tuple(sentences), _table(axis, metric, curves))]


def _declared(axis: Axis, value: float) -> Any:
    return next(choice for choice in axis.choices if not isinstance(choice, str) and float(choice) == value)


def _text(axis: Axis, value: float) -> str:
    return axis.text(_declared(axis, value))


def _sentence(axis: Axis, metric: EpochMetric, curves: dict[float, SettingCurve], value: float, best: float) -> str:
    own, ideal, at, label = curves[value], curves[best], _text(axis, value), metric_label(metric.name)
    begin, end, epochs = float(own.median[0]), float(own.median[-1]), counted(int(own.epoch[-1]), "epoch")
    goal = f"{_text(axis, best)} ends at {measured_text(float(ideal.median[-1]))}"
    if own.is_diverged:
        return f"At {at} training diverges in every run; the last {label} that was measured is {measured_text(end)}."
    sign = 1.0 if metric.is_highest else -1.0
    gained, possible = sign * (end - begin), sign * float(ideal.median[-1] - ideal.median[0])
    if gained < STILL * abs(possible):
        return (
            f"At {at} next to nothing is learned: the {label} is {measured_text(begin)} after the first epoch and "
            f"{measured_text(end)} after {epochs}; {goal}."
        )
    reached = sign * ideal.median >= sign * end
    there = f", which {_text(axis, best)} reaches after {counted(int(ideal.epoch[int(reached.argmax())]), 'epoch')}"
    return f"At {at} the {label} is {measured_text(end)} after {epochs}{there if reached.any() else ''}; {goal}."


def _table(axis: Axis, metric: EpochMetric, curves: dict[float, SettingCurve]) -> pd.DataFrame:
    label = metric_label(metric.name)
    rows: list[dict[str, Any]] = []
    for value, curve in sorted(curves.items()):
        numbers = {f"{label} after epoch 1": float(curve.median[0]), f"{label} at the end": float(curve.median[-1])}
        rows.append({axis.label: _declared(axis, value)} | numbers | {"epochs": int(curve.epoch[-1])})
    return pd.DataFrame(rows)
