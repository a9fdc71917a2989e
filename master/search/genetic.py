"""NSGA-II and NSGA-III: genetic algorithms for several objectives at once, generation by generation.

Sources: Deb, Pratap, Agarwal and Meyarivan 2002, A Fast and Elitist Multiobjective Genetic Algorithm: NSGA-II, IEEE
Transactions on Evolutionary Computation 6(2); constraints as in its section VI. Deb and Jain 2014, An Evolutionary
Many-Objective Optimization Algorithm Using Reference-Point-Based Nondominated Sorting Approach, Part I, the same
journal 18(4). Computed by Optuna.
"""

import math
from collections.abc import Sequence
from functools import partial

import optuna
from optuna.samplers import NSGAIIISampler, NSGAIISampler
from optuna.study import Study, StudyDirection
from optuna.trial import FrozenTrial, TrialState

from hyperspool.common.goals import Goal
from hyperspool.common.records import Stage
from hyperspool.common.samplers import POPULATION, SamplerSpec
from hyperspool.common.space import Params, Space
from hyperspool.master.search.counter_random import word
from hyperspool.master.search.distinct import Distinct
from hyperspool.master.search.encoding import Encoding
from hyperspool.master.search.known import Direction, Evaluation, Known, Proposal
from hyperspool.master.search.model_based import frozen
from hyperspool.master.search.quiet import quiet_optuna


class GeneticSearch:
    """Breeds each generation from the best trials of all generations before it; the first one is random.

    A generation must be finished before the next one is suggested. The parents are selected again from the results,
    generation by generation, so nothing is carried along. A trial that failed, was pruned or diverged is worse than
    all others; one that breaks a constraint is worse than all that keep them. A parameter that is not active in every
    trial is drawn at random.

    Args:
        space: the space to search.
        seed: the study's seed.
        direction: the objective's direction.
        goals: the study's several objectives; empty if it has only one.
        sampler: `nsga2`, or `nsga3`, which spreads the parents evenly over directions; with the number of trials of
            each generation.
        constraints: the number of the study's constraints.
    """

    def __init__(
        self,
        space: Space,
        seed: int,
        direction: Direction,
        goals: Sequence[Goal],
        sampler: SamplerSpec,
        constraints: int,
    ) -> None:
        self._space, self._seed, self._direction, self._goals = space, seed, direction, goals
        self._name, self._population = sampler.name, sampler.population or POPULATION
        self._constraints = constraints
        self._encoding = Encoding(space)

    def suggest(self, count: int, known: Known) -> list[Proposal]:
        """Suggest the next trials, at most to the end of the generation."""
        generation = known.next_trial // self._population
        start = generation * self._population
        if any(trial < start for trial, _ in known.pending):
            return []
        distinct = Distinct(self._space, self._seed, known)
        proposals: list[Proposal] = []
        with quiet_optuna():
            study = optuna.create_study(directions=[StudyDirection.MINIMIZE] * (len(self._goals) or 1))
            # Only whole generations: then nothing depends on which results of this one have arrived.
            study.add_trials([self._frozen(seen) for seen in known.finished() if seen.trial < start])
            selecting = self._sampler(generation, self._seed)
            for each in range(1, generation + 1):  # Optuna keeps them; asked for the last ones alone, it would recurse
                selecting.get_parent_population(study, each)
            for trial in range(known.next_trial, min(known.next_trial + count, start + self._population)):
                params = distinct.take(trial, partial(self._ask, study, generation, trial))
                proposals.append(Proposal(trial, params, Stage(setting=trial)))
        return proposals

    def _ask(self, study: Study, generation: int, trial: int, attempt: int) -> Params:
        study.sampler = self._sampler(generation, word(self._seed, f"{self._name} {attempt}", trial) >> 32)
        asked = study.ask()
        params = self._encoding.ask(asked)
        study.tell(asked, state=TrialState.FAIL)  # only what has a result is a parent
        return params

    def _sampler(self, generation: int, seed: int) -> "_Second | _Third":
        kind = _Second if self._name == "nsga2" else _Third
        sampler = kind(population_size=self._population, seed=seed)
        sampler.size, sampler.asked = self._population, generation
        return sampler

    def _frozen(self, seen: Evaluation) -> FrozenTrial:
        losses = seen.losses(self._direction, self._goals)
        if losses is None:
            worst, broken = [math.inf] * (len(self._goals) or 1), [math.inf] * self._constraints
            return frozen(self._encoding, seen.params, TrialState.COMPLETE, worst, broken)
        return frozen(self._encoding, seen.params, TrialState.COMPLETE, losses, seen.violations)


class _OfGenerations:
    """Tells Optuna's samplers of a study whose trials are whole generations, one after the other, and those asked for.

    Attributes:
        size: of each generation.
        asked: the generation that is asked for.
    """

    size: int
    asked: int

    def get_trial_generation(self, study: Study, trial: FrozenTrial) -> int:  # noqa: ARG002 - as Optuna calls it
        """Return the generation of a trial: behind the finished ones are those that are asked for."""
        return min(trial.number // self.size, self.asked)

    def get_population(self, study: Study, generation: int) -> list[FrozenTrial]:
        """Return the trials of a finished generation."""
        return study.get_trials(deepcopy=False)[generation * self.size : (generation + 1) * self.size]


class _Second(_OfGenerations, NSGAIISampler):
    pass


class _Third(_OfGenerations, NSGAIIISampler):
    pass
