"""Narrowing: regions computed by hand, and properties of every region."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hyperspool.common.space import Categorical, Fixed, Float, Space
from hyperspool.master.search.coarse_to_fine import CoarseToFine, best_of, round_lengths
from hyperspool.master.search.known import Evaluation, Known
from hyperspool.master.search.narrowing import first_region, narrowed
from hyperspool.master.search.random_search import RandomSearch
from tests.master.played import evaluated, evaluation

RATES = [1e-5, 5e-5, 1e-4, 5e-4, 1e-3]


def space_of(parameter: Any) -> Space:
    return Space.model_validate_json(json.dumps({"p": parameter}))


def region_of(parameter: Any, *values: Any) -> dict[str, Any]:
    """Return the region of the second round, if the best settings of the first have `values`."""
    space = space_of(parameter)
    region = narrowed(space, first_region(space), [{"p": value} for value in values])
    return region.root["p"].model_dump(include={"low", "high", "choices", "value"})


@pytest.mark.parametrize(
    ("parameter", "values", "low", "high"),
    [
        # 0.2 to 0.6 in two gaps of 0.2
        ({"type": "float", "low": 0.0, "high": 1.0}, (0.2, 0.5, 0.6), 0.0, 0.8),
        # one gap of 0.01; a twentieth of the range is more
        ({"type": "float", "low": 0.0, "high": 1.0}, (0.5, 0.51), 0.45, 0.56),
        ({"type": "float", "low": 0.0, "high": 1.0}, (0.5, 0.5, 0.5), 0.45, 0.55),
        # two decades in two gaps of one
        ({"type": "float", "low": 1e-6, "high": 1.0, "log": True}, (1e-4, 1e-4, 1e-2), 1e-5, 1e-1),
        # steps: 0.2 to 0.5 in three gaps of 0.1; then one of 0.05, widened to a step
        ({"type": "float", "low": 0.0, "high": 1.0, "step": 0.1}, (0.2, 0.3, 0.3, 0.5), 0.1, 0.6),
        ({"type": "float", "low": 0.0, "high": 1.0, "step": 0.1}, (0.2, 0.3, 0.3), 0.1, 0.4),
        # 2.5 steps, so 3
        ({"type": "float", "low": 0.0, "high": 2.0, "step": 0.1}, (1.0, 1.5, 1.2), 0.7, 1.8),
        ({"type": "int", "low": 10, "high": 100}, (20, 25, 40, 30, 40), 15, 45),
        # a twentieth of 90 is 4.5, so 5
        ({"type": "int", "low": 10, "high": 100}, (50, 50), 45, 55),
        ({"type": "int", "low": 1, "high": 8}, (8, 8), 7, 8),
        ({"type": "int", "low": 16, "high": 512, "step": 16}, (64, 128), 16, 192),
        # from 32 to 128 in one gap of two octaves
        ({"type": "int", "low": 1, "high": 1024, "log": True}, (32, 128), 8, 512),
        ({"type": "int", "low": 1, "high": 8, "log": True}, (2, 2), 1, 3),
        # a list of coarse values: between the neighbours, or to the range's end
        ({"type": "float", "low": 1e-6, "high": 1.0, "log": True, "coarse": RATES}, (5e-4, 1e-4), 5e-5, 1e-3),
        ({"type": "float", "low": 1e-6, "high": 1.0, "log": True, "coarse": RATES}, (1e-4, 1e-4), 5e-5, 5e-4),
        ({"type": "float", "low": 1e-6, "high": 1.0, "log": True, "coarse": RATES}, (1e-5, 1e-3), 1e-6, 1.0),
        ({"type": "int", "low": 8, "high": 128, "coarse": [8, 32, 64, 128]}, (32, 32), 8, 64),
    ],
)
def test_range_is_narrowed_to_the_best_values_and_a_margin(
    parameter: dict[str, Any], values: tuple[float, ...], low: float, high: float
) -> None:
    assert region_of(parameter, *values) == pytest.approx({"low": low, "high": high})


@pytest.mark.parametrize(
    ("choices", "values", "kept"),
    [
        (["sgd", "adam", "nag"], ("nag", "sgd", "nag"), ("sgd", "nag")),
        ([64, 16, 32, 128], (16, 64, 16), (64, 16, 32)),  # 32 lies between
        ([True, False, 1], (True, True), (True,)),
        (["1", 2, 3, 4], (2, 4), (2, 4)),  # not only numbers, so the list has no order
    ],
)
def test_list_keeps_what_occurs_and_the_numbers_between(
    choices: list[Any], values: tuple[Any, ...], kept: tuple[Any, ...]
) -> None:
    assert region_of(choices, *values) == {"choices": kept}


@pytest.mark.parametrize("parameter", [["a", "b"], {"type": "int", "low": 1, "high": 9}, 3])
def test_parameter_that_few_of_the_best_take_stays(parameter: Any) -> None:
    space = space_of(parameter)
    first = first_region(space)
    value = first.at(lambda _: 0.5)["p"]
    assert narrowed(space, first, [{"p": value}, {}]).root == first.root
    assert narrowed(space, first, []).root == first.root


def test_first_round_draws_coarse_values_and_the_next_between_them() -> None:
    space = space_of({"type": "float", "low": 1e-6, "high": 1.0, "log": True, "coarse": RATES})
    sampler = CoarseToFine(space, 0, (40, 40), keep=4, direction="minimise")
    coarse = sampler.suggest(100, Known())
    assert {proposal.params["p"] for proposal in coarse} == set(RATES)
    known = Known(evaluated(proposal, abs(float(proposal.params["p"]) - 1e-4)) for proposal in coarse)
    fine = [float(proposal.params["p"]) for proposal in sampler.suggest(100, known)]
    assert len(set(fine)) == 40
    assert 5e-5 <= min(fine) < max(fine) <= 5e-4


@pytest.mark.parametrize(
    ("best", "low", "high"),
    [((0.0, 0.0), 1e-6, 1e-4), ((0.0, 1e-4), 1e-6, 0.01), ((1e-6, 1e-6), 1e-6, 1e-4), ((0.01, 1.0), 1e-4, 1.0)],
)
def test_logarithmic_list_may_begin_with_0_unlike_its_range(best: tuple[float, float], low: float, high: float) -> None:
    parameter = {"type": "float", "low": 1e-6, "high": 1.0, "log": True, "coarse": [0.0, 1e-6, 1e-4, 0.01, 1.0]}
    space = space_of(parameter)
    assert space.problems({"p": 0.0}) == ()
    second = narrowed(space, first_region(space), [{"p": value} for value in best])
    region = second.root["p"]
    assert isinstance(region, Float)
    assert (region.low, region.high) == (low, high)
    third = narrowed(space, second, [{"p": 0.0}, {"p": high}]).root["p"]
    assert isinstance(third, Float)
    assert low <= third.low <= third.high <= high


def test_conditions_hold_where_their_value_was_dropped() -> None:
    space = Space.model_validate_json(
        json.dumps(
            {
                "method": ["sgd", "adam", "rms"],
                "momentum": {"type": "float", "low": 0.0, "high": 1.0, "when": {"method": "sgd"}},
            }
        )
    )
    region = narrowed(space, first_region(space), [{"method": "adam"}, {"method": "rms"}])
    drawn = RandomSearch(region, 0).suggest(20, Known())
    assert {tuple(proposal.params) for proposal in drawn} == {("method",)}


SPACE = Space.model_validate_json(
    json.dumps(
        {
            "rate": {"type": "float", "low": 1e-5, "high": 1.0, "log": True},
            "listed": {"type": "float", "low": 1e-6, "high": 1.0, "log": True, "coarse": RATES},
            "decay": {"type": "float", "low": 1e-6, "high": 1.0, "log": True, "coarse": [0.0, 1e-6, 1e-4, 0.01, 1.0]},
            "layers": {"type": "int", "low": 1, "high": 40, "coarse": [2, 4, 8, 16, 32]},
            "momentum": {"type": "float", "low": -1.0, "high": 1.0},
            "dropout": {"type": "float", "low": 0.2, "high": 0.9, "step": 0.1},
            "filters": {"type": "int", "low": 1, "high": 64, "log": True},
            "width": {"type": "int", "low": 8, "high": 64, "step": 8},
            "size": [16, 32, 64, 128],
            "method": ["sgd", "adam", 3, True],
            "nesterov": {"type": "categorical", "choices": [True, False], "when": {"method": "sgd"}},
            "delay": {"type": "int", "low": 0, "high": 3, "when": {"nesterov": True}},
            "classes": 10,
        }
    )
)


def extent(region: Space, name: str) -> tuple[float, float] | frozenset[Any]:
    parameter = region.root[name]
    if isinstance(parameter, Categorical):
        return frozenset((type(choice), choice) for choice in parameter.choices)
    return (0, 0) if isinstance(parameter, Fixed) else (parameter.low, parameter.high)


def is_within(inner: Space, outer: Space) -> bool:
    for name in SPACE.root:
        first, second = extent(inner, name), extent(outer, name)
        if isinstance(first, frozenset) and isinstance(second, frozenset):
            is_inside = first <= second
        elif isinstance(first, frozenset) or isinstance(second, frozenset):
            continue  # a list of coarse values that became a range
        else:
            is_inside = second[0] <= first[0] <= first[1] <= second[1]
        if not is_inside:
            return False
    return True


VALUES = st.one_of(st.none(), st.floats(allow_nan=True), st.floats(min_value=0, max_value=1))


@given(
    st.lists(st.tuples(VALUES, st.booleans()), min_size=32, max_size=32),
    st.integers(0, 99),
    st.integers(2, 9),
    st.sampled_from(["minimise", "maximise"]),
)
def test_every_region_lies_within_the_last_and_holds_the_best(
    outcomes: list[tuple[float | None, bool]], seed: int, keep: int, direction: Any
) -> None:
    sampler, known = CoarseToFine(SPACE, seed, round_lengths(32, 4), keep, direction), Known()
    regions = [first_region(SPACE)]
    while proposals := sampler.suggest(3, known):
        for proposal in proposals:
            assert proposal.stage.round is not None
            if proposal.stage.round > len(regions):
                regions.append(sampler.region(len(regions), known))
                assert is_within(regions[-1], regions[-2])
                assert_holds(regions[-1], best_of(known.finished(), keep, direction))
            assert SPACE.problems(json.loads(json.dumps(proposal.params))) == ()
        for proposal in proposals:
            value, has_diverged = outcomes[proposal.trial]
            known.finish(evaluated(proposal, value, diverged=has_diverged))
    assert len(known.evaluations) == 32
    # Later results do not change an earlier region.
    assert [sampler.region(number, known) for number in range(4)] == regions


def assert_holds(region: Space, best: list[Evaluation]) -> None:
    for name in ("rate", "momentum", "dropout", "filters", "width"):
        low, high = sorted(extent(region, name))
        assert all(low - 1e-9 <= float(entry.params[name]) <= high + 1e-9 for entry in best)


def test_first_round_of_ranges_is_that_of_random_search() -> None:
    space = space_of({"type": "float", "low": 0.0, "high": 1.0})
    coarse = CoarseToFine(space, 7, (20, 5), keep=3, direction="minimise").suggest(99, Known())
    drawn = RandomSearch(space, 7).suggest(20, Known())
    assert [proposal.params for proposal in coarse] == [proposal.params for proposal in drawn]


def test_rounds_are_equally_long_and_the_first_takes_the_rest() -> None:
    assert round_lengths(40, 3) == (14, 13, 13)
    assert round_lengths(60, 2) == (30, 30)


def test_best_leave_out_failed_and_diverged_trials() -> None:
    values = (0.5, None, 0.2, 0.1, float("inf"), 0.2, float("nan"), 0.9)
    proposals = [evaluation(trial, {}, None).proposal for trial in range(8)]
    seen = [evaluated(each, values[each.trial], diverged=each.trial == 3) for each in proposals]
    assert [entry.trial for entry in best_of(seen, 4, "minimise")] == [2, 5, 0, 7]
    assert [entry.trial for entry in best_of(reversed(seen), 9, "maximise")] == [7, 0, 2, 5]


def test_round_is_drawn_where_the_best_of_all_rounds_lie() -> None:
    space = space_of({"type": "float", "low": 0.0, "high": 1.0})
    sampler, known = CoarseToFine(space, 0, (10, 10, 10), keep=2, direction="minimise"), Known()
    first = sampler.suggest(10, known)
    for proposal in first:
        known.finish(evaluated(proposal, float(proposal.trial)))
    for proposal in sampler.suggest(10, known):
        # Values of the second round that are far from those of the first two trials.
        known.finish(evaluated(proposal, 50.0))
    best = [proposal.params for proposal in first[:2]]
    assert sampler.region(2, known) == narrowed(space, sampler.region(1, known), best)
