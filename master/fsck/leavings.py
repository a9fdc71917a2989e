"""Checks of the files that processes leave behind: those of attempts, heartbeats, temporary and rejected files."""

import socket
import time
from collections.abc import Iterator
from contextlib import suppress

from hyperspool.common.asked import Note
from hyperspool.common.errors import ProtocolError
from hyperspool.common.file_kinds import NOTE, STOP
from hyperspool.common.heartbeat import WorkerRecord
from hyperspool.common.issues import AttemptName
from hyperspool.common.reading import read_bytes
from hyperspool.common.records import Result, Status
from hyperspool.common.stops import stops
from hyperspool.master.fsck.breach import Breach, Remedy, Severity
from hyperspool.master.fsck.look import Look
from hyperspool.master.results.wording import first_line
from hyperspool.master.run.housekeeping import DEAD_S, is_abandoned, is_running

REASON = ".reason.txt"


def check_attempts(look: Look) -> Iterator[Breach]:
    """Attempts' curves and checkpoints belong to unfinished evaluations: the next attempt goes on from them."""
    is_open = {issue.evaluation for issue in look.open_issues}
    for issue in sorted(look.folder.attempted_issues()):
        key = issue.evaluation
        if key in is_open or look.is_busy(key) or key not in look.finished:
            continue
        for attempt, path in look.folder.attempt_files(issue):
            if path not in {look.folder.running_curve(attempt), look.folder.checkpoint(attempt)} or not path.is_file():
                continue  # another name, or not a file: a stray
            if path.parent == look.folder.running and _has_settled(look, attempt):
                yield Breach(path, "it is a second curve of the attempt whose result counts", Remedy.SET_ASIDE)
            else:
                yield Breach(path, "its trial has a result and no open job", Remedy.TIDY)


def check_kept_checkpoints(look: Look) -> Iterator[Breach]:
    """A kept checkpoint belongs to a finished evaluation whose trial can be promoted, or is FAILED."""
    for name in look.folder.kept_checkpoints():
        result = look.results.get(name)
        if name not in look.finished or (result is not None and not _may_go_on(result)):
            cause = "it is a kept checkpoint of a trial that cannot be promoted"
            yield Breach(look.folder.kept_checkpoint(*name), cause, Remedy.SET_ASIDE)


def _may_go_on(result: Result) -> bool:
    return result.can_be_promoted or result.status is Status.FAILED


def _has_settled(look: Look, attempt: AttemptName) -> bool:
    """Whether an attempt's curve lies beside its result already, so that tidying would not move this one."""
    evaluation = attempt.issue.evaluation
    result, curve = look.results.get(evaluation), look.folder.curve(*evaluation)
    is_winner = result is not None and (result.issue, result.attempt) == (attempt.issue.number, attempt.number)
    return is_winner and curve.name in look.names(curve.parent)


def check_stop_files(look: Look) -> Iterator[Breach]:
    """A stop file belongs to an evaluation without a result."""
    for issue in stops(look.folder):
        if issue.evaluation in look.finished:
            yield Breach(look.folder.path(STOP, issue), "its trial has a result already", Remedy.TIDY)


def check_notes(look: Look) -> Iterator[Breach]:
    """Every note is readable; the look itself keeps a breach of one that is not."""
    folder = look.folder.place(NOTE.place)
    for name in look.names(folder):
        if NOTE.parse(name) is not None:
            look.read(folder / name, Note, Remedy.SET_ASIDE)
    return iter(())


def check_heartbeats(look: Look) -> Iterator[Breach]:
    """Every heartbeat belongs to the worker in its name, and that worker lives as far as we can know."""
    here = socket.gethostname()
    for path in look.folder.worker_files():
        record = look.read(path, WorkerRecord, Remedy.SET_ASIDE)
        if record is None:
            continue
        if record.worker != path.stem:
            yield Breach(path, f"it is the heartbeat of {record.worker}", Remedy.SET_ASIDE)
            continue
        with suppress(OSError):
            # This compares our clock with the file server's, so it is a hint: it alone never declares a worker dead.
            age_s = time.time() - path.lstat().st_mtime
            if record.host == here and age_s > DEAD_S and not is_running(record.pid):
                yield Breach(
                    path, f"its worker is dead: there is no process {record.pid} on this host", Remedy.SET_ASIDE
                )
            elif record.host != here and age_s > look.spec.limits.stale_s:
                cause = f"it has not changed for more than {look.spec.limits.stale_s:g} s; look on {record.host}"
                yield Breach(path, cause, severity=Severity.WARNING)


def check_temporary_files(look: Look) -> Iterator[Breach]:
    """Every temporary file has a live process that is about to rename it."""
    now_s = time.time()
    for path in look.folder.temporary_files():
        with suppress(OSError):
            if is_abandoned(path, now_s):
                yield Breach(path, "it is a temporary file whose process is gone", Remedy.TIDY)


def list_rejected(look: Look) -> Iterator[Breach]:
    """Lists the files that were set aside before, with the reasons."""
    names = look.names(look.folder.rejected)
    for name in names:
        if name.startswith(".") or name.endswith(REASON):
            continue
        reason = "without a reason"
        if name + REASON in names:
            with suppress(OSError, ProtocolError):
                lines = read_bytes(look.folder.rejected / (name + REASON)).decode(errors="replace").splitlines()
                reason = first_line(" ".join(lines[1:]))
        yield Breach(look.folder.rejected / name, f"was set aside: {reason}", severity=Severity.NOTE)
