"""Reaching what lies below the shared folder's `jobs/` and `results/` without following a symbolic link on the way.

Whoever may write there could put a link in the place of a folder, and another user's worker would read and write where
it leads. So every folder from the root down is opened by itself, refusing links, and the file is named relative to the
last of them: whatever is swapped meanwhile, nothing below another folder is touched. The root itself is what the user
named, and may be reached over links.

A file lock is the exception, because its library takes a path: the way is checked, and then gone. Whoever swaps a
folder between the two makes an empty file of a lock file's name elsewhere, and nothing more.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from errno import EMLINK, EXDEV
from pathlib import Path

TOP_FOLDERS = ("jobs", "results")

# Linux: goes through folders that may be entered but not listed, such as a home of mode 711.
_TO_PASS = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_CLOEXEC
_TO_READ = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC

_roots: dict[tuple[str, ...], Path] = {}


def confine(root: Path) -> None:
    """From now on this process reaches nothing below `root/jobs` and `root/results` over a symbolic link."""
    for name in TOP_FOLDERS:
        _roots[(*root.parts, name)] = root


def open_folder(folder: Path, *, to_read: bool = False) -> int:
    """A descriptor of a folder, to name files relative to; the caller closes it.

    Args:
        folder: any; links are refused where it lies below a confined root.
        to_read: whether its names will be read or flushed.

    Raises:
        NotADirectoryError: it, or a folder on the way, is a link or something else.
        OSError: it is not there, or may not be entered.
    """
    last = _TO_READ if to_read else _TO_PASS
    root = _root_of(folder)
    if root is None:
        return os.open(folder, last)
    descriptor = os.open(root, _TO_PASS)
    way = root
    steps = folder.parts[len(root.parts) :]
    for number, name in enumerate(steps, start=1):
        way /= name
        flags = (last if number == len(steps) else _TO_PASS) | os.O_NOFOLLOW
        try:
            inner = os.open(name, flags, dir_fd=descriptor)
        except NotADirectoryError as error:
            raise NotADirectoryError(error.errno, "Not a folder, or a symbolic link to one", str(way)) from error
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(way)) from error
        finally:
            os.close(descriptor)
        descriptor = inner
    return descriptor


@contextmanager
def parent_of(path: Path) -> Iterator[int]:
    """The folder of a file, open for as long as the block runs. Errors of the block name the whole path.

    Raises:
        OSError: as `open_folder`.
    """
    descriptor = open_folder(path.parent)
    try:
        yield descriptor
    except OSError as error:
        if isinstance(error.filename, str):
            error.filename = str(path.parent / error.filename)
        raise
    finally:
        os.close(descriptor)


def check_way(path: Path) -> None:
    """Make sure that no link leads to a file's folder, as far as one look can tell.

    Raises:
        OSError: as `open_folder`.
    """
    os.close(open_folder(path.parent))


def names_in(folder: Path) -> list[str]:
    """The names in a folder, by a fresh listing.

    Raises:
        OSError: as `open_folder`.
    """
    descriptor = open_folder(folder, to_read=True)
    try:
        return os.listdir(descriptor)  # noqa: PTH208 - pathlib knows no descriptors
    finally:
        os.close(descriptor)


def folders_in(folder: Path) -> list[str]:
    """The names of the folders in a folder, without links to folders.

    Raises:
        OSError: as `open_folder`.
    """
    descriptor = open_folder(folder, to_read=True)
    try:
        with os.scandir(descriptor) as entries:
            return [entry.name for entry in entries if entry.is_dir(follow_symlinks=False)]
    finally:
        os.close(descriptor)


def make_folder(path: Path) -> None:
    """Create a folder and its parents unless they are there.

    Raises:
        NotADirectoryError: a link or something else is in the way.
    """
    root = _root_of(path)
    if root is None:
        path.mkdir(parents=True, exist_ok=True)
        return
    way = root
    for name in path.parts[len(root.parts) :]:
        way /= name
        with parent_of(way) as parent:
            try:
                os.mkdir(name, dir_fd=parent)
            except FileExistsError:
                continue
    os.close(open_folder(path))


def open_to_write(path: Path, flags: int) -> int:
    """A descriptor of a regular file that is written in its place, created if need be; the caller closes it.

    Args:
        path: the file.
        flags: as of `os.open`, added to what keeps links, pipes and devices out.

    Raises:
        OSError: it is a link, a pipe, a folder, or has a second name, which may belong to somebody else's file.
    """
    # O_NONBLOCK: opening a pipe that nobody reads would wait for ever.
    safe = os.O_CREAT | os.O_NOFOLLOW | os.O_NONBLOCK | os.O_CLOEXEC
    with parent_of(path) as parent:
        descriptor = os.open(path.name, flags | safe, 0o666, dir_fd=parent)
    status = os.fstat(descriptor)
    if stat.S_ISREG(status.st_mode) and status.st_nlink <= 1:
        return descriptor
    os.close(descriptor)
    if status.st_nlink > 1:
        raise OSError(EMLINK, "The file has a second name (a hard link); it is not written", str(path))
    raise OSError(EXDEV, "Not a regular file; it is not written", str(path))


def _root_of(path: Path) -> Path | None:
    # A `..` is no name that this project gives: such a path is a user's, who may lead wherever they like.
    parts = path.parts
    if ".." in parts:
        return None
    return next((root for prefix, root in _roots.items() if parts[: len(prefix)] == prefix), None)
