"""Opens paths below the shared folder's `jobs/` and `results/` without following a symbolic link on the way.

Anyone who may write there could replace a folder by a link, and another user's worker would read and write where the
link leads. So every folder from the root down is opened by itself, links are refused, and the file is named relative to
the last open folder. If a folder is swapped meanwhile, no file below another folder is touched. The root itself was
named by the user, and may be reached over links.

A folder that was reached in this way is kept open, so that the next operation there need not walk again. Before each
use, one look at its path tells whether it still leads to the same folder; if not, the way is walked anew. While we keep
a folder open no other one of its file system gets its number, except on a network file system, where another client may
remove it: the server then answers ESTALE, and the folder is forgotten.
"""

import os
import stat
from collections.abc import Callable
from contextlib import suppress
from errno import EMLINK, ESTALE, EXDEV
from pathlib import Path
from types import TracebackType

TOP_FOLDERS = ("jobs", "results")
MAX_KEPT = 64
"""Folders that are kept open at a time. A study has a dozen, and one for each hundred trials."""

# O_PATH (Linux) passes through folders that may be entered but not listed, such as a home of mode 711.
_TO_PASS = getattr(os, "O_PATH", os.O_RDONLY) | os.O_DIRECTORY | os.O_CLOEXEC
_TO_READ = os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC

_roots: dict[tuple[str, ...], Path] = {}


class _Folder:
    """An open folder. Its descriptor is closed when nobody refers to it any more, in whichever thread that is."""

    __slots__ = ("_close", "_place", "descriptor")

    def __init__(self, descriptor: int) -> None:
        self.descriptor = descriptor
        self._close: Callable[[int], None] = os.close  # at the interpreter's end, `os` may be gone first
        status = os.fstat(descriptor)
        self._place = (status.st_dev, status.st_ino)

    def __del__(self) -> None:
        self._close(self.descriptor)

    def is_at(self, path: str) -> bool:
        """Whether the path leads to this folder, and not over a link in its own place."""
        try:
            status = os.lstat(path)
        except OSError:
            return False
        return (status.st_dev, status.st_ino) == self._place


_kept: dict[str, _Folder] = {}


def confine(root: Path) -> None:
    """From now on, refuse symbolic links on every path of this process below `root/jobs` and `root/results`."""
    for name in TOP_FOLDERS:
        _roots[(*root.parts, name)] = root


def open_folder(folder: Path) -> int:
    """A descriptor of a folder, for listing or flushing its names; the caller closes it.

    Links are refused if the folder lies below a confined root.

    Raises:
        NotADirectoryError: it, or a folder on the way to it, is a link or not a folder.
        OSError: it does not exist, or may not be listed.
    """
    with _Use(str(folder)) as descriptor:
        # Opened anew each time: a listing has a position, and a network file system asks the server when it is opened.
        return os.open(".", _TO_READ, dir_fd=descriptor)


def parent_of(path: Path) -> "_Use":
    """A descriptor of a file's folder while a `with` block runs. Errors in the block name the whole path.

    Raises:
        NotADirectoryError: the folder, or one on the way to it, is a link or not a folder.
        OSError: it does not exist, or may not be entered.
    """
    return _Use(str(path).rpartition("/")[0] or str(path.parent))


class _Use:
    """Holds a folder open while it is used."""

    __slots__ = ("_folder", "_path")

    def __init__(self, path: str) -> None:
        self._path = path

    def __enter__(self) -> int:
        folder = _kept.get(self._path)
        if folder is None or not folder.is_at(self._path):
            _kept.pop(self._path, None)
            folder = _reached(Path(self._path))
        self._folder = folder
        return folder.descriptor

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: TracebackType | None) -> None:
        if isinstance(error, OSError):
            if error.errno == ESTALE:
                _kept.pop(self._path, None)
            if isinstance(error.filename, str):
                error.filename = str(Path(self._path, error.filename))


def _reached(path: Path) -> _Folder:
    root = _root_of(path)
    if root is None:
        return _Folder(os.open(path, _TO_PASS))
    folder = _Folder(os.open(root, _TO_PASS))
    way = root
    for name in path.parts[len(root.parts) :]:
        way /= name
        try:
            folder = _Folder(os.open(name, _TO_PASS | os.O_NOFOLLOW, dir_fd=folder.descriptor))
        except NotADirectoryError as error:
            raise NotADirectoryError(error.errno, "Not a folder, or a symbolic link to one", str(way)) from error
        except OSError as error:
            raise OSError(error.errno, error.strerror, str(way)) from error
    if len(_kept) >= MAX_KEPT:
        _kept.clear()
    _kept[str(path)] = folder
    return folder


def check_way(path: Path) -> None:
    """Check that no link is on the way to a file's folder. A link that is made afterwards is not noticed.

    Raises:
        OSError: as `parent_of`.
    """
    with parent_of(path):
        pass


def names_in(folder: Path) -> list[str]:
    """The names in a folder, from a fresh listing.

    Raises:
        OSError: as `open_folder`.
    """
    descriptor = open_folder(folder)
    try:
        return os.listdir(descriptor)  # noqa: PTH208 - pathlib knows no descriptors
    finally:
        os.close(descriptor)


def listing_of(folder: Path) -> tuple[list[str], int]:
    """The names in a folder, from a fresh listing, and when they last changed before it.

    Returns:
        The names; and a time by the file server's clock, in nanoseconds since 1970.

    Raises:
        OSError: as `open_folder`.
    """
    descriptor = open_folder(folder)
    try:
        changed_ns = os.fstat(descriptor).st_mtime_ns
        return os.listdir(descriptor), changed_ns  # noqa: PTH208 - pathlib knows no descriptors
    finally:
        os.close(descriptor)


def folders_in(folder: Path) -> list[str]:
    """The names of the folders in a folder; links to folders are left out.

    Raises:
        OSError: as `open_folder`.
    """
    descriptor = open_folder(folder)
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
    with suppress(FileNotFoundError):
        check_way(path / "any")
        return
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
    check_way(path / "any")


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
