"""The text of a lock file: the attempts at an issue, one JSON line per event, appended by the holder of the claim.

The text outlives its writer. That is how the next claimant knows how often the evaluating process has died.

A crash during an append leaves a torn line. It counts as an attempt that was started, because only claimants write
there. A torn line that began to say how an attempt ended is skipped. Several torn lines in a row are damage, and count
as one attempt.
"""

from collections import Counter
from dataclasses import dataclass, replace
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
"""Lines of a lock file. Each start and each stop of a worker during a trial adds one."""
TORN_ENDS = (b'{"event":"l', b'{"event":"r')
"""How the lines begin that say that an attempt was lost or released."""


class AttemptEvent(Record):
    """One line: an attempt was claimed (it began), released (it does not count), or lost (it failed and counts)."""

    event: Literal["claimed", "released", "lost"]
    attempt: Annotated[int, Field(ge=1, lt=MAX_ATTEMPTS)]
    worker: WorkerName
    host: Label
    pid: Count
    at: Moment
    reason: Message | None = None
    kind: FailureKind | None = None
    """How a lost attempt failed. None means that the process died: earlier versions recorded no other kind."""

    def to_line(self) -> str:
        """The event as one line of JSON, without its newline."""
        return self.model_dump_json(exclude_none=True)


class Loss(NamedTuple):
    """A counted attempt, and how it ended."""

    attempt: int
    worker: str
    reason: str
    kind: FailureKind = FailureKind.WORKER_LOST


@dataclass(frozen=True)
class AttemptHistory:
    """The attempts at an issue so far."""

    events: tuple[AttemptEvent, ...] = ()
    forgiven: frozenset[int] = frozenset()
    """Attempts whose death does not count."""

    @property
    def last_attempt(self) -> int:
        """The highest attempt number so far; 0 before the first attempt."""
        return max((event.attempt for event in self.events), default=0)

    @property
    def counted(self) -> int:
        """How many attempts began and were not released on request."""
        return len(self.losses)

    @property
    def holder(self) -> AttemptEvent | None:
        """The last claim, if its attempt was neither released nor reported lost."""
        return self.events[-1] if self.events and self.events[-1].event == "claimed" else None

    @property
    def losses(self) -> tuple[Loss, ...]:
        """How each counted attempt ended. An attempt without an end in the file was lost with its worker."""
        ends = {event.attempt: event for event in self.events if event.event != "claimed"}
        losses: dict[int, Loss] = {}
        for event in self.events:
            end = ends.get(event.attempt, event)
            if event.event == "claimed" and end.event != "released":
                kind = end.kind or FailureKind.WORKER_LOST
                if kind is not FailureKind.WORKER_LOST or event.attempt not in self.forgiven:
                    losses[event.attempt] = Loss(event.attempt, event.worker, end.reason or "the worker died", kind)
        return tuple(losses.values())

    @property
    def ended_losses(self) -> tuple[Loss, ...]:
        """The losses without that of the last claim: its attempt may still run, and looks as if its worker had died."""
        running = self.holder.attempt if self.holder else None
        return tuple(loss for loss in self.losses if loss.attempt != running)

    def forgiving(self, attempts: frozenset[int]) -> "AttemptHistory":
        """Return the history in which the deaths of these attempts do not count."""
        return replace(self, forgiven=attempts)

    def counts(self, *more: Loss) -> dict[FailureKind, int]:
        """Counted attempts, and `more` of them, by the kind of their end; kinds that did not occur are left out."""
        return dict(Counter(loss.kind for loss in (*self.losses, *more)))

    def summary(self, *more: Loss) -> str:
        """How each counted attempt, and `more` of them, ended, for a person to read. Names each reason once.

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
    """The history in a lock file; empty if there is no such file.

    Raises:
        ProtocolError: the file is a link or a pipe, has two names, is too long for a lock file, or leaves no number for
            the next attempt.
    """
    try:
        text = read_bytes(path)
        names = path.lstat().st_nlink
    except FileNotFoundError:
        return AttemptHistory()
    if names > 1:
        raise ProtocolError(path, "has a second name (a hard link), so no worker can have made it")
    return parse_history(text, path)


def parse_history(text: bytes, path: Path) -> AttemptHistory:
    """The history in a lock file's text.

    Raises:
        ProtocolError: the text is too long, or leaves no number for the next attempt.
    """
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
            # After another torn line, the file is damaged rather than torn: its many lines are not attempts. A torn end
            # belongs to the attempt before it: its holder died while writing how it ended.
            if was_torn or line.startswith(TORN_ENDS):
                continue
            event = {"event": "claimed", "attempt": last + 1, "worker": UNKNOWN_WORKER, "host": "", "pid": 0, "at": ""}
            events.append(AttemptEvent.model_validate(event))
        last = max(last, events[-1].attempt)
        if last >= MAX_ATTEMPTS - 1:
            raise ProtocolError(path, f"names attempt {last}, expected numbers below {MAX_ATTEMPTS - 1}")
    return AttemptHistory(tuple(events))


def _numbered(attempts: list[int]) -> str:
    if len(attempts) == 1:
        return f"attempt {attempts[0]}"
    return f"attempts {', '.join(map(str, attempts[:-1]))} and {attempts[-1]}"
