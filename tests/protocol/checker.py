"""Goes through every state that a model can reach, and through every order of its processes' steps.

Safety is looked at in each state. That a trial ends is looked at backwards: the states from which honest steps alone
lead to an end are collected from the ends on, and must be all that were reached. So there is no state, however it came
about, from which the trial could not end without anybody's help; processes that keep taking steps then end it.
"""

from collections import deque
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field

from tests.protocol.model import Model
from tests.protocol.state import MASTER, State

WORKING = {"START", "EVALUATE", "REPORT", "REPORT rename", "REPORT duplicate"}
HOLDING = WORKING | {"CLEAR curve", "CLEAR files", "CLEAR job"}
"""Steps of a process that believes it holds its issue. At `CLEAR lock` it may find that there is nothing to hold."""

Property = Callable[[Model, State], bool]


def nothing_overwritten(_model: Model, state: State) -> bool:
    """Whichever result had its name first has it for ever."""
    return state.result == state.first


def nothing_lost(_model: Model, state: State) -> bool:
    """Once published, the trial has a job or a result, at every moment, unless somebody removes the job by hand."""
    return state.issued == 0 or bool(state.jobs) or state.result is not None or state.is_missing


def no_curve_lost(_model: Model, state: State) -> bool:
    """A result's curve is where the attempt left it, or in its place."""
    return not state.has_curve or state.curve == state.first or state.first in state.curves


def exclusive_claim(model: Model, state: State) -> bool:
    """Never do two processes believe to hold the same issue. A lease does not promise it."""
    held = [process.issue for process in state.processes if process.step in HOLDING]
    return model.is_lease or len(held) == len(set(held))


def open_while_held(model: Model, state: State) -> bool:
    """Whoever works on a issue works on one whose job is there, or was. A lease does not promise it."""
    working = (process.issue for process in state.processes[MASTER + 1 :] if process.step in WORKING)
    return model.is_lease or all(issue in state.jobs | state.vanished for issue in working)


def attempts_apart(model: Model, state: State) -> bool:
    """No attempt begins under a name of which a curve is left. A lease does not promise it."""
    begun = (process for process in state.processes if process.step == "EVALUATE")
    return model.is_lease or all((process.issue, process.attempt) not in state.curves for process in begun)


def no_needless_issue(_model: Model, state: State) -> bool:
    """The master never takes a trial for lost that is not."""
    return state.processes[MASTER].step != "ISSUE missing" or bool(state.vanished)


SAFETY: dict[str, Property] = {
    "OneResult, NothingOverwritten": nothing_overwritten,
    "NothingLost": nothing_lost,
    "NoCurveLost": no_curve_lost,
    "ExclusiveClaim": exclusive_claim,
    "OpenWhileHeld": open_while_held,
    "AttemptsApart": attempts_apart,
    "NoNeedlessIssue": no_needless_issue,
}


def is_collected(state: State) -> bool:
    """EveryTrialEnds: the master has the result."""
    return state.collected is not None


def is_clean(state: State) -> bool:
    """NoLeftovers: the result and its curve are all that is left."""
    is_over = state.processes[MASTER].step == "DONE" and not state.jobs and not state.curves
    return is_over and all(lock < 0 for lock in state.locks)


@dataclass
class Verdict:
    """What a check found.

    Attributes:
        states: how many there are.
        steps: how many lead from one to another.
        broken: the property that does not hold; None: they all do.
        trace: the steps that lead to the state where it does not.
    """

    states: int = 0
    steps: int = 0
    broken: str | None = None
    trace: list[str] = field(default_factory=list)


def check(model: Model, limit: int | None = None) -> Verdict:
    """Go through all states of a model, or stop at the first property that is broken.

    Args:
        model: the protocol, perhaps mutated.
        limit: most states to go through; more are an error.

    Raises:
        ValueError: there are more states than `limit`.
    """
    origin: dict[State, tuple[State, str] | None] = {model.start: None}
    before: dict[State, list[State]] = {}
    waiting = deque([model.start])
    verdict = Verdict()
    while waiting:
        state = waiting.popleft()
        if limit is not None and len(origin) > limit:
            raise ValueError(f"more than {limit} states")
        for name, holds in SAFETY.items():
            if not holds(model, state):
                return Verdict(len(origin), verdict.steps, name, _trace(origin, state))
        for is_honest, steps in ((True, model.honest_steps(state)), (False, model.faulty_steps(state))):
            for step, after in steps:
                verdict.steps += 1
                if is_honest:
                    before.setdefault(after, []).append(state)
                if after not in origin:
                    origin[after] = (state, step)
                    waiting.append(after)
    verdict.states = len(origin)
    _check_ends(origin, before, verdict)
    return verdict


def _check_ends(
    origin: dict[State, tuple[State, str] | None], before: dict[State, list[State]], verdict: Verdict
) -> None:
    ended = _leading_to(filter(is_collected, origin), before)
    clean = _leading_to(filter(is_clean, origin), before)
    for state in origin:
        # A stopped process keeps what it holds; when it goes on, or dies, others can tidy up.
        is_anyone_stopped = any(process.is_stopped for process in state.processes)
        broken = "EveryTrialEnds" if state not in ended else None
        if state not in clean and not is_anyone_stopped:
            broken = broken or "NoLeftovers"
        if broken:
            verdict.broken, verdict.trace = broken, _trace(origin, state)
            return


def _leading_to(ends: Iterable[State], before: dict[State, list[State]]) -> set[State]:
    found = set(ends)
    waiting = deque(found)
    while waiting:
        for state in before.get(waiting.popleft(), ()):
            if state not in found:
                found.add(state)
                waiting.append(state)
    return found


def _trace(origin: dict[State, tuple[State, str] | None], state: State) -> list[str]:
    steps: list[str] = []
    while (came := origin[state]) is not None:
        state, step = came
        steps.append(step)
    return steps[::-1]
