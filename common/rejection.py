"""Setting aside what could not be read: moved to `rejected/`, never deleted, with the reason beside it."""

import logging
import secrets
from contextlib import suppress
from pathlib import Path

from common import atomic
from common.clock import now_text
from common.layout import StudyFolder

_IN_THE_WAY = "it is a folder where a file belongs, so nobody of this study can have made it"

logger = logging.getLogger(__name__)


def set_aside(folder: StudyFolder, path: Path, reason: str) -> Path | None:
    """Move `path` to the study's rejected folder, write the reason beside it, and say so in the log, in one line.

    Returns:
        Where the file is now, or None if another process moved or removed it first. A crash between the two steps
        leaves the file there without a reason.
    """
    atomic.make_folder(folder.rejected)
    target = folder.rejected / f"{path.name}.{secrets.token_hex(4)}"
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
    """Remove a file that may be gone already. A folder of its name, which nobody of ours made, is set aside."""
    try:
        atomic.remove(path)
    except FileNotFoundError:
        return
    except OSError:
        if not path.is_dir():
            raise
        set_aside(folder, path, _IN_THE_WAY)


def make_room(folder: StudyFolder, path: Path) -> None:
    """Set aside a folder that stands where a file is about to be put."""
    if path.is_dir():
        set_aside(folder, path, _IN_THE_WAY)
