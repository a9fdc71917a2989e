"""REPORT and CLEAR, by a worker or, while it tidies up, by the master."""

from functools import cache

from tests.protocol.model import Model, Steps
from tests.protocol.state import MASTER, State


def report(model: Model, state: State, me: int) -> Steps:
    """The result is linked to its name, unless a result is there already."""
    process = state.processes[me]
    result = state.of(process.issue).result
    after = "CLEAR lock" if model.mutation == "CLEAR before REPORT" else first_of_clear(model, state, process.issue)
    if model.mutation == "REPORT looks first":
        yield "REPORT looks", state.at(me, step="REPORT rename" if result is None else "REPORT duplicate")
    elif result is None or model.mutation == "REPORT by rename":
        yield "REPORT", _ended(_reported(state, me), me, after)
    elif result == (process.issue, process.attempt):
        yield "REPORT finds its own", _ended(state, me, after)
    else:
        yield "REPORT is second", state.at(me, step="REPORT duplicate")


def report_rename(model: Model, state: State, me: int) -> Steps:
    """Only in a mutation: no result was seen there a moment ago, so this one is renamed to the name."""
    after = first_of_clear(model, state, state.processes[me].issue)
    yield "REPORT", _ended(_reported(state, me), me, after)


def report_duplicate(model: Model, state: State, me: int) -> Steps:
    """The second result is kept aside."""
    issue, attempt = state.processes[me].issue, state.processes[me].attempt
    kept = state._replace(duplicates=state.duplicates | {(issue, attempt)})
    yield "REPORT keeps the duplicate", _ended(kept, me, first_of_clear(model, state, issue))


def clear_curve(model: Model, state: State, me: int) -> Steps:
    """The winner's curve moves to its place, if it was an attempt at this issue."""
    issue = state.processes[me].issue
    yield "CLEAR moves the curve", settled_curve(state, issue).at(me, step=_after(model, state, issue, "CLEAR curve"))


def clear_checkpoint(model: Model, state: State, me: int) -> Steps:
    """The winner's checkpoint is kept, if it was an attempt at this issue and did not fail."""
    issue = state.processes[me].issue
    step = _after(model, state, issue, "CLEAR checkpoint")
    yield "CLEAR keeps the checkpoint", settled_checkpoint(state, issue).at(me, step=step)


def clear_files(model: Model, state: State, me: int) -> Steps:
    """The files of the issue's attempts are removed."""
    issue = state.processes[me].issue
    step = _after(model, state, issue, "CLEAR files")
    yield "CLEAR removes attempts' files", without_files(state, issue).at(me, step=step)


def clear_job(model: Model, state: State, me: int) -> Steps:
    """The job is removed."""
    issue = state.processes[me].issue
    step = "REPORT" if model.mutation == "CLEAR before REPORT" else _after(model, state, issue, "CLEAR job")
    yield "CLEAR removes the job", state.with_job(issue, 0).at(me, step=step)


def clear_lock(model: Model, state: State, me: int) -> Steps:
    """The lock file's name is removed, whichever file it leads to by now."""
    issue = state.processes[me].issue
    is_early = model.mutation == "lock file before job" and state.jobs[issue - 1]
    step = "CLEAR job" if is_early else "UNLOCK"
    yield "CLEAR removes the lock file", state.with_lock(issue, -1).at(me, step=step)


def unlock(_model: Model, state: State, me: int) -> Steps:
    """The lock is released."""
    yield "UNLOCK", after_issue(state.let_go(me), me)


def after_issue(state: State, me: int) -> State:
    """A worker scans again; the master goes on to the next issue that it tidies."""
    if me != MASTER:
        return state.at(me, step="SCAN", issue=0, attempt=0, proposal=0)
    return state.at(me, step="TIDY", attempt=0)


def settled_curve(state: State, issue: int) -> State:
    """The state with a result's curve in its place, if it was an attempt at this issue."""
    won = state.of(issue).result
    if won is None or won not in state.curves or won[0] != issue:
        return state
    return state._replace(curves=state.curves - {won}).evaluated(state.rung_of(issue), curve=won)


def settled_checkpoint(state: State, issue: int) -> State:
    """The state with the checkpoint kept that a result left, if it was an attempt at this issue and did not fail.

    If it is not there any more, an earlier attempt's takes its place; one that is kept already stays.
    """
    evaluation = state.of(issue)
    won = evaluation.result
    if won is None or won[0] != issue or evaluation.is_failed or evaluation.kept is not None:
        return state
    mine = state.issues_of(state.rung_of(issue))
    left = [name for name in state.checkpoints if name[0] in mine and name <= won]
    if not left:
        return state
    kept = max(left)
    return state._replace(checkpoints=state.checkpoints - {kept}).evaluated(state.rung_of(issue), kept=kept)


def without_files(state: State, issue: int) -> State:
    """The state without the files of an issue's attempts."""
    curves = frozenset(name for name in state.curves if name[0] != issue)
    return state._replace(curves=curves, checkpoints=frozenset(name for name in state.checkpoints if name[0] != issue))


def first_of_clear(model: Model, state: State, issue: int) -> str:
    """The step with which CLEAR begins."""
    return _order(model.mutation, model.can_promote(state.rung_of(issue)))[0]


def _after(model: Model, state: State, issue: int, step: str) -> str:
    order = _order(model.mutation, model.can_promote(state.rung_of(issue)))
    return order[order.index(step) + 1]


@cache
def _order(mutation: str | None, keeps_checkpoint: bool) -> tuple[str, ...]:
    order = ["CLEAR curve", "CLEAR checkpoint", "CLEAR files", "CLEAR job", "CLEAR lock", "UNLOCK"]
    if not keeps_checkpoint:
        order.remove("CLEAR checkpoint")
    for early, late in (("files", "curve"), ("files", "checkpoint"), ("lock file", "job")):
        if mutation == f"{early} before {late}":
            moved = f"CLEAR {early.removesuffix(' file')}"
            order.remove(moved)
            order.insert(order.index(f"CLEAR {late}"), moved)
    return tuple(order)


def _reported(state: State, me: int) -> State:
    process = state.processes[me]
    mine = (process.issue, process.attempt)
    rung = state.rung_of(process.issue)
    named = state.evaluated(rung, result=mine, answer=process.proposal)
    if state.evaluations[rung].first is not None:
        return named
    has_checkpoint = mine in state.checkpoints and not process.has_failed
    return named.evaluated(
        rung,
        first=mine,
        has_curve=mine in state.curves,
        has_checkpoint=has_checkpoint,
        is_failed=process.has_failed,
    )


def _ended(state: State, me: int, step: str) -> State:
    return state.at(me, step=step, proposal=0, has_failed=False)


PROGRAM = {
    "REPORT": report,
    "REPORT rename": report_rename,
    "REPORT duplicate": report_duplicate,
    "CLEAR curve": clear_curve,
    "CLEAR checkpoint": clear_checkpoint,
    "CLEAR files": clear_files,
    "CLEAR job": clear_job,
    "CLEAR lock": clear_lock,
    "UNLOCK": unlock,
}
