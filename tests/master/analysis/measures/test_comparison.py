"""Comparison of searches: which scores each side has, their statistics, and what the intervals are worth."""

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np
import pandas as pd
import pytest

from hyperspool.common.space import Params
from hyperspool.master.analysis.data.frames import StudyData
from hyperspool.master.analysis.measures import comparison
from hyperspool.master.analysis.measures.comparison import COVERAGE, Unit, compare
from tests.conftest import spec_of
from tests.master.analysis.searched import searched

ValueOf = Callable[[int, Params], float | None]


def ended(data: StudyData) -> StudyData:
    """The study with trials that end one after the other, two seconds each."""
    begin = pd.Timestamp("2026-01-31T12:00:00Z")
    times = begin + pd.to_timedelta(2 * (data.trials["trial"] + 1), unit="s")
    return replace(data, trials=data.trials.assign(ended_at=times.astype("datetime64[ms, UTC]")))


def search(value_of: ValueOf, **changes: Any) -> StudyData:
    return ended(searched(spec_of(batch=4, **{"trials": 8, **changes}), value_of))


def falling(start: float) -> ValueOf:
    """Values that get better from trial to trial."""
    return lambda trial, _: start / (trial + 1)


def test_scores_of_several_searches_are_their_incumbents() -> None:
    first, second = [search(falling(1.0)), search(falling(2.0))], [search(falling(4.0)), search(falling(8.0))]
    rows = compare(first, second, Unit.TRIALS).rows
    assert [row.budget for row in rows] == [1, 2, 4, 8]
    assert [row.scores for row in rows[:2]] == [((1.0, 2.0), (4.0, 8.0)), ((0.5, 1.0), (2.0, 4.0))]
    assert [each.value for each in rows[0].means if each] == [1.5, 6.0]
    assert rows[0].gain is not None
    assert rows[0].gain.value == 4.5
    assert rows[0].improvement is not None
    assert (rows[0].improvement.value, rows[0].improvement.low, rows[0].improvement.high) == (1.0, 1.0, 1.0)


def test_scores_of_one_search_are_its_incumbents_replicates() -> None:
    values = [0.5, 0.7, 0.1, 0.3, 0.9, 0.8, 0.2, 0.9]
    data = search(lambda trial, _: values[trial], replicates=2)
    [row] = compare([data], [data], Unit.TRIALS).rows[-1:]
    assert row.scores[0] == (0.1, 0.3)  # not trial 6, whose other replicate is bad
    assert row.gain is not None
    assert row.gain.value == 0


def test_confirmed_search_is_judged_by_its_fresh_replicates() -> None:
    spec = spec_of(trials=4, batch=4, confirm={"finalists": 2, "replicates": 3})
    values = [0.1, 0.2, 0.5, 0.5, 0.8, 0.9, 0.7, 0.3, 0.4, 0.35]
    data = ended(searched(spec, lambda trial, _: values[trial]))
    row = compare([data], [data], Unit.TRIALS).rows[-1]
    assert row.budget is None
    assert row.scores[0] == (0.9, 0.3, 0.35)  # of the setting that the search had second


def test_higher_is_better_where_a_study_says_so() -> None:
    objective = {"name": "mine", "direction": "maximise"}
    good = search(lambda trial, _: 0.5 + trial / 100, objective=objective)
    bad = search(lambda trial, _: 0.1 + trial / 100, objective=objective)
    row = compare([good, good], [bad, bad], Unit.TRIALS).rows[-1]
    assert row.gain is not None
    assert row.gain.value == pytest.approx(0.4)
    assert row.improvement is not None
    assert row.improvement.value == 1.0


def test_lead_is_dated_from_the_last_change() -> None:
    early = [0.5] * 8
    late = [0.9, 0.9, 0.9, 0.9, 0.2, 0.2, 0.2, 0.2]
    found = compare([search(lambda trial, _: early[trial])], [search(lambda trial, _: late[trial])], Unit.TRIALS)
    assert found.leads_from == 5
    same = search(falling(1.0))
    assert compare([same], [same], Unit.TRIALS).leads_from is None


def test_searches_are_compared_at_what_both_have_spent() -> None:
    short, long = search(falling(1.0), trials=4), search(falling(2.0), trials=16)
    rows = compare([short], [long], Unit.TRIALS).rows
    assert [row.budget for row in rows] == [1, 2, 4, None]
    assert rows[-2].scores == ((0.25,), (0.5,))
    assert rows[-1].scores == ((0.25,), (0.125,))
    by_time = compare([short], [long], Unit.SECONDS).rows
    assert [row.budget for row in by_time] == [1.0, 2.0, 4.0, 8.0, None]


def test_failed_and_diverging_trials_cost_but_do_not_count() -> None:
    values = [None, math.inf, 0.4, 0.3]
    data = search(lambda trial, _: values[trial], trials=4)
    rows = compare([data], [data], Unit.TRIALS).rows
    assert [row.scores[0] for row in rows] == [(), (1.0,), (0.3,)]
    assert rows[0].gain is None


def test_side_without_a_value_in_each_search_is_not_averaged() -> None:
    slow = search(lambda trial, _: None if trial < 4 else 0.1)
    rows = compare([search(falling(1.0)), slow], [search(falling(1.0))], Unit.TRIALS).rows
    assert [len(row.scores[0]) for row in rows] == [0, 0, 0, 2]


def test_interquartile_mean_and_improvement_are_as_defined() -> None:
    first, second = np.array([1.0, 2.0, 3.0, 100.0]), np.array([2.0, 4.0, 0.0])
    assert comparison._interquartile_mean(first, axis=-1) == 2.5
    pairs = [(one < other) + 0.5 * (one == other) for one in first for other in second]
    assert comparison._improvement(first, second, axis=-1) == pytest.approx(sum(pairs) / len(pairs))


def test_one_score_has_no_interval() -> None:
    row = compare([search(falling(1.0))], [search(falling(2.0))], Unit.TRIALS).rows[-1]
    assert [(each.low, each.high) for each in row.means if each] == [(None, None)] * 2
    assert row.gain is not None
    assert row.gain.low is None


@pytest.mark.parametrize("count", [3, 10])
def test_intervals_hold_the_truth_as_often_as_stated(count: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(comparison, "RESAMPLES", 499)
    random = np.random.default_rng(0)
    found = [comparison._interval(comparison._mean, random.normal(size=count)) for _ in range(400)]
    held = sum(each.low <= 0 <= each.high for each in found if each.low is not None and each.high is not None)
    assert held / 400 == pytest.approx(COVERAGE[count], abs=0.06)
