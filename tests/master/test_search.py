import pytest

from common.study_spec import StudySpec
from master.presets import load_preset
from master.search.counter_random import trial_seeds, unit_number
from master.search.methods import make_sampler
from tests.conftest import spec_of


@pytest.fixture(scope="module")
def spec() -> StudySpec:
    return load_preset("scenario6")


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


@pytest.mark.parametrize("batch", [1, 7, 40])
def test_random_search_proposes_the_same_whatever_the_batch(spec: StudySpec, batch: int) -> None:
    whole = make_sampler(spec).suggest(40)
    sampler = make_sampler(spec)
    pieces = [params for first in range(0, 40, batch) for params in sampler.suggest(min(batch, 40 - first))]
    assert pieces == whole


def test_random_search_stays_in_the_space_and_differs_by_seed(spec: StudySpec) -> None:
    proposed = make_sampler(spec).suggest(200)
    assert all(spec.space.problems(params) == () for params in proposed)
    assert len({tuple(params.values()) for params in proposed}) == 200
    assert make_sampler(spec.model_copy(update={"seed": 1})).suggest(1) != proposed[:1]


def test_a_parameter_keeps_its_values_when_others_are_added_removed_or_moved() -> None:
    x, y = {"type": "float", "low": 0.0, "high": 1.0}, {"type": "int", "low": 1, "high": 9}
    spaces: list[dict[str, object]] = [{"x": x}, {"y": y, "x": x}, {"x": x, "y": y}]
    values = [[params["x"] for params in make_sampler(spec_of(space=space)).suggest(5)] for space in spaces]
    assert values[0] == values[1] == values[2]


def test_each_trial_has_seeds_of_its_own_for_each_source_of_randomness() -> None:
    drawn = [trial_seeds(0, trial).model_dump() for trial in range(100)]
    numbers = [number for seeds in drawn for number in seeds.values()]
    assert len(set(numbers)) == 300
    assert all(0 <= number < 2**32 for number in numbers)
    assert trial_seeds(0, 5) == trial_seeds(0, 5)
    assert trial_seeds(1, 5) != trial_seeds(0, 5)
