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
    """

    name: str
    pickled: bytes = field(repr=False)

    def __str__(self) -> str:
        """The definition, for messages."""
        return f"{self.name} (a function that the study's process sent)"

    def message(self) -> bytes:
        """The bytes for the worker's standard input: the length, then the pickle."""
        return len(self.pickled).to_bytes(_LENGTH_BYTES, "big") + self.pickled


def receive(name: str, read: Callable[[int], bytes] = lambda size: os.read(0, size)) -> SentDefinition:
    """Read a definition from standard input; what follows it there is left unread.

    Args:
        name: the objective's name in the study.
        read: reads at most so many bytes; nothing at the end.

    Raises:
        UsageError: standard input ended before the definition did.
    """
    length = int.from_bytes(_exactly(_LENGTH_BYTES, read), "big")
    return SentDefinition(name, _exactly(length, read))


def _exactly(size: int, read: Callable[[int], bytes]) -> bytes:
    parts: list[bytes] = []
    while size:
        part = read(min(size, 1 << 20))
        if not part:
            raise UsageError("standard input ended before the objective was received; the process that sent it died")
        parts.append(part)
        size -= len(part)
    return b"".join(parts)
