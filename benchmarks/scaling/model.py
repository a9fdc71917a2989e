"""A study with many workers in virtual time: the real search proposes, and everything else costs what was measured.

The study's own `Proposer` with its sampler is called for real, and what it takes of the CPU passes in virtual time. Its
workers, its master's loop and its folder are processes of simpy. They take the same steps in the same order as the real
ones, with the same pauses, at the costs of `benchmarks.scaling.costs`. On one machine they share its cores, and events
wake them. On a cluster each has a core, only timed looks find anything, and each operation costs requests of one file
server, which answers a number of them per second.
"""

import random
import time
from collections import deque
from collections.abc import Callable, Generator
from dataclasses import dataclass, field
from typing import Any

import simpy

from benchmarks.batch_order import NOWHERE, result_of
from benchmarks.scaling.costs import Costs
from benchmarks.scaling.place import Outcome, Place
from hyperspool.common.records import Job
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.journal.journal import Journal
from hyperspool.master.journal.proposer import Proposer
from hyperspool.master.run.longest_first import LongestFirst
from hyperspool.master.run.loop import AHEAD, HEARING, RESCAN_S, TICK_S
from hyperspool.worker.job_order import MOST_TRIES, TRIES_PER_S
from hyperspool.worker.queue import LISTED_S

WAKING_S = 0.001
"""From an event to the process that it wakes."""
TOGETHER = 100
"""Jobs that a master publishes before workers see them."""
CHUNK = 500
"""Heartbeats that a master reads before others get their turn at the file server."""

Steps = Generator[simpy.Event, Any, None]


@dataclass
class _Counts:
    first_s: float | None = None
    last_claim_s: float = 0.0
    last_s: float = 0.0
    evaluated_s: list[tuple[float, float]] = field(default_factory=list)
    master_s: float = 0.0
    asked: float = 0.0


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
        self._spec, self._workers, self._seconds_of = spec, workers, seconds_of
        self._place, self._costs, self._random = place, costs, random.Random(0)
        self._env = simpy.Environment()
        self._cores = simpy.Resource(self._env, place.cores) if place.cores else None
        self._server = simpy.Resource(self._env, 1)
        self._journal = Journal()
        self._proposer = Proposer(spec, self._journal)
        self._longest_first = LongestFirst(NOWHERE, spec)
        self._free: deque[Job] = deque()
        self._landed: list[Job] = []
        self._held = self._claims = self._finished = self._waiting = 0
        self._open = 0
        self._published, self._reported = self._env.event(), self._env.event()
        self._counts, self._noted_s = _Counts(), 0.0

    def run(self, most_s: float = float("inf")) -> Outcome:
        """Simulate the study to its end, or for some seconds."""
        master = self._env.process(self._master())
        for _ in range(self._workers):
            self._env.process(self._worker())
        is_short = most_s < float("inf")
        self._env.run(until=master | self._env.timeout(most_s) if is_short else master)
        self._note(is_working=master.is_alive)
        counts = self._counts
        began_s = counts.first_s or 0.0
        end_s = counts.last_s if self._spec.mode is None else counts.last_claim_s
        if master.is_alive:
            end_s = self._env.now
        used_s = sum(max(min(to_s, end_s) - from_s, 0.0) for from_s, to_s in counts.evaluated_s)
        whole_s = max(end_s - began_s, 1e-9)
        return Outcome(
            counts.last_s - began_s,
            used_s / (self._workers * whole_s),
            counts.master_s / self._env.now,
            min(counts.asked / (self._env.now * (self._place.requests_per_s or 1.0)), 1.0),
        )

    def _cpu(self, seconds: float) -> Steps:
        if self._cores is None:
            yield self._env.timeout(seconds)
            return
        with self._cores.request() as core:
            yield core
            yield self._env.timeout(seconds)

    def _ask(self, requests: float) -> Steps:
        """Ask the file server, one request after another."""
        if self._place.requests_per_s is None:
            return
        with self._server.request() as turn:
            yield turn
            yield from self._serve(requests)
        yield self._env.timeout(requests * self._place.round_trip_s)

    def _serve(self, requests: float) -> Steps:
        """The server's time. What all waiting and evaluating workers ask for meanwhile slows it down."""
        most, asking = self._place.requests_per_s or 1.0, len(self._server.queue) + 1
        # An overloaded server is fair: who waits for an answer asks for nothing else meanwhile.
        fair = most * asking / (asking + self._workers)
        self._counts.asked += requests
        yield self._env.timeout(requests / max(most - self._asked_by_the_way, fair))

    @property
    def _asked_by_the_way(self) -> float:
        """Requests per second of workers that evaluate or wait, with their heartbeats."""
        tries = min(self._held, TRIES_PER_S) * self._costs.requests_failed_try
        names = (len(self._free) + 2 * self._held) / self._costs.names_per_request
        each: float = self._costs.requests_waiting_per_s
        return self._workers * each + self._waiting * (tries + names)

    def _note(self, *, is_working: bool) -> None:
        """Add up what the master did since the last call, and what was asked for by the way."""
        passed_s = self._env.now - self._noted_s
        self._noted_s = self._env.now
        self._counts.master_s += passed_s if is_working else 0.0
        self._counts.asked += passed_s * self._asked_by_the_way

    def _flush(self) -> Steps:
        if self._place.requests_per_s is None:
            yield self._env.timeout(self._costs.flush_s)

    def _worker(self) -> Steps:
        listed_s, seen, first = float("-inf"), 0, 0
        phase_s = self._random.random() * RESCAN_S
        if self._place.cores is None:
            yield self._env.timeout(phase_s)
        while self._finished < self._spec.trials:
            if self._env.now - listed_s > LISTED_S or not self._free:
                listed_s, seen, first = self._env.now, self._claims, len(self._free)
                yield from self._list()
            if not self._free:
                yield from self._fail(min(self._held, MOST_TRIES))
                if not self._free:
                    yield from self._wait(phase_s)
                continue
            taken = self._claims - seen
            job = self._free.popleft()
            self._claims += 1
            self._held += 1
            yield from self._fail(min(taken / max(first, 1), 1.0))  # each worker has an order of its own
            seen = self._claims
            yield from self._evaluate(job)

    def _list(self) -> Steps:
        names = len(self._free) + 2 * self._held
        yield from self._ask(1 + names / self._costs.names_per_request)
        yield from self._cpu(names * self._costs.worker_name_s)

    def _fail(self, tries: float) -> Steps:
        if tries:
            yield from self._ask(tries * self._costs.requests_failed_try)
            yield from self._cpu(tries * self._costs.failed_try_s)

    def _wait(self, phase_s: float) -> Steps:
        # The looks in between find nothing; what they cost counts in `_asked_by_the_way`.
        self._waiting += 1
        yield self._published
        self._waiting -= 1
        if self._place.cores is None:
            yield self._env.timeout(RESCAN_S - (self._env.now - phase_s) % RESCAN_S)
        else:
            yield self._env.timeout(WAKING_S)

    def _evaluate(self, job: Job) -> Steps:
        yield from self._ask(self._costs.requests_trial / 2)
        yield from self._cpu(self._costs.trial_s / 2)
        began_s = self._env.now
        counts = self._counts
        counts.first_s = counts.first_s if counts.first_s is not None else began_s
        counts.last_claim_s = began_s
        seconds = self._seconds_of(job)
        counts.evaluated_s.append((began_s, began_s + seconds))
        yield self._env.timeout(seconds)
        yield from self._cpu(self._costs.trial_s / 2 + seconds * self._costs.busy_share)
        yield from self._ask(self._costs.requests_trial / 2)
        yield from self._flush()
        yield from self._flush()
        self._held -= 1
        self._finished += 1
        counts.last_s = self._env.now
        self._landed.append(job)
        self._ring("_reported")

    def _ring(self, name: str) -> None:
        bell: simpy.Event = getattr(self, name)
        setattr(self, name, self._env.event())
        bell.succeed()

    def _master(self) -> Steps:
        looked_s, alive, waiting, hear_s = float("-inf"), 0, 0, 0.0
        yield from self._propose(AHEAD if self._spec.mode else self._spec.batch)
        while self._open:
            self._note(is_working=False)
            is_look = self._env.now - looked_s >= RESCAN_S
            if is_look:
                looked_s = self._env.now
                waiting = len(self._landed)
                yield from self._look()
                if looked_s >= hear_s:
                    yield from self._hear()
                    alive = self._workers
                    hear_s = self._env.now + (1 / HEARING - 1) * (self._env.now - looked_s)
            count = waiting if self._place.cores is None else len(self._landed)
            waiting = 0
            yield from self._collect(count)
            if self._spec.mode is not None:
                yield from self._propose(max(alive + AHEAD - self._open, 0))
            elif not self._open:
                yield from self._propose(self._spec.batch)
            self._note(is_working=True)
            if self._landed and self._place.cores is not None:
                continue
            if self._place.cores is None:  # the ticks until the next look find nothing
                yield self._env.timeout(max(looked_s + RESCAN_S - self._env.now, TICK_S))
            else:
                yield self._reported | self._env.timeout(TICK_S)

    def _look(self) -> Steps:
        names = len(self._free) + 2 * self._held
        yield from self._ask(self._costs.requests_look + names / self._costs.names_per_request)
        yield from self._cpu(self._costs.look_s + names * self._costs.master_name_s)

    def _hear(self) -> Steps:
        """Read the heartbeats, and who holds what."""
        for first in range(0, self._workers, CHUNK):
            some = min(CHUNK, self._workers - first)
            yield from self._ask(some * self._costs.requests_heartbeat)
            yield from self._cpu(some * self._costs.heartbeat_s)

    def _collect(self, count: int) -> Steps:
        landed, self._landed = self._landed[:count], self._landed[count:]
        if not landed:
            return
        began_s = time.process_time()
        for job in landed:
            result = result_of(job, self._seconds_of(job))
            value = sum((float(value) - 0.3) ** 2 for value in job.params.values())
            self._proposer.finish(result.model_copy(update={"value": value}))
            self._longest_first.landed(result)
        if self._longest_first.is_due:
            self._free = deque(self._longest_first.ordered(self._free) or self._free)
        spent_s = time.process_time() - began_s
        yield from self._ask(len(landed) * self._costs.requests_collected)
        yield from self._cpu(spent_s + len(landed) * self._costs.collect_s)
        self._open -= len(landed)

    def _propose(self, count: int) -> Steps:
        if not count:
            return
        began_s = time.process_time()
        batch = self._proposer.propose({}, count)
        if batch is None:
            return
        self._journal.add(batch)
        jobs = [entry.job(self._spec.name) for entry in batch.proposals]
        jobs = self._longest_first.ordered(jobs) or jobs
        spent_s = time.process_time() - began_s
        self._open += len(jobs)
        yield from self._flush()
        for first in range(0, len(jobs), TOGETHER):
            some = jobs[first : first + TOGETHER]
            yield from self._ask(len(some) * self._costs.requests_published)
            yield from self._cpu(spent_s * len(some) / len(jobs) + len(some) * self._costs.publish_s)
            yield from self._flush()
            self._free.extend(some)
            self._ring("_published")
