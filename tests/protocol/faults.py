"""What the world does to processes and files, at any moment and as often as the bounds allow."""

from tests.protocol.model import Model, Steps
from tests.protocol.state import MASTER, NOBODY, Process, State


def faulty_steps(model: Model, state: State) -> Steps:
    """What may go wrong next. A stopped process may also go on."""
    left = state.faults
    for me, process in enumerate(state.processes):
        if left.crashes:
            yield f"{who(me)} is killed", _spent(killed(model, state, me), "crashes")
        if process.is_stopped:
            yield f"{who(me)} goes on", state.at(me, is_stopped=False)
        elif left.stops and me != MASTER:
            yield f"{who(me)} is stopped", _spent(state.at(me, is_stopped=True), "stops")
        if process.step == "EVALUATE" and left.requests:
            yield f"{who(me)} RELEASE", _spent(_released(state, me, -1), "requests")
        if process.step == "EVALUATE" and left.losses:
            yield f"{who(me)} RELEASE (lost)", _spent(_released(state, me, 0), "losses")
    for issue, proposal in enumerate(state.jobs, start=1):
        if left.removals and proposal:
            yield f"somebody removes job {issue}", _spent(state.without_job(issue), "removals")
    if left.lost_journals and any(each.record for each in state.evaluations):
        yield "somebody removes the journal", _spent(state.without_journal(), "lost_journals")


def killed(model: Model, state: State, me: int) -> State:
    """The state after a process was killed. The one that is started in its place remembers nothing."""
    number = state.processes[me].inode
    freed = state
    if model.mutation != "lock outlives its holder" and number >= 0 and state.inodes[number].owner == me:
        freed = state.with_inode(number, state.inodes[number]._replace(owner=NOBODY))
    fresh = Process("TIDY" if me == MASTER else "SCAN")
    freed = freed._replace(processes=(*freed.processes[:me], fresh, *freed.processes[me + 1 :]))
    return (freed.not_collected() if me == MASTER else freed).normal()


def who(me: int) -> str:
    """A process's name in a trace."""
    return "master" if me == MASTER else f"worker {me}"


def _spent(state: State, kind: str) -> State:
    return state._replace(faults=state.faults.spent(kind))


def _released(state: State, me: int, counted: int) -> State:
    number = state.processes[me].inode
    inode = state.inodes[number]
    noted = state.with_inode(number, inode._replace(counted=inode.counted + counted))
    return noted.let_go(me).at(me, step="SCAN", issue=0, attempt=0, proposal=0).normal()
