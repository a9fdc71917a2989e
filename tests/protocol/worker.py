"""A worker's steps from SCAN to EVALUATE."""

from tests.protocol.clearing import after_issue, first_of_clear
from tests.protocol.faults import killed
from tests.protocol.model import Model, Steps
from tests.protocol.state import MASTER, NOBODY, Inode, State


def scan(_model: Model, state: State, me: int) -> Steps:
    """A worker picks an open job, but none of which the same listing shows a later issue."""
    for issue, proposal in enumerate(state.jobs, start=1):
        if proposal and issue not in state.superseded(state.rung_of(issue)):
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

    kernel_lock.py refuses a file that has. That matters only where a job may be removed by hand and its name used
    again.
    """
    process = state.processes[me]
    inode = state.inodes[process.inode]
    has_name = state.locks[process.issue - 1] == process.inode
    if inode.owner != NOBODY:
        yield "LOCK is held by another", after_issue(state.let_go(me), me)
    elif model.removals and not has_name and model.mutation != "lock without a name":
        yield "LOCK has lost its name", after_issue(state.let_go(me), me)
    else:
        yield "LOCK", state.with_inode(process.inode, inode._replace(owner=me)).at(me, step="READ")


def read(model: Model, state: State, me: int) -> Steps:
    """The history is read by the file's name."""
    issue = state.processes[me].issue
    number = state.locks[issue - 1]
    last = state.inodes[number].last if number >= 0 else 0
    if model.mutation == "no RECHECK" and me != MASTER:
        yield "LOCK reads the history", state.at(me, step="START", attempt=last + 1, proposal=state.jobs[issue - 1])
    else:
        yield "LOCK reads the history", state.at(me, step="RECHECK job", attempt=last + 1)


def recheck_job(_model: Model, state: State, me: int) -> Steps:
    """Is the job still there? A worker reads what it asks for."""
    proposal = state.jobs[state.processes[me].issue - 1]
    step = "RECHECK result" if proposal or me == MASTER else "CLEAR lock"
    read_now = 0 if me == MASTER else proposal
    yield f"RECHECK: job {'there' if proposal else 'gone'}", state.at(me, step=step, proposal=read_now)


def recheck_result(model: Model, state: State, me: int) -> Steps:
    """Has the evaluation a result?"""
    issue = state.processes[me].issue
    if state.of(issue).result is not None:
        step = "UNLOCK" if model.mutation == "no CLEAR by others" else first_of_clear(model, state, issue)
        yield "RECHECK: result there", state.at(me, step=step, proposal=0)
    elif me == MASTER:  # while it tidies up: a lock file whose job is gone is of no use, all else is left alone
        yield "RECHECK: no result", state.at(me, step="UNLOCK" if state.jobs[issue - 1] else "CLEAR lock")
    else:
        yield "RECHECK: no result", state.at(me, step="START")


def start(model: Model, state: State, me: int) -> Steps:
    """The attempt is noted in the lock file. If too many were lost already, the last of them is reported as FAILED."""
    process = state.processes[me]
    number = state.locks[process.issue - 1]
    counted = state.inodes[number].counted if number >= 0 else 0
    if counted >= model.max_attempts:
        failed = state.at(me, step="REPORT", attempt=max(process.attempt - 1, 1), has_failed=model.rungs > 1)
        yield "REPORT of lost attempts", failed
        return
    if number < 0:
        number = len(state.inodes)
        state = state._replace(inodes=(*state.inodes, Inode())).with_lock(process.issue, number)
    if model.mutation != "START not noted":
        inode = state.inodes[number]
        state = state.with_inode(number, inode._replace(last=process.attempt, counted=inode.counted + 1))
    yield "START", state.at(me, step="EVALUATE")


def evaluate(model: Model, state: State, me: int) -> Steps:
    """The child trains. It leaves its curve in a file of the attempt, and its checkpoint if there is a rung above."""
    process = state.processes[me]
    mine = (process.issue, process.attempt)
    trained = state._replace(curves=state.curves | {mine})
    if model.can_promote(state.rung_of(process.issue)):
        trained = trained._replace(checkpoints=state.checkpoints | {mine})
    if model.is_deadly:
        yield "EVALUATE kills the worker", killed(model, trained, me)
    elif model.mutation == "CLEAR before REPORT":
        yield "EVALUATE", trained.at(me, step="CLEAR job")
    else:
        yield "EVALUATE", trained.at(me, step="REPORT")
        if not state.jobs[process.issue - 1]:
            yield "EVALUATE is dropped: the job is gone", trained.at(me, step="DROP", proposal=0)
        if state.inodes[process.inode].owner != me:
            yield "EVALUATE is dropped: the lease is lost", after_issue(trained.let_go(me), me)


def drop(model: Model, state: State, me: int) -> Steps:
    """Under the lock, if it is still its own, the worker clears an issue of which nobody wants a result any more."""
    process = state.processes[me]
    if state.inodes[process.inode].owner != me:
        yield "DROP", after_issue(state.let_go(me), me)
        return
    has_result = state.of(process.issue).result is not None
    yield "DROP", state.at(me, step=first_of_clear(model, state, process.issue) if has_result else "CLEAR lock")


PROGRAM = {
    "SCAN": scan,
    "LOCK open": lock_open,
    "LOCK": lock,
    "READ": read,
    "RECHECK job": recheck_job,
    "RECHECK result": recheck_result,
    "START": start,
    "EVALUATE": evaluate,
    "DROP": drop,
}
