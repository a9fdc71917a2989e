"""Population-based training: who goes on, who copies whom, and what changes in a copy."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hyperspool.common.parameters import Float, Int
from hyperspool.common.space import Params
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.journal.entries import ProposalEntry
from hyperspool.master.search.known import Evaluation, Known, Proposal
from hyperspool.master.search.methods import make_sampler
from hyperspool.master.search.population import multiplied, population_of
from tests.conftest import spec_of
from tests.master.played import Measure, evaluated, played

SIZE, INTERVAL, GENERATIONS = 8, 2, 4
SPACE: dict[str, Any] = {
    "rate": {"low": 0.01, "high": 1.0, "log": True},
    "layers": {"low": 1, "high": 4},
    "method": {"choices": ["sgd", "adam", "nag"]},
    "momentum": {"low": 0.0, "high": 0.9, "when": {"method": ["sgd", "nag"]}},
}


def study(**changes: Any) -> StudySpec:
    sampler = {"name": "pbt", "population": SIZE, "interval": INTERVAL, "perturb": ["rate", "method"]}
    budget = {"epochs": INTERVAL * GENERATIONS}
    return spec_of(trials=SIZE * GENERATIONS, batch=SIZE, seed=7, budget=budget, space=SPACE, sampler=sampler | changes)


def rate_of(proposal: Proposal) -> float:
    return float(proposal.params["rate"])


def generations(spec: StudySpec, measure: Measure = rate_of) -> list[list[Evaluation]]:
    found = played(spec, measure)
    return [found[first : first + SIZE] for first in range(0, len(found), SIZE)]


def test_each_generation_trains_an_interval_further() -> None:
    spec = study()
    budgets = [{each.proposal.budget_epochs for each in own} for own in generations(spec)]
    assert budgets == [{2}, {4}, {6}, {8}]
    assert {each.proposal.starts_from for each in generations(spec)[0]} == {None}


def test_worst_quarter_copies_the_best_and_others_go_on() -> None:
    for before, after in zip(generations(study()), generations(study())[1:], strict=False):
        ranked = sorted(before, key=lambda each: rate_of(each.proposal))
        best, worst = {each.trial for each in ranked[:2]}, {each.trial for each in ranked[-2:]}
        for own, new in zip(before, after, strict=True):
            if own.trial in worst:
                assert new.proposal.starts_from in best
            else:
                assert (new.proposal.starts_from, new.params) == (own.trial, own.params)


def copies(spec: StudySpec, measure: Measure = rate_of) -> list[tuple[Params, Params]]:
    """The params of each copy, and those of the trial that it copies."""
    found = played(spec, measure)
    starts = [(each, each.proposal.starts_from) for each in found]
    return [
        (each.params, found[start].params) for each, start in starts if start is not None and each.trial - SIZE != start
    ]


def test_copy_changes_by_a_factor_only_what_may_change() -> None:
    found = copies(study(resample=0.0, factors=[0.5, 2.0]))
    moved = {(float(own["rate"]), float(other["rate"])) for own, other in found}
    assert all(own in {max(other * 0.5, 0.01), min(other * 2.0, 1.0)} for own, other in moved)
    assert {own > other for own, other in moved} == {True, False}
    assert all(own["layers"] == other["layers"] and own["method"] == other["method"] for own, other in found)


def test_resampled_copy_is_drawn_and_follows_conditions() -> None:
    spec = study(resample=1.0)
    found = copies(spec)
    assert any(own["method"] != other["method"] for own, other in found)
    assert all(own["rate"] != other["rate"] for own, other in found)
    assert [spec.space.problems(own) for own, _ in found] == [()] * len(found)


def test_failed_and_diverged_members_are_always_replaced() -> None:
    first = make_sampler(study()).suggest(SIZE, Known())
    values: list[float | None] = [None, 0.1, 0.2, None, 0.4, None, 0.3, 0.5]
    seen = [evaluated(each, value, diverged=value == 0.1) for each, value in zip(first, values, strict=True)]
    second = make_sampler(study()).suggest(SIZE, Known(seen))
    assert [each.starts_from for each in second if each.starts_from == each.trial - SIZE] == [2, 4, 6, 7]
    assert {each.starts_from for each in second} <= {2, 4, 6, 7}


def test_generation_without_a_value_begins_from_the_start() -> None:
    failed = generations(study(), lambda each: None if each.trial < SIZE else 0.5)
    assert {(each.proposal.starts_from, each.proposal.budget_epochs) for each in failed[1]} == {(None, 4)}
    assert {each.proposal.starts_from for each in failed[2]} != {None}


def test_trials_of_one_training_have_the_seeds_of_the_first() -> None:
    spec = study()
    seeds = {}
    for each in played(spec, rate_of):
        seeds[each.trial] = ProposalEntry.of(each.proposal, spec, 0).seeds
        if each.proposal.starts_from is not None:
            assert seeds[each.trial] == seeds[each.proposal.starts_from]
    assert len({own.shuffling for own in list(seeds.values())[:SIZE]}) == SIZE


def test_generation_waits_for_every_member_of_the_last() -> None:
    first = make_sampler(study()).suggest(100, Known())
    assert len(first) == SIZE
    assert make_sampler(study()).suggest(5, Known(map(evaluated, first[:7], [0.5] * 7), pending=first)) == []


def test_checkpoints_of_the_last_whole_generation_stay() -> None:
    population = population_of(study())
    assert population is not None
    found = played(study(), rate_of)
    for done, kept in ((SIZE, range(SIZE)), (SIZE + 3, range(SIZE + 3)), (2 * SIZE, range(SIZE, 2 * SIZE))):
        assert population.may_be_promoted(Known(found[:done])) == {(trial, 0) for trial in kept}


STEPPED = [
    Float(type="float", low=0.0, high=0.9, step=0.1),
    Int(type="int", low=1, high=9),
    Int(type="int", low=2, high=64, step=3),
    Int(type="int", low=1, high=1000, log=True),
    Float(type="float", low=-1.0, high=1.0),
    Float(type="float", low=1e-5, high=0.1, log=True),
]


@given(unit=st.floats(0, 1), factor=st.sampled_from([0.5, 0.99, 1.01, 3.0]))
@pytest.mark.parametrize("parameter", STEPPED)
def test_multiplied_number_moves_and_stays_in_its_range(parameter: Float | Int, unit: float, factor: float) -> None:
    value = parameter.from_unit(unit)
    moved = float(found := multiplied(parameter, value, factor))
    assert parameter.problem(found) is None
    if value in {0, parameter.low, parameter.high, parameter.from_unit(1.0)}:
        return
    assert moved != value
    assert (moved > value) is ((factor > 1) is (value > 0))
