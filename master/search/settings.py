"""Settings: trials of equal params, ranked by the mean of their values."""

import math
from collections.abc import Hashable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from operator import attrgetter

from hyperspool.common.space import Params
from hyperspool.common.values import setting_key, setting_keys
from hyperspool.master.search.known import Direction, Evaluation, excess_of, keeps, loss_of


@dataclass(frozen=True)
class Setting:
    """The evaluations of equal params.

    Attributes:
        evaluations: one or more, in the order of their trials.
    """

    evaluations: tuple[Evaluation, ...]

    @property
    def params(self) -> Params:
        """The params that the evaluations share, as written in the first of them."""
        return self.evaluations[0].params

    @cached_property
    def key(self) -> Hashable:
        """The key of the setting: equal settings have equal keys."""
        return setting_key(self.params)

    @cached_property
    def mean(self) -> float | None:
        """The mean of the finite values; None if there are no finite values."""
        return mean_of(self.evaluations)

    @property
    def violations(self) -> tuple[float, ...]:
        """The means of its violations of each constraint; empty without constraints."""
        return mean_violations(self.evaluations)

    @property
    def keeps_constraints(self) -> bool:
        """Whether it keeps every constraint of the study in the mean."""
        return keeps(self.violations)

    @property
    def representative(self) -> Evaluation:
        """The evaluation that stands for the setting: the first one with a number, else the first one."""
        return next((seen for seen in self.evaluations if seen.number is not None), self.evaluations[0])


def settings_of(evaluations: Iterable[Evaluation]) -> list[Setting]:
    """Group evaluations into settings, in the order of their first trials."""
    ordered = sorted(evaluations, key=attrgetter("proposal.trial", "proposal.rung"))
    by_key: dict[Hashable, list[Evaluation]] = {}
    for key, evaluation in zip(setting_keys([seen.params for seen in ordered]), ordered, strict=True):
        by_key.setdefault(key, []).append(evaluation)
    return [Setting(tuple(own)) for own in by_key.values()]


def ranked(settings: Iterable[Setting], direction: Direction) -> list[Setting]:
    """Sort settings by their mean, best first, ties in the order given.

    Behind those that keep the study's constraints come those that break one, the least broken first, and last those
    without a mean.
    """
    return sorted(
        settings,
        key=lambda setting: (
            setting.mean is None,
            excess_of(setting.violations),
            loss_of(setting.mean, direction),
        ),
    )


def finalists_of(evaluations: Iterable[Evaluation], count: int, direction: Direction) -> list[Setting]:
    """Return the best settings among those with a mean; if no setting has a mean, the first settings.

    A setting that breaks a constraint is among them only if no setting keeps them all.
    """
    settings = ranked(settings_of(evaluations), direction)
    with_mean = [setting for setting in settings if setting.mean is not None]
    keeping = [setting for setting in with_mean if setting.keeps_constraints]
    return (keeping or with_mean or settings)[:count]


def mean_of(evaluations: Sequence[Evaluation]) -> float | None:
    """Return the mean of the finite values; None if there are no finite values."""
    if len(evaluations) == 1:  # as nearly always, and this is asked of every setting
        number = evaluations[0].number
        return None if number is None else number + 0.0  # a sum has no negative zero
    numbers = [number for seen in evaluations if (number := seen.number) is not None]
    # Divided before the sum, because the sum of two very large numbers is infinite.
    return math.fsum(number / len(numbers) for number in numbers) if numbers else None


def mean_violations(evaluations: Sequence[Evaluation]) -> tuple[float, ...]:
    """Return the mean violation of each constraint over the evaluations that have a number; empty if none has."""
    counting = [seen.violations for seen in evaluations if seen.number is not None]
    return tuple(math.fsum(each / len(own) for each in own) for own in zip(*counting, strict=True))
