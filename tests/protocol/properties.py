"""What must hold in every state, and the two ends that must stay within reach."""

from collections.abc import Callable

from tests.protocol.model import Model
from tests.protocol.state import MASTER, State

WORKING = {"START", "EVALUATE", "REPORT", "REPORT rename", "REPORT duplicate"}
HOLDING = WORKING | {"CLEAR curve", "CLEAR checkpoint", "CLEAR files", "CLEAR job"}
"""Steps of a process that believes it holds its issue. At `CLEAR lock` it may find that there is nothing to hold."""

Property = Callable[[Model, State], bool]


def nothing_overwritten(_model: Model, state: State) -> bool:
    """The first result of an evaluation stays its result."""
    return all(each.result == each.first for each in state.evaluations)


def nothing_lost(_model: Model, state: State) -> bool:
    """Once published, an evaluation has a job or a result, unless somebody removes the job by hand."""
    return all(
        each.issued == 0 or each.result is not None or each.is_missing or bool(state.open_issues(rung))
        for rung, each in enumerate(state.evaluations)
    )


def no_curve_lost(_model: Model, state: State) -> bool:
    """A result's curve is where the attempt left it, or in its place."""
    return all(
        not each.has_curve or each.curve == each.first or each.first in state.curves for each in state.evaluations
    )


def checkpoint_kept(model: Model, state: State) -> bool:
    """The last checkpoint of a lower rung is kept until the next rung has a result.

    Or it is still where the attempt left it, and its job is there, so that somebody will clear it. Without its job
    (removed by hand, or withdrawn) the master settles it when it tidies up.
    """
    for each, above in zip(state.evaluations, state.evaluations[1:], strict=False):
        if each.has_checkpoint and above.result is None and each.kept != each.result:
            won = each.result
            has_no_job = won is not None and won[0] in state.vanished | state.withdrawn
            will_be_settled = won is not None and (state.jobs[won[0] - 1] or has_no_job or model.is_lease)
            if not will_be_settled or won not in state.checkpoints:
                return False
    return True


def exclusive_claim(model: Model, state: State) -> bool:
    """Two processes never believe to hold the same issue. A lease does not promise it."""
    held = [process.issue for process in state.processes if process.step in HOLDING]
    return model.is_lease or len(held) == len(set(held))


def open_while_held(model: Model, state: State) -> bool:
    """A worker works only on an issue whose job is there, or was removed by hand or withdrawn.

    A lease does not promise it.
    """
    working = (process.issue for process in state.processes[MASTER + 1 :] if process.step in WORKING)
    removed = state.vanished | state.withdrawn
    return model.is_lease or all(state.jobs[issue - 1] or issue in removed for issue in working)


def one_open_issue(_model: Model, state: State) -> bool:
    """While the master waits for a result, one issue of the evaluation is open at most, so nobody begins another."""
    return state.processes[MASTER].step not in {"COLLECT 1", "COLLECT 2"} or not state.superseded(state.rung)


def attempts_apart(model: Model, state: State) -> bool:
    """No attempt begins under a name of which files are left. A lease does not promise it."""
    begun = ((process.issue, process.attempt) for process in state.processes if process.step == "EVALUATE")
    return model.is_lease or all(name not in state.curves and name not in state.checkpoints for name in begun)


def no_needless_issue(_model: Model, state: State) -> bool:
    """The master issues an evaluation as missing only if its job was removed by hand."""
    if state.processes[MASTER].step != "ISSUE missing":
        return True
    return any(state.rung_of(issue) == state.rung for issue in state.vanished)


def recorded_first(_model: Model, state: State) -> bool:
    """A job is published only after its proposal was recorded."""
    return all(each.published in {0, each.recorded} for each in state.evaluations)


def same_proposal(_model: Model, state: State) -> bool:
    """Journal, every issue ever published, jobs, attempts under way and result of a rung have the same proposal."""
    workers = state.processes[MASTER + 1 :]
    for rung, each in enumerate(state.evaluations):
        asked = {state.jobs[issue - 1] for issue in state.issues_of(rung)}
        under_way = {process.proposal for process in workers if process.issue in state.issues_of(rung)}
        if len({each.record, each.published, each.answer, *asked, *under_way} - {0}) > 1:
            return False
    return True


SAFETY: dict[str, Property] = {
    "OneResult, NothingOverwritten": nothing_overwritten,
    "NothingLost": nothing_lost,
    "NoCurveLost": no_curve_lost,
    "CheckpointKept": checkpoint_kept,
    "ExclusiveClaim": exclusive_claim,
    "OpenWhileHeld": open_while_held,
    "OneOpenIssue": one_open_issue,
    "AttemptsApart": attempts_apart,
    "NoNeedlessIssue": no_needless_issue,
    "SameProposal": same_proposal,
    "RecordedFirst": recorded_first,
}


def has_ended(state: State) -> bool:
    """EveryTrialEnds: the master has read the trial's last result."""
    return state.is_over


def is_clean(state: State) -> bool:
    """NoLeftovers: results and their curves are all that is left."""
    is_left = any(state.jobs) or state.curves or state.checkpoints or any(lock >= 0 for lock in state.locks)
    has_kept = any(each.kept for each in state.evaluations)
    return state.processes[MASTER].step == "DONE" and not is_left and not has_kept
