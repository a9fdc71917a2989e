"""Population-based training: each generation goes on from the last one's checkpoints, and the worst copy the best.

Source: Jaderberg et al. 2017, Population Based Training of Neural Networks, arXiv:1711.09846, algorithm 1, with
truncation selection as exploit and perturb or resample as explore (sec. 3 and 4.1). The paper's members go on at their
own pace. Here a generation waits for the last one, so that proposals do not depend on the number of workers.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from hyperspool.common.issues import EvaluationKey
from hyperspool.common.population import PBT
from hyperspool.common.records import Stage
from hyperspool.common.space import Categorical, Fixed, Float, Parameter, Params, Scalar, Space
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.search.counter_random import unit_number
from hyperspool.master.search.known import Direction, Evaluation, Known, Proposal
from hyperspool.master.search.random_search import draw, drawn_value


@dataclass(frozen=True)
class Population:
    """How a study trains a population.

    Attributes:
        size: the members of each generation; member m of generation g is trial g * size + m.
        generations: how many there are.
        interval: the epochs by which a generation's budget exceeds the last one's.
        exploit: the share of members that copy one of the same share of best ones.
        factors: a number is multiplied by one of these.
        resample: the probability that a parameter is drawn from the space instead.
        perturbed: the parameters that change in a copy.
    """

    size: int
    generations: int
    interval: int
    exploit: float
    factors: Sequence[float]
    resample: float
    perturbed: frozenset[str]

    def is_copy(self, proposal: Proposal) -> bool:
        """Return whether a member goes on from another one's checkpoint, and not from its own predecessor's."""
        return proposal.starts_from not in {None, proposal.trial - self.size}

    def may_be_promoted(self, known: Known) -> set[EvaluationKey]:
        """Return the finished evaluations from whose checkpoint a trial that is not proposed yet may start."""
        first = (known.next_trial // self.size - 1) * self.size  # of the last generation that is proposed whole
        return {key for key in known.evaluations if key[0] >= first}


def population_of(spec: StudySpec) -> Population | None:
    """Return the population of a study; None if its trials are independent trainings."""
    sampler = spec.sampler
    if sampler.name != PBT or sampler.population is None or sampler.interval is None:
        return None
    return Population(
        size=sampler.population,
        generations=spec.epochs // sampler.interval,
        interval=sampler.interval,
        exploit=sampler.exploit or 0.0,
        factors=sampler.factors or (1.0,),
        resample=sampler.resample or 0.0,
        perturbed=frozenset(sampler.perturb or ()),
    )


class PopulationTraining:
    """Suggests the members of each generation; the first one is random.

    A generation must be finished before the next one is suggested. Its members are ranked by their values. The worst
    ones, and all that failed or diverged, are replaced by copies of the best ones: the checkpoint of one that is drawn,
    with changed params. All others go on as they are. If no member has a value, all begin from the start.

    Args:
        space: the space to search.
        seed: the study's seed.
        direction: the objective's direction.
        population: how the study trains it.
    """

    def __init__(self, space: Space, seed: int, direction: Direction, population: Population) -> None:
        self._space, self._seed, self._direction, self._population = space, seed, direction, population

    def suggest(self, count: int, known: Known) -> list[Proposal]:
        """Suggest the next trials, at most to the end of the generation."""
        size = self._population.size
        generation, first = known.next_trial // size, known.next_trial
        trials = range(first, min(first + count, (generation + 1) * size))
        if generation == 0:
            return [self._begun(trial) for trial in trials]
        last = range((generation - 1) * size, generation * size)
        members = [known.evaluations[trial, 0] for trial in last if (trial, 0) in known.evaluations]
        if len(members) < size:
            return []
        ranked = sorted(members, key=lambda seen: (self._loss(seen), seen.trial))
        return [self._member(trial, ranked, known) for trial in trials]

    def _loss(self, seen: Evaluation) -> float:
        return math.inf if seen.diverged else seen.loss(self._direction)

    def _member(self, trial: int, ranked: Sequence[Evaluation], known: Known) -> Proposal:
        able = [seen for seen in ranked if math.isfinite(self._loss(seen))]
        if not able:
            return self._begun(trial)
        cut = max(int(self._population.exploit * self._population.size), 1)
        own = next(seen for seen in ranked if seen.trial == trial - self._population.size)
        if own in able and own not in ranked[-cut:]:
            return self._going_on(trial, own, own.params, known)
        best = able[:cut]
        source = best[int(unit_number(self._seed, "pbt source", trial) * len(best))]
        return self._going_on(trial, source, self._explored(source.params, trial), known)

    def _begun(self, trial: int) -> Proposal:
        return Proposal(
            trial, draw(self._space, self._seed, trial), Stage(setting=trial), budget_epochs=self._epochs(trial)
        )

    def _going_on(self, trial: int, source: Evaluation, params: Params, known: Known) -> Proposal:
        return Proposal(
            trial,
            dict(params),
            Stage(setting=trial),
            budget_epochs=self._epochs(trial),
            starts_from=source.trial,
            seeded_as=first_of(source.proposal, known),
        )

    def _epochs(self, trial: int) -> int:
        return (trial // self._population.size + 1) * self._population.interval

    def _explored(self, params: Params, trial: int) -> Params:
        def value_of(name: str) -> Scalar:
            parameter = self._space.root[name]
            if name not in params:  # its condition holds because another parameter has changed
                return drawn_value(parameter, self._seed, name, trial)
            return self._changed(name, params[name], trial) if name in self._population.perturbed else params[name]

        return self._space.filled(value_of)

    def _changed(self, name: str, value: Scalar, trial: int) -> Scalar:
        parameter = self._space.root[name]
        if unit_number(self._seed, f"pbt resample {name}", trial) < self._population.resample:
            return drawn_value(parameter, self._seed, name, trial)
        factors = self._population.factors
        return multiplied(
            parameter, value, factors[int(unit_number(self._seed, f"pbt factor {name}", trial) * len(factors))]
        )


def first_of(proposal: Proposal, known: Known) -> int:
    """Return the trial with which a proposal's training began. All that go on from it have its seeds."""
    while proposal.starts_from is not None:
        proposal = known.evaluations[proposal.starts_from, 0].proposal
    return proposal.trial


def multiplied(parameter: Parameter, value: Scalar, factor: float) -> Scalar:
    """Return a number times a factor, within its range; what has steps moves by one at least. A category stays."""
    if isinstance(parameter, Categorical | Fixed):
        return value
    number = float(value)
    target = min(max(number * factor, parameter.low), parameter.high)
    if isinstance(parameter, Float) and not parameter.step:
        return target
    step = parameter.step or 1
    here, there = round((number - parameter.low) / step), round((target - parameter.low) / step)
    if here == there and target != number:
        there += 1 if target > number else -1
    last = parameter.step_count - 1 if isinstance(parameter, Float) else (parameter.high - parameter.low) // int(step)
    there = min(max(there, 0), last)
    return parameter.at_step(there) if isinstance(parameter, Float) else parameter.low + there * int(step)
