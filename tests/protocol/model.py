"""The bounds of the model, and the ways to break it.

What is left out: contents (a proposal is a number, a result is known by the attempt that made it), temporary files
(writing one and renaming or linking it is one step, for a file is seen whole or not at all), heartbeats (the master may
find a stopped holder silent at any time), and time.
"""

from collections.abc import Iterator
from dataclasses import dataclass

from tests.protocol.state import Evaluation, Faults, Process, State

Steps = Iterator[tuple[str, State]]
"""What a process, or the world, can do next: the step's name and the state after it."""

MUTATIONS = {
    "no RECHECK": "a worker begins as soon as it has the lock",
    "CLEAR before REPORT": "the job is removed before the result has its name",
    "REPORT by rename": "the result is renamed to its name, which overwrites",
    "REPORT looks first": "the result is renamed to its name if nothing is seen there",
    "lock file before job": "CLEAR removes the lock file before the job",
    "files before curve": "CLEAR removes the attempt's files before the curve is moved to its place",
    "files before checkpoint": "CLEAR removes the attempt's files before the checkpoint is kept",
    "checkpoint removed at promotion": "a kept checkpoint is removed when the next rung is published",
    "lock outlives its holder": "a child inherits the lock, and the kernel does not free it with the worker",
    "lock file taken away": "of a silent worker the master removes the lock file instead of publishing the next issue",
    "superseded job left": "the job of a silent worker stays when the next issue is published",
    "withdrawn before published again": "that job is removed before the next issue is published",
    "silence ignored": "the master waits for a silent worker for ever",
    "START not noted": "attempts are not counted",
    "no CLEAR by others": "whoever finds a result with its job leaves both as they are",
    "results listed first": "the master lists results before jobs",
    "name used twice": "a master that is started again publishes a job that vanished under its first name",
    "issues forgotten": "a master asks the files alone which name is next, after the silent holder has cleared them",
    "lock without a name": "of a job that vanished a lock is taken on a file that has lost its name",
    "published before recorded": "a job is published before the journal holds its proposal",
    "proposed again": "a master that starts ignores the journal, and records what it proposes itself",
    "record not made again": "where the journal is lost, jobs and results are not asked what was proposed",
    "record made from results first": "where the journal is lost, results are looked at before jobs",
}
"""Ways to break the protocol; each must be found out."""


@dataclass(frozen=True)
class Model:
    """The protocol for one trial.

    Attributes:
        workers: how many.
        rungs: how many evaluations the trial has, unless one before the last is FAILED.
        max_issues: how often the master may publish each evaluation.
        max_attempts: counted attempts of an issue before it is FAILED.
        crashes: how many processes may be killed, at any step.
        stops: how many workers may be stopped or cut off, for a while or for ever.
        requests: how many workers may be asked to stop in mid-evaluation (RELEASE).
        losses: how many evaluating children may die.
        removals: how many job files somebody may remove by hand. Each takes one of `max_issues`.
        lost_journals: how often somebody may remove the journal. Not together with `removals`: an attempt may then be
            under way whose proposal no file shows, and the master sets its result aside.
        is_hasty: the master may find any holder of an issue silent, not only one that is stopped.
        is_lease: a lease in the lock's place: a stopped holder may lose it at any time.
        is_deadly: every evaluation kills its worker.
        mutation: how the protocol is broken; None: not at all.
    """

    workers: int = 2
    rungs: int = 1
    max_issues: int = 2
    max_attempts: int = 2
    crashes: int = 1
    stops: int = 1
    requests: int = 0
    losses: int = 0
    removals: int = 0
    lost_journals: int = 0
    is_hasty: bool = False
    is_lease: bool = False
    is_deadly: bool = False
    mutation: str | None = None

    @property
    def start(self) -> State:
        """Nothing is proposed, and nobody has begun."""
        return State(
            processes=(Process("TIDY"), *(Process("SCAN") for _ in range(self.workers))),
            evaluations=(Evaluation(),) * self.rungs,
            jobs=(0,) * (self.rungs * self.max_issues),
            locks=(-1,) * (self.rungs * self.max_issues),
            faults=Faults(self.crashes, self.stops, self.requests, self.losses, self.removals, self.lost_journals),
        )

    def can_promote(self, rung: int) -> bool:
        """Whether there is a rung above."""
        return rung < self.rungs - 1
