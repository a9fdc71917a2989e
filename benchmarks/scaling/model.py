"""A study with many workers in virtual time: the real search proposes, and everything else costs what was measured.

The study's own `Proposer` with its sampler is called for real, and what it takes of the CPU passes in virtual time. Its
workers, its master's loop and its folder are processes of simpy. They take the same steps in the same order as the real
ones, with the same pauses, at the costs of `benchmarks.scaling.costs`. On one machine they share its cores, and events
wake them. On a cluster each has a core, only timed looks find anything, and each operation costs requests of one file
server, which answers a number of them per second.
"""

import time
from collections.abc import Callable, Sequence

from benchmarks.batch_order import NOWHERE, result_of
from benchmarks.scaling.costs import Costs
from benchmarks.scaling.crew import SimulatedWorker
from benchmarks.scaling.place import Outcome, Place
from benchmarks.scaling.world import Steps, World
from hyperspool.common.records import Job
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.journal.journal import Journal
from hyperspool.master.journal.proposer import Proposer
from hyperspool.master.run.dispatch import TOGETHER
from hyperspool.master.run.longest_first import LongestFirst
from hyperspool.master.run.loop import AHEAD, HEARING, RESCAN_S, TICK_S

CHUNK = 500
"""Heartbeats that a master reads before others get their turn at the file server."""


class Simulation:
    """One study.

    Args:
        spec: the study; it may be asynchronous.
        workers: how many, all there from the beginning.
        seconds_of: how long a job's evaluation takes.
        place: where.
        costs: of each operation.
    """

    def __init__(
        self, spec: StudySpec, workers: int, seconds_of: Callable[[Job], float], place: Place, costs: Costs
    ) -> None:
        self._world = World(spec, workers, seconds_of, place, costs)
        self._spec, self._costs, self._env = spec, costs, self._world.env
        self._journal = Journal()
        self._proposer = Proposer(spec, self._journal)
        self._longest_first = LongestFirst(NOWHERE, spec)
        self._open = self._alive = 0
        self._hear_s = 0.0

    def run(self, most_s: float = float("inf")) -> Outcome:
        """Simulate the study to its end, or for some seconds."""
        master = self._env.process(self._master())
        for _ in range(self._world.workers):
            self._env.process(SimulatedWorker(self._world).steps())
        is_short = most_s < float("inf")
        self._env.run(until=master | self._env.timeout(most_s) if is_short else master)
        return self._world.outcome(is_over=not master.is_alive)

    def _master(self) -> Steps:
        world, looked_s, waiting = self._world, float("-inf"), 0
        yield from self._propose(AHEAD if self._spec.mode else self._spec.batch)
        while self._open:
            world.note(is_working=False)
            if is_due := self._env.now - looked_s >= RESCAN_S:
                looked_s, waiting = self._env.now, len(world.landed)
                yield from self._look(looked_s)
                world.note(is_working=True)
            if not world.is_local:  # the ticks until the next look find nothing
                yield self._env.timeout(TICK_S if is_due else max(looked_s + RESCAN_S - self._env.now, TICK_S))
            elif not world.landed:
                yield world.reported | self._env.timeout(TICK_S)
            world.note(is_working=False)
            yield from self._collect(len(world.landed) if world.is_local else waiting)
            waiting = 0
            if self._spec.mode is not None:
                yield from self._propose(max(self._alive + AHEAD - self._open, 0))
            elif not self._open:
                yield from self._propose(self._spec.batch)
            world.note(is_working=True)

    def _look(self, began_s: float) -> Steps:
        world, costs = self._world, self._costs
        names = world.names
        yield from world.do(
            costs.requests_look + names / costs.names_per_request, costs.look_s + names * costs.master_name_s
        )
        if began_s >= self._hear_s:
            yield from self._hear()
            self._hear_s = self._env.now + (1 / HEARING - 1) * (self._env.now - began_s)

    def _hear(self) -> Steps:
        """Read the heartbeats, and who holds what."""
        heard = self._world.heard
        for first in range(0, heard, CHUNK):
            some = min(CHUNK, heard - first)
            yield from self._world.do(some * self._costs.requests_heartbeat, some * self._costs.heartbeat_s)
        self._alive = heard

    def _collect(self, count: int) -> Steps:
        world = self._world
        landed, world.landed = world.landed[:count], world.landed[count:]
        if not landed:
            return
        began_s = time.process_time()
        for job in landed:
            result = result_of(job, world.seconds_of(job))
            value = sum((float(value) - 0.3) ** 2 for value in job.params.values())
            self._proposer.finish(result.model_copy(update={"value": value}))
            self._longest_first.landed(result)
        if self._longest_first.is_due:
            world.free = self._in_order(world.free)
        spent_s = time.process_time() - began_s
        count = len(landed)
        yield from world.do(count * self._costs.requests_collected, spent_s + count * self._costs.collect_s)
        self._open -= count

    def _in_order(self, jobs: Sequence[Job]) -> list[Job]:
        ordered = self._longest_first.ordered(jobs)
        self._world.is_ordered |= bool(ordered)
        return ordered or list(jobs)

    def _propose(self, count: int) -> Steps:
        if not count:
            return
        world, costs = self._world, self._costs
        began_s = time.process_time()
        batch = self._proposer.propose({}, count)
        if batch is None:
            return
        self._journal.add(batch)
        jobs = self._in_order([entry.job(self._spec.name) for entry in batch.proposals])
        spent_s = time.process_time() - began_s
        self._open += len(jobs)
        yield from world.flush()
        for first in range(0, len(jobs), TOGETHER):
            some = jobs[first : first + TOGETHER]
            share_s = spent_s * len(some) / len(jobs)
            yield from world.do(len(some) * costs.requests_published, share_s + len(some) * costs.publish_s)
            yield from world.flush()
            world.publish(some)
