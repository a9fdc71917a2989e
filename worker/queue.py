"""Finds jobs and claims them: the scan of `jobs/`, and RECHECK of the protocol (see `common.claim`)."""

import logging
import os
import time
from collections import deque
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from hyperspool.common import confinement
from hyperspool.common.claim import Claim, Claims
from hyperspool.common.errors import ProtocolError
from hyperspool.common.file_kinds import JOB, LEASE, LOCK, PAUSE, RESULT
from hyperspool.common.issues import Issue
from hyperspool.common.layout import StudyFolder, names_of, study_names
from hyperspool.common.locks import ClaimChoice, ClaimMode, why_unknown_here
from hyperspool.common.mounts import why_locks_are_local
from hyperspool.common.reading import read_record
from hyperspool.common.records import Job
from hyperspool.common.rejection import set_aside
from hyperspool.common.report import clear, read_result
from hyperspool.common.study_spec import StudySpec
from hyperspool.worker.job_order import Tries, Turn, open_jobs, take_turn, turns

LISTED_S = 1.0
"""An older listing is not used up: meanwhile somebody may have paused the study, or freed a job that was begun."""
MISSES = 8
"""After so many jobs of a listing that were taken by others it is out of date, unless it is younger than `YOUNG_S`."""
YOUNG_S = 0.05

Version = tuple[int, int]
"""Time and inode of a study's file: another pair means another study."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True)
class ClaimedJob:
    """A job that this worker has claimed. START has not happened yet."""

    spec: StudySpec
    version: Version
    job: Job
    claim: Claim

    @property
    def name(self) -> str:
        """The job as log lines name it, for example `demo/00017`."""
        return f"{self.job.study}/{self.claim.issue.name}"

    @property
    def is_void(self) -> bool:
        """Whether the study was removed or replaced by another one, so that nobody wants a result."""
        try:
            return _version(self.claim.folder) != self.version
        except FileNotFoundError:
            return True
        except OSError:  # out of reach for now
            return False


class JobQueue:
    """The open jobs of one study or of all.

    A listing is used up for `LISTED_S` before the next one is made, so that taking n jobs costs n claims and not n
    listings. `worker.job_order` says in which order.

    Args:
        root: the shared folder.
        study: serve this study alone; None: all studies.
        mode: serve only studies that claim in this way; None: claim as each study says.
        claims: makes the claims.
        clock: seconds that only go forward.

    Attributes:
        unable: studies that this worker cannot serve, each with the reason.
        studies: studies that could get jobs, as of the last listing.
        open_studies: studies that had an open job in the last listing, paused ones too.
        listings: how many listings a look at all studies takes.
    """

    def __init__(
        self,
        root: Path,
        study: str | None,
        mode: ClaimChoice | None,
        claims: Claims,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._root, self._study, self._mode, self._claims = root, study, mode, claims
        self._clock, self._listed_s = clock, float("-inf")
        self._turns: deque[Turn] = deque()
        self._tries = Tries(clock)
        self._specs: dict[StudyFolder, tuple[Version, StudySpec | None]] = {}  # None: the file cannot be read
        self._complained: set[str] = set()
        self.listings = 1
        self.unable: dict[str, str] = {}
        self.studies: list[StudyFolder] = []
        self.open_studies: list[StudyFolder] = []

    def next_claim(self) -> ClaimedJob | None:
        """Claim a job; return None if no open job is free, or the free ones are others' turn.

        A job that the file system refuses is skipped and logged once; the next call tries it again.
        """
        if self._clock() - self._listed_s > LISTED_S:
            self._turns.clear()
        if claimed := self.next_listed():
            return claimed
        self._list()
        return self.next_listed()

    @property
    def has_more(self) -> bool:
        """Whether the last listing holds jobs that nobody had claimed, and that this worker has not tried."""
        return any(not turn.was_claimed for turn in self._turns)

    def next_listed(self) -> ClaimedJob | None:
        """Claim a job of the last listing, if that is not out of date; return None if there is none."""
        misses = 0
        while self._turns and self._clock() - self._listed_s <= LISTED_S:
            if misses >= MISSES and self._clock() - self._listed_s > YOUNG_S:
                break
            turn = take_turn(self._turns, misses)
            if turn.was_claimed and not self._tries.take():
                continue
            try:
                claimed = self._try_take(turn)
            except (OSError, ValueError) as error:
                path = turn.folder.jobs / turn.name
                self._complain(f"jobs cannot be claimed: {getattr(error, 'strerror', None) or error}", str(path))
                continue
            if claimed is not None:
                return claimed
            misses += 1
        self._turns.clear()
        return None

    def has_open(self) -> bool:
        """Whether a study that this worker can serve has an open job now, whoever holds it.

        Of a folder that is out of reach nobody can say that nothing is left in it, so there it has.
        """
        try:
            self._list()
        except OSError:
            return True
        return bool(self.open_studies)

    def _list(self) -> None:
        self._listed_s = self._clock()
        self.studies, self.open_studies = [], []
        found: list[Turn] = []
        open_names: dict[Path, set[str]] = {}
        folders = self._folders()
        self.listings = len(folders) + (self._study is None)
        for folder in folders:
            try:
                names = names_of(folder.jobs)
            except PermissionError:  # somebody's private folder
                continue
            except OSError as error:
                self._complain(f"{folder.jobs} cannot be listed: {error.strerror}")
                continue
            if folder.spec.name not in names:
                continue
            self.studies.append(folder)
            jobs = open_jobs(names)
            open_names[folder.jobs] = {*jobs}
            if any(map(JOB.parse, jobs)):
                self.open_studies.append(folder)
                found += [] if PAUSE.suffix in names else self._turns_of(folder, names)
        self._claims.forget(lambda path: path.with_suffix(JOB.suffix).name in open_names.get(path.parent, ()))
        self._turns = deque(found)

    def _folders(self) -> list[StudyFolder]:
        names = [self._study] if self._study else study_names(self._root)
        return [StudyFolder(self._root, name) for name in names if name not in self.unable]

    def _turns_of(self, folder: StudyFolder, names: Sequence[str]) -> list[Turn]:
        # A job whose result could not be written is refused before hours are spent on it.
        for path in folder.folders:
            try:
                confinement.check_way(path / "any")
            except FileNotFoundError:
                pass
            except OSError as error:  # a link or something else stands where a folder of the study belongs
                self._complain(f"jobs cannot be claimed: {error.strerror}", str(error.filename))
                return []
        return turns(folder, names)

    def _try_take(self, turn: Turn) -> ClaimedJob | None:
        folder, issue = turn.folder, JOB.parse(turn.name)
        if not isinstance(issue, Issue) or folder.name in self.unable or not _seems_open(turn):
            return None
        spec = self._spec(folder)
        claim = self._claims.try_lock(folder, issue, spec.claim) if spec else None
        if spec is None or claim is None:
            return None
        try:
            job = _recheck(spec, claim)
        except BaseException:
            claim.unlock()
            raise
        return ClaimedJob(spec, self._specs[folder][0], job, claim) if job else None

    def _spec(self, folder: StudyFolder) -> StudySpec | None:
        try:
            version = _version(folder)
            if folder not in self._specs or self._specs[folder][0] != version:
                self._specs[folder] = (version, found := read_record(folder.spec, StudySpec))
                self._refuse_local_locks(folder, found)
        except FileNotFoundError:
            return None
        except ProtocolError as error:
            self._specs[folder] = (version, None)  # reading a hostile file may take seconds, so it is read once
            self._complain(f"{error}; its jobs wait until the file is put right")
        spec = self._specs[folder][1]
        if spec is None:
            return None
        if spec.name != folder.name:
            self._complain(f"{folder.spec} is the study {spec.name!r}; its jobs wait until the file is put right")
            return None
        if self._mode not in {None, spec.claim.word}:
            reason = f"it claims by {spec.claim.word}, and this worker was started with --claim {self._mode}"
            self._refuse(folder, reason)
        return None if folder.name in self.unable else spec

    def _refuse_local_locks(self, folder: StudyFolder, spec: StudySpec) -> None:
        if reason := why_unknown_here(spec.claim):
            self._refuse(folder, reason)
        if spec.claim is not ClaimMode.LEASE and (reason := why_locks_are_local(folder.jobs)):
            self._refuse(folder, f"{reason}; a study that was started with --claim lease could be served")

    def _refuse(self, folder: StudyFolder, reason: str) -> None:
        self.unable[folder.name] = reason
        self._complain(f"study {folder.name} cannot be served: {reason}")

    def _complain(self, message: str, example: str | None = None) -> None:
        if message not in self._complained:
            self._complained.add(message)
            logger.warning("%s%s", message, f" ({example})" if example else "")


def _seems_open(turn: Turn) -> bool:
    # Other workers have taken jobs of an older listing, and a look costs a hundredth of a try to lock. The look is only
    # a hint: a network file system may still show a job that is gone. RECHECK finds out. It may also hide a pause for
    # a while; the next listing, within `LISTED_S`, shows it. A lock file that was not listed is another worker's, whose
    # lock need not be tried; should the job be freed again, the next listing shows both.
    path = f"{turn.folder.jobs}/{turn.name}"
    if not os.path.lexists(path) or os.path.lexists(turn.folder.path(PAUSE)):
        return False
    stem = path.removesuffix(JOB.suffix)
    return turn.was_claimed or not (os.path.lexists(stem + LOCK.suffix) or os.path.lexists(stem + LEASE.suffix))


def _version(folder: StudyFolder) -> Version:
    status = folder.spec.stat()
    return (status.st_mtime_ns, status.st_ino)


def _recheck(spec: StudySpec, claim: Claim) -> Job | None:
    """RECHECK: read the job again under the lock. None if there is nothing to do; the claim is then released."""
    folder, issue = claim.folder, claim.issue
    path = folder.job(issue)
    try:
        job = read_record(path, Job)
        problems = (*spec.problems_of(job), *_misnamed(job, issue))
    except FileNotFoundError:
        # Finished between the scan and the lock. Locking may have made a new lock file just now.
        claim.remove_lock_file()
        claim.unlock()
        return None
    except ProtocolError as error:
        problems = (error.reason,)
    if problems:
        set_aside(folder, path, "; ".join(problems))
        claim.remove_lock_file()
        claim.unlock()
        return None
    evaluation = issue.evaluation
    with suppress(FileNotFoundError):  # the folder's first result makes it
        names = confinement.names_in(folder.trial_folder(issue.trial))
        if RESULT.file_name(evaluation) in names and read_result(folder, evaluation) is not None:
            clear(claim)
            return None
    return job


def _misnamed(job: Job, issue: Issue) -> tuple[str, ...]:
    asked = Issue(*job.evaluation, job.issue)
    return () if asked == issue else (f"it asks for {asked.name}, but is named {issue.name}.json",)
