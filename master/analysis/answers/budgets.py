"""Answers by budget: the best setting for a given number of epochs, and for a given training time."""

from typing import Any

import pandas as pd

from hyperspool.common.records import Status
from hyperspool.common.space import Scalar
from hyperspool.master.analysis.answers.answer import Answer, compared_axes, edge_remark, seconds_text, trend
from hyperspool.master.analysis.data.columns import params_column
from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.measures.drawn_trials import snapshot_sentence
from hyperspool.master.analysis.measures.epoch_metric import EpochMetric, find_epoch_metric, metric_label
from hyperspool.master.analysis.measures.settings import Axis, is_grid
from hyperspool.master.results.wording import counted, measured_text, param_text

SHARES = (0.25, 0.5, 1.0)
"""The shares of the whole budget for which the question is answered."""


def best_within(
    data: StudyData,
    metric: EpochMetric,
    count: int,
    *,
    epochs: int | None = None,
    seconds: float | None = None,
    are_single: bool = False,
) -> pd.DataFrame:
    """The settings whose curves reach the best number of a metric within a budget.

    Args:
        data: the study.
        metric: what they are ranked by.
        count: how many settings to return.
        epochs: how many epochs of each curve count; None for all.
        seconds: how many seconds of training count; None for all.
        are_single: rank the trials one by one instead.

    Returns:
        Columns: trial, the setting's first one that reported the metric in time; value, the best number of the metric,
        the mean over the setting's trials; epoch, the first in which all of them had reached it; elapsed_s, the seconds
        of training until then; params_<name>. Best first, and the earlier trial first among equals.
    """
    curves = data.curves
    if epochs is not None:
        curves = curves[curves["epoch"] <= epochs]
    if seconds is not None:
        curves = curves[curves["elapsed_s"] <= seconds]
    reached = metric.first_best(curves).assign(value=lambda rows: rows[metric.name])
    if not are_single:
        by_setting = reached.sort_values("trial").groupby("setting", sort=False)
        reached = by_setting.agg({"trial": "first", "value": "mean", "epoch": "max", "elapsed_s": "max"})
    best = reached.sort_values("value", ascending=not metric.is_highest, kind="stable").head(count)
    names = [params_column(name) for name, _ in data.spec.space.items()]
    merged = best[["trial", "value", "epoch", "elapsed_s"]].merge(
        data.trials[["trial", *names]], on="trial", how="left"
    )
    return merged.reset_index(drop=True)


def best_by_budget(data: StudyData) -> list[Answer]:
    """If a single parameter with listed values varies: its best value for shares of the epochs, and of the time.

    The whole time is that of the fastest setting, because every other setting has run at least as long.
    """
    axes = compared_axes(data.spec)
    metric = find_epoch_metric(data)
    if len(axes) != 1 or not is_grid(axes) or metric is None:
        return []
    axis = axes[0]
    curves = _of_finished(data)
    if curves.empty or curves["setting"].nunique() < 2:  # noqa: PLR2004 - a best one takes two
        return []
    whole_epochs = int(curves.groupby("trial")["epoch"].max().min())
    whole_s = float(curves.groupby("trial")["elapsed_s"].max().groupby(_settings(data)).median().min())
    epochs = sorted({max(1, round(share * whole_epochs)) for share in SHARES})
    by_epochs = {counted(limit, "epoch"): curves[curves["epoch"] <= limit] for limit in epochs}
    by_time = {seconds_text(share * whole_s): curves[curves["elapsed_s"] <= share * whole_s] for share in SHARES}
    return [
        _answer(data, axis, metric, by_epochs, f"Which {axis.label} is best for a given number of epochs?"),
        _answer(data, axis, metric, by_time, f"Which {axis.label} is best for a given training time?"),
    ]


def _of_finished(data: StudyData) -> pd.DataFrame:
    finished = data.trials.loc[data.trials["status"] == Status.COMPLETE.value, "trial"]
    # A diverged curve ends early, so it never used the budget in question.
    diverged = data.trials.loc[data.trials["diverged"], "trial"]
    return data.curves[data.curves["trial"].isin(finished) & ~data.curves["trial"].isin(diverged)]


def _settings(data: StudyData) -> "pd.Series[Any]":
    return data.trials.set_index("trial")["setting"]


def _answer(
    data: StudyData, axis: Axis, metric: EpochMetric, budgets: dict[str, pd.DataFrame], question: str
) -> Answer:
    value_of = data.trials.drop_duplicates("setting").set_index("setting")[axis.column]
    columns: dict[str, pd.Series[float]] = {}
    sentences: list[str] = []
    chosen: list[Scalar] = []
    for name, curves in budgets.items():
        means = metric.first_best(curves).groupby("setting")[metric.name].mean()
        reached = means.sort_values(ascending=not metric.is_highest, kind="stable")
        columns[f"within {name}"] = reached
        ranked = list(zip(value_of.loc[reached.index], reached, strict=True))
        if not ranked:
            continue
        (best, number), others = ranked[0], ranked[1:]
        chosen.append(best)
        sentence = f"Within {name}: {axis.text(best)}, with a {metric_label(metric.name)} of {measured_text(number)}"
        if others:
            sentence += f"; next is {param_text(others[0][0])} with {measured_text(others[0][1])}"
        sentences.append(f"{sentence}.")
    if axis.is_numeric and (word := trend(chosen)):
        sentences.append(f"With a larger budget the best {axis.label} {word}.")
    if remark := edge_remark(axis, chosen):
        sentences.append(remark)
    sentences.append(
        f"Each number is the {metric.best} of a curve within the budget, as the mean over replicates; "
        "diverged trials are left out."
    )
    if remark := snapshot_sentence(data):
        sentences.append(remark)
    table = pd.DataFrame(columns).sort_index()
    table.insert(0, axis.label, value_of.loc[table.index])
    return Answer(question, tuple(sentences), table.reset_index(drop=True))
