"""Finalists: which settings are tried again, how often, in which order."""

from typing import Any

import pytest

from hyperspool.master.search.confirmation import Confirmed, finalists
from hyperspool.master.search.methods import make_sampler
from hyperspool.master.search.sampler import Observation
from hyperspool.master.search.seeds import seeds_for
from tests.conftest import spec_of
from tests.master.search.test_search import Listening


def seen(*values: float | None, settings: str = "abcdefgh") -> list[Observation]:
    return [Observation(trial, {"x": x}, value) for trial, (x, value) in enumerate(zip(settings, values, strict=False))]


def chosen(observations: list[Observation], count: int) -> str:
    return "".join(str(params["x"]) for params in finalists(observations, count))


def test_finalists_are_the_settings_with_the_best_mean_the_earlier_one_among_equals() -> None:
    assert chosen(seen(0.5, 0.2, 0.9, 0.2), 3) == "bda"
    assert chosen(seen(0.1, 0.4, 0.9, 0.3, settings="abab"), 2) == "ba"  # 0.5 and 0.35


def test_settings_without_a_value_are_finalists_only_if_none_has_one() -> None:
    assert chosen(seen(None, 0.9, float("inf"), 0.5), 3) == "db"
    assert chosen(seen(None, None, float("nan")), 2) == "ab"


def test_true_and_one_are_two_settings() -> None:
    params: list[dict[str, Any]] = [{"x": True}, {"x": 1}, {"x": 1.0}]
    observations = [Observation(trial, own, 0.5 - trial / 10) for trial, own in enumerate(params)]
    assert finalists(observations, 3) == [{"x": 1}, {"x": True}]


def test_a_batch_ends_with_the_search_and_its_finalists_follow_in_turns() -> None:
    inner = Listening()
    sampler = Confirmed(inner, trials=5, finalists=2, replicates=3)
    first = sampler.suggest(4)
    sampler.update([Observation(trial, params, trial / 10) for trial, params in enumerate(first)])
    assert sampler.suggest(4) == [{"x": 4}]
    assert sampler.suggest(4) == []
    sampler.update([Observation(4, {"x": 4}, 0.05)])
    assert sampler.suggest(4) == [{"x": 0}, {"x": 4}, {"x": 0}, {"x": 4}]
    # Of these the search is not told: a finalist stays one, however its replicates turn out.
    sampler.update([Observation(trial, {"x": 0}, 9.0) for trial in range(5, 9)])
    assert sampler.suggest(4) == [{"x": 0}, {"x": 4}]
    assert sampler.suggest(4) == []
    assert [len(told) for told in inner.told] == [4, 1]


def test_finalists_that_are_missing_leave_their_trials_to_the_others() -> None:
    sampler = Confirmed(Listening(), trials=3, finalists=3, replicates=2)
    suggested = sampler.suggest(3)
    values = (None, 0.5, 0.4)
    sampler.update([Observation(trial, suggested[trial], value) for trial, value in enumerate(values)])
    assert [params["x"] for params in sampler.suggest(9)] == [2, 1, 2, 1, 2, 1]


@pytest.mark.parametrize("replicates", [1, 3])
def test_every_replicate_of_a_finalist_has_seeds_of_its_own(replicates: int) -> None:
    spec = spec_of(trials=6, replicates=replicates, confirm={"finalists": 2, "replicates": 4})
    sampler = make_sampler(spec)
    first = sampler.suggest(99)
    sampler.update([Observation(trial, params, float(params["x"])) for trial, params in enumerate(first)])
    params = [*first, *sampler.suggest(99)]
    assert len(params) == 14
    assert len({seeds_for(spec, trial, own).initialisation for trial, own in enumerate(params)}) == 14
