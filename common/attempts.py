"""The text of a lock file: every attempt at a job, one JSON line an event, appended by whoever holds the claim.

The text outlives its writer, which is how the next claimant knows how often the job's process has died. A crash in
mid-append leaves a part of a line; it counts as an attempt that was started, since only a claimant writes there.
"""

from dataclasses import dataclass
from pathlib import Path
from typing import Annotated, Literal, NamedTuple

from pydantic import Field, ValidationError

from common.names import WorkerName
from common.reading import read_bytes
from common.records import Record

UNKNOWN_WORKER = "unknown"
MAX_ATTEMPTS = 1_000_000


class AttemptEvent(Record):
    """One line: an attempt began, was let go (and does not count), or was lost with the process that evaluated it."""

    event: Literal["claimed", "released", "lost"]
    attempt: Annotated[int, Field(ge=1, lt=MAX_ATTEMPTS)]
    worker: WorkerName
    host: str
    pid: int
    at: str
    reason: str | None = None

    def to_line(self) -> str:
        """The event as one line of JSON, without its newline."""
        return self.model_dump_json(exclude_none=True)


class Loss(NamedTuple):
    """A counted attempt and what ended it."""

    attempt: int
    worker: str
    reason: str


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
        claimed = {event.attempt for event in self.events if event.event == "claimed"}
        return len(claimed - {event.attempt for event in self.events if event.event == "released"})

    @property
    def holder(self) -> AttemptEvent | None:
        """Who claimed the job last, if that attempt was neither let go nor reported lost."""
        return self.events[-1] if self.events and self.events[-1].event == "claimed" else None

    def losses(self, *more: Loss) -> str:
        """What ended each counted attempt, and `more` of them, for a person, each reason once.

        For example `attempts 1 and 2 on lab-1, attempt 4 on lab-2: killed by SIGKILL; attempt 3 on lab-1: ...`.
        """
        reasons = {event.attempt: event.reason for event in self.events if event.event == "lost"}
        released = {event.attempt for event in self.events if event.event == "released"}
        losses = [
            Loss(event.attempt, event.worker, reasons.get(event.attempt) or "the worker died")
            for event in self.events
            if event.event == "claimed" and event.attempt not in released
        ]
        attempts: dict[str, dict[str, list[int]]] = {}
        for loss in (*losses, *more):
            attempts.setdefault(loss.reason, {}).setdefault(loss.worker, []).append(loss.attempt)
        return "; ".join(
            f"{', '.join(f'{_numbered(numbers)} on {worker}' for worker, numbers in workers.items())}: {reason}"
            for reason, workers in attempts.items()
        )


def read_history(path: Path) -> AttemptHistory:
    """The history in a lock file; an empty one if there is no such file.

    Raises:
        ProtocolError: the file is a link, a pipe or too long to be a lock file.
    """
    try:
        text = read_bytes(path)
    except FileNotFoundError:
        return AttemptHistory()
    events: list[AttemptEvent] = []
    for line in text.splitlines():
        try:
            events.append(AttemptEvent.model_validate_json(line))
        except ValidationError:
            attempt = max((event.attempt for event in events), default=0) + 1
            events.append(AttemptEvent(event="claimed", attempt=attempt, worker=UNKNOWN_WORKER, host="", pid=0, at=""))
    return AttemptHistory(tuple(events))


def _numbered(attempts: list[int]) -> str:
    if len(attempts) == 1:
        return f"attempt {attempts[0]}"
    return f"attempts {', '.join(map(str, attempts[:-1]))} and {attempts[-1]}"
