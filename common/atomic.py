"""Files that are seen whole or not at all: the one place that changes anything in the shared folder.

`write_once` reports a result: the first writer wins, for ever. `replace` updates a file that has one owner. Both first
write a temporary file with a unique name in the same folder. So a reader, even on another host, sees a whole file or
no file, and a crash leaves at most a temporary file (`is_temporary`) behind. No operation follows a link out of the
shared folder (`common.confinement`).

The guarantee and its limit: after a return with `durable=True`, the content and its name survive a power cut, provided
that the disk is honest about fsync. Without it they survive the death of any process, but not of the machine.

Every primitive operation ends in `after_operation`, a hook that does nothing. Tests replace it to crash the process
after any operation.
"""

import hashlib
import os
import re
import secrets
import socket
from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import ExitStack, suppress
from errno import EACCES, ENOSYS, EOPNOTSUPP, EPERM
from pathlib import Path
from typing import BinaryIO

from hyperspool.common import confinement
from hyperspool.common.confinement import names_in, open_folder, open_to_write, parent_of
from hyperspool.common.errors import FolderError
from hyperspool.common.flush import flush

TEMPORARY_SUFFIX = ".tmp"
# A process id means something only on its host, so a temporary name says both.
_HOST = hashlib.blake2b(socket.gethostname().encode(), digest_size=4).hexdigest()
_MADE_BY = re.compile(r"\.(?P<host>[0-9a-f]{8})-(?P<pid>[0-9]{1,10})-[0-9a-f]{8}\.tmp$")


def _nothing(_operation: str, _path: Path) -> None: ...


after_operation: Callable[[str, Path], None] = _nothing
"""Called with the name and path of every file-system operation once it is done."""


def is_temporary(name: str) -> bool:
    """Whether a file name is one of this module's names for temporary files."""
    return name.startswith(".") and name.endswith(TEMPORARY_SUFFIX)


def temporary_beside(path: Path) -> Path:
    """A temporary name for `path` in the same folder: unique, and recognisable as this process's (see `maker_of`)."""
    return path.with_name(f".{path.name}.{_HOST}-{os.getpid()}-{secrets.token_hex(4)}{TEMPORARY_SUFFIX}")


def maker_of(name: str) -> int | None:
    """The id of the process that made a temporary file; None if the file was made on another host."""
    match = _MADE_BY.search(name)
    return int(match["pid"]) if match and match["host"] == _HOST else None


def write_once(path: Path, data: bytes) -> bool:
    """Create `path` with `data`, durably, unless it exists.

    Returns:
        True if this call created the file. False if a file of that name was there first; it is left untouched.

    Raises:
        FolderError: the file system has no hard links; they make the creation exclusive, on NFS too.
        OSError: the disk is full, read-only or gone; `path` was not created.
    """
    return write_each_once([(path, data)])[0]


def write_each_once(contents: Sequence[tuple[Path, bytes]]) -> list[bool]:
    """Do for each of several files what `write_once` does for one, with one flush of each folder at the end.

    All contents are on disk before the first file gets its name. A crash or an error midway leaves any of them created.
    """
    written, won = list[Path](), list[bool]()
    try:
        for path, data in contents:
            written.append(_write_temporary(path, data))
        sync_files(written)
        won += [_link(temporary, path) for temporary, (path, _) in zip(written, contents, strict=True)]
    finally:
        for temporary in written:
            with suppress(FileNotFoundError):
                remove(temporary)
    for folder in {path.parent for (path, _), is_ours in zip(contents, won, strict=True) if is_ours}:
        sync_folder(folder)
    return won


def replace(path: Path, data: bytes, *, durable: bool) -> None:
    """Give `path` the content `data`, whether it exists or not. Only the file's one writer may call this.

    Raises:
        OSError: the disk is full, read-only or gone; the former content of `path` is untouched.
    """
    temporary = _write_temporary(path, data)
    try:
        if durable:
            sync_files([temporary])
        move(temporary, path)
    except OSError:
        with suppress(OSError):
            remove(temporary)
        raise
    if durable:
        sync_folder(path.parent)


def replace_many(contents: Mapping[Path, bytes]) -> None:
    """Write several files of one folder, with one flush of their names at the end; their contents are not flushed.

    All are written before the first gets its name. A crash midway leaves any of them written and the others not. After
    a power cut a file may be empty or hold zeros, so only files that can be made again may be written like this.

    Raises:
        OSError: the disk is full, read-only or gone; the call can be repeated.
    """
    written: dict[Path, Path] = {}
    try:
        for path, data in contents.items():
            written[path] = _write_temporary(path, data)
        for path in contents:
            move(written[path], path)
            del written[path]
    finally:
        for temporary in written.values():
            with suppress(OSError):
                remove(temporary)
    for folder in {path.parent for path in contents}:
        sync_folder(folder)


def append_line(path: Path, line: str) -> None:
    """Append `line` and a newline with one write. Creates the file if needed; only its one writer may call this.

    The line is not flushed to disk. A crash midway leaves part of it, without a newline. The next append ends that part
    with a newline, and readers must allow for it.

    Raises:
        OSError: the disk is full, read-only or gone; the line was not written, not even in part.
    """
    _append(path, f"{line}\n", durable=False)


def append_lines(path: Path, lines: Iterable[str]) -> None:
    """Append lines with one write and flush them to disk, as `append_line` does for one line without the flush.

    A crash midway leaves some of the lines, the last of them perhaps torn; the next append ends it with a newline.

    Raises:
        OSError: the disk is full, read-only or gone; no line was written, unless the flush itself failed.
    """
    _append(path, "".join(f"{line}\n" for line in lines), durable=True)


def _append(path: Path, text: str, *, durable: bool) -> None:
    descriptor = open_to_write(path, os.O_RDWR | os.O_APPEND)
    try:
        length = append_to(descriptor, path, text)
    finally:
        os.close(descriptor)
    if durable:
        sync_files([path])
    if durable and length == 0:
        sync_folder(path.parent)


def append_to(descriptor: int, path: Path, text: str) -> int:
    """Append to a file that is open for reading and appending, as `append_line` does; return how long it was."""
    length = os.lseek(descriptor, 0, os.SEEK_END)
    is_torn = length > 0 and os.pread(descriptor, 1, length - 1) != b"\n"
    try:
        _write_all(descriptor, (b"\n" if is_torn else b"") + text.encode())
    except OSError:
        # A nearly full disk takes part of the text. Without this, every retry would leave one more torn line.
        with suppress(OSError):
            os.ftruncate(descriptor, length)
        raise
    after_operation("append", path)
    return length


def write_note(path: Path, text: str) -> None:
    """Overwrite a file in place, creating it if needed. Not atomic: a reader may see neither the old nor the new."""
    descriptor = open_to_write(path, os.O_WRONLY)
    try:
        os.ftruncate(descriptor, 0)  # not with O_TRUNC: by a second name it may be somebody else's file
        _write_all(descriptor, text.encode())
    finally:
        os.close(descriptor)
    after_operation("write note", path)


def open_log(path: Path) -> BinaryIO:
    """Open a file to which one of our processes appends its output. Creates it if needed."""
    return os.fdopen(open_to_write(path, os.O_WRONLY | os.O_APPEND), "ab")


def move(source: Path, target: Path) -> None:
    """Rename within one file system, replacing `target`."""
    with parent_of(source) as here, parent_of(target) as there:
        os.replace(source.name, target.name, src_dir_fd=here, dst_dir_fd=there)
    after_operation("rename", target)


def remove(path: Path) -> None:
    """Remove a file.

    Raises:
        FileNotFoundError: someone removed it first.
    """
    with parent_of(path) as folder:
        os.unlink(path.name, dir_fd=folder)
    after_operation("unlink", path)


def make_folder(path: Path) -> None:
    """Create a folder and its parents if they are missing."""
    confinement.make_folder(path)
    after_operation("mkdir", path)


def sync_files(paths: Sequence[Path]) -> None:
    """Flush the contents of files to disk, all at once."""
    with ExitStack() as opened:
        descriptors: list[int] = []
        for path in paths:
            with parent_of(path) as folder:
                descriptors.append(os.open(path.name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=folder))
            opened.callback(os.close, descriptors[-1])
        flush(descriptors)
    for path in paths:
        after_operation("fsync", path)


def sync_folder(folder: Path) -> None:
    """Flush the names in a folder to disk."""
    descriptor = open_folder(folder)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
    after_operation("fsync folder", folder)


def _write_temporary(path: Path, data: bytes) -> Path:
    temporary = temporary_beside(path)
    flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC
    with parent_of(temporary) as folder:
        descriptor = os.open(temporary.name, flags, 0o666, dir_fd=folder)
    try:
        try:
            _write_all(descriptor, data)
            after_operation("write", temporary)
        finally:
            os.close(descriptor)
    except OSError:
        with suppress(OSError):
            remove(temporary)
        raise
    return temporary


def _write_all(descriptor: int, data: bytes) -> None:
    view = memoryview(data)
    while view:
        view = view[os.write(descriptor, view) :]


def _link(temporary: Path, path: Path) -> bool:
    try:
        with parent_of(path) as folder:
            os.link(temporary.name, path.name, src_dir_fd=folder, dst_dir_fd=folder, follow_symlinks=False)
    except FileExistsError:
        # RACE: on NFS the server may make the link and its answer may get lost. The client then sends the request again
        # and finds the name taken. If the name is a link to this very file, this call did win.
        return _is_same_file(temporary, path)
    except OSError as error:
        if error.errno not in {EPERM, EOPNOTSUPP, ENOSYS, EACCES}:
            raise
        if path.name in names_in(path.parent):
            return False  # sshfs answers EPERM where other file systems answer EEXIST
        if os.access(path.parent, os.W_OK):
            reason = (
                f"this file system refuses hard links ({error.strerror}), which write-once results need. "
                "Put the shared folder on a local disk, NFS, Lustre, BeeGFS or GPFS"
            )
            raise FolderError(path.parent, reason) from error
        raise
    after_operation("link", path)
    return True


def _is_same_file(first: Path, second: Path) -> bool:
    with suppress(FileNotFoundError), parent_of(first) as folder:
        return os.path.samestat(os.lstat(first.name, dir_fd=folder), os.lstat(second.name, dir_fd=folder))
    return False
