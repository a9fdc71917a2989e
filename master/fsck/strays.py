"""Checks of what stands beside the protocol's files: other names, links, folders in files' places, permissions."""

import os
import stat
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from hyperspool.common.atomic import is_temporary
from hyperspool.common.file_kinds import Place, kinds_at
from hyperspool.common.final import FOLDER
from hyperspool.common.issues import AttemptName
from hyperspool.common.layout import TRIALS_PER_FOLDER
from hyperspool.master.fsck.breach import Breach, Remedy, Severity
from hyperspool.master.fsck.look import Look

HIDDEN_OPEN = ".nfs"
"""An NFS client calls a file so that was removed while a process has it open; it goes by itself."""


def check_names(look: Look) -> Iterator[Breach]:
    """In the folders of the protocol lie only its files, each in its place."""
    folder = look.folder
    for place in Place:
        if place in {Place.REJECTED, Place.TRIALS}:
            continue
        for name in look.names(folder.place(place)):
            path = folder.place(place) / name
            if not _is_known(look, path, place):
                yield _foreign(path)
    for name in look.names(folder.trials):
        path = folder.trials / name
        if path not in _trial_folders(look):
            yield from () if _is_passing(name) else [_foreign(path)]
            continue
        yield from (_foreign(path / own) for own in look.names(path) if not _is_known(look, path / own, Place.TRIALS))
    others = (folder.logs, folder.report, folder.journal)
    known = {path.name for path in (*_folders(look), *others)} | {FOLDER}
    for name in look.names(folder.results):
        if name not in known and not is_temporary(name):
            cause = "a foreign file; it does no harm here"
            yield Breach(folder.results / name, cause, severity=Severity.WARNING)


def _is_known(look: Look, path: Path, place: Place) -> bool:
    """Whether a file has a name that a kind of this place gives, of something that the study has."""
    if _is_passing(path.name):
        return True
    for kind in kinds_at(place):
        subject = kind.parse(path.name)
        if subject is None:
            continue
        trial = subject.issue.trial if isinstance(subject, AttemptName) else getattr(subject, "trial", 0)
        is_ours = trial < look.spec.all_trials and look.folder.path(kind, subject if kind.of else None) == path
        # A lock file's name is the business of its job; a job whose trial the study does not have is another check's.
        if is_ours or kind.place is Place.JOBS:
            return True
    return False


def _is_passing(name: str) -> bool:
    return is_temporary(name) or name.startswith(HIDDEN_OPEN)


def _foreign(path: Path) -> Breach:
    return Breach(path, "a foreign file: nothing of this study has such a name here", Remedy.SET_ASIDE)


def check_kinds(look: Look) -> Iterator[Breach]:
    """Folders are folders and files are files: no links, which nobody here follows, no pipes, no folders in between."""
    folder = look.folder
    for place in (folder.jobs, folder.results, *_folders(look)):
        if place.is_symlink():
            yield Breach(place, "it is a symbolic link, which masters and workers do not follow: move the folder here")
        elif os.path.lexists(place) and not place.is_dir():
            yield Breach(place, "it is no folder, and masters and workers need one here")
    # Whatever is read tells by itself that it is no file; these are opened by workers alone.
    read_by_workers = (place / name for place in (folder.running, folder.checkpoints) for name in look.names(place))
    for path in (folder.master_lock, *read_by_workers):
        if os.path.lexists(path) and not stat.S_ISREG(path.lstat().st_mode):
            yield Breach(path, "it is a link, a folder or a device; expected a regular file", Remedy.SET_ASIDE)


def check_permissions(look: Look) -> Iterator[Breach]:
    """Nobody but the study's people may change its files, and they may."""
    for place in (look.folder.jobs, look.folder.results, *_folders(look)):
        if not place.is_dir() or place.is_symlink():
            continue
        if not os.access(place, os.W_OK | os.X_OK):
            yield Breach(place, "you may not write there", severity=Severity.WARNING)
        counts = Counter(_is_open_to_all(place / name) for name in look.names(place))
        if _is_open_to_all(place):
            yield Breach(place, "anyone on the machine may change it: chmod o-w", severity=Severity.WARNING)
        elif counts[True]:
            told = f"anyone on the machine may change {counts[True]} of its files: chmod o-w"
            yield Breach(place, told, severity=Severity.WARNING)


def _folders(look: Look) -> tuple[Path, ...]:
    folder = look.folder
    inner = (folder.trials / name for name in look.names(folder.trials))
    fixed = (folder.trials, folder.running, folder.checkpoints, folder.workers, folder.rejected, folder.duplicates)
    return (*fixed, *(path for path in inner if path.is_dir()))


def _trial_folders(look: Look) -> set[Path]:
    return {look.folder.trial_folder(first) for first in range(0, look.spec.all_trials, TRIALS_PER_FOLDER)}


def _is_open_to_all(path: Path) -> bool:
    try:
        status = path.lstat()
    except OSError:  # gone meanwhile
        return False
    return bool(status.st_mode & stat.S_IWOTH) and not stat.S_ISLNK(status.st_mode)
