"""Sets bad files aside: moves them to `rejected/`, with the reason beside them, and never deletes them."""

import logging
import secrets
import stat
from contextlib import suppress
from pathlib import Path

from hyperspool.common import atomic
from hyperspool.common.clock import now_text
from hyperspool.common.layout import StudyFolder
from hyperspool.common.printable import printable
from hyperspool.common.validation import cut

_IN_THE_WAY = "it is not a regular file, so no process of this study can have made it"

MAX_REASON = 5000
"""Characters. The file may be hostile, and the reason, which may quote it, goes to the log and to the note."""

logger = logging.getLogger(__name__)


def set_aside(folder: StudyFolder, path: Path, reason: str, name: str | None = None) -> Path | None:
    """Move `path` to the study's rejected folder, write the reason beside it, and log it in one line.

    Args:
        folder: the study's folder.
        path: of the file.
        reason: for people.
        name: what the file's new name begins with; None: its old name.

    Returns:
        The file's new path; None if another process moved or removed the file first. A crash between the two steps
        leaves the file there without a reason.
    """
    reason = printable(cut(reason, MAX_REASON))
    atomic.make_folder(folder.rejected)
    # The same name may be set aside more than once, for example by every issue of a trial.
    target = folder.rejected / f"{name or path.name}.{secrets.token_hex(4)}"
    try:
        atomic.move(path, target)
    except FileNotFoundError:
        return None
    logger.warning("%s: %s; set aside as %s", path, " ".join(reason.split()), target.relative_to(folder.root))
    note = f"{path.relative_to(folder.root)} was set aside on {now_text()}:\n{reason}\n"
    with suppress(OSError):
        atomic.replace(target.with_name(target.name + ".reason.txt"), note.encode(), durable=False)
    return target


def remove_or_set_aside(folder: StudyFolder, path: Path) -> None:
    """Remove a file, which may be gone already. Sets aside a folder of that name: none of our processes made it."""
    try:
        atomic.remove(path)
    except FileNotFoundError:
        return
    except OSError:
        if not path.is_dir():
            raise
        set_aside(folder, path, _IN_THE_WAY)


def make_room(folder: StudyFolder, path: Path) -> None:
    """Set aside a folder, a link or a pipe that is in the way of a file that is about to be written."""
    with suppress(FileNotFoundError):
        if not stat.S_ISREG(path.lstat().st_mode):
            set_aside(folder, path, _IN_THE_WAY)
