"""Reads many files of one folder: as `common.reading` does, but the way to the folder is walked once for all of them.

For whoever reads every result of a study. Each file costs an open, a status, a read and a close, and nothing for its
path.
"""

import os
import stat
from collections.abc import Callable, Iterable, Iterator
from errno import ELOOP, ENXIO
from pathlib import Path
from typing import NamedTuple

from hyperspool.common.confinement import parent_of
from hyperspool.common.errors import ProtocolError
from hyperspool.common.reading import MAX_RECORD_BYTES

_FLAGS = os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC


class FileRead(NamedTuple):
    """A file of the folder.

    Attributes:
        name: its name.
        content: None if it was not wanted, or could not be read.
        modified_s: when it was changed last, by the file server's clock.
        error: why it could not be read: a ProtocolError if no process of ours can have made it.
    """

    name: str
    content: bytes | None
    modified_s: float = 0.0
    error: ProtocolError | OSError | None = None


def read_files(
    folder: Path, names: Iterable[str], is_wanted: Callable[[str, float], bool] = lambda _name, _modified_s: True
) -> Iterator[FileRead]:
    """Read files of a folder, one after another.

    Args:
        folder: a folder.
        names: of files in it.
        is_wanted: returns whether a file is to be read, from its name and the time of its last change.

    Raises:
        OSError: the folder cannot be entered.
    """
    with parent_of(folder / "any") as descriptor:
        for name in names:
            try:
                yield _read(descriptor, folder, name, is_wanted)
            except (ProtocolError, OSError) as error:
                yield FileRead(name, None, error=error)


def _read(parent: int, folder: Path, name: str, is_wanted: Callable[[str, float], bool]) -> FileRead:
    try:
        descriptor = os.open(name, _FLAGS, dir_fd=parent)
    except OSError as error:
        if error.errno == ELOOP:
            raise ProtocolError(folder / name, "is a symbolic link; expected a regular file") from error
        if error.errno == ENXIO:
            raise ProtocolError(folder / name, "is a socket or a device; expected a regular file") from error
        raise
    try:
        status = os.fstat(descriptor)
        if not stat.S_ISREG(status.st_mode):
            raise ProtocolError(folder / name, "is not a regular file")
        if not is_wanted(name, status.st_mtime):
            return FileRead(name, None, status.st_mtime)
        if status.st_size > MAX_RECORD_BYTES:
            raise ProtocolError(folder / name, f"is longer than {MAX_RECORD_BYTES} bytes")
        # One byte more than it should have shows that it is growing: then it is no file of ours.
        content = os.read(descriptor, status.st_size + 1)
        if len(content) != status.st_size:
            raise ProtocolError(folder / name, "changes while it is read")
        return FileRead(name, content, status.st_mtime)
    finally:
        os.close(descriptor)
