"""The input and output of a search method: finished evaluations, pending proposals, and new proposals.

A `value` is what the objective measured. A `loss` is a value with its sign set so that lower is better; only `loss_of`
makes one.
"""

import math
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Literal, Self

from hyperspool.common.goals import Goal
from hyperspool.common.issues import EvaluationKey
from hyperspool.common.measures import values_of, violations_of
from hyperspool.common.outcome import Finished
from hyperspool.common.records import Stage, Status
from hyperspool.common.space import Params
from hyperspool.common.study_spec import StudySpec

Direction = Literal["minimise", "maximise"]


@dataclass(frozen=True, slots=True)
class Proposal:
    """An evaluation that a search method asks for.

    Attributes:
        trial: the trial's number within its study, from 0.
        params: the point of the search space.
        stage: what the trial is for.
        rung: the level of successive halving; 0 if there is only one.
        budget_epochs: the epochs of this evaluation, including those of lower rungs; None: the study's budget, which is
            the horizon of every evaluation.
        continues: the lower rung whose checkpoint this evaluation resumes from; None: it begins at the first epoch.
        starts_from: the earlier trial whose checkpoint this evaluation resumes from; None: no other trial's.
        seeded_as: the trial whose seeds it has; None: it has its own.
    """

    trial: int
    params: Params
    stage: Stage
    rung: int = 0
    budget_epochs: int | None = None
    continues: int | None = None
    starts_from: int | None = None
    seeded_as: int | None = None

    @property
    def key(self) -> EvaluationKey:
        """The evaluation's key: trial and rung."""
        return self.trial, self.rung


@dataclass(frozen=True, slots=True)
class Evaluation:
    """A finished evaluation.

    Attributes:
        proposal: the proposal that was evaluated.
        status: COMPLETE, PRUNED or FAILED.
        value: what the objective measured; None if the evaluation FAILED.
        diverged: training produced numbers that are not finite, and the value is the error of guessing.
        rung: the value is of a lower rung than those that it is shown with, of this one; None: they may be compared.
        measured: what was measured for each of the study's several objectives; empty if it has only one, or unless the
            evaluation is COMPLETE.
        violations: how far the evaluation lies beyond each of the study's constraints: at most 0 where it keeps one,
            infinity unless it is COMPLETE.
    """

    proposal: Proposal
    status: Status
    value: float | None
    diverged: bool = False
    rung: int | None = None
    measured: tuple[float, ...] = ()
    violations: tuple[float, ...] = ()

    @classmethod
    def of(cls, proposal: Proposal, result: Finished, spec: StudySpec) -> Self:
        """Make the evaluation of a proposal from its result."""
        values = values_of(spec, result) if spec.objectives else ()
        violations = violations_of(spec, result) if spec.constraints else ()
        return cls(proposal, result.status, result.value, result.diverged, measured=values, violations=violations)

    @property
    def trial(self) -> int:
        """The trial's number."""
        return self.proposal.trial

    @property
    def params(self) -> Params:
        """The params that were evaluated."""
        return self.proposal.params

    @property
    def stage(self) -> Stage:
        """What the evaluation was for."""
        return self.proposal.stage

    @property
    def number(self) -> float | None:
        """The value, if it can be ranked and averaged: it is finite and the evaluation COMPLETE. Else None."""
        is_complete = self.status is Status.COMPLETE and self.value is not None
        return self.value if is_complete and math.isfinite(self.value or 0.0) else None

    def loss(self, direction: Direction) -> float:
        """The value as a loss, which is minimised; infinity if there is no `number`, or a constraint is broken."""
        return loss_of(self.number, direction) if self.keeps_constraints else math.inf

    @property
    def keeps_constraints(self) -> bool:
        """Whether it keeps every constraint of the study; so does any evaluation of a study without constraints."""
        return keeps(self.violations)

    @property
    def excess(self) -> float:
        """How far it lies beyond the constraints that it breaks, summed up."""
        return excess_of(self.violations)

    def losses(self, direction: Direction, goals: Sequence[Goal]) -> tuple[float, ...] | None:
        """What it measured as losses, whether it keeps the constraints or not.

        Args:
            direction: the objective's direction.
            goals: the study's several objectives; empty if it has only one, and the value is the only loss.

        Returns:
            The losses in the order of the objectives. None if they cannot be compared: there is no `number`; or, of
            several objectives, one has no finite value, or the evaluation diverged.
        """
        if self.number is None:
            return None
        if not goals:
            return (loss_of(self.number, direction),)
        if self.diverged or not all(map(math.isfinite, self.measured)):
            return None
        return tuple(loss_of(value, goal.direction) for value, goal in zip(self.measured, goals, strict=True))


def loss_of(number: float | None, direction: Direction) -> float:
    """Return a measured number as a loss, which is minimised; infinity for None."""
    if number is None:
        return math.inf
    return number if direction == "minimise" else -number


def keeps(violations: Sequence[float]) -> bool:
    """Return whether every constraint is kept."""
    return all(violation <= 0 for violation in violations)


def excess_of(violations: Sequence[float]) -> float:
    """Return how far broken constraints are exceeded, summed up."""
    return sum(max(violation, 0.0) for violation in violations)


class Known:
    """Everything that a search method may use: the finished evaluations, and the proposals without a result.

    A search method only reads it. The order in which results arrived is not recorded.

    Args:
        evaluations: the finished evaluations.
        pending: the proposals whose evaluation is not finished.
    """

    def __init__(self, evaluations: Iterable[Evaluation] = (), pending: Iterable[Proposal] = ()) -> None:
        self._evaluations: dict[EvaluationKey, Evaluation] = {}
        self._pending: dict[EvaluationKey, Proposal] = {}
        self._next_trial = 0
        for proposal in pending:
            self.propose(proposal)
        for evaluation in evaluations:
            self.finish(evaluation)

    @property
    def evaluations(self) -> Mapping[EvaluationKey, Evaluation]:
        """The finished evaluations, by trial and rung."""
        return self._evaluations

    @property
    def pending(self) -> Mapping[EvaluationKey, Proposal]:
        """The proposals without a result, by trial and rung."""
        return self._pending

    @property
    def next_trial(self) -> int:
        """The next new trial's number. Trials are numbered without gaps, in the order of their proposals."""
        return self._next_trial

    def finished(self) -> list[Evaluation]:
        """The finished evaluations, in the order of trial and rung."""
        return [self._evaluations[key] for key in sorted(self._evaluations)]

    def proposals(self) -> list[Proposal]:
        """All proposals so far, finished or pending, in the order of trial and rung."""
        every = {key: evaluation.proposal for key, evaluation in self._evaluations.items()} | self._pending
        return [every[key] for key in sorted(every)]

    def select(self, is_wanted: Callable[[Stage], bool]) -> "Known":
        """Return what is known of the trials whose stage is wanted. They keep their numbers."""
        return Known(
            (evaluation for evaluation in self._evaluations.values() if is_wanted(evaluation.stage)),
            (proposal for proposal in self._pending.values() if is_wanted(proposal.stage)),
        )

    def renumbered(self) -> "Known":
        """Return a copy in which each trial has its setting's number, as an inner search method sees it."""
        return Known(
            (
                replace(evaluation, proposal=as_setting(evaluation.proposal))
                for evaluation in self._evaluations.values()
            ),
            map(as_setting, self._pending.values()),
        )

    def propose(self, proposal: Proposal) -> None:
        """Add a proposal. Only the owner of this object may call it."""
        self._next_trial = max(self._next_trial, proposal.trial + 1)
        if proposal.key not in self._evaluations:
            self._pending[proposal.key] = proposal

    def reopen(self, key: EvaluationKey) -> None:
        """Take an evaluation's result back: it is pending again. Only the owner of this object may call it."""
        self._pending[key] = self._evaluations.pop(key).proposal

    def finish(self, evaluation: Evaluation) -> None:
        """Add a finished evaluation. Only the owner of this object may call it."""
        key = evaluation.proposal.key
        self._next_trial = max(self._next_trial, evaluation.trial + 1)
        self._pending.pop(key, None)
        self._evaluations[key] = evaluation


def as_setting(proposal: Proposal) -> Proposal:
    """Return the proposal as an inner search method sees it: its trial is its setting."""
    return replace(proposal, trial=proposal.stage.setting)
