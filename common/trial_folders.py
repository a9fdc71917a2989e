"""Folders in which the program that a trial runs keeps files of its own.

    results/<study>/files/00017/      what the trial keeps: plots, predictions; 00017.r1 on rung 1
    results/<study>/saved/00017/      what a program saves to go on from; 00017-2 and 00017.r1-2 as jobs are named

The folders are made when a program asks for them. The first is the same for every attempt at an evaluation, and stays.
The second is an issue's own: attempts at an issue exclude each other, but a silent worker of an earlier issue may wake
up and write on. So another issue, or the next rung, begins with a copy of the latest folder of its trial; and a trial
that starts from another one, with a copy of that one's.
"""

import os
import shutil
import stat
from collections.abc import Collection, Iterator
from contextlib import suppress
from hashlib import file_digest
from pathlib import Path

from hyperspool.common import atomic
from hyperspool.common.confinement import folders_in
from hyperspool.common.errors import ProtocolError
from hyperspool.common.issues import EvaluationKey, EvaluationName, Issue
from hyperspool.common.layout import StudyFolder
from hyperspool.common.reading import read_record
from hyperspool.common.records import MAX_FILES, KeptFile, Result, Status

MAX_NAME = 255
MAX_KEPT_BYTES = 2**30
"""Limit of the files that a trial keeps, together."""
FILES, SAVED = "files", "saved"


def files_path(folder: StudyFolder, evaluation: EvaluationName) -> Path:
    """Where a trial keeps files, if it keeps any."""
    return folder.results / FILES / evaluation.name


def files_of(folder: StudyFolder, evaluation: EvaluationName) -> Path:
    """The folder for files that a trial keeps, made if it is missing."""
    path = files_path(folder, evaluation)
    atomic.make_folder(path)
    return path


def kept_files(folder: StudyFolder, evaluation: EvaluationName) -> tuple[tuple[KeptFile, ...], str | None]:
    """What lies in a trial's folder, for its result.

    Returns:
        The files by name, and why some are left out; None if none is. Links are left out.
    """
    base = files_path(folder, evaluation)
    kept: list[KeptFile] = []
    total = 0
    for path in _files_below(base):
        size = path.lstat().st_size
        total += size
        if len(kept) == MAX_FILES or total > MAX_KEPT_BYTES:
            limit = f"{MAX_FILES} files and {MAX_KEPT_BYTES >> 30} GiB"
            return tuple(kept), f"trial.folder holds more than {limit}: the result lists the first {len(kept)}"
        name = str(path.relative_to(base))
        if len(name) > MAX_NAME or not name.isprintable():
            return tuple(kept), f"trial.folder holds a file whose name cannot be listed: {name[:80]!r}"
        with path.open("rb") as stream:
            kept.append(KeptFile(name=name, size_bytes=size, sha256=file_digest(stream, "sha256").hexdigest()))
    return tuple(kept), None


def saved_of(folder: StudyFolder, issue: Issue, starts_from: int | None = None) -> Path:
    """The folder for what a program saves to go on from, made if it is missing.

    Args:
        folder: the study's.
        issue: of the trial.
        starts_from: the trial from which it starts, if it does.
    """
    path = folder.results / SAVED / issue.name
    atomic.make_folder(path.parent)
    there = _saved(folder)
    own = [other for other in there if other.trial == issue.trial and other <= issue]
    latest = max(own or [other for other in there if other.trial == starts_from], default=issue)
    if latest == issue:
        atomic.make_folder(path)
        return path
    copy = atomic.temporary_beside(path)
    shutil.copytree(folder.results / SAVED / latest.name, copy, symlinks=True)
    atomic.move(copy, path)
    return path


def remove_saved(folder: StudyFolder, evaluation: EvaluationName) -> None:
    """Remove what a trial's program has saved, if the trial is complete and cannot be promoted.

    What a FAILED trial saved stays until the study is finished. Costs a look at one name in a study without it.
    """
    if not (folder.results / SAVED).is_dir():
        return
    with suppress(FileNotFoundError, ProtocolError):
        result = read_record(folder.result(*evaluation), Result)
        if result.status is not Status.FAILED and not result.can_be_promoted:
            for issue in _saved(folder):
                if issue.trial == evaluation.trial:
                    # A program that still writes there costs a folder that is left, and no error.
                    shutil.rmtree(folder.results / SAVED / issue.name, ignore_errors=True)


def remove_saved_of(folder: StudyFolder, evaluations: Collection[EvaluationKey]) -> None:
    """Remove what the programs of these evaluations have saved; no other evaluation may go on from it."""
    for issue in _saved(folder):
        if issue.evaluation in evaluations:
            shutil.rmtree(folder.results / SAVED / issue.name, ignore_errors=True)


def remove_all_saved(folder: StudyFolder) -> None:
    """Remove what the programs of a finished study have saved, also a copy that a crash left unfinished."""
    shutil.rmtree(folder.results / SAVED, ignore_errors=True)  # follows no link


def remove_if_empty(folder: StudyFolder, evaluation: EvaluationName) -> None:
    """Remove the folder of a trial that keeps nothing in it."""
    with suppress(OSError):  # it holds something
        files_path(folder, evaluation).rmdir()


def _saved(folder: StudyFolder) -> list[Issue]:
    # Links are left out: one that somebody placed there could have a worker copy files of its user.
    with suppress(FileNotFoundError):
        return sorted(issue for name in folders_in(folder.results / SAVED) if (issue := Issue.parse(name)))
    return []


def _files_below(folder: Path) -> Iterator[Path]:
    for here, folders, names in os.walk(folder):
        folders.sort()
        for name in sorted(names):
            path = Path(here, name)
            with suppress(FileNotFoundError):
                if stat.S_ISREG(path.lstat().st_mode):
                    yield path
