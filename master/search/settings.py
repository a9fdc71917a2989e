"""Settings: trials of equal params, ranked by the mean of their values."""

import math
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass

from hyperspool.common.space import Params
from hyperspool.common.values import setting_key
from hyperspool.master.search.known import Direction, Evaluation, loss_of


@dataclass(frozen=True)
class Setting:
    """The evaluations of equal params.

    Attributes:
        evaluations: at least one, in the order of their trials.
    """

    evaluations: tuple[Evaluation, ...]

    @property
    def params(self) -> Params:
        """The params that they share, as the first of them has them."""
        return self.evaluations[0].params

    @property
    def key(self) -> Hashable:
        """What equal settings have in common."""
        return setting_key(self.params)

    @property
    def mean(self) -> float | None:
        """The mean of the values that are numbers; None if there is none."""
        return mean_of(self.evaluations)

    @property
    def first_trial(self) -> int:
        """The first trial that evaluated it."""
        return self.evaluations[0].trial


def settings_of(evaluations: Iterable[Evaluation]) -> list[Setting]:
    """The settings that were evaluated, in the order of their first trials."""
    by_key: dict[Hashable, list[Evaluation]] = {}
    for evaluation in sorted(evaluations, key=lambda seen: seen.proposal.key):
        by_key.setdefault(setting_key(evaluation.params), []).append(evaluation)
    return [Setting(tuple(own)) for own in by_key.values()]


def ranked(settings: Iterable[Setting], direction: Direction) -> list[Setting]:
    """The settings with a mean, best first, the earlier one first among equals; those without a mean follow."""
    return sorted(settings, key=lambda setting: (setting.mean is None, loss_of(setting.mean, direction)))


def finalists_of(evaluations: Iterable[Evaluation], count: int, direction: Direction) -> list[Setting]:
    """The best settings: those with a mean. Where none has one, the first settings stand in for them."""
    settings = ranked(settings_of(evaluations), direction)
    with_mean = [setting for setting in settings if setting.mean is not None]
    return (with_mean or settings)[:count]


def mean_of(evaluations: Sequence[Evaluation]) -> float | None:
    """The mean of the values that are numbers; None if there is none."""
    numbers = [seen.number for seen in evaluations if seen.number is not None]
    # Divided first: the sum of two very large numbers is infinite.
    return math.fsum(number / len(numbers) for number in numbers) if numbers else None
