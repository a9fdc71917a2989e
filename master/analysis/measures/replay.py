"""Replay of a search: its recorded durations, scheduled on any number of workers.

A replay shows how much faster the search would have been with more workers. There are two modes. Both give out trials
in trial order, each to the worker that is free first (greedy list scheduling; Graham 1966,
doi:10.1002/j.1538-7305.1966.tb01709.x: never longer than 2 - 1/W times the best schedule):

- in batches of b: a batch starts when all trials of the previous one have ended, so workers wait at each batch's end;
- asynchronous: the next trial starts as soon as a worker is free, so workers wait only at the very end.

The limit: a replayed trial takes as long as the recorded one. Not included are that workers on one machine slow each
other down, and that publishing, claiming and starting cost a little time.
"""

from dataclasses import dataclass

import numpy as np
import pandas as pd
from numpy.typing import ArrayLike, NDArray

from hyperspool.common.errors import UsageError
from hyperspool.master.analysis.measures.simulation import Floats, simulated_quantiles

Integers = NDArray[np.int64]


@dataclass(frozen=True)
class Schedule:
    """When and on which worker each trial runs. Arrays are `(n,)`, in trial order; seconds since the search's start."""

    start_s: Floats
    end_s: Floats
    worker: Integers
    workers: int
    batch: int | None

    @property
    def makespan_s(self) -> float:
        """Seconds until the last trial ends."""
        return float(self.end_s.max(initial=0.0))

    @property
    def busy_s(self) -> float:
        """Seconds of evaluation, summed over all workers."""
        return float((self.end_s - self.start_s).sum())

    @property
    def idle_s(self) -> float:
        """Seconds of waiting until the last trial ends, summed over all workers."""
        return max(self.workers * self.makespan_s - self.busy_s, 0.0)

    @property
    def efficiency(self) -> float:
        """The share of the workers' time that went into trials; 1 for a search without trials."""
        return self.busy_s / (self.busy_s + self.idle_s) if self.busy_s else 1.0

    @property
    def mode(self) -> str:
        """The mode in words."""
        return mode_name(self.batch)


def mode_name(batch: int | None) -> str:
    """The mode in words: `batches of 8`, or `asynchronous`."""
    return "asynchronous" if batch is None else f"batches of {batch}"


def replay(durations: ArrayLike, workers: int, batch: int | None) -> Schedule:
    """Schedule the recorded durations on a number of workers.

    Args:
        durations: `(n,)` seconds per trial, in trial order.
        workers: how many, at least 1.
        batch: trials per batch, at least 1; None for asynchronous.

    Raises:
        UsageError: a duration is negative or missing, or `workers` or `batch` is below 1.
    """
    seconds = _checked(durations, workers, batch)
    start, worker = _begin(seconds[np.newaxis, :], workers, batch)
    return Schedule(start[0], start[0] + seconds, worker[0], workers, batch)


def best_against_time(values: ArrayLike, schedule: Schedule) -> tuple[Floats, Floats]:
    """The best value so far as a step function of time.

    Args:
        values: `(n,)`, in trial order; lower is better; NaN for a trial without a value.
        schedule: of the same trials.

    Returns:
        `(n,)` the seconds at which trials end, ascending, and `(n,)` the best value from then on; NaN until the first
        value.
    """
    order = np.argsort(schedule.end_s, kind="stable")
    best = np.fmin.accumulate(np.asarray(values, dtype=np.float64)[order])
    return schedule.end_s[order], best


def median_against_time(
    values: ArrayLike, durations: ArrayLike, workers: int, batch: int | None, *, runs: int = 200, seed: int = 0
) -> tuple[Floats, Floats]:
    """The best value so far as a function of time: the median over simulated random searches.

    Each simulated search replays the trials in another order. Two calls with the same `runs` and `seed` use the same
    orders, so differences between numbers of workers are due to the workers.

    Args:
        values: `(n,)`, in trial order; lower is better; NaN for a trial without a value.
        durations: `(n,)` seconds, in trial order.
        workers: how many, at least 1.
        batch: trials per batch, at least 1; None for asynchronous.
        runs: how many searches to simulate.
        seed: of the shuffling.

    Returns:
        `(m,)` seconds, ascending from 0 to the end of the longest search, and `(m,)` the median from then on; NaN
        until half of the searches have a value.

    Raises:
        UsageError: as in `replay`.
    """
    seconds = _checked(durations, workers, batch)
    orders = np.random.default_rng(seed).permuted(np.tile(np.arange(seconds.size), (runs, 1)), axis=1)
    start, _ = _begin(seconds[orders], workers, batch)
    ends = start + seconds[orders]
    by_end = np.argsort(ends, axis=1, kind="stable")
    ends = np.take_along_axis(ends, by_end, axis=1)
    shuffled = np.asarray(values, dtype=np.float64)[np.take_along_axis(orders, by_end, axis=1)]
    # The first column stands for the time before any trial has ended, so every instant has a column to look up.
    best = np.column_stack([np.full(runs, np.nan), np.fmin.accumulate(shuffled, axis=1)])
    times = _instants(ends)
    reached = np.stack([row[np.searchsorted(end, times, side="right")] for row, end in zip(best, ends, strict=True)])
    return times, simulated_quantiles(reached, [0.5])[0]


def speedups(durations: ArrayLike, batch: int, workers: tuple[int, ...] = (1, 2, 4, 8)) -> pd.DataFrame:
    """The speedup of more workers, in batches and asynchronous.

    Args:
        durations: `(n,)` seconds per trial, in trial order.
        batch: trials per batch, at least 1.
        workers: the numbers of workers to compare.

    Returns:
        One row per number of workers and mode: `workers`, `mode` ("batches of 8" or "asynchronous"), `makespan_s`,
        `speedup` (over one worker), `lost_s` (waiting, summed over workers) and `lost_share` (of all workers' time).

    Raises:
        UsageError: as in `replay`.
    """
    alone = replay(durations, 1, None).makespan_s
    schedules = [replay(durations, count, mode) for count in workers for mode in (batch, None)]
    return pd.DataFrame(
        {
            "workers": [schedule.workers for schedule in schedules],
            "mode": [schedule.mode for schedule in schedules],
            "makespan_s": [schedule.makespan_s for schedule in schedules],
            "speedup": [alone / schedule.makespan_s if alone else 1.0 for schedule in schedules],
            "lost_s": [schedule.idle_s for schedule in schedules],
            "lost_share": [1.0 - schedule.efficiency for schedule in schedules],
        }
    )


def _checked(durations: ArrayLike, workers: int, batch: int | None) -> Floats:
    seconds = np.asarray(durations, dtype=np.float64)
    if workers < 1:
        raise UsageError(f"A replay needs at least one worker, not {workers}.")
    if batch is not None and batch < 1:
        raise UsageError(f"A batch holds at least one trial, not {batch}.")
    wrong = np.flatnonzero(~(np.isfinite(seconds) & (seconds >= 0)))
    if wrong.size:
        raise UsageError(
            f"The duration of trial {wrong[0]} is {seconds[wrong[0]]}; a replay needs 0 s or more for each trial."
        )
    return seconds


def _begin(seconds: Floats, workers: int, batch: int | None) -> tuple[Floats, Integers]:
    """Schedule many searches at once: the start and the worker of each trial.

    Args:
        seconds: `(runs, n)` durations, in the order in which trials are given out.
        workers: how many.
        batch: trials per batch; None for asynchronous.

    Returns:
        Two arrays `(runs, n)`. If several workers are free first, the one with the lowest number takes the trial.
    """
    runs, count = seconds.shape
    start, worker = np.empty((runs, count)), np.empty((runs, count), dtype=np.int64)
    free_at = np.zeros((runs, workers))
    every = np.arange(runs)
    for trial in range(count):
        if batch is not None and trial % batch == 0:
            free_at[:] = free_at.max(axis=1, keepdims=True)  # a barrier: nobody starts before the last one ends
        chosen = free_at.argmin(axis=1)
        worker[:, trial] = chosen
        start[:, trial] = free_at[every, chosen]
        free_at[every, chosen] += seconds[:, trial]
    return start, worker


def _instants(ends: Floats, points: int = 1000) -> Floats:
    """The instants at which the median is computed: 0, and at most `points` trial ends, denser the earlier they are.

    The last instant is the last end.
    """
    distinct = np.unique(ends)
    places = np.unique(np.geomspace(1, distinct.size, points).round().astype(np.int64)) - 1
    return np.append(0.0, distinct[places])
