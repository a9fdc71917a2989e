"""Starts `master.doctor.partner` and talks to it."""

import json
import select
import subprocess
from contextlib import suppress
from types import TracebackType
from typing import Any, Self

from hyperspool.common.errors import SearchError
from hyperspool.common.invocation import own_process

ANSWER_S = 30.0
"""An answer takes milliseconds. If the network file system hangs, the check must still end and say so."""


class PartnerError(SearchError):
    """The second process could not play its part; the message is what the file system answered."""


class Partner:
    """A second process on this host while the block runs. It ends when we end, even if we are killed.

    Args:
        part: the part that it plays; see `master.doctor.partner`.
        *arguments: the arguments of that part.
    """

    def __init__(self, part: str, *arguments: object) -> None:
        self._command = [*own_process("master.doctor.partner"), part, *map(str, arguments)]

    def __enter__(self) -> Self:
        # In its own session, so that Ctrl-C reaches only us; we then close its input, which ends it.
        self._process = subprocess.Popen(  # noqa: S603 - our own program
            self._command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, start_new_session=True
        )
        try:
            self.ready = bool(self.answer().get("ready"))
        except BaseException:
            self.kill()
            self._close()
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._close()

    def tell(self, line: str = "") -> None:
        """Send it a line: its cue."""
        pipe = self._process.stdin
        if pipe is not None:
            pipe.write(f"{line}\n")
            pipe.flush()

    def answer(self) -> dict[str, Any]:
        """Wait for its next answer.

        Raises:
            PartnerError: it could not play its part, or did not answer within `ANSWER_S`.
        """
        pipe = self._process.stdout
        if pipe is None or not select.select([pipe], [], [], ANSWER_S)[0]:
            raise PartnerError(f"the second process has not answered for {ANSWER_S:g} s; the file system hangs")
        line = pipe.readline()
        fields: dict[str, Any] = json.loads(line) if line else {"error": "the second process died"}
        if "error" in fields:
            raise PartnerError(str(fields["error"]))
        return fields

    def kill(self) -> None:
        """Kill it with SIGKILL, as the kernel's out-of-memory killer does, and wait until it is dead."""
        self._process.kill()
        self._process.wait()

    def _close(self) -> None:
        for pipe in (self._process.stdin, self._process.stdout):
            if pipe is not None:
                with suppress(BrokenPipeError):  # it died before it read our last line
                    pipe.close()
        try:
            self._process.wait(ANSWER_S)
        except subprocess.TimeoutExpired:
            self.kill()
