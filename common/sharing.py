"""Lets what is kept of many evaluations share what is equal, so that a hundred thousand fit into one process.

A record that was just read has parts of its own, though most of them equal those of the record before: the worker's
host and versions, the budget, the time of publication.
"""

from typing import Protocol

from hyperspool.common.outcome import Outcome
from hyperspool.common.records import Attribution, Budget, Result, Seeds, Stage
from hyperspool.common.space import Params


class Asked(Protocol):
    """What was asked for: a job, or the proposal that it is made of."""

    @property
    def params(self) -> Params:
        """Its params."""

    @property
    def seeds(self) -> Seeds:
        """Its seeds."""

    @property
    def stage(self) -> Stage | None:
        """What it is for."""


class SharedParts:
    """The parts that others may share. They are frozen, so nobody notices."""

    def __init__(self) -> None:
        self._attributions: dict[tuple[object, ...], Attribution] = {}
        self._budgets: dict[int, Budget] = {}
        self._published_at = ""

    def outcome(self, result: Result, asked: Asked | None = None) -> Outcome:
        """Make the outcome of a result that was just read.

        Args:
            result: the result; nobody else has it.
            asked: what it is a result of, if the caller knows.
        """
        times, horizon = result.times, result.horizon
        if times.published_at == self._published_at:
            object.__setattr__(times, "published_at", self._published_at)  # frozen, but nobody has seen it yet
        self._published_at = times.published_at
        outcome = Outcome.of(result)._replace(
            budget=self.budget(result.budget),
            horizon=None if horizon is None else self.budget(horizon),
            attribution=self.attribution(result.attribution),
        )
        return with_equal_parts(outcome, asked) if asked else outcome

    def budget(self, budget: Budget) -> Budget:
        """The first budget that equals this one."""
        return self._budgets.setdefault(budget.epochs, budget)

    def attribution(self, own: Attribution) -> Attribution:
        """The first attribution that equals this one."""
        key = (own.worker, own.host, own.pid, own.device, own.threads, own.code, *own.versions.items())
        return self._attributions.setdefault(key, own)


def with_equal_parts(outcome: Outcome, asked: Asked) -> Outcome:
    """Return an outcome whose params, seeds and stage are those that were asked for, where they are equal."""
    params, wanted = outcome.params, asked.params
    # Python takes 1, 1.0 and True for equal, and a file has its parameters in an order.
    is_same = params == wanted and list(params) == list(wanted)
    is_same = is_same and list(map(type, params.values())) == list(map(type, wanted.values()))
    return outcome._replace(
        params=wanted if is_same else params,
        seeds=asked.seeds if outcome.seeds == asked.seeds else outcome.seeds,
        stage=asked.stage if outcome.stage == asked.stage else outcome.stage,
    )
