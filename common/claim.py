"""The protocol by which any number of workers share out jobs, and nothing is lost when any of them dies.

Terms: an *evaluation* is a trial on a rung; it has one result. An *issue* is an evaluation, the n-th time that it is
published as a job; its file names are never used twice. A *claim* is the exclusive hold on an issue. An *attempt* is
one claim from start to end, numbered from 1 within its issue.

The life of an evaluation, by the names of its steps. Each step is one file-system operation, or a group of operations
that may break anywhere:

    RECORD    the master appends the proposal to the journal, with its whole batch, and flushes it. A master that starts
              again finds it there, and asks for the same.
    PUBLISH   the master writes <issue>.json under a temporary name and renames it, a hundred jobs at a time, then
              flushes their folder. The content is not flushed, for the record is: if a power cut tears a job, whoever
              finds it sets it aside, a worker or the next master, and the evaluation is issued again.
    LOCK      a worker's parent process locks <issue>.lock, without waiting. If another holds it, it looks at the next.
    RECHECK   under the lock it opens the job again, and lists the trial's folder for a result.
                job gone                 -> another worker finished the issue between the scan and the lock. Remove the
                                            lock file, unlock.
                job there, result there  -> a reporter died between REPORT and CLEAR. Go on at CLEAR.
    START     it appends {"event": "claimed", "attempt": n, ...} to the lock file, n one above the highest there. If
              the attempts before have used up the study's `limits`, it reports FAILED for them instead; an attempt that
              only began counts as lost with its worker.
    EVALUATE  the child process trains; the parent keeps the lock. Curve and checkpoint go to files of this attempt. A
              promoted trial goes on from the checkpoint that its lower rung kept, one that starts from another trial
              from the checkpoint that this one kept.
    REPORT    the result is written once: under a temporary name, flushed, and linked to its final name, which fails if
              a result is there. The second one is kept aside as a duplicate. Before it, the worker may LOCK and START
              another issue; several results may be written together, each step for all of them.
    CLEAR     the attempt's curve moves beside the result if this attempt won, and its checkpoint is kept if the trial
              can be promoted or is FAILED; attempts' files, the job and the lock file are removed, in that order; the
              lock is released.
    COLLECT   the master reads the result.

    WITHDRAW  once the master has published a later issue, because a holder was silent, it removes the earlier job. The
              lock file stays: it may be held, and shows that the name was used.
    DROP      every `LOOK_S` a worker looks, while it evaluates, at its job and its lock file. If a later attempt is
              noted, or the job is gone and a later one, or a result, is there, it ends the attempt. If the job is gone,
              it goes on at CLEAR if there is a result, else it removes the lock file; the attempt's files stay for the
              next issue.

    RELEASE   instead of REPORT, a worker that is asked to stop appends {"event": "released"} and unlocks: the attempt
              does not count. If the attempt failed and the study's `limits` allow another, it appends {"event":
              "lost", "kind": ..., "reason": ...} and unlocks: it counts, among those of its kind.

Who frees what: the kernel frees the lock at the moment when the process that holds it dies, however it dies. So a
killed worker's issue is free at once, and no timeout is involved. Only the parent process holds the lock; children are
started by spawn and inherit no descriptor, or a dead parent's lock would live on in its child. The server of a network
file system also drops the locks of a host that it has not heard from for its lease; the holder is not told, and finds
out when it looks.

Why no evaluation gets two results: REPORT is exclusive in the file system itself, whoever believes to hold what.
Why none loses its result: the job is removed only after the result's name is on disk; until then any worker may claim
it again. Why every one ends: a lock's holder reports, releases or dies, and each of these leads to the next attempt or
to a result; the number of counted attempts is bounded. A holder that does none of these for `stale_s` is passed by: the
master publishes the next issue.
Why two live workers do not evaluate a trial to the end: of two issues, the earlier one has no job from WITHDRAW on, so
nobody begins it, and whoever was at it drops it at the next look. An attempt that ends before that look reports, and
REPORT decides.
Why a proposal is never changed: it is recorded before its first issue is published, and every issue is made from the
record. If the record is lost, it is made again from what was published, before anything new is.
Why a promoted trial finds its checkpoint: whoever clears keeps it before the attempt's files go, as the curve; and the
next rung is published after the result was collected. It is missing after a power cut (checkpoints are not flushed), or
if another worker starts the next rung between REPORT and CLEAR. This costs time, not the result: the trial then trains
from its first epoch.

RACE (lock file removed under a waiter): worker B opens <issue>.lock; A removes it in CLEAR and unlocks; B locks the
file that has no name any more. B's RECHECK finds the job gone, because CLEAR removes the job before the lock file. If
instead B opened the path after the removal it has created a new lock file: RECHECK again finds the job gone, and B
removes it. No third worker can be holding a claim by then: an issue's name is never published twice.

The limit of that: the running master knows what was published; one that starts knows it from what is left of it: jobs,
lock files, attempts' files, and what was set aside. A job that is gone without a result (removed by hand; or its result
was set aside) gets the next name. If nothing of it is left, a master that starts gives it its old one; nobody holds it
then, because a claim's lock file goes with the claim. A worker B as above that waits until then would find a job, under
a lock whose file has no name: `common.kernel_lock` refuses such a lock. Whoever removes the lock file of a live claim
with its job lets two workers hold an issue; REPORT still decides.

Where the file system has no locks that all hosts share, a *lease* takes the lock's place (`--claim lease`): a file that
its holder touches; whoever has seen it untouched for `LEASE_S` on their own monotonic clock may take it. The former
holder may still be running: it finds out at its next heartbeat and drops the attempt, and if it reports all the same,
REPORT's exclusiveness decides.
"""

import os
import socket
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path

from hyperspool.common import atomic
from hyperspool.common.attempts import AttemptEvent, AttemptHistory, parse_history, read_history
from hyperspool.common.clock import now_text
from hyperspool.common.errors import ProtocolError
from hyperspool.common.file_kinds import JOB
from hyperspool.common.issues import AttemptName, Issue
from hyperspool.common.kernel_lock import KernelLock, is_in_the_way
from hyperspool.common.layout import StudyFolder, names_of
from hyperspool.common.locks import LEASE_S, ClaimMode, Lock, is_lost, make_lock, try_acquire
from hyperspool.common.reading import read_open
from hyperspool.common.records import FailureKind
from hyperspool.common.rejection import remove_or_set_aside, set_aside

LOOK_S = 5.0
"""How often the holder of a claim looks whether it was taken over."""


@dataclass(frozen=True)
class Claimant:
    """The process that makes a claim."""

    worker: str
    host: str = field(default_factory=socket.gethostname)
    pid: int = field(default_factory=os.getpid)


class Claim:
    """An exclusive hold on one issue, from LOCK to CLEAR or RELEASE.

    Attributes:
        folder: the study's folder.
        issue: the claimed issue.
        history: the attempts before this one.
        attempt: this attempt's name. The attempt begins with `start`.
        claimed_at: when the lock was acquired.

    Raises:
        ProtocolError: the lock file was not written by a claimant.
    """

    def __init__(self, folder: StudyFolder, issue: Issue, claimant: Claimant, lock: Lock) -> None:
        self.folder = folder
        self.issue = issue
        self.claimed_at = now_text()
        self._lock, self._path = lock, folder.lock(issue)
        self.history = self._read_history()
        self.attempt = AttemptName(issue, self.history.last_attempt + 1)
        self._claimant = claimant
        self._looked_s, self._is_taken_over = time.monotonic(), False

    @property
    def is_held(self) -> bool:
        """Whether the claim is still ours, as far as can be seen. Looks at the folder once in `LOOK_S`."""
        if not self._is_taken_over and time.monotonic() - self._looked_s >= LOOK_S:
            with suppress(OSError, ProtocolError):  # the folder is out of reach, and so says nothing
                self._is_taken_over = self._find_out()
            self._looked_s = time.monotonic()
        return not self._is_taken_over and not is_lost(self._lock)

    def _find_out(self) -> bool:
        # Whether another worker has begun a later attempt, or has ended one and cleared; or the job was withdrawn.
        if read_history(self._path).last_attempt > self.attempt.number:
            return True
        names = names_of(self.folder.jobs)
        if JOB.file_name(self.issue) in names:
            return False
        others = (issue for name in names if isinstance(issue := JOB.parse(name), Issue))
        is_withdrawn = any(issue.evaluation == self.issue.evaluation for issue in others)
        return is_withdrawn or bool(self.folder.finished([self.issue.evaluation]))

    def _read_history(self) -> AttemptHistory:
        if not isinstance(self._lock, KernelLock) or self._lock.descriptor is None:
            return read_history(self._path)
        return parse_history(read_open(self._lock.descriptor, self._path), self._path)

    def take_over_last_attempt(self) -> None:
        """Act for the last attempt, whose process is gone, instead of beginning another one."""
        self.attempt = AttemptName(self.issue, max(self.history.last_attempt, 1))

    def start(self) -> None:
        """START: record that this attempt begins. It counts from here on."""
        line = self._line("claimed")
        if isinstance(self._lock, KernelLock) and self._lock.descriptor is not None:
            atomic.append_to(self._lock.descriptor, self._path, f"{line}\n")
            self._lock.send()
        else:
            atomic.append_line(self._path, line)

    def release(self) -> None:
        """RELEASE on request: the attempt does not count, and the issue is free."""
        if self.is_held:
            self._append("released")
        self.unlock()

    def give_up(self, kind: FailureKind, reason: str) -> None:
        """RELEASE after a failed attempt: it counts, and the issue is free. May be repeated after an OSError."""
        if self.is_held:
            self._append("lost", reason, kind)
        self.unlock()

    def remove_lock_file(self) -> None:
        """The last step of CLEAR, while the lock is still held. The job must be gone already."""
        remove_or_set_aside(self.folder, self._path)

    def unlock(self) -> None:
        """Release the lock. Its file stays, unless it was removed."""
        self._lock.release()

    def _append(self, event: str, reason: str | None = None, kind: FailureKind | None = None) -> None:
        # By the file's name, because a server of a network file system that dropped the lock lets nobody write any more
        # through the descriptor on which it was taken.
        atomic.append_line(self._path, self._line(event, reason, kind))

    def _line(self, event: str, reason: str | None = None, kind: FailureKind | None = None) -> str:
        # Not flushed to disk: a process's death is counted without it, and a power cut is not the trial's fault. On a
        # network file system closing the file sends it to the server.
        return AttemptEvent.model_validate(
            {
                "event": event,
                "attempt": self.attempt.number,
                "worker": self._claimant.worker,
                "host": self._claimant.host,
                "pid": self._claimant.pid,
                "at": now_text(),
                "reason": reason,
                "kind": kind,
            }
        ).to_line()


class Claims:
    """Claims issues for one process.

    A lease's age is measured by watching it, so the watching object is kept from one try to the next.
    """

    def __init__(self, claimant: Claimant, lease_s: float = LEASE_S) -> None:
        self.claimant = claimant
        self._lease_s = lease_s
        self._leases: dict[Path, Lock] = {}

    def try_lock(self, folder: StudyFolder, issue: Issue, mode: ClaimMode) -> Claim | None:
        """LOCK: the claim on an issue, or None if another process holds it. RECHECK is the caller's next step.

        Sets aside a lock file that no claimant can have made: a link, a folder, or megabytes of text.

        Raises:
            OSError: the file system refuses; nothing is held.
            ValueError: the lease has other settings; nothing is held.
        """
        if mode is ClaimMode.LEASE:
            path = folder.lease(issue)
            lock = self._leases.setdefault(path, make_lock(path, mode, self._lease_s))
        else:
            path = folder.lock(issue)
            lock = make_lock(path, mode)
        if not self._try_acquire(lock, folder, issue):
            return None
        self._leases.pop(path, None)
        try:
            return Claim(folder, issue, self.claimant, lock)
        except ProtocolError as error:
            set_aside(folder, folder.lock(issue), error.reason)
            lock.release()
            return None
        except BaseException:
            lock.release()
            raise

    def forget(self, wanted: Callable[[Path], bool]) -> None:
        """Stop watching the leases whose path is not `wanted` any more."""
        self._leases = {path: lease for path, lease in self._leases.items() if wanted(path)}

    def _try_acquire(self, lock: Lock, folder: StudyFolder, issue: Issue) -> bool:
        try:
            return try_acquire(lock)
        except OSError as error:
            path = folder.lock(issue)
            if (isinstance(lock, KernelLock) and is_in_the_way(error)) or path.is_symlink() or path.is_dir():
                set_aside(folder, path, "it is not a regular file, so no worker can have made it")
                return False
            raise
