"""Tidies up what a crash can leave behind, and nothing that anyone may still need. For the study's only master."""

import os
import socket
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from hyperspool.common import atomic
from hyperspool.common.claim import Claims
from hyperspool.common.heartbeat import WorkerRecord
from hyperspool.common.issues import Issue
from hyperspool.common.layout import StudyFolder
from hyperspool.common.locks import ClaimMode
from hyperspool.common.rejection import remove_or_set_aside
from hyperspool.common.report import clear, settle
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.run.silence import Silence

ABANDONED_S = 600.0
"""A temporary file that is older has no maker any more, on whatever host: making one takes milliseconds, on a slow disk
seconds. Should its maker live after all, it finds the file gone and writes it again."""
DEAD_S = 10.0
"""A worker whose process is not there is dead if its heartbeat, which comes every 2 s, has also stood still so long."""


def tidy(folder: StudyFolder, spec: StudySpec, claims: Claims) -> None:
    """Finish and remove what earlier masters and workers left undone, here and now and for finished trials only."""
    sweep(folder, claims, spec.claim)
    sweep_attempts(folder)
    remove_used_checkpoints(folder)
    remove_temporary_files(folder)


def sweep(folder: StudyFolder, claims: Claims, mode: ClaimMode) -> None:
    """Finish what was cut short between REPORT and CLEAR, for evaluations that have a result.

    Whatever a live worker still holds is left to it.
    """
    open_issues = set(folder.open_issues())
    left = open_issues | set(folder.locked_issues())
    finished = folder.finished(issue.evaluation for issue in left)
    for issue in sorted(left):
        if issue.evaluation in finished or issue not in open_issues:
            _clear_if_free(folder, issue, claims, mode, is_finished=issue.evaluation in finished)


def sweep_attempts(folder: StudyFolder) -> None:
    """Settle or remove files of attempts whose evaluation has a result and no open job any more."""
    is_open = {issue.evaluation for issue in folder.open_issues()}
    issues = folder.attempted_issues()
    finished = folder.finished(issue.evaluation for issue in issues)
    for issue in sorted(issues):
        if issue.evaluation in finished and issue.evaluation not in is_open:
            settle(folder, issue)
            for _, path in folder.attempt_files(issue):
                remove_or_set_aside(folder, path)


def remove_used_checkpoints(folder: StudyFolder) -> None:
    """Remove the kept checkpoints of trials that have a result on the next rung, which kept one of its own."""
    kept = folder.kept_checkpoints()
    promoted = folder.finished((name.trial, name.rung + 1) for name in kept)
    for name in kept:
        if (name.trial, name.rung + 1) in promoted:
            remove_or_set_aside(folder, folder.kept_checkpoint(*name))


def remove_temporary_files(folder: StudyFolder) -> None:
    """Remove files whose making was cut short: by a process of this host that is gone, or too long ago.

    How long ago is told by the file server's clock, from the master's own lock file, which was written just now.
    """
    with suppress(OSError):
        now_s = folder.master_lock.stat().st_mtime
        for path in folder.temporary_files():
            # RACE: its maker, or the master of another study, removes or renames it between the listing and here. That
            # one is gone then, and the others still want to be looked at.
            with suppress(OSError):
                if is_abandoned(path, now_s):
                    atomic.remove(path)


def is_abandoned(path: Path, now_s: float) -> bool:
    """Whether a temporary file has no maker any more.

    Args:
        path: the file.
        now_s: the file server's time.

    Raises:
        OSError: it is gone.
    """
    maker = atomic.maker_of(path.name)
    # Process numbers come round again, so one that runs need not be the maker.
    is_orphan = maker is not None and not is_running(maker)
    return is_orphan or now_s - path.lstat().st_mtime > ABANDONED_S


def remove_dead_workers(folder: StudyFolder, workers: Iterable[WorkerRecord], silence: Silence) -> list[WorkerRecord]:
    """Remove the heartbeats of workers that were killed on this host; return the others.

    Whether a worker on another host is dead or silent cannot be told from here.
    """
    here = socket.gethostname()
    alive: list[WorkerRecord] = []
    for worker in workers:
        # A worker in a container may bear our host's name and a process number that means nothing here, but it beats.
        is_still = silence.silent_for_s(worker.worker) > DEAD_S
        if worker.host == here and is_still and not is_running(worker.pid):
            with suppress(OSError):
                atomic.remove(folder.worker(worker.worker))
        else:
            alive.append(worker)
    return alive


def is_running(pid: int) -> bool:
    """Whether this host has a process of that number."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # another user's, so it runs
        return True
    return True


def _clear_if_free(folder: StudyFolder, issue: Issue, claims: Claims, mode: ClaimMode, *, is_finished: bool) -> None:
    claim = claims.try_lock(folder, issue, mode)
    if claim is None:
        return
    if is_finished:
        clear(claim)
    elif issue not in folder.open_issues():  # a lock file without its job: CLEAR was cut short before its last step
        claim.remove_lock_file()
        claim.unlock()
    else:
        claim.unlock()
