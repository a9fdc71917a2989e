"""The answer of a search from coarse to fine: the region and results of each round, and whether narrowing helped."""

from itertools import pairwise
from typing import Any

import pandas as pd

from hyperspool.common.study_spec import StudySpec
from hyperspool.master.analysis.answers.answer import Answer, listed, measure_of
from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.measures.intervals import CONFIDENCE
from hyperspool.master.analysis.measures.rounds import Round, rounds
from hyperspool.master.analysis.measures.settings import label_of
from hyperspool.master.results.wording import counted, measured_text

LEAST_MEASURED = 5
"""Least values of each of two compared rounds. With four and four, a rank test hardly ever reaches 95 %."""


def narrowing(data: StudyData) -> list[Answer]:
    """Answer what each round found, and whether its values are better than those of the previous round."""
    found = [each for each in rounds(data) if len(each.measured)]
    if not found:
        return []
    is_lower = data.spec.objective.direction == "minimise"
    sentences = [_sentence(each, measure_of(data.spec), is_lower=is_lower) for each in found]
    sentences += [_comparison(before, after, is_lower=is_lower) for before, after in pairwise(found)]
    if len(found) > 1:
        sentences.append(_remark(found, is_lower=is_lower))
    if not found[-1].is_complete or len(found) < (data.spec.sampler.rounds or 0):
        sentences.append(f"The search is not finished: {len(found)} of {data.spec.sampler.rounds} rounds have results.")
    table = pd.DataFrame([_row(data.spec, each, is_lower=is_lower) for each in found])
    return [Answer("Did searching from coarse to fine help?", tuple(sentences), table)]


def _best(each: Round, *, is_lower: bool) -> float:
    return float(each.measured.min() if is_lower else each.measured.max())


def _sentence(each: Round, measure: str, *, is_lower: bool) -> str:
    best, median = measured_text(_best(each, is_lower=is_lower)), measured_text(float(each.measured.median()))
    trials = f"trial {each.best[0]}" if len(each.best) == 1 else f"trials {listed([str(trial) for trial in each.best])}"
    names = f"; its best are {trials}" if each.best else ""
    return (
        f"Round {each.number}, {counted(len(each.measured), 'trial')}: best {measure} {best}, median {median}{names}."
    )


def _comparison(before: Round, after: Round, *, is_lower: bool) -> str:
    from scipy import stats

    names = f"round {after.number} than in round {before.number}"
    better, worse = ("lower", "higher") if is_lower else ("higher", "lower")
    if min(len(before.measured), len(after.measured)) < LEAST_MEASURED:
        return f"Too few values to decide whether they are {better} in {names}."
    test = stats.mannwhitneyu(after.measured, before.measured, alternative="two-sided")
    pairs = len(before.measured) * len(after.measured)
    share = float(test.statistic) / pairs  # of pairs in which the later value is the higher one; a tie counts half
    share_better = 1 - share if is_lower else share
    numbers = f"the later value is better in {share_better:.0%} of all pairs; rank test, p = {test.pvalue:.2g}"
    if test.pvalue >= 1 - CONFIDENCE:
        return f"Values are not clearly {better} in {names} ({numbers})."
    return f"On the whole, values are {better if share_better > 0.5 else worse} in {names} ({numbers})."  # noqa: PLR2004 - half of them


def _remark(found: list[Round], *, is_lower: bool) -> str:
    values = [_best(each, is_lower=is_lower) for each in found]
    place = values.index(min(values) if is_lower else max(values))
    return (
        f"The best value of all is from round {found[place].number}. A best value is a single run and partly luck. "
        "Only evaluating both settings again (--confirm) shows whether a later round found a better one."
    )


def _row(spec: StudySpec, each: Round, *, is_lower: bool) -> dict[str, Any]:
    values = each.trials.set_index("trial")["value"]
    row: dict[str, Any] = {"round": each.number, "trials": f"{each.first} to {each.last}"}
    row |= {"best": _best(each, is_lower=is_lower), "median of all": float(each.measured.median())}
    row |= {label_of(spec, name): text for name, text in each.ranges().items()}
    row["best trials"] = ", ".join(f"{trial} ({measured_text(float(values[trial]))})" for trial in each.best)
    return row
