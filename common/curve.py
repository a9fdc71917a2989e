"""A curve's CSV file: a header, then one line per epoch. Reading gives every number back to the last bit.

The header is `epoch,seconds`, then the names of the metrics in the order in which they were first reported. A cell is
blank where its metric was not reported after that epoch; `nan` and `inf` are numbers that were reported.
"""

import math
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from pydantic import ValidationError

from hyperspool.common.epochs import EpochRecord, metric_names, name_problem, size_problem
from hyperspool.common.errors import ProtocolError
from hyperspool.common.reading import MAX_CURVE_BYTES, read_bytes
from hyperspool.common.records import MAX_METRICS
from hyperspool.common.validation import shown

LEADING = ("epoch", "seconds")


def to_line(record: EpochRecord, names: Sequence[str]) -> str:
    """One epoch as a line of CSV, without a newline.

    Args:
        record: the epoch.
        names: the metrics of the header.
    """
    metrics = (_number(record.metrics[name]) if name in record.metrics else "" for name in names)
    return ",".join((str(record.epoch), _number(record.seconds), *metrics))


def to_text(records: Sequence[EpochRecord]) -> str:
    """The text of a whole curve, header included."""
    names = metric_names(records)
    return "".join(f"{line}\n" for line in (",".join((*LEADING, *names)), *(to_line(each, names) for each in records)))


def read_curve(path: Path, *, is_running: bool = False) -> list[EpochRecord]:
    """The epochs in a curve's file.

    Args:
        path: the file.
        is_running: allow for a last line that is still being written.

    Raises:
        FileNotFoundError: there is no such file.
        ProtocolError: a line is not an epoch, or its epoch is not later than the one before.
    """
    return parse_curve(read_bytes(path, MAX_CURVE_BYTES), path, is_running=is_running)


def parse_curve(content: bytes, path: Path, *, is_running: bool = False) -> list[EpochRecord]:
    """The epochs in a curve's text. Epoch numbers may skip: not every objective measures after every epoch.

    Args:
        content: the text.
        path: the file that it came from, for the message.
        is_running: allow for a last line that is still being written.

    Raises:
        ProtocolError: a line is not an epoch, or its epoch is not later than the one before.
    """
    if not content.endswith(b"\n") and not is_running:
        raise ProtocolError(path, "its last line is torn" if content else "is empty; expected a curve")
    header, end, _ = content.partition(b"\n")
    if not end:
        return []
    names = _names(path, header.decode(errors="replace"))
    # Counted before the text is split: millions of lines would fill the memory.
    if problem := size_problem(content.count(b"\n") - 1, len(names)):
        raise ProtocolError(path, problem)
    lines = content.decode(errors="replace").split("\n")[1:-1]
    records = [_parse(path, number, line, names) for number, line in enumerate(lines, start=2)]
    for number, (before, record) in enumerate(pairwise(records), start=3):
        if record.epoch <= before.epoch:
            raise ProtocolError(path, f"line {number}: found epoch {record.epoch} after epoch {before.epoch}")
    return records


def _names(path: Path, header: str) -> list[str]:
    # Split no further than a header may reach: millions of columns would fill the memory.
    columns = header.split(",", len(LEADING) + MAX_METRICS)
    names = columns[len(LEADING) :]
    if tuple(columns[: len(LEADING)]) != LEADING:
        raise ProtocolError(
            path, f"its first line is {shown(header)}, expected {','.join(LEADING)} and names of metrics"
        )
    if len(names) > MAX_METRICS:
        raise ProtocolError(
            path, f"its first line names {header.count(',') - 1} metrics, expected at most {MAX_METRICS}"
        )
    for place, name in enumerate(names):
        problem = f"found the metric {name} twice" if name in names[:place] else name_problem(name)
        if problem:
            raise ProtocolError(path, f"its first line: {problem}")
    return names


def _parse(path: Path, number: int, line: str, names: Sequence[str]) -> EpochRecord:
    expected = len(LEADING) + len(names)
    cells = line.split(",", expected)
    if len(cells) != expected:
        raise ProtocolError(path, f"line {number}: found {line.count(',') + 1} columns, expected {expected}")
    try:
        metrics = {name: float(cell) for name, cell in zip(names, cells[len(LEADING) :], strict=True) if cell}
        return EpochRecord(epoch=int(cells[0]), seconds=float(cells[1]), metrics=metrics)
    except (ValueError, ValidationError) as error:
        raise ProtocolError(path, f"line {number} is not an epoch: {line[:80]!r}") from error


def _number(value: float) -> str:
    return repr(value) if math.isfinite(value) else str(float(value))
