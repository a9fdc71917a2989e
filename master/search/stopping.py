"""Rules that end a search early: nothing more is suggested once what is known fulfils one.

The rule of time suggests no less: a clock is no function of what is known. The master's loop asks one, and records it.

The expected improvement is the last step of the exact curve of random search. Let x(1) <= ... <= x(n) be the losses of
n independent trials. Over all orders of these trials, the best of the first t is x(k) with probability

    C(n - k, t - 1) / C(n, t)

(as in `master/analysis/measures/simulation.py`, which draws the whole curve; Dodge et al. 2019, arXiv:1909.03004, draw
with replacement instead). The curve's mean at t = n - b minus its mean at t = n, which is x(1), is what the last b of
n trials gain on average. The next b gain no more than that in expectation: the expected minimum of independent draws
is convex in their number.
"""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from hyperspool.common.records import Status
from hyperspool.common.stopping import StopRules, StudyClock
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.search.known import Evaluation, Known, Proposal, loss_of
from hyperspool.master.search.replicates import of_settings
from hyperspool.master.search.rungs import rungs_of
from hyperspool.master.search.sampler import Sampler


@dataclass(frozen=True)
class Stopped:
    """Why a study ended early.

    Attributes:
        rule: the rule's key in the study's table `stop`.
        reason: one sentence, without a full stop.
    """

    rule: str
    reason: str


class Stopping:
    """Suggests the trials of another search method until a rule of the study's table `stop` holds.

    A trial that is still open then may be a new incumbent. If the rule no longer holds with it, the search goes on.

    Args:
        inner: the search method.
        spec: the study.
    """

    def __init__(self, inner: Sampler, spec: StudySpec) -> None:
        self._inner, self._spec = inner, spec

    def suggest(self, count: int, known: Known) -> list[Proposal]:
        """Suggest the next trials; none while a rule holds."""
        return [] if _rule_that_holds(self._spec, known) else self._inner.suggest(count, known)


def stopped_by(spec: StudySpec, known: Known) -> Stopped | None:
    """Return the rule that holds for what is known of a study's trials; None if none does, or the study has none.

    With replicates the rules count settings, and compare their means.
    """
    if spec.stop is None:
        return None
    return _rule_that_holds(spec, of_settings(known, spec.replicates) if spec.replicates > 1 else known)


def run_out(rules: StopRules, clock: StudyClock | None) -> Stopped | None:
    """Return the rule `wall_clock_s` if a study's record says that its time is over; else None."""
    if rules.wall_clock_s is None or clock is None or not clock.has_run_out(rules.wall_clock_s):
        return None
    return Stopped("wall_clock_s", f"its {rules.wall_clock_s:g} s since {clock.began_at} are over")


def _rule_that_holds(spec: StudySpec, known: Known) -> Stopped | None:
    rules, direction = spec.stop, spec.objective.direction
    if rules is None:
        return None
    rungs = rungs_of(spec)
    top = rungs.top if rungs else 0  # values of fewer epochs cannot be compared with the incumbent's
    seen = [each for each in known.finished() if each.proposal.rung == top]
    best = min(seen, key=lambda each: each.loss(direction), default=None)
    if best is None or best.value is None or math.isinf(best.loss(direction)):
        return None
    unit, mean = ("setting", "mean ") if spec.replicates > 1 else ("trial", "")
    value = f"{mean}{spec.objective.measure_name} {best.value:.6g}"
    if rules.target is not None and best.loss(direction) <= loss_of(rules.target, direction):
        return Stopped("target", f"{unit} {best.trial} reached the target {rules.target:.6g}, with {value}")
    # A FAILED trial says nothing of the params.
    after = sum(each.trial > best.trial and each.status is not Status.FAILED for each in seen)
    if rules.no_improvement is not None and after >= rules.no_improvement:
        others = f"none of the {after} finished {unit}s" if after > 1 else f"no finished {unit}"
        return Stopped("no_improvement", f"{others} after {unit} {best.trial} is better than its {value}")
    if rules.expected_improvement is not None:
        return _little_to_expect(spec, seen, rules.expected_improvement)
    return None


def _little_to_expect(spec: StudySpec, seen: Sequence[Evaluation], least: float) -> Stopped | None:
    batch = -(-spec.batch // spec.replicates)
    gain = expected_gain([each.loss(spec.objective.direction) for each in seen], batch)
    if gain is None or gain >= least:
        return None
    return Stopped(
        "expected_improvement",
        f"the next batch of {spec.batch} random trials is expected to gain at most {gain:.3g}, less than {least:g}",
    )


def expected_gain(losses: Sequence[float], batch: int) -> float | None:
    """Return by how much the last `batch` of independent trials lower the best loss, on average over all orders.

    Orders whose first trials have no loss are left out of the mean, as in the curve that `simulate` draws.

    Args:
        losses: one for each trial, in any order; infinity for a trial without a value.
        batch: how many trials follow, above 0.

    Returns:
        At least 0. None if there are no more than `batch` trials, so that none come before them.
    """
    count, ordered = len(losses), sorted(losses)
    if count <= batch:
        return None
    # Only the batch + 1 lowest can be the best of the others. Each probability follows from the one before it.
    is_best = (count - batch) / count
    total = weight = 0.0
    for place, loss in enumerate(ordered[: batch + 1], start=1):
        if math.isinf(loss):
            break
        total, weight = total + is_best * (loss - ordered[0]), weight + is_best
        if place < count:
            is_best *= (batch - place + 1) / (count - place)
    return total / weight if weight else None
