"""Finalists: which settings are evaluated again, how often, in which order."""

from typing import Any

import pytest

from hyperspool.master.search.confirmation import Confirmed
from hyperspool.master.search.counter_random import seeds_for
from hyperspool.master.search.known import Evaluation, Known, Proposal
from hyperspool.master.search.settings import finalists_of
from tests.conftest import spec_of
from tests.master.played import evaluated, evaluation, played
from tests.master.search.listening import Listening


def seen(*values: float | None, settings: str = "abcdefgh") -> list[Evaluation]:
    return [evaluation(trial, {"x": x}, value) for trial, (x, value) in enumerate(zip(settings, values, strict=False))]


def chosen(evaluations: list[Evaluation], count: int, direction: Any = "minimise") -> str:
    return "".join(str(setting.params["x"]) for setting in finalists_of(evaluations, count, direction))


def test_finalists_have_the_best_means_the_earlier_among_equals() -> None:
    assert chosen(seen(0.5, 0.2, 0.9, 0.2), 3) == "bda"
    assert chosen(seen(0.1, 0.4, 0.9, 0.3, settings="abab"), 2) == "ba"  # 0.5 and 0.35
    assert chosen(seen(0.5, 0.2, 0.9, 0.2), 4, "maximise") == "cabd"


def test_settings_without_a_value_stand_in_for_missing_ones_only() -> None:
    assert chosen(seen(None, 0.9, float("inf"), 0.5), 3) == "db"
    assert chosen(seen(None, None, float("nan")), 2) == "ab"
    assert chosen(seen(None, 0.9, float("-inf"), 0.5), 3, "maximise") == "bd"


def test_true_and_one_are_two_settings() -> None:
    params: list[dict[str, Any]] = [{"x": True}, {"x": 1}, {"x": 1.0}]
    evaluations = [evaluation(trial, own, 0.5 - trial / 10) for trial, own in enumerate(params)]
    found = [setting.params for setting in finalists_of(evaluations, 3, "minimise")]
    assert found == [{"x": 1}, {"x": True}]
    assert [type(own["x"]) for own in found] == [int, bool]


def test_batch_ends_with_the_search_and_finalists_follow_in_turns() -> None:
    inner, known = Listening(), Known()
    sampler = Confirmed(inner, trials=5, finalists=2, replicates=3, direction="minimise")
    finish(known, sampler.suggest(4, known), 0.0, 0.1, 0.2, 0.3)
    (last,) = sampler.suggest(4, known)
    assert last.params == {"x": 4}
    known.propose(last)
    assert sampler.suggest(4, known) == []
    finish(known, [last], 0.05)
    first = sampler.suggest(4, known)
    assert [proposal.params for proposal in first] == [{"x": 0}, {"x": 4}, {"x": 0}, {"x": 4}]
    stages = [proposal.stage for proposal in first]
    assert [(stage.kind, stage.setting, stage.replicate) for stage in stages] == [
        ("confirmation", place, replicate) for replicate in (0, 1) for place in (0, 1)
    ]
    # A finalist stays a finalist, whatever its replicates' values.
    finish(known, first, 9.0, 9.0, 9.0, 9.0)
    rest = sampler.suggest(4, known)
    assert [proposal.params for proposal in rest] == [{"x": 0}, {"x": 4}]
    finish(known, rest, 9.0, 9.0)
    assert sampler.suggest(4, known) == []
    assert [len(evaluations) for evaluations in inner.shown] == [0, 4]


def finish(known: Known, proposals: list[Proposal], *values: float | None) -> None:
    for proposal, value in zip(proposals, values, strict=True):
        known.finish(evaluated(proposal, value))


def test_finalists_that_are_missing_leave_their_trials_to_the_others() -> None:
    sampler, known = Confirmed(Listening(), trials=3, finalists=3, replicates=2, direction="minimise"), Known()
    finish(known, sampler.suggest(3, known), None, 0.5, 0.4)
    again = sampler.suggest(9, known)
    assert [proposal.params["x"] for proposal in again] == [2, 1, 2, 1, 2, 1]
    assert [proposal.stage.replicate for proposal in again] == [0, 0, 1, 1, 2, 2]


@pytest.mark.parametrize("replicates", [1, 3])
def test_every_replicate_of_a_finalist_has_its_own_seeds(replicates: int) -> None:
    spec = spec_of(trials=6, replicates=replicates, confirm={"finalists": 2, "replicates": 4})
    found = played(spec, lambda proposal: float(proposal.params["x"]))
    assert len(found) == 14
    assert len({seeds_for(spec, each.trial, each.params).initialisation for each in found}) == 14
