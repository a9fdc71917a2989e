"""CLEAR, and the master's own steps: PUBLISH, COLLECT, issuing again, and tidying up what others left."""

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING

from tests.protocol.state import MASTER, NOBODY, State

if TYPE_CHECKING:
    from tests.protocol.model import Model

Steps = Iterator[tuple[str, State]]


def clear_curve(model: "Model", state: State, me: int) -> Steps:
    """The winner's curve moves to its place, if it was an attempt at this issue."""
    won = state.result
    if won is not None and won in state.curves and won[0] == state.processes[me].issue:
        state = state._replace(curves=state.curves - {won}, curve=won)
    yield "CLEAR moves the curve", state.at(me, step=_after_curve(model))


def clear_files(model: "Model", state: State, me: int) -> Steps:
    """The files of the issue's attempts are removed."""
    left = frozenset(name for name in state.curves if name[0] != state.processes[me].issue)
    step = "CLEAR curve" if model.mutation == "files before curve" else _after_files(model)
    yield "CLEAR removes attempts' files", state._replace(curves=left).at(me, step=step)


def clear_job(model: "Model", state: State, me: int) -> Steps:
    """The job is removed."""
    after = {"CLEAR before REPORT": "REPORT", "lock file before job": "UNLOCK"}.get(model.mutation or "", "CLEAR lock")
    yield "CLEAR removes the job", state._replace(jobs=state.jobs - {state.processes[me].issue}).at(me, step=after)


def clear_lock(model: "Model", state: State, me: int) -> Steps:
    """The lock file loses its name, whichever file has it by now."""
    is_there = state.processes[me].issue in state.jobs
    step = "CLEAR job" if model.mutation == "lock file before job" and is_there else "UNLOCK"
    yield "CLEAR removes the lock file", state.with_lock(state.processes[me].issue, -1).at(me, step=step)


def unlock(_model: "Model", state: State, me: int) -> Steps:
    """The lock is let go."""
    yield "UNLOCK", after_slot(state.let_go(me), me)


def after_slot(state: State, me: int) -> State:
    """A worker scans again; the master goes on to the next issue that it tidies."""
    if me != MASTER:
        return state.at(me, step="SCAN", issue=0, attempt=0)
    return state.at(me, step="TIDY", attempt=0)


def tidy(model: "Model", state: State, me: int) -> Steps:
    """Issue after issue: what is left of a finished trial, or lies there without its job, is to be cleared."""
    issue = state.processes[me].issue + 1
    if issue > model.max_issues:
        yield "TIDY has seen every issue", state.at(me, step="TIDY attempts", issue=0)
        return
    is_open, is_locked = issue in state.jobs, state.locks[issue - 1] >= 0
    is_left = (is_open or is_locked) and (state.result is not None or not is_open)
    step = "LOCK open" if is_left else "TIDY"
    yield f"TIDY looks at issue {issue}", state.at(me, step=step, issue=issue)


def tidy_attempts(_model: "Model", state: State, me: int) -> Steps:
    """Files of attempts at a finished trial without an open job: settled, or removed."""
    if state.result is not None and not state.jobs:
        won = state.result
        state = state._replace(curves=frozenset(), curve=won if won in state.curves else state.curve)
    step = "DONE" if state.collected else "PUBLISH"
    yield "TIDY removes attempts' files", state.at(me, step=step)


def publish(model: "Model", state: State, me: int) -> Steps:
    """The job is published unless it, or the result, is there. Without its job it may have been published before."""
    if not state.jobs and state.result is None:
        state = state.published(1 if model.mutation == "name used twice" else _next_issue(state))
    yield "PUBLISH", state.at(me, step="COLLECT 1", known=max(state.jobs, default=0))


def collect_first(model: "Model", state: State, me: int) -> Steps:
    """COLLECT lists jobs. A claimed job's holder may be taken for silent."""
    has_seen = state.result is not None if model.mutation == "results listed first" else bool(state.jobs)
    yield "COLLECT lists", state.at(me, step="COLLECT 2", has_seen=has_seen)
    if not state.jobs or model.is_lease or model.mutation == "silence ignored":
        return
    if state.issued + state.faults[-1] >= model.max_issues:  # a job that vanishes needs one more
        return
    number = state.locks[max(state.jobs) - 1]
    owner = state.inodes[number].owner if number >= 0 else NOBODY
    if owner not in {NOBODY, MASTER} and (model.is_hasty or state.processes[owner].is_stopped):
        yield "COLLECT finds a silent holder", state.at(me, step="ISSUE again", issue=max(state.jobs))


def collect_second(model: "Model", state: State, me: int) -> Steps:
    """COLLECT lists results, after the jobs."""
    if model.mutation == "results listed first":
        has_job, has_result = bool(state.jobs), state.processes[me].has_seen
    else:
        has_job, has_result = state.processes[me].has_seen, state.result is not None
    if has_result:
        yield "COLLECT", state._replace(collected=state.result).at(me, step="TIDY", issue=0, has_seen=False, known=0)
    elif has_job:
        yield "COLLECT finds no result yet", state.at(me, step="COLLECT 1", has_seen=False)
    else:
        yield "COLLECT finds neither job nor result", state.at(me, step="ISSUE missing", has_seen=False)


def issue_again(model: "Model", state: State, me: int) -> Steps:
    """The trial is published under its next name; whatever became of its silent holder meanwhile."""
    if model.mutation == "lock file taken away":
        yield "PUBLISH again", state.with_lock(state.processes[me].issue, -1).at(me, step="COLLECT 1", issue=0)
        return
    # RACE: a holder that was silent wakes up and finishes, and nothing tells of its issue any more but our memory.
    known = 0 if model.mutation == "issues forgotten" else state.processes[me].known
    issue = max(_next_issue(state), known + 1)
    yield "PUBLISH again", state.published(issue).at(me, step="COLLECT 1", issue=0, known=issue)


def done(_model: "Model", state: State, me: int) -> Steps:
    """Somebody runs the same command again."""
    yield "runs again", state._replace(collected=None).at(me, step="TIDY", issue=0)


def _next_issue(state: State) -> int:
    # One above the last that any file tells of.
    locked = {issue for issue, number in enumerate(state.locks, start=1) if number >= 0}
    return max({0, *state.jobs, *locked, *(issue for issue, _ in state.curves)}) + 1


PROGRAM: dict[str, Callable[["Model", State, int], Steps]] = {
    "CLEAR curve": clear_curve,
    "CLEAR files": clear_files,
    "CLEAR job": clear_job,
    "CLEAR lock": clear_lock,
    "UNLOCK": unlock,
    "TIDY": tidy,
    "TIDY attempts": tidy_attempts,
    "PUBLISH": publish,
    "COLLECT 1": collect_first,
    "COLLECT 2": collect_second,
    "ISSUE again": issue_again,
    "ISSUE missing": issue_again,
    "DONE": done,
}


def _after_curve(model: "Model") -> str:
    return _after_files(model) if model.mutation == "files before curve" else "CLEAR files"


def _after_files(model: "Model") -> str:
    return "CLEAR lock" if model.mutation == "lock file before job" else "CLEAR job"
