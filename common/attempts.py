"""The text of a lock file: every attempt at a job, one JSON line an event, appended by whoever holds the claim.

The text outlives its writer, which is how the next claimant knows how often the job's process has died. A crash in
mid-append leaves a part of a line; it counts as an attempt that was started, since only a claimant writes there.
A torn line that was to say how an attempt ended says nothing, and several in a row are damage, and count as one.
"""

from collections import Counter
from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

from pydantic import Field, ValidationError

from hyperspool.common.errors import ProtocolError
from hyperspool.common.names import WorkerName
from hyperspool.common.reading import read_bytes
from hyperspool.common.records import Count, FailureKind, Label, Message, Moment, Record

UNKNOWN_WORKER = "unknown"
MAX_ATTEMPTS = 1_000_000
MAX_LINES = 10_000
"""Lines of a lock file. Each start and each stop of a worker in mid-trial adds one."""
TORN_ENDS = (b'{"event":"l', b'{"event":"r')
"""How a line begins that says that an attempt was lost or released."""


class AttemptEvent(Record):
    """One line: an attempt began, was let go (and does not count), or was lost: it failed, and may be tried again."""

    event: Literal["claimed", "released", "lost"]
    attempt: Annotated[int, Field(ge=1, lt=MAX_ATTEMPTS)]
    worker: WorkerName
    host: Label
    pid: Count
    at: Moment
    reason: Message | None = None
    kind: FailureKind | None = None
    """How a lost attempt failed; None: the process died, which once was the only way."""

    def to_line(self) -> str:
        """The event as one line of JSON, without its newline."""
        return self.model_dump_json(exclude_none=True)


class Loss(NamedTuple):
    """A counted attempt and what ended it."""

    attempt: int
    worker: str
    reason: str
    kind: FailureKind = FailureKind.WORKER_LOST


@dataclass(frozen=True)
class AttemptHistory:
    """What happened to a job so far."""

    events: tuple[AttemptEvent, ...] = ()

    @property
    def last_attempt(self) -> int:
        """The highest attempt number given out; 0 before the first."""
        return max((event.attempt for event in self.events), default=0)

    @property
    def counted(self) -> int:
        """How many attempts began and were not let go on request."""
        return len(self.losses)

    @property
    def holder(self) -> AttemptEvent | None:
        """Who claimed the job last, if that attempt was neither let go nor reported lost."""
        return self.events[-1] if self.events and self.events[-1].event == "claimed" else None

    @property
    def losses(self) -> tuple[Loss, ...]:
        """What ended each counted attempt. One of which nothing more is told was lost with its worker."""
        ends = {event.attempt: event for event in self.events if event.event != "claimed"}
        losses: dict[int, Loss] = {}
        for event in self.events:
            end = ends.get(event.attempt, event)
            if event.event == "claimed" and end.event != "released":
                kind = end.kind or FailureKind.WORKER_LOST
                losses[event.attempt] = Loss(event.attempt, event.worker, end.reason or "the worker died", kind)
        return tuple(losses.values())

    def counts(self, *more: Loss) -> dict[FailureKind, int]:
        """How many counted attempts, and `more` of them, ended in which way; ways that did not occur are left out."""
        return dict(Counter(loss.kind for loss in (*self.losses, *more)))

    def told(self, *more: Loss) -> str:
        """What ended each counted attempt, and `more` of them, for a person, each reason once.

        For example `attempts 1 and 2 on lab-1, attempt 4 on lab-2: killed by SIGKILL; attempt 3 on lab-1: ...`.
        """
        attempts: dict[str, dict[str, list[int]]] = {}
        for loss in (*self.losses, *more):
            attempts.setdefault(loss.reason, {}).setdefault(loss.worker, []).append(loss.attempt)
        return "; ".join(
            f"{', '.join(f'{_numbered(numbers)} on {worker}' for worker, numbers in workers.items())}: {reason}"
            for reason, workers in attempts.items()
        )


def read_history(path: Path) -> AttemptHistory:
    """The history in a lock file; an empty one if there is no such file.

    Raises:
        ProtocolError: the file is a link, a pipe, has two names or is too long to be a lock file, or leaves no
            number for an attempt.
    """
    try:
        text = read_bytes(path)
        names = path.lstat().st_nlink
    except FileNotFoundError:
        return AttemptHistory()
    if names > 1:
        raise ProtocolError(path, "has a second name (a hard link), so no worker can have made it")
    events: list[AttemptEvent] = []
    is_torn, last = False, 0
    lines = text.splitlines()
    if len(lines) > MAX_LINES:
        raise ProtocolError(path, f"has {len(lines)} lines, expected at most {MAX_LINES}")
    for line in lines:
        was_torn, is_torn = is_torn, False
        try:
            events.append(AttemptEvent.model_validate_json(line))
        except ValidationError:
            is_torn = True
            # Damaged rather than torn: its many lines are not as many attempts. Or torn by the holder of the attempt
            # before it, who died while writing how that one ended.
            if was_torn or line.startswith(TORN_ENDS):
                continue
            event = {"event": "claimed", "attempt": last + 1, "worker": UNKNOWN_WORKER, "host": "", "pid": 0, "at": ""}
            events.append(AttemptEvent.model_validate(event))
        last = max(last, events[-1].attempt)
        if last >= MAX_ATTEMPTS - 1:
            raise ProtocolError(path, f"names attempt {last}, expected lower numbers than {MAX_ATTEMPTS - 1}")
    return AttemptHistory(tuple(events))


def _numbered(attempts: list[int]) -> str:
    if len(attempts) == 1:
        return f"attempt {attempts[0]}"
    return f"attempts {', '.join(map(str, attempts[:-1]))} and {attempts[-1]}"
