"""A curve's CSV file: a header, then one line per epoch. Reading gives every number back to the last bit."""

import math
from collections.abc import Iterable
from itertools import pairwise
from pathlib import Path

from pydantic import ValidationError

from hyperspool.common.errors import ProtocolError
from hyperspool.common.reading import MAX_CURVE_BYTES, read_bytes
from hyperspool.common.records import MAX_EPOCHS, EpochRecord

COLUMNS = tuple(EpochRecord.model_fields)
HEADER = ",".join(COLUMNS)
EARLIER_HEADER = HEADER.removesuffix(",momentum")
"""The header of curves from versions that did not record the momentum."""


def to_line(record: EpochRecord) -> str:
    """One epoch as a line of CSV, without a newline; a loss that is not finite is written `nan` or `inf`."""
    return ",".join(_number(getattr(record, column)) for column in COLUMNS)


def to_text(records: Iterable[EpochRecord]) -> str:
    """The text of a whole curve, header included."""
    return "".join(f"{line}\n" for line in (HEADER, *map(to_line, records)))


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
    # Counted before the text is split: millions of lines would fill the memory.
    if content.count(b"\n") > MAX_EPOCHS + 1:
        raise ProtocolError(path, f"has more than {MAX_EPOCHS} epochs")
    lines = content.decode(errors="replace").split("\n")
    if lines[-1] and not is_running:
        raise ProtocolError(path, "its last line is torn")
    if not lines[:-1] or lines[0] not in {HEADER, EARLIER_HEADER}:
        if is_running and len(lines) == 1:
            return []
        raise ProtocolError(path, f"its first line is not {HEADER}")
    columns = lines[0].split(",")
    records = [_parse(path, number, line, columns) for number, line in enumerate(lines[1:-1], start=2)]
    for number, (before, record) in enumerate(pairwise(records), start=3):
        if record.epoch <= before.epoch:
            raise ProtocolError(path, f"line {number}: found epoch {record.epoch} after epoch {before.epoch}")
    return records


def _parse(path: Path, number: int, line: str, columns: list[str]) -> EpochRecord:
    cells = line.split(",")
    if len(cells) != len(columns):
        raise ProtocolError(path, f"line {number}: found {len(cells)} columns, expected {len(columns)}")
    try:
        values = {"epoch": int(cells[0])} | dict(zip(columns[1:], map(float, cells[1:]), strict=True))
        return EpochRecord.model_validate(values)
    except (ValueError, ValidationError) as error:
        raise ProtocolError(path, f"line {number} is not an epoch: {line[:80]!r}") from error


def _number(value: float) -> str:
    return repr(value) if isinstance(value, int) or math.isfinite(value) else str(float(value))
