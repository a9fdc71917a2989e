"""An ablation's search: how each case is tuned, and which setting is evaluated again."""

from collections.abc import Callable
from typing import Any

import pytest

from hyperspool.common.study_spec import StudySpec
from hyperspool.master.search.ablation import places
from hyperspool.master.search.known import Evaluation, Known
from hyperspool.master.search.methods import make_sampler
from tests.conftest import spec_of
from tests.master.played import evaluated, params_of, played

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


def searched(spec: StudySpec, value_of: Callable[[Params], float | None]) -> list[Evaluation]:
    """Play a whole study in batches of five."""
    return played(spec, lambda proposal: value_of(proposal.params), batch=5)


def of_case(found: list[Evaluation], case: int, number: int | None) -> list[Params]:
    """Return the params of a case's round, from 1; None: of its best setting, evaluated again."""
    return params_of(seen for seen in found if (seen.stage.case, seen.stage.round) == (case, number))


def test_trials_follow_round_by_round_and_case_by_case(spec: StudySpec) -> None:
    stages = [seen.stage for seen in searched(spec, lambda params: params["l2"])]
    rounds = [(number, case) for number in (1, 2) for case in range(4) for _ in range(6)]
    assert [(stage.round, stage.case) for stage in stages[:48]] == rounds
    assert [stage.setting for stage in stages[:48]] == [
        6 * (number - 1) + n for number in (1, 2) for n in [*range(6)] * 4
    ]
    assert all(stage.is_search for stage in stages[:48])
    again = [("confirmation", case, replicate) for replicate in range(3) for case in range(4)]
    assert [(stage.kind, stage.case, stage.replicate) for stage in stages[48:]] == again


def test_cases_keep_their_own_params_and_share_first_draws(spec: StudySpec) -> None:
    found = searched(spec, lambda params: params["l2"])
    cases = [(False, False), (True, False), (False, True), (True, True)]
    first = of_case(found, 0, 1)
    for case, (wide, deep) in enumerate(cases):
        for number, length in ((1, 6), (2, 6), (None, 3)):
            own = of_case(found, case, number)
            assert len(own) == length
            assert {(params["wide"], params["deep"]) for params in own} == {(wide, deep)}
        assert [params["l2"] for params in of_case(found, case, 1)] == [params["l2"] for params in first]


def test_each_case_narrows_by_its_own_results(spec: StudySpec) -> None:
    # In this fake objective wide networks need strong regularisation, the others weak.
    found = searched(spec, lambda params: -params["l2"] if params["wide"] else params["l2"])
    for case, is_wide in enumerate((False, True, False, True)):
        coarse = sorted(params["l2"] for params in of_case(found, case, 1))
        fine = [params["l2"] for params in of_case(found, case, 2)]
        if is_wide:
            assert min(fine) > coarse[1]
        else:
            assert max(fine) < coarse[-2]


def test_best_setting_of_each_case_is_evaluated_again(spec: StudySpec) -> None:
    found = searched(spec, lambda params: params["l2"] + params["wide"])
    again = params_of(found[spec.trials :])
    for case in range(4):
        tuned = of_case(found, case, 1) + of_case(found, case, 2)
        best = min(tuned, key=lambda params: params["l2"])
        assert again[case::4] == [best] * 3


def test_case_that_failed_has_its_first_setting_evaluated_again(spec: StudySpec) -> None:
    found = searched(spec, lambda params: None if params["wide"] else params["l2"])
    assert found[spec.trials + 1].params == of_case(found, 1, 1)[0]


def test_round_waits_for_the_last_trial_of_every_case(spec: StudySpec) -> None:
    sampler, known = make_sampler(spec), Known()
    for length in (24, 24, 12):
        proposals = sampler.suggest(99, known)
        assert len(proposals) == length
        for proposal in proposals:
            known.propose(proposal)
        for proposal in proposals[:-1]:
            known.finish(evaluated(proposal, proposal.trial / 100))
        assert sampler.suggest(99, known) == []
        known.finish(evaluated(proposals[-1], proposals[-1].trial / 100))
    assert sampler.suggest(99, known) == []


def test_another_study_has_no_places() -> None:
    assert places(spec_of(confirm={"finalists": 2})) == []
