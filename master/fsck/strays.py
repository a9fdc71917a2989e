"""Checks of what stands beside the protocol's files: other names, links, folders in files' places, permissions."""

import os
import stat
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

from hyperspool.common.atomic import is_temporary
from hyperspool.common.final import FOLDER
from hyperspool.common.layout import TRIALS_PER_FOLDER
from hyperspool.master.fsck.breach import Breach, Remedy, Severity
from hyperspool.master.fsck.look import Look

HIDDEN_OPEN = ".nfs"
"""An NFS client calls a file so that was removed while a process has it open; it goes by itself."""


def check_names(look: Look) -> Iterator[Breach]:
    """In the folders of the protocol lies nothing but its files, each in its place."""
    for place, allowed in _allowed(look).items():
        for name in look.names(place):
            if name in allowed or is_temporary(name) or name.startswith(HIDDEN_OPEN):
                continue
            yield Breach(place / name, "a foreign file: nothing of this study has such a name here", Remedy.SET_ASIDE)
    others = (look.folder.logs, look.folder.report, look.folder.journal)
    known = {path.name for path in (*_folders(look), *others)} | {FOLDER}
    for name in look.names(look.folder.results):
        if name not in known and not is_temporary(name):
            told = "a foreign file; it does no harm here"
            yield Breach(look.folder.results / name, told, severity=Severity.WARNING)


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


def _allowed(look: Look) -> dict[Path, set[str]]:
    """The names that may stand in each folder."""
    folder = look.folder
    slots = {*look.open_slots, *look.locked_slots}
    jobs = {folder.spec.name, folder.master_lock.name, folder.master_lock.with_suffix(".lease").name}
    jobs |= {path.name for slot in slots for path in (folder.job(slot), folder.lock(slot), folder.lease(slot))}
    attempts = [name for slot in set(folder.attempted_slots()) for name, _ in folder.attempt_files(slot)]
    attempts = [name for name in attempts if name.slot.trial < look.spec.all_trials]
    allowed = {
        folder.jobs: jobs,
        folder.running: {folder.running_curve(name).name for name in attempts},
        folder.checkpoints: {folder.checkpoint(name).name for name in attempts},
        folder.workers: {path.name for path in folder.worker_files()},
        folder.duplicates: {name for name in look.names(folder.duplicates) if name.endswith((".json", ".csv"))},
    }
    firsts = range(0, look.spec.all_trials, TRIALS_PER_FOLDER)
    trial_folders = {folder.trial_folder(first): first for first in firsts}
    allowed[folder.trials] = {path.name for path in trial_folders}
    for name in look.names(folder.trials):
        if (first := trial_folders.get(folder.trials / name)) is not None:
            trials = range(first, min(first + TRIALS_PER_FOLDER, look.spec.all_trials))
            paths = (path for trial in trials for path in (folder.result(trial), folder.curve(trial)))
            allowed[folder.trials / name] = {path.name for path in paths}
    return allowed


def _is_open_to_all(path: Path) -> bool:
    try:
        status = path.lstat()
    except OSError:  # gone meanwhile
        return False
    return bool(status.st_mode & stat.S_IWOTH) and not stat.S_ISLNK(status.st_mode)
