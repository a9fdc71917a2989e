"""When a search ends before its last trial, as a function of what is known."""

import math
from collections.abc import Iterable
from itertools import permutations
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hyperspool.common.study_spec import StudySpec
from hyperspool.master.analysis.measures.simulation import exact_mean
from hyperspool.master.search.known import Evaluation, Known, Proposal
from hyperspool.master.search.methods import make_sampler
from hyperspool.master.search.stopping import expected_gain, stopped_by
from tests.conftest import spec_of
from tests.master.played import evaluation, played


def stopping(**stop: Any) -> StudySpec:
    return spec_of(trials=100, batch=1, stop=stop)


def known(values: Iterable[float | None]) -> Known:
    """Trials that measured these values; None: the trial FAILED."""
    return Known(evaluation(trial, {"x": trial / 100}, value) for trial, value in enumerate(values))


def length_of(spec: StudySpec, values: list[float | None]) -> int:
    """How many trials the study gets in which they measure these values, and 9 afterwards."""
    return len(played(spec, lambda each: values[each.trial] if each.trial < len(values) else 9.0))


def test_search_ends_so_many_trials_after_its_incumbent() -> None:
    values: list[float | None] = [5, 6, 7, 4, 4, 5]
    assert length_of(stopping(no_improvement=3), values) == 7
    found = stopped_by(stopping(no_improvement=3), known([*values, 9.0]))
    assert found is not None
    assert found.rule == "no_improvement"
    assert found.reason == "none of the 3 finished trials after trial 3 is better than its value 4"


def test_failed_trials_do_not_count_as_no_improvement() -> None:
    assert length_of(stopping(no_improvement=3), [None, None, None, None, 4, None, None, 5]) == 10


def test_a_batch_is_finished_before_a_rule_is_asked() -> None:
    spec = stopping(no_improvement=3).model_copy(update={"batch": 4})
    assert length_of(spec, [1]) == 4
    assert length_of(spec, [2, 1]) == 8


@pytest.mark.parametrize(
    ("direction", "values", "length"), [("minimise", [5, 3, 2, 1], 3), ("maximise", [0, 1, 1.5, 2, 3], 4)]
)
def test_target_is_reached_by_the_direction(direction: str, values: list[float | None], length: int) -> None:
    spec = spec_of(
        trials=100, batch=1, stop={"target": 2.0}, objective={"name": "square", "direction": direction, "measure": "m"}
    )
    assert length_of(spec, values) == length
    found = stopped_by(spec, known(values[:length]))
    assert found is not None
    assert found.reason == f"trial {length - 1} reached the target 2, with m 2"


def test_open_trial_that_is_better_lets_the_search_go_on() -> None:
    spec = stopping(no_improvement=3)
    now = known([1, 2, 3, 4])
    now.propose(Proposal(4, {"x": 0.5}, evaluation(4, {}, 0.0).stage))
    assert make_sampler(spec).suggest(2, now) == []
    now.finish(evaluation(4, {"x": 0.5}, 0.5))
    assert [each.trial for each in make_sampler(spec).suggest(2, now)] == [5, 6]


def test_replicates_end_together_and_count_by_their_mean() -> None:
    spec = spec_of(trials=99, batch=2, replicates=3, stop={"target": 1.0, "no_improvement": 4})
    values: list[float | None] = [3, 3, 0, 2, 0, 1]
    assert length_of(spec, values) == 6
    found = stopped_by(spec, Known(played(spec, lambda each: values[each.trial])))
    assert found is not None
    assert found.reason == "setting 1 reached the target 1, with mean value 1"
    # Five settings have 15 trials; with them a sixth one has begun, and gets all of its replicates.
    assert length_of(spec, [2, 9, 9, 2.5]) == 18


def test_values_of_lower_rungs_reach_no_target() -> None:
    spec = spec_of(trials=9, batch=9, budget={"epochs": 3}, halving={"name": "asha", "eta": 3}, stop={"target": 1.0})
    sampler, now = make_sampler(spec), Known()
    for proposal in sampler.suggest(9, now):
        now.finish(Evaluation(proposal, evaluation(0, {}, 0.0).status, 0.5))
    assert stopped_by(spec, now) is None
    promoted = sampler.suggest(1, now)[0]
    now.finish(Evaluation(promoted, evaluation(0, {}, 0.0).status, 0.5))
    assert sampler.suggest(1, now) == []


losses = st.lists(st.floats(-1e6, 1e6) | st.just(math.inf), min_size=1, max_size=30)


@given(losses=losses, batch=st.integers(1, 9))
def test_expected_gain_is_the_last_step_of_the_simulated_curve(losses: list[float], batch: int) -> None:
    gain = expected_gain(losses, batch)
    if len(losses) <= batch or all(map(math.isinf, losses)):
        assert gain is None
        return
    curve = exact_mean(losses)
    before = curve[len(losses) - batch - 1]
    assert gain == pytest.approx(before - curve[-1], rel=1e-6, abs=1e-6)


def test_expected_gain_is_the_mean_over_all_orders() -> None:
    values = [3.0, 1.0, 4.0, 1.5, 9.0]
    gains = [min(order[:3]) - min(order) for order in permutations(values)]
    assert expected_gain(values, 2) == pytest.approx(np.mean(gains))


def test_search_ends_once_little_is_expected() -> None:
    spec = spec_of(trials=100, batch=2, stop={"expected_improvement": 0.1})
    values = [1.0, 2.0, 3.0, 4.0, 1.1, 1.1, 1.1, 1.1]
    length = length_of(spec, list(values))
    assert length == next(n for n in range(4, 100, 2) if (expected_gain((values + [9.0] * 92)[:n], 2) or 9) < 0.1)
    found = stopped_by(spec, known((values + [9.0] * 92)[:length]))
    assert found is not None
    assert found.rule == "expected_improvement"
    assert found.reason.endswith("less than 0.1")
