"""The steps of the protocol, each one file-system operation, by the names that `common.claim` gives them.

What is left out: contents (a result is known by the attempt that made it), temporary files (writing one and renaming or
linking it is one step, for a file is seen whole or not at all), heartbeats (the master may take any claimed issue's
holder for silent at any time), and time.
"""

from collections.abc import Callable
from dataclasses import dataclass

from tests.protocol import ending
from tests.protocol.ending import Steps
from tests.protocol.state import MASTER, NOBODY, Inode, Process, State

MUTATIONS = {
    "no RECHECK": "a worker begins as soon as it has the lock",
    "CLEAR before REPORT": "the job is removed before the result has its name",
    "REPORT by rename": "the result is renamed to its name, which overwrites",
    "REPORT looks first": "the result is renamed to its name if nothing is seen there",
    "lock file before job": "CLEAR removes the lock file before the job",
    "files before curve": "CLEAR removes the attempt's files before the curve is moved to its place",
    "lock outlives its holder": "a child inherits the lock, and the kernel does not free it with the worker",
    "lock file taken away": "of a silent worker the master removes the lock file instead of issuing another issue",
    "silence ignored": "the master waits for a silent worker for ever",
    "START not noted": "attempts are not counted",
    "no CLEAR by others": "whoever finds a result with its job leaves both as they are",
    "results listed first": "the master lists results before jobs",
    "name used twice": "a master that is started again publishes a job that vanished under its first name",
    "issues forgotten": "a master asks the files alone which name is next, after the silent holder has cleared them",
    "lock without a name": "of a job that vanished a lock is taken on a file that has lost its name",
}
"""Ways to break the protocol; each must be found out."""


@dataclass(frozen=True)
class Model:
    """The protocol for one trial.

    Attributes:
        workers: how many.
        max_issues: how often the master may publish the trial.
        max_attempts: counted attempts of a issue before it is FAILED.
        crashes: how many processes may be killed, at any step.
        stops: how many workers may be stopped or cut off, for a while or for ever.
        requests: how many workers may be asked to stop in mid-evaluation (RELEASE).
        losses: how many evaluating children may die.
        removals: how many job files somebody may remove by hand. Each takes one of `max_issues`.
        is_hasty: the master may take anybody who holds a issue for silent, not only who is stopped.
        is_lease: a lease in the lock's place, which whoever waits long enough takes from a stopped holder.
        is_deadly: every evaluation kills its worker, as often as one begins.
        mutation: how the protocol is broken; None: not at all.
    """

    workers: int = 2
    max_issues: int = 2
    max_attempts: int = 2
    crashes: int = 1
    stops: int = 1
    requests: int = 0
    losses: int = 0
    removals: int = 0
    is_hasty: bool = False
    is_lease: bool = False
    is_deadly: bool = False
    mutation: str | None = None

    @property
    def start(self) -> State:
        """Nothing is published, and nobody has begun."""
        return State(
            processes=(Process("TIDY"), *(Process("SCAN") for _ in range(self.workers))),
            locks=(-1,) * self.max_issues,
            faults=(self.crashes, self.stops, self.requests, self.losses, self.removals),
        )

    def honest_steps(self, state: State) -> Steps:
        """What the processes that are neither dead nor stopped do next."""
        for me, process in enumerate(state.processes):
            if not process.is_stopped:
                for name, after in _PROGRAM[process.step](self, state, me):
                    yield f"{_who(me)} {name}", after.normal()
            elif self.is_lease and process.inode >= 0 and state.inodes[process.inode].owner == me:
                inode = state.inodes[process.inode]._replace(owner=NOBODY)
                yield f"{_who(me)} loses its lease", state.with_inode(process.inode, inode)

    def faulty_steps(self, state: State) -> Steps:
        """What the world does to them."""
        crashes, stops, requests, losses, removals = state.faults
        for me, process in enumerate(state.processes):
            if crashes:
                yield f"{_who(me)} is killed", _spent(self._killed(state, me), 0)
            if process.is_stopped:
                yield f"{_who(me)} goes on", state.at(me, is_stopped=False)
            elif stops and me != MASTER:
                yield f"{_who(me)} is stopped", _spent(state.at(me, is_stopped=True), 1)
            if process.step == "EVALUATE" and requests:
                yield f"{_who(me)} RELEASE", _spent(_released(state, me, -1), 2)
            if process.step == "EVALUATE" and losses:
                yield f"{_who(me)} RELEASE (lost)", _spent(_released(state, me, 0), 3)
        for issue in state.jobs if removals else ():
            yield f"somebody removes job {issue}", _spent(state.without_job(issue), 4)

    def _killed(self, state: State, me: int) -> State:
        # What is started in its place begins anew. Nothing of what it remembered is left.
        number = state.processes[me].inode
        freed = state
        if self.mutation != "lock outlives its holder" and number >= 0 and state.inodes[number].owner == me:
            freed = state.with_inode(number, state.inodes[number]._replace(owner=NOBODY))
        fresh = Process("TIDY" if me == MASTER else "SCAN")
        processes = (*freed.processes[:me], fresh, *freed.processes[me + 1 :])
        return freed._replace(processes=processes, collected=None if me == MASTER else freed.collected).normal()


def _who(me: int) -> str:
    return "master" if me == MASTER else f"worker {me}"


def _spent(state: State, fault: int) -> State:
    left = state.faults
    return state._replace(faults=(*left[:fault], left[fault] - 1, *left[fault + 1 :]))


def _released(state: State, me: int, counted: int) -> State:
    number = state.processes[me].inode
    inode = state.inodes[number]
    noted = state.with_inode(number, inode._replace(counted=inode.counted + counted))
    return noted.let_go(me).at(me, step="SCAN", issue=0, attempt=0).normal()


def scan(_model: Model, state: State, me: int) -> Steps:
    """A worker picks an open job."""
    for issue in state.jobs:
        yield f"SCAN finds issue {issue}", state.at(me, step="LOCK open", issue=issue)


def lock_open(_model: Model, state: State, me: int) -> Steps:
    """The lock file is opened, or made if it has no name."""
    issue = state.processes[me].issue
    number = state.locks[issue - 1]
    if number < 0:
        number = len(state.inodes)
        state = state._replace(inodes=(*state.inodes, Inode())).with_lock(issue, number)
    yield "LOCK opens", state.at(me, step="LOCK", inode=number)


def lock(model: Model, state: State, me: int) -> Steps:
    """The open file is locked, unless somebody holds it. It may have lost its name meanwhile.

    filelock refuses one that has. Only where a job may vanish, and its name come back, does anything hang on that.
    """
    process = state.processes[me]
    inode = state.inodes[process.inode]
    has_name = state.locks[process.issue - 1] == process.inode
    if inode.owner != NOBODY:
        yield "LOCK is held by another", ending.after_slot(state.let_go(me), me)
    elif model.removals and not has_name and model.mutation != "lock without a name":
        yield "LOCK has lost its name", ending.after_slot(state.let_go(me), me)
    else:
        yield "LOCK", state.with_inode(process.inode, inode._replace(owner=me)).at(me, step="READ")


def read(model: Model, state: State, me: int) -> Steps:
    """The history is read by the file's name."""
    number = state.locks[state.processes[me].issue - 1]
    last = state.inodes[number].last if number >= 0 else 0
    step = "START" if model.mutation == "no RECHECK" and me != MASTER else "RECHECK job"
    yield "LOCK reads the history", state.at(me, step=step, attempt=last + 1)


def recheck_job(_model: Model, state: State, me: int) -> Steps:
    """Is the job still there?"""
    is_there = state.processes[me].issue in state.jobs
    step = "RECHECK result" if is_there or me == MASTER else "CLEAR lock"
    yield f"RECHECK: job {'there' if is_there else 'gone'}", state.at(me, step=step)


def recheck_result(model: Model, state: State, me: int) -> Steps:
    """Has the trial a result?"""
    issue = state.processes[me].issue
    if state.result is not None:
        step = "UNLOCK" if model.mutation == "no CLEAR by others" else _first_of_clear(model)
        yield "RECHECK: result there", state.at(me, step=step)
    elif me == MASTER:  # while it tidies up: a lock file whose job is gone is of no use, all else is left alone
        yield "RECHECK: no result", state.at(me, step="UNLOCK" if issue in state.jobs else "CLEAR lock")
    else:
        yield "RECHECK: no result", state.at(me, step="START")


def start(model: Model, state: State, me: int) -> Steps:
    """The attempt is noted in the lock file, unless too many were lost; then the last of them is FAILED."""
    process = state.processes[me]
    number = state.locks[process.issue - 1]
    counted = state.inodes[number].counted if number >= 0 else 0
    if counted >= model.max_attempts:
        yield "REPORT of lost attempts", state.at(me, step="REPORT", attempt=max(process.attempt - 1, 1))
        return
    if number < 0:
        number = len(state.inodes)
        state = state._replace(inodes=(*state.inodes, Inode())).with_lock(process.issue, number)
    if model.mutation != "START not noted":
        inode = state.inodes[number]
        state = state.with_inode(number, inode._replace(last=process.attempt, counted=inode.counted + 1))
    yield "START", state.at(me, step="EVALUATE")


def evaluate(model: Model, state: State, me: int) -> Steps:
    """The child trains; its curve lies in a file of the attempt."""
    process = state.processes[me]
    trained = state._replace(curves=state.curves | {(process.issue, process.attempt)})
    if model.is_deadly:
        yield "EVALUATE kills the worker", model._killed(trained, me)
    elif model.mutation == "CLEAR before REPORT":
        yield "EVALUATE", trained.at(me, step="CLEAR job")
    else:
        yield "EVALUATE", trained.at(me, step="REPORT")
        if state.inodes[process.inode].owner != me:
            yield "EVALUATE is dropped: the lease is lost", ending.after_slot(trained.let_go(me), me)


def report(model: Model, state: State, me: int) -> Steps:
    """The result gets its name, unless one has it."""
    process = state.processes[me]
    mine = (process.issue, process.attempt)
    after = "CLEAR lock" if model.mutation == "CLEAR before REPORT" else _first_of_clear(model)
    if model.mutation == "REPORT looks first":
        step = "REPORT rename" if state.result is None else "REPORT duplicate"
        yield "REPORT looks", state.at(me, step=step)
    elif state.result is None or model.mutation == "REPORT by rename":
        yield "REPORT", _reported(state, me).at(me, step=after)
    elif state.result == mine:
        yield "REPORT finds its own", state.at(me, step=after)
    else:
        yield "REPORT is second", state.at(me, step="REPORT duplicate")


def report_rename(model: Model, state: State, me: int) -> Steps:
    """The broken way: nothing was seen there a moment ago."""
    yield "REPORT", _reported(state, me).at(me, step=_first_of_clear(model))


def report_duplicate(model: Model, state: State, me: int) -> Steps:
    """The second result is kept aside."""
    mine = (state.processes[me].issue, state.processes[me].attempt)
    kept = state._replace(duplicates=state.duplicates | {mine})
    yield "REPORT keeps the duplicate", kept.at(me, step=_first_of_clear(model))


def _reported(state: State, me: int) -> State:
    mine = (state.processes[me].issue, state.processes[me].attempt)
    if state.first is not None:
        return state._replace(result=mine)
    return state._replace(result=mine, first=mine, has_curve=mine in state.curves)


def _first_of_clear(model: Model) -> str:
    return "CLEAR files" if model.mutation == "files before curve" else "CLEAR curve"


_PROGRAM: dict[str, Callable[[Model, State, int], Steps]] = ending.PROGRAM | {
    "SCAN": scan,
    "LOCK open": lock_open,
    "LOCK": lock,
    "READ": read,
    "RECHECK job": recheck_job,
    "RECHECK result": recheck_result,
    "START": start,
    "EVALUATE": evaluate,
    "REPORT": report,
    "REPORT rename": report_rename,
    "REPORT duplicate": report_duplicate,
}
