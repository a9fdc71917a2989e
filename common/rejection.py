"""Setting aside what could not be read: moved to `rejected/`, never deleted, with the reason beside it."""

import secrets
from contextlib import suppress
from pathlib import Path

from common import atomic
from common.clock import now_text
from common.layout import StudyFolder


def set_aside(folder: StudyFolder, path: Path, reason: str) -> Path | None:
    """Move `path` to the study's rejected folder and write the reason beside it.

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
    note = f"{path.relative_to(folder.root)} was set aside on {now_text()}:\n{reason}\n"
    with suppress(OSError):
        atomic.replace(target.with_name(target.name + ".reason.txt"), note.encode(), durable=False)
    return target
