"""Schedules: how learning rate and momentum change from update to update.

A schedule is a function of the update's number alone. So a resumed training goes on with the same bits, and its
checkpoint holds nothing about the schedule. Updates are counted from 0: update 0 has the value of the formula at 0.

The curves are those of `torch.optim.lr_scheduler`; the tests compare them. Torch's classes are not used, because they
change one of torch's optimisers step by step, and the first optimiser of a process imports `torch._dynamo`. That costs
every worker 1.4 s and 74 MiB (torch 2.13, one core).
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
"""The share of the training that the one cycle takes; the rest lowers the learning rate further. Source: Smith 2018,
arXiv:1803.09820, sec. 4: a cycle that is slightly shorter than the training."""
FINAL_SHARE = 1 / 100
"""The last learning rate as a share of the lowest rate of the one cycle. Source: as above: several orders of magnitude
less."""

Curve = Callable[[int], float]
"""Gives a value for the number of an update."""


@dataclass(frozen=True)
class Schedule:
    """Learning rate and momentum of a training.

    Attributes:
        learning_rate: by update, from 0.
        momentum: by update, from 0.
        cycles: number of whole cycles in a number of updates; 0 for a schedule without cycles.
    """

    learning_rate: Curve
    momentum: Curve
    cycles: Callable[[int], int]

    def ends_cycle(self, updates: int) -> bool:
        """Whether the last of these updates has completed a cycle."""
        return self.cycles(updates) > self.cycles(updates - 1)


def make_schedule(params: TrainingParams, updates_per_epoch: int, epochs: int) -> Schedule:
    """Make the schedule that the params describe.

    Args:
        params: `schedule` and its parameters.
        updates_per_epoch: at least 1.
        epochs: the budget, which cosine, one_cycle, range_test and `cycles` span. In later updates the first three
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
    """Return the updates of a cycle: 2 * step_size, or else the fraction with which `cycles` fill the budget exactly.

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
    """Return the curve that never changes."""
    return lambda _update: value


def step_decay(start: float, factor: float, every: int) -> Curve:
    """Return the curve of `StepLR`: start * factor^floor(update / every)."""
    return lambda update: start * factor ** (update // every)


def exponential_decay(start: float, factor: float, every: int) -> Curve:
    """Return the curve of `ExponentialLR` with gamma = factor^(1 / every): start * factor^(update / every)."""
    return lambda update: start * factor ** (update / every)


def cosine(high: float, low: float, length: int) -> Curve:
    """Return the curve of `CosineAnnealingLR`: low + (high - low) * (1 + cos(pi * update / length)) / 2, then low.

    Source: Loshchilov and Hutter 2017, arXiv:1608.03983, eq. 5, without restarts.
    """
    return lambda update: _half_cosine(high, low, min(update / length, 1.0))


def cosine_restarts(high: float, low: float, restarts: "Restarts") -> Curve:
    """Return the curve of `CosineAnnealingWarmRestarts`, stepped once per update: a half cosine in every cycle.

    Source: Loshchilov and Hutter 2017, arXiv:1608.03983, eq. 5; `first` is T_0 in updates, `multiplier` T_mult.
    """

    def rate(update: int) -> float:
        _, position, length = restarts.place(update)
        return _half_cosine(high, low, position / length)

    return rate


def triangle(start: float, turn: float, period: Fraction) -> Curve:
    """Return the curve of `CyclicLR`: linear from start to turn in half a period, and back in the other half.

    Source: Smith 2017, arXiv:1506.01186, sec. 3.1, policy triangular; period is 2 * stepsize.
    """

    def value(update: int) -> float:
        position = float(update % period / period)
        return start + (turn - start) * (1.0 - abs(2.0 * position - 1.0))

    return value


def one_cycle(start: float, turn: float, end: float, total: int) -> Curve:
    """Return one `triangle` in the first `CYCLE_SHARE` of the updates, then a line from start to end, then end.

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
    """Return the rise from low in the first update to high in the last, linear or by equal factors; then high.

    Source: Smith 2017, arXiv:1506.01186, sec. 3.3, where the rate rises linearly.
    """

    def rate(update: int) -> float:
        share = min(update / max(total - 1, 1), 1.0)
        return low ** (1.0 - share) * high**share if is_log else low + (high - low) * share

    return rate


@dataclass(frozen=True)
class Restarts:
    """Cycles, each `multiplier` times as long as the one before.

    Attributes:
        first: updates of the first cycle.
        multiplier: at least 1.
    """

    first: int
    multiplier: int

    def place(self, update: int) -> tuple[int, int, int]:
        """Return the number of the update's cycle, from 0, the update's place in that cycle, and the cycle's length."""
        if self.multiplier == 1:
            return update // self.first, update % self.first, self.first
        cycle, length = 0, self.first
        while update >= length:
            update -= length
            length *= self.multiplier
            cycle += 1
        return cycle, update, length

    def completed(self, updates: int) -> int:
        """Return the number of whole cycles in this number of updates."""
        return self.place(updates)[0]


def _half_cosine(high: float, low: float, share: float) -> float:
    return low + (high - low) * (1.0 + math.cos(math.pi * share)) / 2.0
