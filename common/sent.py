"""A function object as an objective: it goes to the workers that this process starts, through their standard input.

It never lies in the shared folder, so a worker runs it only because the process that started the worker sent it.
"""

import os
from collections.abc import Callable
from dataclasses import dataclass, field

from hyperspool.common.errors import UsageError

_LENGTH_BYTES = 8


@dataclass(frozen=True)
class SentDefinition:
    """A function object, pickled by the process that the person runs.

    Attributes:
        name: the objective's name in the study.
        pickled: the function, and the person's `sys.path`; `hyperspool.worker.objectives.sent` reads it.
        code: the digest of the function's source; None: not known.
    """

    name: str
    pickled: bytes = field(repr=False)
    code: str | None = None

    def __str__(self) -> str:
        """The definition, for messages."""
        return f"{self.name} (a function that the study's process sent)"

    def message(self) -> bytes:
        """The bytes for the worker's standard input: the digest and the pickle, each after its length."""
        parts = ((self.code or "").encode(), self.pickled)
        return b"".join(len(part).to_bytes(_LENGTH_BYTES, "big") + part for part in parts)


def receive(name: str, read: Callable[[int], bytes] = lambda size: os.read(0, size)) -> SentDefinition:
    """Read a definition from standard input; what follows it there is left unread.

    Args:
        name: the objective's name in the study.
        read: reads at most so many bytes; nothing at the end.

    Raises:
        UsageError: standard input ended before the definition did.
    """
    code, pickled = (_exactly(int.from_bytes(_exactly(_LENGTH_BYTES, read), "big"), read) for _ in range(2))
    return SentDefinition(name, pickled, code.decode() or None)


def _exactly(size: int, read: Callable[[int], bytes]) -> bytes:
    parts: list[bytes] = []
    while size:
        part = read(min(size, 1 << 20))
        if not part:
            raise UsageError("standard input ended before the objective was received; the process that sent it died")
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
