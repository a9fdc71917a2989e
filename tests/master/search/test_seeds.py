from dataclasses import asdict, astuple
from typing import Any

import pytest

from hyperspool.common.records import Seeds
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.search.counter_random import SOURCES, seeds_for, trial_seeds
from hyperspool.master.search.known import Known
from hyperspool.master.search.methods import make_sampler
from hyperspool.master.studies.preset import load_preset
from tests.conftest import spec_of


def seeds_of(spec: StudySpec, **params: Any) -> list[dict[str, int]]:
    return [asdict(seeds_for(spec, trial, params)) for trial in range(100)]


def test_seeds_never_change() -> None:
    # Published studies are resumed by deriving seeds again, so these numbers must never change.
    assert trial_seeds(0, 5) == Seeds(**OWN)
    assert trial_seeds(0, 5, own=()) == trial_seeds(0, 6, own=()) == Seeds(**COMMON)


OWN = {"initialisation": 2668985010, "shuffling": 2266969561, "dropout": 2541617395}
COMMON = {"initialisation": 3428522982, "shuffling": 1223184337, "dropout": 2602958027}


def test_each_trial_has_its_own_seeds_for_each_source() -> None:
    drawn = seeds_of(load_preset("scenario1"), learning_rate=0.01)
    numbers = [number for seeds in drawn for number in seeds.values()]
    assert len(set(numbers)) == 300
    assert all(0 <= number < 2**32 for number in numbers)
    assert trial_seeds(1, 5) != trial_seeds(0, 5)


@pytest.mark.parametrize("source", SOURCES)
def test_only_the_source_named_varies_from_trial_to_trial(source: str) -> None:
    spec = load_preset("stochasticity")
    drawn = seeds_of(spec, varies=source)
    own = seeds_of(spec)
    for name in SOURCES:
        if name == source:
            assert [seeds[name] for seeds in drawn] == [seeds[name] for seeds in own]
        else:
            assert {seeds[name] for seeds in drawn} == {getattr(trial_seeds(spec.seed, 0, own=()), name)}


def test_nothing_or_everything_varies_on_request() -> None:
    spec = load_preset("stochasticity")
    assert len({tuple(seeds.values()) for seeds in seeds_of(spec, varies="none")}) == 1
    assert seeds_of(spec, varies="all") == seeds_of(spec)


def test_common_seeds_differ_between_studies_of_different_seeds() -> None:
    assert trial_seeds(1, 0, own=()) != trial_seeds(0, 0, own=())


def test_another_objectives_parameter_varies_changes_no_seeds() -> None:
    assert seeds_of(spec_of(), varies="none") == seeds_of(spec_of(), varies=0.5) == seeds_of(spec_of())


def test_stochasticity_has_five_equal_trials_and_five_per_source() -> None:
    spec = load_preset("stochasticity")
    proposals = make_sampler(spec).suggest(spec.trials, Known())
    drawn = [astuple(seeds_for(spec, each.trial, each.params)) for each in proposals]
    assert [len(set(drawn[first : first + 5])) for first in range(0, 25, 5)] == [1, 5, 5, 5, 5]
