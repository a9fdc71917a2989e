"""Opens paths below the shared folder's `jobs/` and `results/` without following a symbolic link on the way.

Anyone who may write there could replace a folder by a link, and another user's worker would read and write where the
link leads. So every folder from the root down is opened by itself, links are refused, and the file is named relative to
the last open folder. If a folder is swapped meanwhile, no file below another folder is touched. The root itself was
named by the user, and may be reached over links.

File locks are the exception, because filelock takes a path: the way is checked first and walked again afterwards. An
attacker who swaps a folder in between makes us create an empty file with a lock file's name elsewhere, and nothing
more.
"""

import os
import stat
from collections.abc import Iterator
from contextlib import contextmanager
from errno import EMLINK, EXDEV
from pathlib import Path

TOP_FOLDERS = ("jobs", "results")

# O_PATH (Linux) passes through folders that may be entered but not listed, such as a home of mode 711.
_TO_PASS = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_CLOEXEC
_TO_READ = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC

_roots: dict[tuple[str, ...], Path] = {}


def confine(root: Path) -> None:
    """From now on, refuse symbolic links on every path of this process below `root/jobs` and `root/results`."""
    for name in TOP_FOLDERS:
        _roots[(*root.parts, name)] = root


def open_folder(folder: Path, *, to_read: bool = False) -> int:
    """A descriptor of a folder, for naming files relative to it; the caller closes it.

    Args:
        folder: any folder; links are refused if it lies below a confined root.
        to_read: whether its names will be listed or flushed.

    Raises:
        NotADirectoryError: it, or a folder on the way to it, is a link or not a folder.
        OSError: it does not exist, or may not be entered.
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
    """A descriptor of a file's folder while the block runs. Errors in the block name the whole path.

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
    """Check that no link is on the way to a file's folder. A link that is made afterwards is not noticed.

    Raises:
        OSError: as `open_folder`.
    """
    os.close(open_folder(path.parent))


def names_in(folder: Path) -> list[str]:
    """The names in a folder, from a fresh listing.

    Raises:
        OSError: as `open_folder`.
    """
    descriptor = open_folder(folder, to_read=True)
    try:
        return os.listdir(descriptor)  # noqa: PTH208 - pathlib knows no descriptors
    finally:
        os.close(descriptor)


def folders_in(folder: Path) -> list[str]:
    """The names of the folders in a folder; links to folders are left out.

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
    """Create a folder and its parents if they are missing.

    Raises:
        NotADirectoryError: a link, or something that is not a folder, is in the way.
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
    """A descriptor of a regular file, for writing it in place; created if needed. The caller closes it.

    Args:
        path: the file.
        flags: flags of `os.open`, in addition to those that keep links, pipes and devices out.

    Raises:
        OSError: it is a link, a pipe or a folder, or it has a second name, which may be that of somebody else's file.
    """
    # O_NONBLOCK: opening a pipe that has no reader would block for ever.
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
    # This project never makes a name with `..`: such a path comes from the user, who may choose any place.
    parts = path.parts
    if ".." in parts:
        return None
    return next((root for prefix, root in _roots.items() if parts[: len(prefix)] == prefix), None)
