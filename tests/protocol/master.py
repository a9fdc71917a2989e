"""The master's own steps: TIDY what others left, RECORD, PUBLISH, COLLECT, issuing again, and WITHDRAW."""

from tests.protocol.clearing import settled_checkpoint, settled_curve, without_files
from tests.protocol.model import Model, Steps
from tests.protocol.state import MASTER, NOBODY, State


def tidy(_model: Model, state: State, me: int) -> Steps:
    """The master looks at each issue. A job or lock file of a finished evaluation, or a lock file alone, is cleared."""
    issue = state.processes[me].issue + 1
    if issue > len(state.locks):
        yield "TIDY has seen every issue", state.at(me, step="TIDY attempts", issue=0)
        return
    is_open, is_locked = bool(state.jobs[issue - 1]), state.locks[issue - 1] >= 0
    is_left = (is_open or is_locked) and (state.of(issue).result is not None or not is_open)
    yield f"TIDY looks at issue {issue}", state.at(me, step="LOCK open" if is_left else "TIDY", issue=issue)


def tidy_attempts(model: Model, state: State, me: int) -> Steps:
    """The files of attempts are settled or removed, where the evaluation has a result and no open job."""
    for rung, evaluation in enumerate(state.evaluations):
        if evaluation.result is not None and not state.open_issues(rung):
            for issue in state.issues_of(rung):
                state = without_files(settled_checkpoint(settled_curve(state, issue), issue), issue)
    after = "TIDY checkpoints" if model.rungs > 1 else _after_tidy(state)
    yield "TIDY removes attempts' files", state.at(me, step=after)


def tidy_checkpoints(_model: Model, state: State, me: int) -> Steps:
    """The kept checkpoint of a rung is removed if the next rung has a result."""
    yield "TIDY removes used checkpoints", _without_used_checkpoints(state).at(me, step=_after_tidy(state))


def record_read(model: Model, state: State, me: int) -> Steps:
    """A master that starts reads what was recorded."""
    journal = tuple(each.record for each in state.evaluations)
    if model.mutation == "proposed again":
        journal = (0,) * model.rungs
    yield "RECORD reads the journal", _next_rung(model, state.at(me, journal=journal))


def record_jobs(model: Model, state: State, me: int) -> Steps:
    """A job may show a proposal that the journal lacks.

    RACE: a worker reports between the two looks. A job that is gone by the first had its result linked before, so the
    second shows it.
    """
    if model.mutation == "record made from results first":
        shown = state.evaluations[state.rung].answer
    else:
        shown = _asked(state)
    yield "RECORD looks at jobs", state.at(me, step="RECORD results", proposal=shown)


def record_results(model: Model, state: State, me: int) -> Steps:
    """Or a result shows it. If neither does, the master records its own proposal."""
    if model.mutation == "record made from results first":
        shown = _asked(state)
    else:
        shown = state.evaluations[state.rung].answer
    found = state.at(me, proposal=shown or state.processes[me].proposal)
    yield "RECORD looks at results", _proposed(model, found)


def record_checkpoints(_model: Model, state: State, me: int) -> Steps:
    """Used checkpoints are removed before each batch is recorded, too."""
    yield "RECORD removes used checkpoints", _without_used_checkpoints(state).at(me, step="RECORD")


def record(model: Model, state: State, me: int) -> Steps:
    """The proposal is appended. If the journal was removed since this master wrote it, all of it is written again."""
    rung = state.rung
    journal = _journal_with(state, rung, state.processes[me].proposal)
    evaluations = (
        each._replace(record=proposal, recorded=proposal or each.recorded)
        for each, proposal in zip(state.evaluations, journal, strict=True)
    )
    step = "COLLECT 1" if model.mutation == "published before recorded" else "PUBLISH"
    recorded = state._replace(evaluations=tuple(evaluations))
    yield "RECORD", recorded.at(me, step=step, proposal=0, journal=journal)


def publish(model: Model, state: State, me: int) -> Steps:
    """The job is published unless a job or a result is there. It may have been published before and removed by hand."""
    rung = state.rung
    process = state.processes[me]
    is_early = not process.journal[rung]  # only in a mutation
    if not state.open_issues(rung) and state.evaluations[rung].result is None:
        issue = state.issues_of(rung)[0] if model.mutation == "name used twice" else _next_issue(state, rung)
        state = state.published(issue, process.journal[rung] or process.proposal)
        if model.mutation == "checkpoint removed at promotion" and rung:
            state = state.evaluated(rung - 1, kept=None)
    known = max(state.open_issues(rung), default=0)
    yield "PUBLISH", state.at(me, step="RECORD" if is_early else _collect_or_withdraw(model, state), known=known)


def collect_first(model: Model, state: State, me: int) -> Steps:
    """COLLECT lists jobs. The holder of a claimed job may be found silent."""
    rung = state.rung
    jobs, evaluation = state.open_issues(rung), state.evaluations[rung]
    has_seen = evaluation.result is not None if model.mutation == "results listed first" else bool(jobs)
    yield "COLLECT lists", state.at(me, step="COLLECT 2", has_seen=has_seen)
    if not jobs or model.is_lease or model.mutation == "silence ignored":
        return
    if evaluation.issued + state.faults.removals >= model.max_issues:  # a job that vanishes needs one more
        return
    number = state.locks[jobs[-1] - 1]
    owner = state.inodes[number].owner if number >= 0 else NOBODY
    if owner not in {NOBODY, MASTER} and (model.is_hasty or state.processes[owner].is_stopped):
        yield "COLLECT finds a silent holder", state.at(me, step="ISSUE again", issue=jobs[-1])


def collect_second(model: Model, state: State, me: int) -> Steps:
    """COLLECT lists results, after the jobs. The next rung is proposed when the result of the last one is in."""
    rung = state.rung
    result = state.evaluations[rung].result
    if model.mutation == "results listed first":
        has_job, has_result = bool(state.open_issues(rung)), state.processes[me].has_seen
    else:
        has_job, has_result = state.processes[me].has_seen, result is not None
    if has_result:
        collected = state.evaluated(rung, collected=result).at(me, step="TIDY", issue=0, has_seen=False, known=0)
        yield "COLLECT", collected if collected.is_over else _next_rung(model, collected)
    elif has_job:
        yield "COLLECT finds no result yet", state.at(me, step="COLLECT 1", has_seen=False)
    else:
        yield "COLLECT finds neither job nor result", state.at(me, step="ISSUE missing", has_seen=False)


def issue_again(model: Model, state: State, me: int) -> Steps:
    """The evaluation is published under its next name, whatever its silent holder did meanwhile."""
    process = state.processes[me]
    if model.mutation == "lock file taken away":
        yield "PUBLISH again", state.with_lock(process.issue, -1).at(me, step="COLLECT 1", issue=0)
        return
    # RACE: a holder that was silent wakes up and finishes. No file shows its issue any more, but it is remembered.
    known = 0 if model.mutation == "issues forgotten" else process.known
    issue = max(_next_issue(state, state.rung), known + 1)
    if model.mutation == "withdrawn before published again" and state.jobs[process.issue - 1]:
        withdrawn = state.with_job(process.issue, 0)._replace(withdrawn=state.withdrawn | {process.issue})
        yield "WITHDRAW", withdrawn.at(me, step="ISSUE again")
        return
    published = state.published(issue, process.journal[state.rung])
    yield "PUBLISH again", published.at(me, step=_collect_or_withdraw(model, published), issue=0, known=issue)


def withdraw(model: Model, state: State, me: int) -> Steps:
    """The job of an issue goes when a later one has taken its place. Its lock file stays, for it may be held."""
    for issue in state.superseded(state.rung)[:1]:
        state = state.with_job(issue, 0)._replace(withdrawn=state.withdrawn | {issue})
    yield "WITHDRAW", state.at(me, step=_collect_or_withdraw(model, state))


def done(_model: Model, state: State, me: int) -> Steps:
    """Somebody runs the same command again."""
    yield "runs again", state.not_collected().at(me, step="TIDY", issue=0, journal=())


def _collect_or_withdraw(model: Model, state: State) -> str:
    is_left = bool(state.superseded(state.rung)) and model.mutation != "superseded job left"
    return "WITHDRAW" if is_left else "COLLECT 1"


def _after_tidy(state: State) -> str:
    return "DONE" if state.is_over else "RECORD read"


def _next_rung(model: Model, state: State) -> State:
    if state.processes[MASTER].journal[state.rung]:
        return state.at(MASTER, step="PUBLISH")
    if model.mutation in {"proposed again", "record not made again"}:
        return _proposed(model, state)
    return state.at(MASTER, step="RECORD jobs")


def _proposed(model: Model, state: State) -> State:
    if not state.processes[MASTER].proposal:
        # The worst case: it is of a version that proposes what no master before it did.
        evaluation = state.evaluations[state.rung]
        state = state.at(MASTER, proposal=max(evaluation.recorded, evaluation.published) + 1)
    if model.mutation == "published before recorded":
        return state.at(MASTER, step="PUBLISH")
    return state.at(MASTER, step="RECORD checkpoints" if model.rungs > 1 else "RECORD")


def _journal_with(state: State, rung: int, proposal: int) -> tuple[int, ...]:
    journal = state.processes[MASTER].journal
    return (*journal[:rung], proposal, *journal[rung + 1 :])


def _asked(state: State) -> int:
    return max((state.jobs[issue - 1] for issue in state.open_issues(state.rung)), default=0)


def _without_used_checkpoints(state: State) -> State:
    for rung, above in enumerate(state.evaluations[1:]):
        if above.result is not None:
            state = state.evaluated(rung, kept=None)
    return state


def _next_issue(state: State, rung: int) -> int:
    # One above the last issue that a file shows.
    files = {issue for issue, _ in (*state.curves, *state.checkpoints)}
    issues = state.issues_of(rung)
    shown = (issue for issue in issues if state.jobs[issue - 1] or state.locks[issue - 1] >= 0 or issue in files)
    return max(shown, default=issues[0] - 1) + 1


PROGRAM = {
    "TIDY": tidy,
    "TIDY attempts": tidy_attempts,
    "TIDY checkpoints": tidy_checkpoints,
    "RECORD read": record_read,
    "RECORD jobs": record_jobs,
    "RECORD results": record_results,
    "RECORD checkpoints": record_checkpoints,
    "RECORD": record,
    "PUBLISH": publish,
    "COLLECT 1": collect_first,
    "COLLECT 2": collect_second,
    "ISSUE again": issue_again,
    "ISSUE missing": issue_again,
    "WITHDRAW": withdraw,
    "DONE": done,
}
