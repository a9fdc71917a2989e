"""What the processes of a simulated study share: time, cores, the file server, the folder, and what is counted."""

import math
import random
from bisect import bisect_right, insort
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass, field
from typing import Any

import simpy

from benchmarks.scaling.costs import Costs
from benchmarks.scaling.place import Outcome, Place
from hyperspool.common.records import Job
from hyperspool.common.study_spec import StudySpec
from hyperspool.worker.idleness import RESCAN_S
from hyperspool.worker.job_order import TRIES_PER_S

WAKING_S = 0.001
"""From an event to the process that it wakes."""

Steps = Generator[simpy.Event, Any, None]


@dataclass
class Counts:
    """What is counted while a study is simulated; times are virtual seconds."""

    first_s: float | None = None
    last_claim_s: float = 0.0
    last_s: float = 0.0
    evaluated_s: list[tuple[float, float]] = field(default_factory=list)
    master_s: float = 0.0
    asked: float = 0.0
    cpu_s: float = 0.0


class Waiting:
    """The workers without a job.

    On one machine an event wakes all of them. On a cluster each looks once a second, in its own phase. Only looks that
    find a job are simulated one by one: as many workers wake as there are jobs that nobody is on the way to, those
    first whose look comes next. What the other looks ask of the file server is added up (`World.asked_by_the_way`).

    Args:
        env: the simulation.
        is_local: whether events wake them.
    """

    def __init__(self, env: simpy.Environment, *, is_local: bool) -> None:
        self._env, self._is_local = env, is_local
        self._number = self._coming = 0
        self._asleep: list[tuple[float, int, simpy.Event]] = []

    @property
    def count(self) -> int:
        """How many wait."""
        return len(self._asleep)

    def wait(self, phase_s: float) -> Steps:
        """Wait for the next look at which there may be a job."""
        self._number += 1
        awake = self._env.event()
        insort(self._asleep, (phase_s, self._number, awake))
        delay_s = yield awake
        yield self._env.timeout(delay_s)

    def arrived(self) -> None:
        """Note that a worker that was woken has looked."""
        self._coming -= 1

    def wake(self, free: int) -> None:
        """Wake as many as there are free jobs; on one machine all."""
        if self._is_local:
            woken, self._asleep = self._asleep, []
            for _, _, awake in woken:
                awake.succeed(WAKING_S)
            self._coming += len(woken)
            return
        for _ in range(min(free - self._coming, len(self._asleep))):
            now_s = self._env.now % RESCAN_S
            place = bisect_right(self._asleep, now_s, key=lambda each: each[0])
            phase_s, _, awake = self._asleep.pop(place % len(self._asleep))
            awake.succeed((phase_s - now_s) % RESCAN_S)
            self._coming += 1


class World:
    """What master and workers share.

    Args:
        spec: the study.
        workers: how many.
        seconds_of: how long a job's evaluation takes.
        place: where.
        costs: of each operation.

    Attributes:
        free: jobs that are published and not claimed, in the order in which they should begin.
        is_ordered: whether the master has suggested that order.
        landed: jobs whose results the master has not collected.
        held: how many jobs workers hold.
        claims: how many jobs were claimed so far.
        finished: how many are reported.
        listening: how many workers hear of jobs that appear: those that have none.
        heard: how many workers have written a heartbeat into the study.
        is_published: whether there was a job yet.
        reported: happens at the next report.
    """

    def __init__(
        self, spec: StudySpec, workers: int, seconds_of: Callable[[Job], float], place: Place, costs: Costs
    ) -> None:
        self.spec, self.workers, self.seconds_of, self.place, self.costs = spec, workers, seconds_of, place, costs
        self.random, self.env = random.Random(0), simpy.Environment()
        self.free: list[Job] = []
        self.is_ordered = self.is_published = False
        self.landed: list[Job] = []
        self.held = self.claims = self.finished = self.heard = self.listening = 0
        self.waiting = Waiting(self.env, is_local=self.is_local)
        self.reported, self.counts = self.env.event(), Counts()
        self._cores = simpy.Resource(self.env, place.cores) if place.cores else None
        self._crowd = 1 + costs.crowding * max(workers - 1, 0) / (place.cores or 1)
        self._noted_s = self._served_s = 0.0
        self._asking = 0

    @property
    def is_local(self) -> bool:
        """Whether all is on one machine, whose cores are shared and on which events are seen."""
        return self.place.cores is not None

    def do(self, requests: float, cpu_s: float) -> Steps:
        """Ask the file server, one request after another, and compute."""
        if self._cores is None:
            yield from self._ask(requests, cpu_s)
            return
        cpu_s *= self._crowd
        self.counts.cpu_s += cpu_s
        with self._cores.request() as core:
            yield core
            yield self.env.timeout(cpu_s)

    def _ask(self, requests: float, then_s: float) -> Steps:
        """Wait for the file server, and as long as it takes what it answers.

        The server serves one after the other. What all waiting and evaluating workers ask for meanwhile slows it down.
        """
        most = self.place.requests_per_s or math.inf
        self._asking += 1
        self.counts.asked += requests
        # An overloaded server is fair: who waits for an answer asks for nothing else meanwhile.
        fair = most * self._asking / (self._asking + self.workers)
        took_s = requests / max(most - self.asked_by_the_way, fair)
        self._served_s = max(self._served_s, self.env.now) + took_s
        yield self.env.timeout(self._served_s - self.env.now + requests * self.place.round_trip_s + then_s)
        self._asking -= 1

    def flush(self) -> Steps:
        """Wait for the local disk; of a file server it is among the requests."""
        if self.place.requests_per_s is None:
            yield self.env.timeout(self.costs.flush_s)

    @property
    def asked_by_the_way(self) -> float:
        """Requests per second of workers that evaluate or wait, with their heartbeats."""
        tries = min(self.held, TRIES_PER_S) * self.costs.requests_failed_try
        each: float = self.costs.requests_waiting_per_s
        return self.workers * each + self.waiting.count * (tries + self.names / self.costs.names_per_request)

    @property
    def names(self) -> int:
        """How many names a listing of the jobs has: of each job, and of the lock file of each that is held."""
        return len(self.free) + 2 * self.held

    def publish(self, jobs: Sequence[Job]) -> None:
        """Let workers see these jobs. Each that listens hears of each of them, if it is on this machine."""
        self.is_published = True
        self.free.extend(jobs)
        if self.is_local:
            for _ in range(self.listening):
                self.env.process(self.do(0, len(jobs) * self.costs.event_s))
        self.waiting.wake(len(self.free))

    def report(self, job: Job) -> None:
        """Let the master see a result."""
        self.held -= 1
        self.finished += 1
        self.counts.last_s = self.env.now
        self.landed.append(job)
        reported, self.reported = self.reported, self.env.event()
        reported.succeed()

    def note(self, *, is_working: bool) -> None:
        """Add up what the master did since the last call, and what was asked for by the way."""
        passed_s = self.env.now - self._noted_s
        self._noted_s = self.env.now
        self.counts.master_s += passed_s if is_working else 0.0
        self.counts.asked += passed_s * self.asked_by_the_way

    def outcome(self, *, is_over: bool) -> Outcome:
        """What the study took until now."""
        self.note(is_working=not is_over)
        counts, now_s = self.counts, self.env.now
        began_s = counts.first_s or 0.0
        end_s = now_s
        if is_over:
            end_s = counts.last_s if self.spec.mode is None else counts.last_claim_s
        used_s = sum(max(min(to_s, end_s) - from_s, 0.0) for from_s, to_s in counts.evaluated_s)
        whole_s = max(end_s - began_s, 1e-9)
        return Outcome(
            counts.last_s - began_s,
            used_s / (self.workers * whole_s),
            counts.master_s / now_s,
            min(counts.asked / (now_s * (self.place.requests_per_s or 1.0)), 1.0),
        )
