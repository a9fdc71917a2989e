"""What a search method is given and what it returns: proposals, finished evaluations, and all that is known of both.

Values are measured values, as the objective returned them. A value that is flipped so that lower is better is called a
loss, and only `Evaluation.loss` makes one.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

from hyperspool.common.issues import EvaluationKey
from hyperspool.common.records import Stage, Status
from hyperspool.common.space import Params

Direction = Literal["minimise", "maximise"]


@dataclass(frozen=True)
class Proposal:
    """What a search method asks for.

    Attributes:
        trial: number of the trial within its study, from 0.
        params: the point of the space.
        stage: what the trial is for.
        rung: the level of successive halving; 0 where there is one level.
        budget_epochs: epochs of this evaluation, those of the rungs below included; None: the study's budget, which
            is the horizon of every evaluation.
        continues: the lower rung of the trial from whose checkpoint it goes on; None: it begins at the first epoch.
    """

    trial: int
    params: Params
    stage: Stage
    rung: int = 0
    budget_epochs: int | None = None
    continues: int | None = None

    @property
    def key(self) -> EvaluationKey:
        """The name of its evaluation."""
        return self.trial, self.rung


@dataclass(frozen=True)
class Evaluation:
    """A finished evaluation.

    Attributes:
        proposal: what was asked for.
        status: COMPLETE, PRUNED or FAILED.
        value: what the objective measured; None if it FAILED.
        diverged: training left the finite numbers, and the value is the error of guessing.
    """

    proposal: Proposal
    status: Status
    value: float | None
    diverged: bool = False

    @property
    def trial(self) -> int:
        """Number of its trial."""
        return self.proposal.trial

    @property
    def params(self) -> Params:
        """The params that were evaluated."""
        return self.proposal.params

    @property
    def stage(self) -> Stage:
        """What it was for."""
        return self.proposal.stage

    @property
    def number(self) -> float | None:
        """The value if it can be ranked and averaged: finite, of a COMPLETE evaluation. Else None."""
        is_complete = self.status is Status.COMPLETE and self.value is not None
        return self.value if is_complete and math.isfinite(self.value or 0.0) else None

    def loss(self, direction: Direction) -> float:
        """The value as something to be minimised; infinite where there is no `number`."""
        return loss_of(self.number, direction)


def loss_of(number: float | None, direction: Direction) -> float:
    """A measured number as something to be minimised; infinity for None."""
    if number is None:
        return math.inf
    return number if direction == "minimise" else -number


class Known:
    """All that a study knows: its finished evaluations, and the proposals that have no result yet.

    A search method reads it and changes nothing. The order in which results arrived is not in here.

    Args:
        evaluations: the finished ones.
        pending: proposals whose evaluation is not finished.
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
        """The number of the next new trial: trials are numbered without gaps in the order of their proposals."""
        return self._next_trial

    def finished(self) -> list[Evaluation]:
        """The finished evaluations in the order of trial and rung."""
        return [self._evaluations[key] for key in sorted(self._evaluations)]

    def proposals(self) -> list[Proposal]:
        """Every proposal so far, finished or pending, in the order of trial and rung."""
        every = {key: evaluation.proposal for key, evaluation in self._evaluations.items()} | self._pending
        return [every[key] for key in sorted(every)]

    def select(self, is_wanted: Callable[[Stage], bool]) -> "Known":
        """What is known of the trials whose stage is wanted. Their numbers stay."""
        return Known(
            (evaluation for evaluation in self._evaluations.values() if is_wanted(evaluation.stage)),
            (proposal for proposal in self._pending.values() if is_wanted(proposal.stage)),
        )

    def renumbered(self) -> "Known":
        """The same with each trial numbered by its setting, as a search method within another one sees it."""
        return Known(
            (
                replace(evaluation, proposal=as_setting(evaluation.proposal))
                for evaluation in self._evaluations.values()
            ),
            map(as_setting, self._pending.values()),
        )

    def propose(self, proposal: Proposal) -> None:
        """Add a proposal. For the owner of this object alone."""
        self._next_trial = max(self._next_trial, proposal.trial + 1)
        if proposal.key not in self._evaluations:
            self._pending[proposal.key] = proposal

    def finish(self, evaluation: Evaluation) -> None:
        """Add a finished evaluation. For the owner of this object alone."""
        key = evaluation.proposal.key
        self._next_trial = max(self._next_trial, evaluation.trial + 1)
        self._pending.pop(key, None)
        self._evaluations[key] = evaluation


def as_setting(proposal: Proposal) -> Proposal:
    """The proposal as a search method within another one made it: its trial is its setting."""
    return replace(proposal, trial=proposal.stage.setting)
