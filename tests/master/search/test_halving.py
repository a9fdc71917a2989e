"""Which trials successive halving, ASHA and Hyperband promote."""

import random
import statistics
from collections import Counter
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hyperspool.common.issues import EvaluationKey
from hyperspool.common.records import Stage, Status
from hyperspool.common.space import Params, Space
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.search.halving import Halved
from hyperspool.master.search.known import Evaluation, Known, Proposal
from hyperspool.master.search.methods import make_sampler
from hyperspool.master.search.rungs import Rungs, rungs_of
from tests.conftest import spec_of
from tests.master.search.listening import Listening

SPACE: dict[str, Any] = {"x": {"type": "float", "low": 0.0, "high": 1.0}}
NAMES = ("successive", "asha", "hyperband")


def halved(name: str, trials: int = 27, epochs: int = 27, **more: Any) -> StudySpec:
    return spec_of(trials=trials, space=SPACE, budget={"epochs": epochs}, halving={"name": name}, **more)


def rungs(spec: StudySpec) -> Rungs:
    found = rungs_of(spec)
    assert found
    return found


def distance(params: Params) -> float:
    return max(abs(float(each) - 0.3) for each in params.values())


def outcome_of(proposal: Proposal) -> Evaluation:
    """The value falls with the epochs; every fifth trial fails, and every sixth diverges with the best value of all."""
    if proposal.trial % 5 == 4:
        return Evaluation(proposal, Status.FAILED, None)
    if proposal.trial % 6 == 5:
        return Evaluation(proposal, Status.COMPLETE, -1.0, diverged=True)
    value = distance(proposal.params) + 1 / (proposal.budget_epochs or 1)
    return Evaluation(proposal, Status.COMPLETE, value)


def played(spec: StudySpec, generator: random.Random | None = None, known: Known | None = None) -> Known:
    """Play a whole study: in batches, or with results in random order and randomly split calls."""
    sampler, known = make_sampler(spec), known or Known()
    while True:
        suggested = sampler.suggest(generator.randint(1, 9) if generator else spec.batch, known)
        if not suggested and not known.pending:
            return known
        for proposal in suggested:
            assert proposal.key not in {*known.evaluations, *known.pending}
            known.propose(proposal)
        waiting = list(known.pending.values())
        some = generator.sample(waiting, generator.randint(1, len(waiting))) if generator else waiting
        for proposal in some:
            known.finish(outcome_of(proposal))


def sizes(known: Known) -> dict[int, int]:
    return dict(Counter(rung for _, rung in sorted(known.evaluations)))


def test_successive_halving_promotes_the_best_third_of_a_full_rung() -> None:
    known = played(halved("successive"))
    assert sizes(known) == {0: 27, 1: 9, 2: 3, 3: 1}
    for rung in range(3):
        own = [seen for (_, level), seen in known.evaluations.items() if level == rung]
        good = sorted((seen for seen in own if seen.value is not None and not seen.diverged), key=lambda one: one.value)  # type: ignore[arg-type, return-value]
        best = {seen.trial for seen in good[: len(own) // 3]}
        assert best == {trial for trial, level in known.evaluations if level == rung + 1}


@pytest.mark.parametrize("name", NAMES)
def test_promoted_trial_goes_on_with_its_own_params(name: str) -> None:
    spec, known = halved(name), played(halved(name))
    for (trial, rung), seen in known.evaluations.items():
        assert seen.proposal.budget_epochs == rungs(spec).ladder[rung]
        below = known.evaluations.get((trial, rung - 1))
        assert seen.proposal.continues == (rung - 1 if below else None)
        assert below is None or (below.params, below.stage) == (seen.params, seen.stage)
        assert below is not None or rung == rungs(spec).lowest_of(trial)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("trials", [1, 2, 5, 8, 20])
def test_study_ends_with_a_trial_at_the_full_budget(name: str, trials: int) -> None:
    known = played(halved(name, trials=trials))
    assert known.next_trial == trials
    assert sizes(known).get(3)


def test_failed_and_diverged_trials_are_never_promoted() -> None:
    for name in NAMES:
        known = played(halved(name))
        for (trial, rung), seen in known.evaluations.items():
            assert (seen.number is not None and not seen.diverged) or (trial, rung + 1) not in known.evaluations


def test_trial_that_breaks_a_constraint_is_never_promoted() -> None:
    spec, known = halved("successive", trials=3), Known()
    for proposal in make_sampler(spec).suggest(3, known):
        known.finish(
            Evaluation(proposal, Status.COMPLETE, float(proposal.trial), violations=(float(not proposal.trial),))
        )
    assert rungs(spec).promotions(known) == [(1, 0)]


@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_full_rungs_do_not_depend_on_result_order_or_calls(seed: int) -> None:
    spec = halved("successive")
    assert played(spec, random.Random(seed)).finished() == played(spec).finished()


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_splitting_a_call_changes_no_promotion(name: str, seed: int) -> None:
    spec, generator = halved(name), random.Random(seed)
    whole = played(spec, generator).finished()
    known = Known(generator.sample(whole, generator.randint(0, len(whole))))
    at_once = make_sampler(spec).suggest(6, known)
    split: list[Proposal] = []
    for count in (2, 1, 3):
        if count := min(count, len(at_once) - len(split)):
            split += make_sampler(spec).suggest(count, known)
        for proposal in split:
            known.propose(proposal)
    assert split == at_once


@pytest.mark.parametrize("name", NAMES)
@settings(max_examples=30, deadline=None)
@given(seed=st.integers(0, 2**32))
def test_only_hopeless_checkpoints_are_given_up(name: str, seed: int) -> None:
    spec = halved(name, trials=40)
    generator, sampler, known = random.Random(seed), make_sampler(spec), Known()
    given_up: set[EvaluationKey] = set()
    while (suggested := sampler.suggest(generator.randint(1, 5), known)) or known.pending:
        for proposal in suggested:
            assert proposal.continues is None or (proposal.trial, proposal.continues) not in given_up
            known.propose(proposal)
        for proposal in generator.sample(list(known.pending.values()), generator.randint(1, len(known.pending))):
            known.finish(outcome_of(proposal))
        given_up |= known.evaluations.keys() - rungs(spec).may_be_promoted(known)
    assert sizes(known)[3]


def test_few_checkpoints_are_kept_once_results_are_in() -> None:
    spec, known = halved("successive", trials=270), Known()
    for proposal in make_sampler(spec).suggest(260, known):
        known.finish(outcome_of(proposal))
    assert len(rungs(spec).may_be_promoted(known)) == 90


def test_inner_method_learns_from_the_highest_rung_with_enough() -> None:
    spec, inner = halved("asha", trials=100), Listening()
    outer, known = Halved(inner, rungs(spec), enough=3), Known()

    def finish(trial: int, rung: int, value: float | None) -> None:
        proposal = Proposal(trial, {"x": trial}, Stage(setting=trial), rung, rungs(spec).ladder[rung])
        status = Status.FAILED if value is None else Status.COMPLETE
        known.finish(Evaluation(proposal, status, value))

    for trial in range(9):
        finish(trial, 0, float(trial))
    outer.suggest(4, known)
    assert [(seen.trial, seen.value) for seen in inner.shown[-1]] == [(trial, float(trial)) for trial in range(9)]
    for trial, value in enumerate((5.0, 4.0, None)):
        finish(trial, 1, value)
    outer.suggest(4, known)
    assert [seen.value for seen in inner.shown[-1]] == [float(trial) for trial in range(9)]
    finish(3, 1, 3.0)
    outer.suggest(4, known)
    seen = {seen.trial: seen for seen in inner.shown[-1]}
    assert {trial: one.number for trial, one in seen.items() if one.number is not None} == {0: 5.0, 1: 4.0, 3: 3.0}
    assert seen[2].status is Status.FAILED
    assert {seen[trial].status for trial in range(4, 9)} == {Status.PRUNED}


def test_tpe_in_brackets_learns_from_every_rung() -> None:
    space = Space.model_validate({name: {"type": "float", "low": 0.0, "high": 1.0} for name in ("x", "y", "z")})

    def typical(sampler: str, name: str) -> float:
        spec = halved(name, trials=90, sampler={"name": sampler}).model_copy(update={"space": space})
        params = {seen.trial: seen.params for seen in played(spec).finished()}
        return statistics.median(distance(params[trial]) for trial in range(60, 90))

    for name in ("asha", "hyperband"):
        assert typical("tpe", name) < typical("random", name) / 2
