"""An ablation's search: whose settings are tuned by what, and which of them is evaluated again."""

from collections.abc import Callable
from typing import Any

import pytest

from hyperspool.common.study_spec import StudySpec
from hyperspool.master.search.ablation import places
from hyperspool.master.search.methods import make_sampler
from hyperspool.master.search.sampler import Observation
from tests.conftest import spec_of

Params = dict[str, Any]

SPACE = {
    "wide": {"type": "categorical", "choices": [False, True]},
    "deep": {"type": "categorical", "choices": [False, True]},
    "l2": {"type": "float", "low": 1e-4, "high": 1.0, "log": True},
}
ABLATION = {
    "base": {"wide": False, "deep": False},
    "improvements": [{"name": "wide", "params": {"wide": True}}, {"name": "deep", "params": {"deep": True}}],
    "settings": 12,
}


@pytest.fixture
def spec() -> StudySpec:
    fine = {"name": "coarse-to-fine", "rounds": 2, "keep": 3}
    return spec_of(trials=48, space=SPACE, sampler=fine, ablation=ABLATION, confirm={"replicates": 3})


def searched(spec: StudySpec, value_of: Callable[[Params], float | None], batch: int = 5) -> list[Params]:
    """A whole study, as the master does it."""
    sampler = make_sampler(spec)
    found: list[Params] = []
    while suggested := sampler.suggest(min(batch, spec.all_trials - len(found))):
        numbered = list(enumerate(suggested, start=len(found)))
        found += suggested
        sampler.update([Observation(trial, params, value_of(params)) for trial, params in numbered])
    return found


def of_case(spec: StudySpec, proposed: list[Params], case: int, stage: int) -> list[Params]:
    order = places(spec)
    return [params for params, place in zip(proposed, order, strict=True) if (place.case, place.stage) == (case, stage)]


def test_every_case_has_its_own_params_and_the_same_first_draws_of_what_is_tuned(spec: StudySpec) -> None:
    proposed = searched(spec, lambda params: params["l2"])
    cases = [(False, False), (True, False), (False, True), (True, True)]
    first = of_case(spec, proposed, 0, 0)
    for number, (wide, deep) in enumerate(cases):
        for stage, length in enumerate((6, 6, 3)):
            own = of_case(spec, proposed, number, stage)
            assert len(own) == length
            assert {(params["wide"], params["deep"]) for params in own} == {(wide, deep)}
        assert [params["l2"] for params in of_case(spec, proposed, number, 0)] == [params["l2"] for params in first]


def test_each_case_narrows_by_its_own_results(spec: StudySpec) -> None:
    # Wide networks want much regularisation, the others little.
    proposed = searched(spec, lambda params: -params["l2"] if params["wide"] else params["l2"])
    for case, is_wide in enumerate((False, True, False, True)):
        coarse = sorted(params["l2"] for params in of_case(spec, proposed, case, 0))
        fine = [params["l2"] for params in of_case(spec, proposed, case, 1)]
        if is_wide:
            assert min(fine) > coarse[1]
        else:
            assert max(fine) < coarse[-2]


def test_the_best_setting_of_each_case_is_evaluated_again_in_turns(spec: StudySpec) -> None:
    proposed = searched(spec, lambda params: params["l2"] + params["wide"])
    again = proposed[spec.trials :]
    for case in range(4):
        tuned = of_case(spec, proposed, case, 0) + of_case(spec, proposed, case, 1)
        best = min(tuned, key=lambda params: params["l2"])
        assert again[case::4] == [best] * 3


def test_a_case_of_which_every_trial_failed_has_its_first_setting_evaluated_again(spec: StudySpec) -> None:
    proposed = searched(spec, lambda params: None if params["wide"] else params["l2"])
    assert proposed[spec.trials + 1] == of_case(spec, proposed, 1, 0)[0]


def test_a_round_waits_for_the_last_trial_of_every_case(spec: StudySpec) -> None:
    sampler = make_sampler(spec)
    done = 0
    for length in (24, 24, 12):
        proposed = sampler.suggest(99)
        assert len(proposed) == length
        seen = [Observation(trial, params, trial / 100) for trial, params in enumerate(proposed, start=done)]
        sampler.update(seen[:-1])
        assert sampler.suggest(99) == []
        sampler.update(seen[-1:])
        done += length
    assert sampler.suggest(99) == []


def test_another_study_has_no_places() -> None:
    assert places(spec_of(confirm={"finalists": 2})) == []
