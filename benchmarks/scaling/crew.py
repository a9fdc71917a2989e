"""A worker of a simulated study: it looks, claims, evaluates and reports as the real one does."""

from typing import TYPE_CHECKING

from benchmarks.scaling.world import Steps, World
from hyperspool.worker.idleness import RESCAN_S
from hyperspool.worker.job_order import MOST_TRIES, ORDERLY
from hyperspool.worker.queue import LISTED_S, MISSES

if TYPE_CHECKING:
    from hyperspool.common.records import Job

LOOKS = 3
"""Requests to see that a job of the listing is another worker's by now: for the job, a pause and the lock file."""


class SimulatedWorker:
    """One worker.

    Args:
        world: what it shares with the others.
    """

    def __init__(self, world: World) -> None:
        self._world = world
        self._listed_s, self._seen, self._first = float("-inf"), 0, 0
        self._is_heard = self._is_listening = False

    def steps(self) -> Steps:
        """Work until the study is finished."""
        world = self._world
        phase_s = world.random.random() * RESCAN_S
        yield world.env.timeout(world.place.found_s if world.is_local else phase_s)
        while world.finished < world.spec.trials:
            if world.env.now - self._listed_s > LISTED_S or not world.free:
                yield from self._list()
            if world.free:
                yield from self._claim_and_evaluate()
                continue
            yield from self._fail(min(world.held, MOST_TRIES))
            if not world.free:
                self._listen(is_listening=True)
                yield from world.waiting.wait(phase_s)
                yield from self._list(world.costs.wake_s)
                world.waiting.arrived()

    def _listen(self, *, is_listening: bool) -> None:
        self._world.listening += is_listening - self._is_listening
        self._is_listening = is_listening

    def _list(self, more_s: float = 0.0) -> Steps:
        world = self._world
        self._listed_s, self._seen, self._first = world.env.now, world.claims, len(world.free)
        is_new = world.is_published and not self._is_heard
        names = world.names
        cpu_s = names * world.costs.worker_name_s + more_s + world.costs.join_s * is_new
        yield from world.do(1 + names / world.costs.names_per_request, cpu_s)
        world.heard += is_new
        self._is_heard |= is_new

    def _fail(self, tries: float) -> Steps:
        if tries:
            costs = self._world.costs
            yield from self._world.do(tries * costs.requests_failed_try, tries * costs.failed_try_s)

    def _claim_and_evaluate(self) -> Steps:
        world = self._world
        job = self._chosen()
        self._listen(is_listening=False)
        taken = world.claims - self._seen
        world.claims += 1
        world.held += 1
        if skipped := self._skipped(taken):
            yield from world.do(LOOKS * skipped, 0)
        self._seen = world.claims
        yield from self._evaluate(job)

    def _chosen(self) -> "Job":
        """The job whose turn it is: by number; where an order is suggested, each worker's differs a little from it."""
        world = self._world
        if not world.is_ordered:
            return world.free.pop(0)
        spread = ORDERLY if self._first > ORDERLY else min(2 * world.held, ORDERLY)
        places = range(min(len(world.free), spread + 1))
        return world.free.pop(min(places, key=lambda place: place + world.random.random() * spread))

    def _skipped(self, taken: int) -> float:
        """How many jobs that others have taken since the listing are looked at in vain before one that is free."""
        left = self._first - taken
        if left < 1:
            return MISSES
        return min(taken / (left + 1) if self._first > ORDERLY else taken, MISSES)

    def _evaluate(self, job: "Job") -> Steps:
        world = self._world
        costs, counts, env = world.costs, world.counts, world.env
        yield from world.do(costs.requests_trial / 2, costs.trial_s / 2)
        began_s = env.now
        counts.first_s = counts.first_s if counts.first_s is not None else began_s
        counts.last_claim_s = began_s
        seconds = world.seconds_of(job)
        counts.evaluated_s.append((began_s, began_s + seconds))
        yield env.timeout(seconds)
        yield from world.do(costs.requests_trial / 2, costs.trial_s / 2 + seconds * costs.busy_share)
        yield from world.flush()
        yield from world.flush()
        world.report(job)
