"""The contract of every search method, and what each promises beyond it."""

import math
from itertools import product
from typing import Any

import pytest

from hyperspool.common.study_spec import StudySpec
from hyperspool.master.search.counter_random import unit_number
from hyperspool.master.search.methods import make_sampler
from hyperspool.master.search.replicates import Replicated
from hyperspool.master.search.sampler import Observation, Sampler
from hyperspool.master.studies.preset import load_preset
from tests.conftest import spec_of

GRID: dict[str, Any] = {
    "method": {"type": "categorical", "choices": ("sgd", "nag", "adam")},
    "momentum": {"type": "float", "low": 0.0, "high": 0.9, "step": 0.3, "when": {"method": ("sgd", "nag")}},
    "layers": {"type": "int", "low": 1, "high": 3},
}
RANDOM: dict[str, Any] = GRID | {"rate": {"type": "float", "low": 0.01, "high": 1.0, "log": True}}
FINE: dict[str, Any] = {"name": "coarse-to-fine", "rounds": 3, "keep": 4}
ABLATION: dict[str, Any] = {
    "base": {"method": "sgd", "momentum": 0.3},
    "improvements": [
        {"name": "more momentum", "params": {"momentum": 0.9}},
        {"name": "adam", "params": {"method": "adam"}},
        {"name": "nag", "params": {"method": "nag"}},
    ],
    "settings": 7,
}
STUDIES = {
    "random": spec_of(trials=27, space=RANDOM),
    "random, replicated": spec_of(trials=26, space=RANDOM, replicates=4),
    "grid": spec_of(trials=27, space=GRID, sampler={"name": "grid"}),
    "grid, replicated": spec_of(trials=26, space=GRID, sampler={"name": "grid"}, replicates=4),
    "coarse to fine": spec_of(trials=27, space=RANDOM, sampler=FINE),
    "coarse to fine, replicated": spec_of(
        trials=26, space=RANDOM, sampler=FINE | {"rounds": 2, "keep": 2}, replicates=4
    ),
    "random, confirmed": spec_of(trials=15, space=RANDOM, confirm={"finalists": 4, "replicates": 3}),
    "coarse to fine, confirmed": spec_of(trials=27, space=RANDOM, sampler=FINE, confirm={"finalists": 2}),
    "ablation, coarse to fine": spec_of(
        trials=35, space=RANDOM, sampler=FINE | {"rounds": 2, "keep": 2}, ablation=ABLATION
    ),
    "ablation, random": spec_of(
        trials=10, space=RANDOM, ablation=ABLATION | {"settings": 2}, confirm={"replicates": 2}
    ),
    "grid, replicated and confirmed": spec_of(
        trials=26, space=GRID, sampler={"name": "grid"}, replicates=4, confirm={"finalists": 3, "replicates": 2}
    ),
}


@pytest.fixture(params=STUDIES)
def spec(request: pytest.FixtureRequest) -> StudySpec:
    return STUDIES[request.param]


def value_of(trial: int, params: dict[str, Any]) -> float | None:
    """What a trial is found to be worth: every fifth one fails, every seventh one is infinite."""
    if trial % 5 == 4:
        return None
    return math.inf if trial % 7 == 6 else (float(params["layers"]) - 2) ** 2 + params.get("momentum", 0.3)


def run(sampler: Sampler, trials: int, batch: int) -> list[dict[str, Any]]:
    """A whole search, as the master does it."""
    found: list[dict[str, Any]] = []
    while suggested := sampler.suggest(min(batch, trials - len(found))):
        numbered = list(enumerate(suggested, start=len(found)))
        found += suggested
        seen = [
            Observation(trial, params, value_of(trial, params), diverged=trial % 6 == 5) for trial, params in numbered
        ]
        sampler.update(seen)
    return found


@pytest.mark.parametrize("batch", [1, 3, 7])
def test_every_method_proposes_the_same_whatever_the_batch(spec: StudySpec, batch: int) -> None:
    assert run(make_sampler(spec), spec.all_trials, batch) == run(make_sampler(spec), spec.all_trials, spec.all_trials)


def test_every_method_proposes_one_point_of_the_space_for_each_trial(spec: StudySpec) -> None:
    proposed = run(make_sampler(spec), spec.all_trials, spec.batch)
    assert len(proposed) == spec.all_trials
    assert [line for params in proposed for line in spec.space.problems(params)] == []


@pytest.mark.parametrize("done", [0, 1, 10, 20])
def test_every_method_that_is_told_the_same_again_goes_on_the_same(spec: StudySpec, done: int) -> None:
    whole = make_sampler(spec)
    run(whole, done, spec.batch)
    again = make_sampler(StudySpec.model_validate_json(spec.to_json()))
    run(again, done, spec.batch)
    assert again.suggest(10) == whole.suggest(10)


def test_a_proposal_that_is_changed_by_its_reader_changes_no_other(spec: StudySpec) -> None:
    changed, untouched = make_sampler(spec), make_sampler(spec)
    for params in changed.suggest(3):
        params.clear()
    assert changed.suggest(10) == untouched.suggest(13)[3:]


def test_random_numbers_are_a_function_of_seed_purpose_and_trial_for_ever() -> None:
    # Published studies are resumed by proposing them again: these numbers must never change.
    assert unit_number(0, "learning_rate", 0) == NUMBERS[0]
    assert unit_number(0, "learning_rate", 1) == NUMBERS[1]
    assert unit_number(1, "learning_rate", 0) == NUMBERS[2]
    assert unit_number(2**32 - 1, "momentum", 999_999) == NUMBERS[3]


NUMBERS = (0.18273102012012032, 0.5606269823858531, 0.2085828232778545, 0.10762081677507396)


def test_random_numbers_are_uniform_and_independent_of_each_other() -> None:
    count = 4000
    numbers = [[unit_number(7, name, trial) for trial in range(count)] for name in ("a", "b")]
    for column in numbers:
        assert all(0.0 <= number < 1.0 for number in column)
        shares = [sum(low <= number * 10 < low + 1 for number in column) / count for low in range(10)]
        assert shares == pytest.approx([0.1] * 10, abs=0.02)
    centred = [[number - 0.5 for number in column] for column in numbers]
    correlation = 12 * sum(a * b for a, b in zip(*centred, strict=True)) / count
    assert correlation == pytest.approx(0.0, abs=0.06)


def test_random_search_repeats_no_setting_and_differs_by_seed() -> None:
    spec = load_preset("scenario6")
    proposed = make_sampler(spec).suggest(200)
    assert len({tuple(params.values()) for params in proposed}) == 200
    assert make_sampler(spec.model_copy(update={"seed": 1})).suggest(1) != proposed[:1]


def test_a_parameter_keeps_its_values_when_others_are_added_removed_or_moved() -> None:
    x, y = {"type": "float", "low": 0.0, "high": 1.0}, {"type": "int", "low": 1, "high": 9}
    spaces: list[dict[str, object]] = [{"x": x}, {"y": y, "x": x}, {"x": x, "y": y}]
    values = [[params["x"] for params in make_sampler(spec_of(space=space)).suggest(5)] for space in spaces]
    assert values[0] == values[1] == values[2]


def test_grid_search_goes_through_every_combination_the_first_parameter_slowest() -> None:
    spec = load_preset("scenario2")
    found = [(params["learning_rate"], params["batch_size"]) for params in make_sampler(spec).suggest(100)]
    assert found == list(product((0.1, 0.2, 0.5), (20, 100, 500)))
    assert spec.trials == 9


@pytest.mark.parametrize("name", ["random", "grid"])
def test_replicates_repeat_each_setting_of_the_search_in_a_row(name: str) -> None:
    settings = make_sampler(STUDIES[name]).suggest(6)
    replicated = make_sampler(STUDIES[f"{name}, replicated"]).suggest(24)
    assert replicated == [params for params in settings for _ in range(4)]


class Listening:
    """A search method that keeps what it is asked and told."""

    def __init__(self) -> None:
        self.asked: list[int] = []
        self.told: list[list[Observation]] = []

    def suggest(self, count: int) -> list[dict[str, Any]]:
        first = sum(self.asked)
        self.asked.append(count)
        return [{"x": number} for number in range(first, first + count)]

    def update(self, observations: Any) -> None:
        self.told.append(list(observations))


def test_a_search_is_told_the_mean_of_a_setting_once_all_its_replicates_are_in() -> None:
    inner = Listening()
    sampler = Replicated(inner, 3)
    values = iter([1.0, 2.0, 6.0, None, 4.0, float("inf"), None, None, None])
    for first in (0, 4, 8):
        suggested = sampler.suggest(min(4, 9 - first))
        numbered = enumerate(suggested, start=first)
        sampler.update([Observation(trial, params, next(values)) for trial, params in numbered])
    assert inner.told == [
        [Observation(0, {"x": 0}, 3.0)],
        [Observation(1, {"x": 1}, 4.0)],
        [Observation(2, {"x": 2}, None)],
    ]
    assert inner.asked == [2, 1]


def test_the_mean_of_very_large_values_is_finite() -> None:
    inner = Listening()
    sampler = Replicated(inner, 2)
    sampler.update([Observation(trial, {}, 1.7e308) for trial in range(2)])
    assert inner.told[0][0].value == pytest.approx(1.7e308)
