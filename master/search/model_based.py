"""Search methods that learn from results by a sampler of Optuna's: TPE and a Gaussian process.

Sources: Watanabe 2023, Tree-Structured Parzen Estimator: Understanding Its Algorithm Components and Their Roles for
Better Empirical Performance, arXiv:2304.11127; Rasmussen and Williams 2006, Gaussian Processes for Machine Learning.
The constant liar for pending trials: Ginsbourger, Le Riche and Carraro 2010, Kriging Is Well-Suited to Parallelize
Optimization.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from copy import copy
from functools import partial
from typing import Self

import optuna
from optuna.samplers import BaseSampler, GPSampler, TPESampler
from optuna.study import StudyDirection
from optuna.trial import FrozenTrial, TrialState, create_trial
from threadpoolctl import threadpool_limits

from hyperspool.common.earlier import EarlierResult
from hyperspool.common.goals import Goal
from hyperspool.common.records import Stage
from hyperspool.common.space import Params, Space
from hyperspool.master.search.counter_random import word
from hyperspool.master.search.distinct import Distinct
from hyperspool.master.search.encoding import Encoding
from hyperspool.master.search.known import Direction, Evaluation, Known, Proposal, loss_of
from hyperspool.master.search.quiet import quiet_optuna
from hyperspool.master.search.random_search import draw, drawn_value, has_prior

MakeSampler = Callable[[int], BaseSampler]
"""Makes a sampler from its seed."""
LEARNT = {"tpe": (TrialState.COMPLETE, TrialState.PRUNED), "gp": (TrialState.COMPLETE,)}
"""The trials that end the random ones at the start, by the sampler."""


class ModelBased:
    """Asks a sampler of Optuna's for one trial after another.

    Optuna's study is made anew for each call, from what is known in the order of the trials; and its sampler for each
    proposal, with a seed of the trial's own. So a proposal follows from the study's seed, its trial and what is known.
    FAILED trials have no value to learn from; neither have PRUNED ones, whose value is of fewer epochs, unless it is
    known of which rung: TPE ranks them after the COMPLETE ones, those of higher rungs first. A pending trial counts as
    one that will be no better than what is known, so that the next one goes elsewhere. Optuna knows how far each trial
    lies beyond the study's constraints.

    TPE models the parameters of each branch by themselves. The Gaussian process has one model of all parameters, which
    Optuna asks only for those that are active in every trial, and draws the others at random. So it is given values of
    the inactive ones too, random numbers of the trial's own: from them it learns that they do not matter there.

    Args:
        space: the space to search.
        seed: the study's seed.
        direction: the objective's direction.
        name: the sampler's name in a study; it keys the random numbers.
        startup: the number of random trials at the start; they are drawn from the priors, if any parameter has one.
        goals: the study's several objectives; empty if it has only one.

    Attributes:
        earlier: the results of other studies that it has learned from, as Optuna keeps them.
    """

    def __init__(
        self, space: Space, seed: int, direction: Direction, name: str, startup: int, goals: Sequence[Goal] = ()
    ) -> None:
        self._space, self._seed, self._direction, self._goals = space, seed, direction, goals
        self._name, self._make_sampler = name, MAKERS[name](startup)
        self._modelled = space if name == "tpe" else _without_conditions(space)
        self._encoding = Encoding(self._modelled)
        self._startup = startup if has_prior(space) else 0
        self.earlier: tuple[FrozenTrial, ...] = ()

    def having_seen(self, earlier: Sequence[EarlierResult]) -> Self:
        """Return a copy that has learned from earlier results, as from COMPLETE trials."""
        learned = copy(self)
        learned.earlier = tuple(
            frozen(self._encoding, params, TrialState.COMPLETE, (loss_of(seen.value, self._direction),))
            for params, seen in ((self._completed(seen.params, number), seen) for number, seen in enumerate(earlier))
        )
        return learned

    def suggest(self, count: int, known: Known) -> list[Proposal]:
        """Suggest the next `count` trials. No two of a study are equal while the space has others."""
        distinct = Distinct(self._space, self._seed, known)
        proposals: list[Proposal] = []
        # One thread: matrices this small gain nothing from more, and on busy cores these take ten times as long.
        with quiet_optuna(), threadpool_limits(1):
            directions = [StudyDirection.MINIMIZE] * (len(self._goals) or 1)
            study = optuna.create_study(directions=directions, sampler=self._make_sampler(0))
            study.add_trials(self.earlier)
            study.add_trials([self._frozen(proposal, known) for proposal in known.proposals()])
            for trial in range(known.next_trial, known.next_trial + count):
                params = distinct.take(trial, partial(self._ask, study, trial))
                proposals.append(Proposal(trial, params, Stage(setting=trial)))
                study.add_trial(self._frozen(proposals[-1], known))
        return proposals

    def _ask(self, study: optuna.Study, trial: int, attempt: int) -> Params:
        if not attempt and len(study.get_trials(deepcopy=False, states=LEARNT[self._name])) < self._startup:
            return draw(self._space, self._seed, trial)  # by the priors, of which Optuna knows nothing
        study.sampler = self._make_sampler(word(self._seed, f"{self._name} {attempt}", trial) >> 32)
        asked = study.ask()
        params = self._encoding.ask(asked)
        study.tell(asked, state=TrialState.FAIL)  # the next call does not know it, so nothing may follow from it
        return self._space.filled(params.__getitem__)

    def _completed(self, params: Params, number: int) -> Params:
        """Return what a model without conditions is given: the inactive parameters too, with random values."""
        if self._modelled is self._space:
            return params
        return {
            name: params[name] if name in params else drawn_value(parameter, self._seed, name, number)
            for name, parameter in self._modelled.items()
        }

    def _frozen(self, proposal: Proposal, known: Known) -> FrozenTrial:
        evaluation = known.evaluations.get(proposal.key)
        losses = evaluation.losses(self._direction, self._goals) if evaluation else None
        state = _state(evaluation, losses)
        violations = (
            evaluation.violations if evaluation and state.is_finished() and state is not TrialState.FAIL else ()
        )
        rungs: dict[int, float] = {}
        if evaluation and evaluation.rung is not None and evaluation.value is not None:
            rungs[evaluation.rung] = loss_of(evaluation.value, self._direction)
        values = losses if state is TrialState.COMPLETE else None
        params = self._completed(proposal.params, proposal.trial)
        return frozen(self._encoding, params, state, values, violations, rungs)


def frozen(
    encoding: Encoding,
    params: Params,
    state: TrialState,
    losses: Sequence[float] | None,
    violations: Sequence[float] = (),
    rungs: Mapping[int, float] | None = None,
) -> FrozenTrial:
    """Return a trial as Optuna keeps it.

    Args:
        encoding: of the study's space.
        params: of the trial.
        state: COMPLETE if it has losses.
        losses: what it measured, to be minimised; None: nothing at the full budget.
        violations: how far it lies beyond each constraint; empty for a study without constraints.
        rungs: what it measured on a lower rung, as a loss.
    """
    encoded = encoding.encoded(params)
    return create_trial(
        state=state,
        values=losses,
        params=encoded,
        distributions={name: encoding.distributions[name] for name in encoded},
        intermediate_values=dict(rungs or {}),
        constraints={str(place): violation for place, violation in enumerate(violations)},
    )


def _without_conditions(space: Space) -> Space:
    # Made anew: a copy would keep what the parameter has worked out of its condition.
    return Space({name: type(one).model_validate(dict(one) | {"when": {}}) for name, one in space.items()})


def _state(evaluation: Evaluation | None, losses: Sequence[float] | None) -> TrialState:
    if evaluation is None:
        return TrialState.RUNNING
    if evaluation.rung is not None and math.isfinite(evaluation.value or 0.0):
        return TrialState.PRUNED
    return TrialState.COMPLETE if losses else TrialState.FAIL


def _tpe(startup: int) -> MakeSampler:
    return lambda seed: TPESampler(
        n_startup_trials=startup, seed=seed, multivariate=True, group=True, constant_liar=True
    )


def _gaussian_process(startup: int) -> MakeSampler:
    import torch  # noqa: F401 - the sampler would load it in its first call, after the number of threads is limited

    return lambda seed: GPSampler(n_startup_trials=startup, seed=seed, warn_independent_sampling=False)


MAKERS: dict[str, Callable[[int], MakeSampler]] = {"tpe": _tpe, "gp": _gaussian_process}
"""Makes a sampler by its name in a study, from the number of random trials at its start."""
