"""Searches for several objectives, and under constraints: whether what is known makes them better."""

import math
import statistics
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from hyperspool.common.records import Stage, Status
from hyperspool.common.samplers import SAMPLERS, SamplerSpec
from hyperspool.common.space import Params
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.results.front import hypervolume, study_front
from hyperspool.master.search.coarse_to_fine import best_of
from hyperspool.master.search.evolution import EvolutionStrategy
from hyperspool.master.search.known import Evaluation, Known, Proposal
from hyperspool.master.search.methods import make_sampler
from hyperspool.master.search.replicates import of_settings
from hyperspool.master.search.settings import finalists_of, ranked, settings_of
from tests.conftest import spec_of
from tests.master.played import evaluated, evaluation

SEVERAL: list[dict[str, str]] = [{"measure": "error"}, {"measure": "speed", "direction": "maximise"}]
PLANE: dict[str, Any] = {name: {"type": "float", "low": 0.0, "high": 1.0} for name in ("a", "b", "c", "d")}
CONSTRAINT = "width <= 0.2"

pytestmark = pytest.mark.usefixtures("one_thread")


def played(spec: StudySpec, measure: Callable[[Proposal], Evaluation]) -> list[Evaluation]:
    sampler, known = make_sampler(spec), Known()
    while left := spec.trials - known.next_trial:
        for proposal in sampler.suggest(min(spec.batch, left), known):
            known.finish(measure(proposal))
    return known.finished()


def conflicting(proposal: Proposal) -> Evaluation:
    """`a` trades the two objectives against each other; the other three should be 0. After ZDT1."""
    a, *rest = (float(proposal.params[name]) for name in PLANE)
    height = 1 + 3 * sum(rest)
    values = (a, -height * (1 - math.sqrt(a / height)))
    return replace(evaluated(proposal, values[0]), measured=values)


@pytest.mark.parametrize("name", ["nsga2", "nsga3", "tpe"])
def test_known_results_lead_to_a_better_front_than_chance(name: str) -> None:
    volumes: dict[str, list[float]] = {"random": [], name: []}
    for method, found in volumes.items():
        for seed in range(5):
            spec = spec_of(trials=120, batch=8, seed=seed, space=PLANE, objectives=SEVERAL, sampler={"name": method})
            points = [point for point in study_front(spec, played(spec, conflicting)).points if point]
            found.append(hypervolume(points, (1.1, 10.0)))
    assert statistics.median(volumes[name]) > sorted(volumes["random"])[-2]


def narrow(proposal: Proposal) -> Evaluation:
    """Best at `a` = 1, but only up to `a` = 0.2 is the constraint kept."""
    params = proposal.params
    value = 1 - float(params["a"]) + float(params["b"])
    return replace(evaluated(proposal, value), violations=(float(params["a"]) - 0.2,))


def blind(proposal: Proposal) -> Evaluation:
    return replace(narrow(proposal), violations=(0.0,))


@pytest.mark.parametrize("name", ["nsga2", "nsga3", "tpe", "gp", "cmaes", "coarse-to-fine"])
def test_methods_that_learn_search_where_a_constraint_is_kept(name: str) -> None:
    space = {key: PLANE[key] for key in ("a", "b")}
    size = {"trials": 16, "batch": 4} if name == "gp" else {"trials": 100, "batch": 5}
    spec = spec_of(space=space, sampler={"name": name}, constraints=[CONSTRAINT], **size)
    found, without = (played(spec, measure) for measure in (narrow, blind))
    best, best_blindly = (
        min(seen.value or 0.0 for seen in each if float(seen.params["a"]) <= 0.2) for each in (found, without)
    )
    assert best < best_blindly


def breaking(trial: int, value: float | None, violation: float) -> Evaluation:
    return replace(evaluation(trial, {"x": trial / 10, "y": 0.5}, value), violations=(violation,))


BROKEN = [breaking(0, 0.1, 2.0), breaking(1, 0.2, 1.0), breaking(2, 0.9, 0.0), breaking(3, None, math.inf)]
"""The lower the value, the more it breaks the constraint; the last one failed."""


def test_rankings_put_what_breaks_a_constraint_behind() -> None:
    assert [seen.trial for seen in best_of(BROKEN, 9, "minimise")] == [2, 1, 0]
    settings = ranked(settings_of(BROKEN), "minimise")
    assert [setting.representative.trial for setting in settings] == [2, 1, 0, 3]
    assert [setting.representative.trial for setting in finalists_of(BROKEN, 3, "minimise")] == [2]
    assert [setting.representative.trial for setting in finalists_of(BROKEN[:2], 3, "minimise")] == [1, 0]


def test_setting_keeps_a_constraint_by_the_mean_of_its_replicates() -> None:
    own = [
        replace(breaking(trial, 0.1, violation), status=Status.COMPLETE) for trial, violation in enumerate((3.0, -1.0))
    ]
    renamed = [
        replace(seen, proposal=replace(seen.proposal, params={"x": 0.1}, stage=Stage(replicate=trial)))
        for trial, seen in enumerate(own)
    ]
    (setting,) = of_settings(Known(renamed), 2).finished()
    assert setting.violations == (1.0,)
    assert not settings_of(renamed)[0].keeps_constraints


def test_evolution_ranks_a_broken_trial_as_a_worse_one() -> None:
    space = spec_of(space={"x": PLANE["a"], "y": PLANE["b"]}).space
    method = EvolutionStrategy(space, 0, "minimise")
    points: list[Params] = [{"x": (place + 1) / 10, "y": 0.5} for place in range(method.generation)]
    own = [replace(evaluation(place, point, place / 10), violations=(0.0,)) for place, point in enumerate(points)]
    broken = [replace(own[0], value=-5.0, violations=(1.0,)), *own[1:]]
    as_worst = [replace(own[0], value=5.0), *own[1:]]
    assert method.suggest(4, Known(broken)) == method.suggest(4, Known(as_worst))
    assert method.suggest(4, Known(broken)) != method.suggest(4, Known([replace(own[0], value=-5.0), *own[1:]]))


def test_many_generations_do_not_recurse() -> None:
    spec = spec_of(trials=3000, space=PLANE, objectives=SEVERAL, sampler={"name": "nsga2", "population": 4})
    random = make_sampler(spec.model_copy(update={"sampler": SamplerSpec()})).suggest(2400, Known())
    assert len(make_sampler(spec).suggest(4, Known(map(conflicting, random)))) == 4


def test_generation_waits_for_the_one_before() -> None:
    spec = spec_of(trials=20, space=PLANE, objectives=SEVERAL, sampler={"name": "nsga2", "population": 6})
    sampler = make_sampler(spec)
    first = sampler.suggest(20, Known())
    assert [proposal.trial for proposal in first] == list(range(6))
    assert sampler.suggest(9, Known(map(conflicting, first[:5]), first[5:])) == []
    assert len(sampler.suggest(9, Known(map(conflicting, first)))) == 6


def test_failed_and_diverged_trials_are_no_parents() -> None:
    spec = spec_of(trials=40, space=PLANE, objectives=SEVERAL, sampler={"name": "nsga2", "population": 20})
    first = make_sampler(spec).suggest(20, Known())
    sound = [conflicting(proposal) for proposal in first]
    best = [replace(seen, measured=(-9.0, 9.0)) for seen in sound]
    failed = [evaluated(seen.proposal, None) for seen in sound]
    diverged = [replace(seen, diverged=True) for seen in best]
    children = make_sampler(spec).suggest(20, Known(failed[:9] + sound[9:]))
    assert make_sampler(spec).suggest(20, Known(diverged[:9] + sound[9:])) == children
    assert make_sampler(spec).suggest(20, Known(best[:9] + sound[9:])) != children


def test_status_of_a_failed_trial_does_not_reach_the_front() -> None:
    seen = replace(conflicting(make_sampler(spec_of(space=PLANE)).suggest(1, Known())[0]), status=Status.PRUNED)
    assert study_front(spec_of(objectives=SEVERAL), [seen]).evaluations == ()


@pytest.mark.parametrize("name", sorted(SAMPLERS))
def test_each_method_takes_several_objectives_or_says_why_not(name: str) -> None:
    space = {key: {"type": "int", "low": 1, "high": 3} for key in ("a", "b")}
    table = {"space": space, "sampler": {"name": name}, "objectives": SEVERAL, "trials": 6}
    if name in {"random", "grid", "qmc", "tpe", "nsga2", "nsga3"}:
        assert len(make_sampler(spec_of(**table)).suggest(4, Known())) == 4
    else:
        with pytest.raises(ValueError, match=f"{name} searches for one objective"):
            spec_of(**table)
