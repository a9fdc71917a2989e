"""Finds jobs and claims them: the scan of `jobs/`, and RECHECK of the protocol (see `common.claim`)."""

import logging
import random
import time
from collections import deque
from collections.abc import Callable, Collection, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from hyperspool.common import confinement
from hyperspool.common.batch_order import arranged
from hyperspool.common.claim import Claim, Claims
from hyperspool.common.errors import ProtocolError
from hyperspool.common.file_kinds import CHECKPOINT, PAUSE
from hyperspool.common.issues import AttemptName, Issue
from hyperspool.common.layout import StudyFolder, names_of, study_folders
from hyperspool.common.locks import ClaimChoice, ClaimMode, why_unknown_here
from hyperspool.common.mounts import why_locks_are_local
from hyperspool.common.reading import read_record
from hyperspool.common.records import Job
from hyperspool.common.rejection import set_aside
from hyperspool.common.report import clear, read_result
from hyperspool.common.study_spec import StudySpec
from hyperspool.common.wishes import Claimable, claimable

ORDERLY = 64
"""Up to this many open jobs are taken in order, after those that have a checkpoint. Of more, each worker starts at a
random place, so that the workers do not all try the same locks one after the other. Where the master suggests an order,
each worker's own differs from it by up to this many places. Of more jobs that others seem to hold, this many are tried
after a listing."""
FEWEST_TRIES = 8
"""After each listing in which nothing was free, half as many held jobs are tried, down to this: each try costs a file
server some requests, and the end of a batch may be hours away. In a small crowd that is still all of them."""

LISTED_S = 2.0
"""An older listing is not used up: meanwhile somebody may have paused the study."""

Places = list[tuple[StudyFolder, Issue]]
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
    listings.

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
        self._listed: deque[tuple[StudyFolder, Issue]] = deque()
        self._specs: dict[StudyFolder, tuple[Version, StudySpec | None]] = {}  # None: the file cannot be read
        self._complained: set[str] = set()
        self._tries = ORDERLY
        self.unable: dict[str, str] = {}
        self.studies: list[StudyFolder] = []
        self.open_studies: list[StudyFolder] = []

    def next_claim(self) -> ClaimedJob | None:
        """Claim a job; return None if no open job is free.

        A job that the file system refuses is skipped and logged once; the next call tries it again.
        """
        if self._clock() - self._listed_s > LISTED_S:
            self._listed.clear()
        for is_fresh in (False, True):
            if is_fresh:
                self._list()
            while self._listed:
                folder, issue = self._listed.popleft()
                try:
                    claimed = self._try_take(folder, issue)
                except (OSError, ValueError) as error:
                    self._complain(
                        f"jobs cannot be claimed: {getattr(error, 'strerror', None) or error}", str(folder.job(issue))
                    )
                    continue
                if claimed is not None:
                    self._tries = ORDERLY
                    return claimed
        self._tries = max(self._tries // 2, FEWEST_TRIES)
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
        folders = [StudyFolder(self._root, self._study)] if self._study else study_folders(self._root)
        self.studies = [folder for folder in folders if folder.name not in self.unable]
        self.open_studies, self._listed_s = [], self._clock()
        found: dict[StudyFolder, Claimable] = {}
        for folder in self.studies:
            try:
                listed = claimable(folder)
                if listed.issues:
                    found[folder] = listed
                if listed.has_open:
                    self.open_studies.append(folder)
            except OSError as error:
                self._complain(f"{folder.jobs} cannot be listed: {error.strerror}")
        wanted = {folder.lease(issue) for folder, listed in found.items() for issue in listed.issues}
        self._claims.forget(lambda path: path in wanted)
        groups = zip(*(_arranged(folder, listed, self._tries) for folder, listed in found.items()), strict=True)
        self._listed = deque(place for of_all_studies in groups for places in of_all_studies for place in places)

    def _try_take(self, folder: StudyFolder, issue: Issue) -> ClaimedJob | None:
        # Other workers have taken jobs of an older listing, and a look costs a hundredth of a try to lock. The look is
        # only a hint: a network file system may still show a job that is gone. RECHECK finds out. It may also hide a
        # pause for a while; the next listing, within `LISTED_S`, shows it.
        if folder.name in self.unable or not folder.job(issue).exists() or folder.path(PAUSE).exists():
            return None
        spec = self._spec(folder)
        _check_folders(folder, issue)
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


def _arranged(folder: StudyFolder, listed: Claimable, tries: int) -> tuple[Places, Places, Places]:
    """The issues that have a checkpoint, those that nobody has begun, and the others, each in the order to try them.

    If an issue with a checkpoint is free, its worker is gone, and most of its work is done. What has a lock file is
    nearly always held. So of much of it some is tried after each listing: a thousand idle workers would otherwise try
    the thousand locks of the last trials of a batch every second.
    """
    begun = _begun(folder, listed.issues)
    free = [issue for issue in listed.issues if issue not in begun and issue not in listed.locked]
    held = [issue for issue in listed.issues if issue not in begun and issue in listed.locked]
    if listed.is_ordered:
        free = arranged(folder, free, ORDERLY if len(free) > ORDERLY else 0)
    elif len(free) > ORDERLY:
        at = random.randrange(len(free))
        free = free[at:] + free[:at]
    return _places(folder, _some(sorted(begun), tries)), _places(folder, free), _places(folder, _some(held, tries))


def _places(folder: StudyFolder, issues: Sequence[Issue]) -> Places:
    return [(folder, issue) for issue in issues]


def _some(issues: Sequence[Issue], most: int) -> Sequence[Issue]:
    return issues if len(issues) <= most else random.sample(issues, most)


def _begun(folder: StudyFolder, issues: Sequence[Issue]) -> Collection[Issue]:
    """The issues that have a checkpoint. It costs a listing, so a single open job is not looked at."""
    if len(issues) == 1:
        return frozenset()
    names = map(CHECKPOINT.parse, names_of(folder.checkpoints))
    return {name.issue for name in names if isinstance(name, AttemptName)} & set(issues)


def _version(folder: StudyFolder) -> Version:
    status = folder.spec.stat()
    return (status.st_mtime_ns, status.st_ino)


def _check_folders(folder: StudyFolder, issue: Issue) -> None:
    """Refuse a job whose result could not be written, before hours are spent on it.

    Raises:
        OSError: a link or something else stands where a folder of the study belongs.
    """
    for path in (*folder.folders, folder.trial_folder(issue.trial)):
        with suppress(FileNotFoundError):
            confinement.check_way(path / "any")


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
    if folder.finished([evaluation]) and read_result(folder, evaluation) is not None:
        clear(claim)
        return None
    return job


def _misnamed(job: Job, issue: Issue) -> tuple[str, ...]:
    asked = Issue(*job.evaluation, job.issue)
    return () if asked == issue else (f"it asks for {asked.name}, but is named {issue.name}.json",)
