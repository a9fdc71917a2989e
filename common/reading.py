"""Reads files that anyone may have written: without blocking, without following links, up to a limit, into a model.

A reader of the shared folder must not hang on a pipe, follow a link out of the folder, fill memory with a huge file, or
accept a torn file as a whole one. Everything that is read from there goes through this module.
"""

import os
import stat
from errno import ELOOP, ENXIO
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, ValidationError

from hyperspool.common.confinement import parent_of
from hyperspool.common.errors import ProtocolError
from hyperspool.common.validation import explain

MAX_RECORD_BYTES = 4 * 2**20
"""No study, job, result or heartbeat of this protocol comes near 4 MiB."""
MAX_VALUES = 50_000
"""While a file is refused, each value takes a thousand times its own byte: 4 MiB of values would fill gigabytes."""
MAX_CURVE_BYTES = 32 * 2**20
"""A line of a curve takes at most 150 bytes, so this holds the longest curve that a trial may have."""

ModelT = TypeVar("ModelT", bound=BaseModel)


def read_bytes(path: Path, limit_bytes: int = MAX_RECORD_BYTES) -> bytes:
    """Return the content of a regular file of at most `limit_bytes`.

    Raises:
        FileNotFoundError: there is no such file.
        NotADirectoryError: on the way to it, a link or a file stands in the place of a folder.
        ProtocolError: it is a link, a pipe, a device or a folder, or is longer than `limit_bytes`.
    """
    descriptor = open_to_read(path)
    try:
        return read_open(descriptor, path, limit_bytes)
    finally:
        os.close(descriptor)


def read_open(descriptor: int, path: Path, limit_bytes: int = MAX_RECORD_BYTES) -> bytes:
    """Return the content of an open file of at most `limit_bytes`.

    Raises:
        ProtocolError: it is longer than `limit_bytes`.
    """
    chunks: list[bytes] = []
    length, size = 0, os.fstat(descriptor).st_size
    # One byte more than the limit shows that the file is too long, and one more than its size that it grows.
    while chunk := os.pread(descriptor, min(max(size - length + 1, 4096), 2**20, limit_bytes + 1 - length), length):
        chunks.append(chunk)
        length += len(chunk)
        if length > limit_bytes:
            raise ProtocolError(path, f"is longer than {limit_bytes} bytes")
        if length == size:
            break
    return b"".join(chunks)


def read_tail(path: Path, limit_bytes: int) -> bytes:
    """Return the last bytes of a regular file, at most `limit_bytes`.

    Raises:
        FileNotFoundError, NotADirectoryError, ProtocolError: as `read_bytes`.
    """
    descriptor = open_to_read(path)
    try:
        return os.pread(descriptor, limit_bytes, max(os.fstat(descriptor).st_size - limit_bytes, 0))
    finally:
        os.close(descriptor)


def open_to_read(path: Path) -> int:
    """A descriptor of a regular file; the caller closes it.

    Raises:
        FileNotFoundError, NotADirectoryError, ProtocolError: as `read_bytes`.
    """
    try:
        with parent_of(path) as folder:
            # O_NONBLOCK: opening a pipe that has no writer would block for ever.
            descriptor = os.open(path.name, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC, dir_fd=folder)
    except OSError as error:
        if error.errno == ELOOP:
            raise ProtocolError(path, "is a symbolic link; expected a regular file") from error
        if error.errno == ENXIO:
            raise ProtocolError(path, "is a socket or a device; expected a regular file") from error
        raise
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise ProtocolError(path, "is not a regular file")
    return descriptor


def read_record(path: Path, model: type[ModelT]) -> ModelT:
    """Return the record in a JSON file.

    Raises:
        FileNotFoundError: there is no such file.
        ProtocolError: it is not a whole, valid record of this model and schema version.
    """
    return record_of(read_bytes(path), path, model)


def record_of(text: bytes, path: Path, model: type[ModelT]) -> ModelT:
    """Return the record in a JSON text.

    Args:
        text: the content of a file.
        path: of that file, for the message.
        model: what the record is.

    Raises:
        ProtocolError: as `read_record`.
    """
    # After a power cut some file systems show zeros where the content was not written yet.
    if not text.strip(b"\0 \t\r\n"):
        raise ProtocolError(path, f"is empty or blank ({len(text)} bytes); expected JSON")
    if text.count(b",") > MAX_VALUES:
        raise ProtocolError(path, f"holds more than {MAX_VALUES} values")
    try:
        return model.model_validate_json(text)
    except ValidationError as error:
        raise ProtocolError(path, "; ".join(explain(error, model))) from error
