"""Removes what a crash can leave behind, and nothing that a live process may still need.

Only the study's master may call these functions.
"""

import os
import socket
from collections.abc import Collection, Iterable, Mapping
from contextlib import suppress
from pathlib import Path

from hyperspool.common import atomic
from hyperspool.common.batch_order import remove_order
from hyperspool.common.claim import Claims
from hyperspool.common.file_kinds import STOP_MASTER
from hyperspool.common.heartbeat import WorkerRecord
from hyperspool.common.issues import EvaluationKey, Issue
from hyperspool.common.layout import StudyFolder
from hyperspool.common.locks import ClaimMode
from hyperspool.common.outcome import Finished
from hyperspool.common.rejection import remove_or_set_aside
from hyperspool.common.report import clear, settle
from hyperspool.common.stops import remove_used_stops
from hyperspool.common.study_spec import StudySpec
from hyperspool.common.trial_folders import remove_all_saved
from hyperspool.common.wishes import withdraw
from hyperspool.master.run.silence import Silence

ABANDONED_S = 600.0
"""An older temporary file is abandoned, whichever host wrote it: writing one takes milliseconds, on a slow disk
seconds. If its writer is alive after all, it finds the file gone and writes it again."""
GONE = 10
"""So many times the study's `stale_s` without a heartbeat, and a worker of another host counts as gone. One that was
stopped for that long writes its heartbeat again when it goes on."""
DEAD_S = 10.0
"""A worker without a process is dead once its heartbeat, which comes every 2 s, has not changed for this long."""


def tidy(folder: StudyFolder, spec: StudySpec, claims: Claims) -> None:
    """Finish the interrupted steps of earlier masters and workers, and remove files that no trial needs any more."""
    sweep(folder, claims, spec.claim)
    sweep_attempts(folder)
    remove_used_checkpoints(folder)
    remove_used_stops(folder)
    withdraw(folder, STOP_MASTER)  # it was for an earlier master
    remove_order(folder)
    remove_temporary_files(folder)


def sweep(folder: StudyFolder, claims: Claims, mode: ClaimMode) -> None:
    """Finish each CLEAR that was interrupted, for evaluations that have a result.

    An issue that a live worker still holds is skipped: that worker finishes it.
    """
    open_issues = set(folder.open_issues())
    left = open_issues | set(folder.locked_issues())
    finished = folder.finished(issue.evaluation for issue in left)
    for issue in sorted(left):
        if issue.evaluation in finished or issue not in open_issues:
            _clear_if_free(folder, issue, claims, mode, is_finished=issue.evaluation in finished)


def sweep_attempts(folder: StudyFolder) -> None:
    """Settle or remove the files of attempts whose evaluation has a result and no open job."""
    is_open = {issue.evaluation for issue in folder.open_issues()}
    issues = folder.attempted_issues()
    finished = folder.finished(issue.evaluation for issue in issues)
    for issue in sorted(issues):
        if issue.evaluation in finished and issue.evaluation not in is_open:
            settle(folder, issue)
            for _, path in folder.attempt_files(issue):
                remove_or_set_aside(folder, path)


def remove_used_checkpoints(folder: StudyFolder) -> None:
    """Remove a trial's kept checkpoint once the trial has a result on the next rung, which kept a later checkpoint."""
    kept = folder.kept_checkpoints()
    promoted = folder.finished((name.trial, name.rung + 1) for name in kept)
    for name in kept:
        if (name.trial, name.rung + 1) in promoted:
            remove_or_set_aside(folder, folder.kept_checkpoint(*name))


def remove_kept_checkpoints(folder: StudyFolder, evaluations: Collection[EvaluationKey]) -> None:
    """Remove the last checkpoints of finished evaluations from which no trial will go on."""
    # RACE: a result lands before its worker moves the checkpoint to where it is kept. Removed there and then here, it
    # is found wherever it is.
    for attempt in folder.attempts_with_checkpoint():
        if attempt.issue.evaluation in evaluations:
            remove_or_set_aside(folder, folder.checkpoint(attempt))
    for name in set(folder.kept_checkpoints()) & set(evaluations):
        remove_or_set_aside(folder, folder.kept_checkpoint(*name))


def remove_what_ended_trials_kept(
    folder: StudyFolder, spec: StudySpec, results: Mapping[EvaluationKey, Finished]
) -> None:
    """Remove what the trials of a finished study saved, but for those that go on if it is given more epochs."""
    if not spec.can_grow_longer:
        remove_all_saved(folder)

    def may_go_on(result: Finished) -> bool:
        return spec.can_grow_longer and result.can_be_promoted and spec.is_at_full_budget(result)

    remove_kept_checkpoints(folder, {key for key, result in results.items() if not may_go_on(result)})


def remove_temporary_files(folder: StudyFolder) -> None:
    """Remove temporary files whose writing process has ended on this host, or that are older than `ABANDONED_S`.

    Their age is measured by the file server's clock: the master's lock file, written just now, gives its time.
    """
    with suppress(OSError):
        now_s = folder.master_lock.stat().st_mtime
        for path in folder.temporary_files():
            # RACE: the file's writer, or the master of another study, removes or renames it after the listing. Then
            # this file is gone, and the loop goes on with the others.
            with suppress(OSError):
                if is_abandoned(path, now_s):
                    atomic.remove(path)


def is_abandoned(path: Path, now_s: float) -> bool:
    """Return whether the process that was writing a temporary file is gone.

    Args:
        path: the file.
        now_s: the file server's time, in seconds.

    Raises:
        OSError: the file does not exist any more.
    """
    maker = atomic.maker_of(path.name)
    # Process ids are reused, so a running process of that id may be another one. Then the age decides.
    is_orphan = maker is not None and not is_running(maker)
    return is_orphan or now_s - path.lstat().st_mtime > ABANDONED_S


def remove_dead_workers(
    folder: StudyFolder, workers: Iterable[WorkerRecord], silence: Silence, stale_s: float
) -> list[WorkerRecord]:
    """Remove the heartbeats of workers that are gone; return the records of the others.

    A dead worker on another host cannot be told from a silent one, so its heartbeat stays for `GONE` times `stale_s`.
    """
    here = socket.gethostname()
    alive: list[WorkerRecord] = []
    for worker in workers:
        # A worker in a container may have this host's name and a process id that means nothing here. Its heartbeat
        # shows that it is alive.
        silent_s = silence.silent_for_s(worker.worker)
        was_killed_here = worker.host == here and silent_s > DEAD_S and not is_running(worker.pid)
        if was_killed_here or silent_s > GONE * stale_s:
            with suppress(OSError):
                atomic.remove(folder.worker(worker.worker))
        else:
            alive.append(worker)
    return alive


def remove_heartbeats(folder: StudyFolder, workers: Iterable[str]) -> None:
    """Remove the heartbeats of workers that were silent when their study ended, as nobody looks after them any more.

    One that is alive after all has no job of the study.
    """
    for worker in workers:
        with suppress(OSError):
            atomic.remove(folder.worker(worker))


def is_running(pid: int) -> bool:
    """Return whether a process with this id runs on this host."""
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:  # the process belongs to another user, so it exists
        return True
    return True


def _clear_if_free(folder: StudyFolder, issue: Issue, claims: Claims, mode: ClaimMode, *, is_finished: bool) -> None:
    claim = claims.try_lock(folder, issue, mode)
    if claim is None:
        return
    if is_finished:
        clear(claim)
    elif issue not in folder.open_issues():  # a lock file without a job: CLEAR stopped before its last step
        claim.remove_lock_file()
        claim.unlock()
    else:
        claim.unlock()
