"""How learning rate and momentum change from update to update.

A schedule is a function of the update's number alone, so a training that is resumed goes on with the same bits and its
checkpoint holds nothing of it. Updates are counted from 0; update 0 has the value that a formula gives at 0.

The curves are those of `torch.optim.lr_scheduler`, which the tests compare them with. Its own classes change one of
torch's optimisers step by step, and the first optimiser that a process makes imports `torch._dynamo`: 1.4 s and 74 MiB
(torch 2.13, one core), for every worker.
"""

import math
from collections.abc import Callable
from dataclasses import dataclass
from fractions import Fraction
from functools import partial

from hyperspool.worker.training.params import TrainingParams

USUAL_CYCLES = 3
"""Cycles in a budget if neither `step_size` nor `cycles` is given. Source: Smith 2017, arXiv:1506.01186, sec. 3.2."""
CYCLE_SHARE = Fraction(9, 10)
"""How much of the training the one cycle takes; the rest lowers the learning rate further. Source: Smith 2018,
arXiv:1803.09820, sec. 4: a cycle that is slightly shorter than the training."""
FINAL_SHARE = 1 / 100
"""What becomes of the lowest learning rate after the one cycle. Source: as above: several orders of magnitude less."""

Curve = Callable[[int], float]
"""A value by the number of the update."""


@dataclass(frozen=True)
class Schedule:
    """Learning rate and momentum of a training.

    Attributes:
        learning_rate: by update, from 0.
        momentum: by update, from 0.
        cycles: how many whole cycles so many updates hold; 0 of a schedule without any.
    """

    learning_rate: Curve
    momentum: Curve
    cycles: Callable[[int], int]

    def ends_cycle(self, updates: int) -> bool:
        """Whether the last of so many updates has completed a cycle."""
        return self.cycles(updates) > self.cycles(updates - 1)


def make_schedule(params: TrainingParams, updates_per_epoch: int, epochs: int) -> Schedule:
    """The schedule that the params describe.

    Args:
        params: `schedule` and what belongs to it.
        updates_per_epoch: at least 1.
        epochs: the budget, which cosine, one_cycle, range_test and `cycles` span. In further updates the first three
            keep their last learning rate; triangles go on.

    Raises:
        ValueError: the budget is too short for the cycles.
    """
    total = updates_per_epoch * epochs
    schedule = _make(params, updates_per_epoch, total)
    if params.snapshots and not schedule.cycles(total):
        raise ValueError(
            f"snapshots is on, but no cycle of {params.schedule} ends within the budget's {total} updates: "
            f"lengthen the budget, or shorten {'step_size' if params.schedule == 'triangular' else 'restart_period'}"
        )
    return schedule


def _make(params: TrainingParams, updates_per_epoch: int, total: int) -> Schedule:
    rate, momentum = constant(params.learning_rate), constant(params.momentum)
    cycles: Callable[[int], int] = _no_cycles
    every = params.decay_every * updates_per_epoch
    match params.schedule:
        case "step":
            rate = step_decay(params.learning_rate, params.decay_factor, every)
        case "exponential":
            rate = exponential_decay(params.learning_rate, params.decay_factor, every)
        case "cosine":
            rate = cosine(params.highest_rate, params.lowest_rate, total)
        case "cosine_restarts":
            restarts = Restarts(params.restart_period * updates_per_epoch, params.restart_multiplier)
            rate, cycles = cosine_restarts(params.highest_rate, params.lowest_rate, restarts), restarts.completed
        case "triangular":
            period = cycle_length(params, total)
            rate, cycles = triangle(params.lowest_rate, params.highest_rate, period), partial(_whole, period)
        case "cyclical_momentum":
            momentum = triangle(params.momentum, params.lowest_momentum, cycle_length(params, total))
        case "range_test":
            rate = range_test(params.lowest_rate, params.highest_rate, total, is_log=params.eta_log)
        case "one_cycle":
            rate = one_cycle(params.lowest_rate, params.highest_rate, params.lowest_rate * FINAL_SHARE, total)
            momentum = one_cycle(params.momentum, params.lowest_momentum, params.momentum, total)
    return Schedule(rate, momentum, cycles)


def _no_cycles(_updates: int) -> int:
    return 0


def _whole(period: Fraction, updates: int) -> int:
    return updates // period


def cycle_length(params: TrainingParams, total: int) -> Fraction:
    """Updates of a cycle, 2 * step_size; without it, such that the `cycles` fill the budget exactly, in fractions.

    Raises:
        ValueError: there are more cycles than pairs of updates.
    """
    if params.step_size is not None:
        return Fraction(2 * params.step_size)
    cycles = params.cycles if params.cycles is not None else min(USUAL_CYCLES, max(total // 2, 1))
    if params.cycles is not None and 2 * cycles > total:
        raise ValueError(f"cycles is {cycles}, but the budget has {total} updates, and a cycle takes two at least")
    return Fraction(total, cycles)


def constant(value: float) -> Curve:
    """The same value always."""
    return lambda _update: value


def step_decay(start: float, factor: float, every: int) -> Curve:
    """What `StepLR` does: start * factor^floor(update / every)."""
    return lambda update: start * factor ** (update // every)


def exponential_decay(start: float, factor: float, every: int) -> Curve:
    """What `ExponentialLR` does with gamma = factor^(1 / every): start * factor^(update / every)."""
    return lambda update: start * factor ** (update / every)


def cosine(high: float, low: float, length: int) -> Curve:
    """What `CosineAnnealingLR` does: low + (high - low) * (1 + cos(pi * update / length)) / 2, and low after `length`.

    Source: Loshchilov and Hutter 2017, arXiv:1608.03983, eq. 5, without restarts.
    """
    return lambda update: _half_cosine(high, low, min(update / length, 1.0))


def cosine_restarts(high: float, low: float, restarts: "Restarts") -> Curve:
    """A half cosine from high to low in every cycle: `CosineAnnealingWarmRestarts`, stepped once per update.

    Source: Loshchilov and Hutter 2017, arXiv:1608.03983, eq. 5; `first` is T_0 in updates, `multiplier` T_mult.
    """

    def rate(update: int) -> float:
        _, position, length = restarts.place(update)
        return _half_cosine(high, low, position / length)

    return rate


def triangle(start: float, turn: float, period: Fraction) -> Curve:
    """Linearly from start to turn in half a period and back in the other half, again and again: `CyclicLR`.

    Source: Smith 2017, arXiv:1506.01186, sec. 3.1, policy triangular; period is 2 * stepsize.
    """

    def value(update: int) -> float:
        position = float(update % period / period)
        return start + (turn - start) * (1.0 - abs(2.0 * position - 1.0))

    return value


def one_cycle(start: float, turn: float, end: float, total: int) -> Curve:
    """One `triangle` in the first `CYCLE_SHARE` of the updates, then linearly from start to end, and end after that.

    `OneCycleLR` with three_phase and linear annealing has the same phases, each shorter by an update.
    Source: Smith 2018, arXiv:1803.09820, sec. 4.
    """
    period = CYCLE_SHARE * total
    rising = triangle(start, turn, period)

    def value(update: int) -> float:
        if update < period:
            return rising(update)
        share = min(float((update - period) / (total - period)), 1.0)
        return start + (end - start) * share

    return value


def range_test(low: float, high: float, total: int, *, is_log: bool) -> Curve:
    """From low in the first update to high in the last, linearly or by the same factor each time; high after that.

    Source: Smith 2017, arXiv:1506.01186, sec. 3.3, where the rate rises linearly.
    """

    def rate(update: int) -> float:
        share = min(update / max(total - 1, 1), 1.0)
        return low ** (1.0 - share) * high**share if is_log else low + (high - low) * share

    return rate


@dataclass(frozen=True)
class Restarts:
    """Cycles of which each is `multiplier` times as long as the one before.

    Attributes:
        first: updates of the first cycle.
        multiplier: at least 1.
    """

    first: int
    multiplier: int

    def place(self, update: int) -> tuple[int, int, int]:
        """The number of the update's cycle, from 0; the update's place in it; its length."""
        if self.multiplier == 1:
            return update // self.first, update % self.first, self.first
        cycle, length = 0, self.first
        while update >= length:
            update -= length
            length *= self.multiplier
            cycle += 1
        return cycle, update, length

    def completed(self, updates: int) -> int:
        """How many whole cycles so many updates hold."""
        return self.place(updates)[0]


def _half_cosine(high: float, low: float, share: float) -> float:
    return low + (high - low) * (1.0 + math.cos(math.pi * share)) / 2.0
