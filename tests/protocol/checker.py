"""Goes through every state that a model can reach, and through every order of its processes' steps.

Safety is looked at in each state. That a trial ends is looked at backwards: the states from which honest steps alone
lead to an end are collected from the ends on, and must be all that were reached. So there is no state, however it came
about, from which the trial could not end without anybody's help; processes that keep taking steps then end it.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from tests.protocol import clearing, master, worker
from tests.protocol.faults import faulty_steps, who
from tests.protocol.model import Model, Steps
from tests.protocol.properties import SAFETY, has_ended, is_clean
from tests.protocol.state import NOBODY, State

PROGRAM: Mapping[str, Callable[[Model, State, int], Steps]] = {**worker.PROGRAM, **clearing.PROGRAM, **master.PROGRAM}
"""Every step by its name."""


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


@dataclass
class _Found:
    """The states that were reached, numbered in that order.

    Attributes:
        states: by number.
        origin: for each, the state and the step that first led to it.
        before: for each, the states from which an honest step leads to it.
    """

    states: list[State]
    origin: list[tuple[int, str]] = field(default_factory=lambda: [(0, "")])
    before: list[list[int]] = field(default_factory=lambda: [[]])

    def trace(self, number: int) -> list[str]:
        """The steps from the start to a state."""
        steps: list[str] = []
        while number:
            number, step = self.origin[number]
            steps.append(step)
        return steps[::-1]

    def leading_to(self, is_end: Callable[[State], bool]) -> bytearray:
        """For each state, whether honest steps alone can lead from it to an end."""
        waiting = [number for number, state in enumerate(self.states) if is_end(state)]
        found = bytearray(len(self.states))
        for number in waiting:
            found[number] = True
        while waiting:
            for number in self.before[waiting.pop()]:
                if not found[number]:
                    found[number] = True
                    waiting.append(number)
        return found


def check(model: Model, limit: int | None = None) -> Verdict:
    """Go through all states of a model, or stop at the first property that is broken.

    Args:
        model: the protocol, perhaps mutated.
        limit: most states to go through; more are an error.

    Raises:
        ValueError: there are more states than `limit`.
    """
    found, verdict = _Found([model.start]), Verdict()
    numbers = {model.start: 0}
    for here, state in enumerate(found.states):  # it grows meanwhile
        if limit is not None and len(numbers) > limit:
            raise ValueError(f"more than {limit} states")
        for name, holds in SAFETY.items():
            if not holds(model, state):
                return Verdict(len(numbers), verdict.steps, name, found.trace(here))
        for is_honest, steps in ((True, honest_steps(model, state)), (False, faulty_steps(model, state))):
            for step, after in steps:
                verdict.steps += 1
                number = numbers.setdefault(after, len(numbers))
                if number == len(found.states):
                    found.states.append(after)
                    found.origin.append((here, step))
                    found.before.append([])
                if is_honest:
                    found.before[number].append(here)
    verdict.states = len(numbers)
    _check_ends(found, verdict)
    return verdict


def honest_steps(model: Model, state: State) -> Steps:
    """What the processes that are neither dead nor stopped do next."""
    for me, process in enumerate(state.processes):
        if not process.is_stopped:
            for name, after in PROGRAM[process.step](model, state, me):
                yield f"{who(me)} {name}", after.normal()
        elif model.is_lease and process.inode >= 0 and state.inodes[process.inode].owner == me:
            inode = state.inodes[process.inode]._replace(owner=NOBODY)
            yield f"{who(me)} loses its lease", state.with_inode(process.inode, inode)


def _check_ends(found: _Found, verdict: Verdict) -> None:
    ended, clean = found.leading_to(has_ended), found.leading_to(is_clean)
    for number, state in enumerate(found.states):
        # A stopped process keeps what it holds; when it goes on, or dies, others can tidy up.
        is_anyone_stopped = any(process.is_stopped for process in state.processes)
        broken = None if ended[number] else "EveryTrialEnds"
        if not clean[number] and not is_anyone_stopped:
            broken = broken or "NoLeftovers"
        if broken:
            verdict.broken, verdict.trace = broken, found.trace(number)
            return
