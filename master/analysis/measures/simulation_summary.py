"""The results of simulated random searches in sentences, with numbers computed from the given trials."""

import numpy as np
from numpy.typing import ArrayLike

from hyperspool.master.analysis.measures.replay import replay
from hyperspool.master.analysis.measures.simulation import TIE, Direction, Floats, exact_distribution, to_minimise
from hyperspool.master.results.wording import duration_text, measured_text

NEAR_SHARE = 0.1
"""A value is near the best if it is within this share of it."""
NEAR_ERROR = 0.005
"""Where values are themselves shares, such as errors, near also means within half a percentage point."""
LEVELS = {0.5: "half of all orders", 0.25: "a quarter", 0.75: "three quarters"}


def simulation_summary(
    values: ArrayLike,
    durations: ArrayLike,
    batch: int,
    direction: Direction = "minimise",
    workers: tuple[int, ...] = (2, 4, 8),
) -> list[str]:
    """Say how soon a random search comes near its best value, and how much faster it is with more workers.

    Args:
        values: `(n,)`, in trial order; NaN for a trial without a value.
        durations: `(n,)` seconds, in trial order.
        batch: trials per batch.
        direction: of the objective.
        workers: the numbers of workers to compare.

    Returns:
        Sentences, each of which can stand alone.

    Raises:
        UsageError: a duration is negative or missing, or the batch is empty.
    """
    return [*_on_evaluations(to_minimise(values, direction), direction), *_on_workers(durations, batch, workers)]


def _on_evaluations(values: Floats, direction: Direction) -> list[str]:
    """Sentences on the number of evaluations until near the best. Lower `values` are better."""
    known = values[np.isfinite(values)]
    if not known.size:
        return ["No trial has a value, so there is no search to simulate."]
    best = float(known.min())
    shown = measured_text(float(to_minimise(best, direction)))
    sentences = []
    if without := values.size - known.size:
        sentences.append(f"{without} of {values.size} trials have no value; each counts as an evaluation.")
    if best:
        near = f"within {NEAR_SHARE:.0%} of the best of {values.size} trials ({shown})"
        sentences.append(_reached(values, best + NEAR_SHARE * abs(best), near))
    if known.size == np.count_nonzero((np.abs(known) <= 1) & (to_minimise(known, direction) >= 0)):
        near = f"within {NEAR_ERROR:g} of the best of {values.size} trials ({shown})"
        sentences.append(_reached(values, best + NEAR_ERROR, near))
    return sentences


def _reached(values: Floats, target: float, near: str) -> str:
    chance = exact_distribution(values, target)
    needed = {level: int(np.argmax(chance >= level * (1.0 - TIE))) + 1 for level in LEVELS}
    median, *others = (f"{LEVELS[level]} after {evaluations}" for level, evaluations in needed.items())
    plural = "" if needed[0.5] == 1 else "s"
    good = int(np.count_nonzero(values <= target))
    return (
        f"{near[0].upper()}{near[1:]}: {median} evaluation{plural}, {others[0]}, {others[1]} "
        f"({good} trial{'' if good == 1 else 's'} of {values.size} {'is' if good == 1 else 'are'} that good)."
    )


def _on_workers(durations: ArrayLike, batch: int, workers: tuple[int, ...]) -> list[str]:
    """Sentences on the time that the trials take with more workers."""
    alone = replay(durations, 1, None).makespan_s
    if not alone:
        return ["The trials took no time, so more workers would not have saved any."]
    sentences = [f"One worker needs {duration_text(alone)} for these trials."]
    for count in workers:
        batched, free = replay(durations, count, batch), replay(durations, count, None)
        sentences.append(
            f"{count} workers would need {duration_text(batched.makespan_s)} in batches of {batch} "
            f"({alone / batched.makespan_s:.1f} times as fast; {1 - batched.efficiency:.0%} of their time lost "
            f"waiting, {duration_text(batched.idle_s)} in all) and {duration_text(free.makespan_s)} asynchronously "
            f"({alone / free.makespan_s:.1f} times as fast; {1 - free.efficiency:.0%} lost)."
        )
    sentences.append("These times assume that workers do not slow each other down. On a shared machine they do.")
    return sentences
