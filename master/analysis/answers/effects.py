"""The answer of a search with random params: how the value goes with each parameter, by itself."""

import math
from typing import Any, NamedTuple

import pandas as pd

from hyperspool.common.study_spec import StudySpec
from hyperspool.master.analysis.answers.answer import Answer, compared_axes, measure_of
from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.measures.drawn_trials import drawn_trials
from hyperspool.master.analysis.measures.intervals import correlation_threshold
from hyperspool.master.analysis.measures.positions import positions
from hyperspool.master.analysis.measures.relation import (
    CHANCE,
    LEAST_TRIALS,
    groups_by,
    is_constant,
    p_between,
    p_of_correlation,
    rank_correlation,
)
from hyperspool.master.analysis.measures.settings import Axis
from hyperspool.master.results.wording import counted, measured_text, param_text

BEST_SHARE = 0.2
MOST_CHOICES = 6
"""More choices are left to the table."""


class Effect(NamedTuple):
    """What the trials say of one parameter.

    Attributes:
        axis: the parameter.
        p: of a rank test between groups of its values (Kruskal and Wallis); of two tests for a number.
        sentence: the finding.
        row: for the table.
    """

    axis: Axis
    p: float
    sentence: str
    row: dict[str, Any]


def effects(data: StudyData) -> list[Answer]:
    """Answer how the value goes with each parameter; a grid is compared value by value instead."""
    trials = drawn_trials(data)
    if data.spec.sampler.name == "grid" or len(trials) < LEAST_TRIALS or is_constant(trials["value"]):
        return []
    found = [effect for axis in compared_axes(data.spec) if (effect := _effect(data.spec, axis, trials))]
    if not found:
        return []
    found.sort(key=lambda effect: effect.p)
    sentences = [effect.sentence for effect in found]
    missing = [axis.label for axis in compared_axes(data.spec) if axis not in {effect.axis for effect in found}]
    if missing:
        sentences.append(f"Too few trials, or too few different values, for: {', '.join(missing)}.")
    if diverged := int(trials["diverged"].sum()):
        share = f"{diverged} of {counted(len(trials), 'trial')} ({diverged / len(trials):.0%})"
        sentences.append(f"{share} diverged; they count with the error of guessing.")
    question = f"How does the {measure_of(data.spec)} go with each parameter?"
    return [Answer(question, tuple(sentences), pd.DataFrame([effect.row for effect in found]))]


def _effect(spec: StudySpec, axis: Axis, trials: pd.DataFrame) -> Effect | None:
    active = trials[trials[axis.column].notna()]
    if len(active) < LEAST_TRIALS or is_constant(active["value"]):
        return None
    return _of_number(spec, axis, active) if axis.is_numeric else _of_choices(spec, axis, active)


def _of_number(spec: StudySpec, axis: Axis, active: pd.DataFrame) -> Effect | None:
    places = pd.Series(positions(axis, active[axis.column]), index=active.index)
    groups = groups_by(axis, active)
    if is_constant(places) or is_constant(groups):
        return None
    rho = rank_correlation(places, active["value"])
    p = min(
        1.0, 2 * min(p_between([own["value"] for _, own in active.groupby(groups)]), p_of_correlation(rho, len(active)))
    )
    best = _best(spec, active)
    ends = [param_text(end) for end in (best[axis.column].min(), best[axis.column].max())]
    tried = [param_text(end) for end in (active[axis.column].min(), active[axis.column].max())]
    where = f"{axis.label}: the best fifth ({counted(len(best), 'trial')}) lies between {ends[0]} and {ends[1]}"
    if ends[0] == ends[1]:
        where = f"{axis.label}: the best fifth ({counted(len(best), 'trial')}) has {ends[0]}"
    numbers = f"rank correlation {rho:.2f} over {counted(len(active), 'trial')}"
    direction = _direction(places, active["value"], rho, p)
    if p >= CHANCE:
        sentence = f"{axis.label}: no relation beyond chance ({numbers})."
    elif direction:
        word = "higher" if rho > 0 else "lower"
        sentence = f"{where}: the higher it is, the {word} the {measure_of(spec)} ({numbers})."
    else:
        sentence = f"{where}, of {tried[0]} to {tried[1]} tried; it has no single direction ({numbers})."
    row = {"parameter": axis.label, "best fifth": ends[0] if ends[0] == ends[1] else " to ".join(ends)}
    return Effect(axis, p, sentence, row | {"rank correlation": rho, "p": p, "trials": len(active)})


def _best(spec: StudySpec, active: pd.DataFrame) -> pd.DataFrame:
    """The best fifth of some trials."""
    is_lower = spec.objective.direction == "minimise"
    ranked = active.sort_values("value", ascending=is_lower, kind="stable")
    return ranked.head(max(math.ceil(BEST_SHARE * len(active)), 2))


def _direction(places: "pd.Series[float]", values: "pd.Series[float]", rho: float, p: float) -> bool:
    """Whether the value rises, or falls, along the whole range: in the lower half and in the upper half alike."""
    if p >= CHANCE or abs(rho) < correlation_threshold(len(places)):
        return False
    is_low = places <= places.median()
    halves = [rank_correlation(places[half], values[half]) for half in (is_low, ~is_low)]
    # A half in which the parameter, or the value, does not vary says nothing.
    signs = {math.copysign(1, half) for half in halves if not math.isnan(half)}
    return signs == {math.copysign(1, rho)} and not any(math.isnan(half) for half in halves)


def _of_choices(spec: StudySpec, axis: Axis, active: pd.DataFrame) -> Effect | None:
    # The names are compared as text: a list may hold both 1 and "a", which have no order.
    groups = dict(tuple(active.groupby(groups_by(axis, active))["value"]))
    if len(groups) < 2:  # noqa: PLR2004 - a comparison takes two
        return None
    p = p_between(list(groups.values()))
    medians = pd.Series({name: float(own.median()) for name, own in groups.items()})
    medians = medians.sort_values(ascending=spec.objective.direction == "minimise", kind="stable")
    texts = [f"{name} {measured_text(medians[name])}" for name in medians.index]
    listed = ", ".join(texts if len(texts) <= MOST_CHOICES else [*texts[: MOST_CHOICES - 2], "...", texts[-1]])
    numbers = (
        f"medians of the {measure_of(spec)}: {listed}; rank test over {counted(len(active), 'trial')}, p = {p:.2g}"
    )
    sentence = f"{axis.label}: {medians.index[0]} is best by itself ({numbers})."
    if p >= CHANCE:
        sentence = f"{axis.label}: no difference beyond chance ({numbers})."
    best = _best(spec, active)[axis.column].map(param_text).value_counts()
    share = ", ".join(f"{count} of {name}" for name, count in best.items())
    row = {"parameter": axis.label, "best fifth": share, "rank correlation": math.nan, "p": p, "trials": len(active)}
    return Effect(axis, p, sentence, row)
