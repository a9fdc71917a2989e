"""The contract of every search method and of every wrapper around one: a pure function of what is known."""

import math
import random
import statistics
from dataclasses import replace
from functools import cache

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from hyperspool.common.records import Status
from hyperspool.common.samplers import SamplerSpec
from hyperspool.common.study_spec import StudySpec
from hyperspool.common.values import setting_key
from hyperspool.master.search.known import Evaluation, Known, Proposal
from hyperspool.master.search.methods import make_sampler
from tests.conftest import spec_of
from tests.master.played import batches, params_of, played
from tests.master.search.contract_studies import FINE, LEARNING, RANDOM, SMALL, STUDIES

pytestmark = pytest.mark.usefixtures("one_thread")


@pytest.fixture(params=STUDIES)
def spec(request: pytest.FixtureRequest) -> StudySpec:
    return STUDIES[request.param]


def value_of(proposal: Proposal) -> float:
    """Return what a trial measures; trials at the same point may measure different values."""
    params = proposal.params
    momentum = params.get("momentum", 0.3)
    assert isinstance(momentum, float)
    return (float(params["layers"]) - 2) ** 2 + momentum + (proposal.trial % 3) / 100


def outcome_of(proposal: Proposal, spec: StudySpec) -> Evaluation:
    """Every fifth trial fails, every seventh is pruned, every sixth diverges with the value of guessing."""
    if proposal.trial % 5 == 4:
        return measured(Evaluation(proposal, Status.FAILED, None), spec)
    if proposal.trial % 7 == 6:
        return measured(Evaluation(proposal, Status.PRUNED, value_of(proposal) - 100), spec)
    has_diverged = proposal.trial % 6 == 5
    value = 9.0 if has_diverged else value_of(proposal)
    return measured(Evaluation(proposal, Status.COMPLETE, value, has_diverged), spec)


def measured(evaluation: Evaluation, spec: StudySpec) -> Evaluation:
    """Add what the study's objectives and constraints ask for, as it is read from a result."""
    number = evaluation.number
    objectives = () if number is None else (number, number + float(evaluation.params["layers"]))
    violations = [math.inf if number is None else each.violation(number) for each in spec.constraints or ()]
    return replace(evaluation, measured=objectives[: len(spec.objectives or ())], violations=tuple(violations))


def searched(spec: StudySpec, generator: random.Random) -> dict[int, Proposal]:
    """Play a whole study with results in random order and randomly split calls, not in batches."""
    sampler, known = make_sampler(spec), Known()
    found: dict[int, Proposal] = {}
    while len(found) < spec.all_trials:
        count = min(generator.randint(1, 9), spec.all_trials - known.next_trial)
        suggested = sampler.suggest(count, known) if count else []
        assert len(suggested) <= count
        assert suggested or known.pending, "nothing is pending, and yet nothing is suggested"
        for proposal in suggested:
            found[proposal.trial] = proposal
            known.propose(proposal)
        waiting = list(known.pending.values())
        for proposal in generator.sample(waiting, generator.randint(0 if suggested else 1, len(waiting))):
            known.finish(outcome_of(proposal, spec))
    return found


@settings(max_examples=5, deadline=None)
@given(seed=st.integers(0, 2**32))
@pytest.mark.parametrize("name", STUDIES.keys() - LEARNING.keys())
def test_proposals_do_not_depend_on_result_order_or_calls(name: str, seed: int) -> None:
    spec = STUDIES[name]
    in_batches = [each.proposal for each in played_with(spec)]
    assert list(searched(spec, random.Random(seed)).values()) == in_batches


def played_with(spec: StudySpec, batch: int | None = None) -> list[Evaluation]:
    """Play the study with `outcome_of` in batches."""
    return list(_played_with(spec.to_json(), batch))


@cache
def _played_with(study: bytes, batch: int | None) -> tuple[Evaluation, ...]:
    spec = StudySpec.model_validate_json(study)
    sampler, known = make_sampler(spec), Known()
    while left := spec.all_trials - known.next_trial:
        for proposal in sampler.suggest(min(batch or spec.batch, left), known):
            known.finish(outcome_of(proposal, spec))
    return tuple(known.finished())


@pytest.mark.parametrize("batch", [1, 3, 7, 1000])
@pytest.mark.parametrize("name", STUDIES.keys() - LEARNING.keys())
def test_proposals_are_the_same_whatever_the_batch(name: str, batch: int) -> None:
    assert played_with(STUDIES[name], batch) == played_with(STUDIES[name])


@pytest.mark.parametrize("done", [0, 3, 8])
def test_splitting_a_call_changes_no_proposal(spec: StudySpec, done: int) -> None:
    finished = played_with(spec)[:done]
    whole = make_sampler(spec).suggest(5, Known(finished))
    sampler, known, split = make_sampler(spec), Known(finished), list[Proposal]()
    for count in (2, 1, 2):
        if count := min(count, len(whole) - len(split)):
            split += sampler.suggest(count, known)
        for proposal in split:
            known.propose(proposal)
    assert split == whole


def test_master_that_starts_again_proposes_what_the_first_would_have(spec: StudySpec) -> None:
    known, found = Known(), list[Proposal]()
    while left := spec.all_trials - known.next_trial:
        for proposal in make_sampler(spec).suggest(min(spec.batch, left), known):
            found.append(proposal)
            known.finish(outcome_of(proposal, spec))
    assert found == [each.proposal for each in played_with(spec)]


@pytest.mark.parametrize("name", LEARNING)
def test_learning_methods_propose_nothing_twice(name: str) -> None:
    own = [each.proposal for each in played_with(STUDIES[name]) if each.stage.is_search and not each.stage.replicate]
    keys = [setting_key(proposal.params) for proposal in own]
    assert len(set(keys)) == len(keys)


@pytest.mark.parametrize("name", ["tpe", "gp", "cmaes", "nsga2", "nsga3"])
def test_small_space_is_used_up_before_anything_comes_twice(name: str) -> None:
    space = {"a": {"type": "int", "low": 1, "high": 3}, "b": {"type": "float", "low": 0.0, "high": 1.0, "step": 0.5}}
    spec = spec_of(trials=9, space=space, sampler={"name": name} | SMALL.get(name, {"startup": 4}))
    keys = {setting_key(each.params) for each in played(spec, lambda proposal: float(proposal.params["b"]))}
    assert len(keys) == 9


@pytest.mark.parametrize("name", ["tpe", "gp", "cmaes"])
def test_learning_methods_find_what_random_search_does_not(name: str) -> None:
    def height(proposal: Proposal) -> float:
        x, y = (float(proposal.params[name]) for name in ("x", "y"))
        return (math.log10(x) + 2) ** 2 + 4 * (y - 0.3) ** 2

    space = {
        "x": {"type": "float", "low": 1e-4, "high": 1.0, "log": True},
        "y": {"type": "float", "low": 0.0, "high": 1.0},
    }
    spec = spec_of(trials=30, batch=5, space=space)
    other = spec.model_copy(update={"sampler": SamplerSpec(name=name)})
    at_random, learned = ([height(each.proposal) for each in played(one, height)] for one in (spec, other))
    assert min(learned) < min(at_random)
    assert statistics.median(learned[-10:]) < statistics.median(at_random) / 2


def test_every_proposal_is_one_point_of_the_space(spec: StudySpec) -> None:
    proposals = [each.proposal for each in played_with(spec)]
    assert [proposal.trial for proposal in proposals] == list(range(spec.all_trials))
    assert [line for proposal in proposals for line in spec.space.problems(proposal.params)] == []


@pytest.mark.parametrize("done", [0, 1, 10, 20])
def test_suggesting_twice_for_the_same_known_suggests_the_same(spec: StudySpec, done: int) -> None:
    finished = played_with(spec)[:done]
    sampler, count = make_sampler(spec), 2 if spec.sampler.name == "gp" else 10
    first = sampler.suggest(count, Known(finished))
    sampler.suggest(1, Known(finished[: done // 2]))  # another call in between must change nothing
    assert sampler.suggest(count, Known(reversed(finished))) == first
    assert make_sampler(StudySpec.model_validate_json(spec.to_json())).suggest(count, Known(finished)) == first


def test_known_is_left_as_it_was(spec: StudySpec) -> None:
    finished = played_with(spec)[:8]
    known = Known(finished)
    make_sampler(spec).suggest(5, known)
    assert (known.finished(), dict(known.pending), known.next_trial) == (finished, {}, 8)


def test_proposal_that_its_reader_changes_changes_no_other(spec: StudySpec) -> None:
    sampler = make_sampler(spec)
    untouched = make_sampler(spec).suggest(13, Known())
    for proposal in sampler.suggest(3, Known()):
        proposal.params.clear()
    assert sampler.suggest(13, Known()) == untouched


def test_stages_number_settings_and_replicates_without_gaps(spec: StudySpec) -> None:
    seen: set[tuple[object, ...]] = set()
    for each in played_with(spec):
        stage = each.stage
        name = (stage.kind, stage.case, stage.setting, stage.replicate)
        assert name not in seen
        if stage.replicate:
            assert (stage.kind, stage.case, stage.setting, stage.replicate - 1) in seen
        elif stage.setting and stage.is_search:
            assert any(entry[:3] == (stage.kind, stage.case, stage.setting - 1) for entry in seen)
        seen.add(name)
    search = sum(each.stage.is_search for each in played_with(spec))
    assert search == spec.trials


def test_pruned_evaluations_never_lead(spec: StudySpec) -> None:
    """A pruned trial's value is of fewer epochs: although it is the lowest here, it must not count."""
    pruned = {each.trial for each in played_with(spec) if each.status is Status.PRUNED}
    as_failed = [
        measured(replace(each, status=Status.FAILED, value=None), spec) if each.trial in pruned else each
        for each in played_with(spec)
    ]
    sampler = make_sampler(spec)
    for done in range(0, spec.all_trials, 5):
        assert sampler.suggest(3, Known(played_with(spec)[:done])) == sampler.suggest(3, Known(as_failed[:done]))


def test_maximising_is_minimising_the_flipped_values() -> None:
    for name in ("coarse to fine", "random, confirmed", "ablation, coarse to fine", "tpe", "evolution"):
        spec = STUDIES[name]
        objective = spec.objective.model_copy(update={"direction": "maximise"})
        flipped = spec.model_copy(update={"objective": objective})
        lower = params_of(played(spec, value_of))
        assert params_of(played(flipped, lambda proposal: -value_of(proposal))) == lower
        assert params_of(played(flipped, value_of)) != lower


def test_infinite_values_count_as_missing() -> None:
    spec = STUDIES["coarse to fine"]
    as_infinite = params_of(played(spec, lambda each: math.inf if each.trial % 4 else value_of(each)))
    assert as_infinite == params_of(played(spec, lambda each: None if each.trial % 4 else value_of(each)))


def test_replicates_out_of_order_count_for_their_own_settings() -> None:
    spec = spec_of(trials=16, space=RANDOM, sampler=FINE | {"rounds": 2, "keep": 2}, replicates=2)
    first = next(batches(spec, value_of, batch=8))
    finished = [replace(each, value=value) for each, value in zip(first, (1, 3, 9, 10, 5, 5, 7, 7), strict=True)]
    in_order = make_sampler(spec).suggest(8, Known(finished))
    crossed = [finished[place] for place in (0, 2, 1, 3, 6, 4, 5, 7)]
    assert make_sampler(spec).suggest(8, Known(crossed)) == in_order
