"""What a trial printed: the form of its attempts' logs, and how to read and show them.

An attempt's log holds the bytes that the attempt printed, to standard output and standard error, in their order. They
may be anything, so whoever shows them goes through this module.
"""

import re
from contextlib import suppress
from pathlib import Path

from hyperspool.common import file_kinds as kinds
from hyperspool.common.errors import ProtocolError
from hyperspool.common.issues import AttemptName, EvaluationName, Issue
from hyperspool.common.layout import StudyFolder, names_of
from hyperspool.common.printable import printable
from hyperspool.common.reading import read_record, read_tail
from hyperspool.common.records import Result

HALF_BYTES = 2**19
"""A log holds this much of the beginning of what was printed, and this much of its end."""
MAX_LOG_BYTES = 2 * HALF_BYTES + 200
MAX_LAST_LINES = 3
"""Lines of an attempt's output that a failure's message repeats."""
MAX_LINE = 200
"""Characters of such a line."""

_COLOURS = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")


def left_out_line(count: int) -> bytes:
    """The line between a log's two halves."""
    return b"\n[%d bytes left out]\n" % count


def lines_of(output: bytes) -> list[str]:
    """The lines of an output, safe to show; of a line that was overwritten, as by a progress bar, its last state."""
    lines = [_shown(line) for line in output.decode(errors="backslashreplace").split("\n")]
    return lines if lines[-1] else lines[:-1]


def last_lines(output: bytes, count: int = MAX_LAST_LINES) -> tuple[str, ...]:
    """The last lines that hold anything, as from `lines_of`, each cut to `MAX_LINE` characters."""
    end = output[-count * 8 * MAX_LINE :]  # a line may be as long as the output
    return tuple(_cut(line) for line in lines_of(end) if line.strip())[-count:]


def last_lines_of(log: Path, count: int = MAX_LAST_LINES) -> tuple[str, ...]:
    """The last lines of a log, as from `last_lines`; empty if there is no log, or it cannot be read."""
    with suppress(OSError, ProtocolError):
        return last_lines(read_tail(log, MAX_LOG_BYTES), count)
    return ()


def find_log(folder: StudyFolder, evaluation: EvaluationName) -> Path | None:
    """The log of an evaluation's last attempt that printed anything, or of the attempt that its result is from.

    None if that printed nothing. Costs a listing unless there is a result.
    """
    with suppress(FileNotFoundError):
        result = read_record(folder.result(*evaluation), Result)
        attempt = AttemptName(Issue(*evaluation, result.issue), result.attempt)
        log = folder.path(kinds.ATTEMPT_LOG, attempt)
        return log if log.exists() else None
    found = [kinds.ATTEMPT_LOG.parse(name) for name in names_of(folder.logs)]
    own = [name for name in found if isinstance(name, AttemptName) and name.issue.evaluation == evaluation]
    return folder.path(kinds.ATTEMPT_LOG, max(own)) if own else None


def read_output(log: Path) -> bytes:
    """The bytes in a log; of a file that is longer than a log can be, its end.

    Raises:
        FileNotFoundError, NotADirectoryError, ProtocolError: as `reading.read_bytes`.
    """
    return read_tail(log, MAX_LOG_BYTES)


def _shown(line: str) -> str:
    # A progress bar writes its line again and again, with a carriage return in between.
    return printable(_COLOURS.sub("", line.rstrip("\r").rpartition("\r")[2]))


def _cut(line: str) -> str:
    return line if len(line) <= MAX_LINE else f"{line[: MAX_LINE - 4]} ..."
