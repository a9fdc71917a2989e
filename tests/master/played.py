"""Studies played through in memory: a search method, what is known, and values that a test gives."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

from hyperspool.common.records import Stage, Status
from hyperspool.common.space import Params
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.search.known import Evaluation, Known, Proposal
from hyperspool.master.search.methods import make_sampler

Measure = Callable[[Proposal], float | None]
"""The value of a proposal; None: it FAILED."""


def evaluated(proposal: Proposal, value: float | None, *, diverged: bool = False) -> Evaluation:
    """A proposal's evaluation: COMPLETE with a value, else FAILED."""
    return Evaluation(proposal, Status.FAILED if value is None else Status.COMPLETE, value, diverged)


def evaluation(trial: int, params: Params, value: float | None, **stage: Any) -> Evaluation:
    """An evaluation by itself; keyword arguments are its stage's."""
    return evaluated(Proposal(trial, params, replace(Stage(setting=trial), **stage)), value)


def batches(spec: StudySpec, measure: Measure, batch: int | None = None) -> Iterator[list[Evaluation]]:
    """A study's batches, each finished before the next one is proposed, as a synchronous master does it."""
    sampler, known = make_sampler(spec), Known()
    while (left := spec.all_trials - known.next_trial) and (
        proposals := sampler.suggest(min(batch or spec.batch, left), known)
    ):
        finished = [evaluated(proposal, measure(proposal)) for proposal in proposals]
        for each in finished:
            known.finish(each)
        yield finished


def played(spec: StudySpec, measure: Measure = lambda _: 0.5, batch: int | None = None) -> list[Evaluation]:
    """All evaluations of a study in the order of their trials."""
    return [each for finished in batches(spec, measure, batch) for each in finished]


def params_of(evaluations: Iterable[Evaluation]) -> list[Params]:
    """The params of evaluations, in their order."""
    return [each.params for each in evaluations]
