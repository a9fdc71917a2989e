"""Checks for what does not belong: foreign names, links, folders in place of files, open permissions."""

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
from hyperspool.common.trial_folders import FILES, SAVED
from hyperspool.master.fsck.breach import Breach, Remedy, Severity
from hyperspool.master.fsck.look import Look
from hyperspool.master.launch.cluster import FOLDER as LAUNCH

HIDDEN_OPEN = ".nfs"
"""Prefix that an NFS client gives a file that is removed while it is open in a process; the file goes by itself."""


def check_names(look: Look) -> Iterator[Breach]:
    """The protocol's folders hold only its files, each in its place."""
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
    others = (folder.report, folder.journal)
    known = {path.name for path in (*_folders(look), *others)} | {FOLDER, FILES, SAVED, LAUNCH}
    for name in look.names(folder.results):
        if name not in known and not is_temporary(name):
            cause = "it is a foreign file, but does no harm here"
            yield Breach(folder.results / name, cause, severity=Severity.WARNING)


def _is_known(look: Look, path: Path, place: Place) -> bool:
    """Whether a kind of file of this place has such a name, for a trial or worker that the study can have."""
    if _is_passing(path.name):
        return True
    for kind in kinds_at(place):
        subject = kind.parse(path.name)
        if subject is None:
            continue
        trial = subject.issue.trial if isinstance(subject, AttemptName) else getattr(subject, "trial", 0)
        is_ours = trial < look.spec.all_trials and look.folder.path(kind, subject if kind.of else None) == path
        # Among jobs any valid name is known: `check_jobs` and `check_locks` report those of trials beyond the study.
        if is_ours or kind.place is Place.JOBS:
            return True
    return False


def _is_passing(name: str) -> bool:
    return is_temporary(name) or name.startswith(HIDDEN_OPEN)


def _foreign(path: Path) -> Breach:
    return Breach(path, "it is a foreign file: no file of this study has such a name here", Remedy.SET_ASIDE)


def check_kinds(look: Look) -> Iterator[Breach]:
    """Folders are folders and files are files: there are no links, no pipes, and no folders in place of files."""
    folder = look.folder
    for place in (folder.jobs, folder.results, *_folders(look)):
        if place.is_symlink():
            yield Breach(place, "it is a symbolic link, which masters and workers do not follow: move the folder here")
        elif os.path.lexists(place) and not place.is_dir():
            yield Breach(place, "it is not a folder, but masters and workers need one here")
    # Reading the other files shows whether they are regular. These are opened only by workers and masters.
    read_by_workers = (place / name for place in (folder.running, folder.checkpoints) for name in look.names(place))
    for path in (folder.master_lock, *read_by_workers):
        if os.path.lexists(path) and not stat.S_ISREG(path.lstat().st_mode):
            yield Breach(path, "it is a link, a folder or a device; expected a regular file", Remedy.SET_ASIDE)


def check_permissions(look: Look) -> Iterator[Breach]:
    """The user may write to the study's folders, and strangers may not change its files."""
    for place in (look.folder.jobs, look.folder.results, *_folders(look)):
        if not place.is_dir() or place.is_symlink():
            continue
        if not os.access(place, os.W_OK | os.X_OK):
            yield Breach(place, "you may not write there", severity=Severity.WARNING)
        counts = Counter(_is_open_to_all(place / name) for name in look.names(place))
        if _is_open_to_all(place):
            yield Breach(place, "anyone on the machine may change it: chmod o-w", severity=Severity.WARNING)
        elif counts[True]:
            cause = f"anyone on the machine may change {counts[True]} of its files: chmod o-w"
            yield Breach(place, cause, severity=Severity.WARNING)


def _folders(look: Look) -> tuple[Path, ...]:
    folder = look.folder
    inner = (folder.trials / name for name in look.names(folder.trials))
    fixed = (folder.place(place) for place in Place if place is not Place.JOBS)
    return (*fixed, *(path for path in inner if path.is_dir()))


def _trial_folders(look: Look) -> set[Path]:
    return {look.folder.trial_folder(first) for first in range(0, look.spec.all_trials, TRIALS_PER_FOLDER)}


def _is_open_to_all(path: Path) -> bool:
    try:
        status = path.lstat()
    except OSError:  # gone meanwhile
        return False
    return bool(status.st_mode & stat.S_IWOTH) and not stat.S_ISLNK(status.st_mode)
