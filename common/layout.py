"""Every path under `jobs/` and `results/`: built here, parsed here, and nowhere else.

jobs/<study>/study.json                  the study, published once
jobs/<study>/master.lock                 held by the study's master; master.lease beside it with `--claim lease`
jobs/<study>/00017.json                  an open job; 00017-2.json, published a second time; 00017.r1.json, on rung 1
jobs/<study>/00017.lock                  the job's lock file: the attempts, and who claimed each of them
jobs/<study>/00017.lease                 the job's lease, which is held instead of the lock with `--claim lease`
jobs/<study>/order.txt                   in which order the open jobs should begin (`common.batch_order`)
results/<study>/journal.jsonl            what the master proposed, batch by batch, recorded before it was published
results/<study>/trials/00000-00099/      00017.json, the result, and 00017.csv, its curve; of a hundred trials
results/<study>/running/                 00017.issue1.attempt1.csv: the curve of an unfinished attempt
results/<study>/checkpoints/             00017.issue1.attempt1.pt, for the next attempt; 00017.pt, for the next rung
results/<study>/workers/<worker>.json    the worker's heartbeat: what it does now
results/<study>/rejected/                files that were set aside, each with the reason beside it
results/<study>/duplicates/              00017.issue1.attempt2.json, a late result of an evaluation; .csv, its curve
results/<study>/files/, saved/           folders in which trials' programs keep files (`common.trial_folders`)
results/<study>/logs/                    00017.issue1.attempt1.log, output of an attempt; worker-1.log, of a worker
results/<study>/digests/                 00000-00099.json: what the results in that trial folder say (`common.digest`)
results/<study>/notes/                   20261126T212503123-3f9a1c.json, a note of the study or of a trial
results/<study>/report/, launch/         the report: a page, its figures, its tables; what a scheduler runs and prints
results/<study>/final/                   the answer of a final evaluation, and its model (`common.final`)
data/                                    downloaded data sets
`common.file_kinds` is the table of the files in these folders: it builds and parses their names.
"""

import re
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from functools import cached_property, lru_cache
from pathlib import Path
from typing import TypeVar

from hyperspool.common import file_kinds as kinds
from hyperspool.common.atomic import is_temporary
from hyperspool.common.confinement import confine, folders_in, names_in
from hyperspool.common.errors import UsageError
from hyperspool.common.file_kinds import FileKind, Place, Subject
from hyperspool.common.issues import AttemptName, EvaluationKey, EvaluationName, Issue
from hyperspool.common.names import is_study_name, is_worker_name

SubjectT = TypeVar("SubjectT", Issue, EvaluationName, AttemptName, str)

TRIALS_PER_FOLDER = 100

_IN_THE_MAKING = re.compile(r"\.(?P<name>.+\.(?:csv|pt))\..*\.tmp")
"""A temporary file that becomes an attempt's curve or checkpoint, or whose writer died before it did."""


@dataclass(frozen=True)
class StudyFolder:
    """The paths of one study. Nothing is created, and only the listing methods read.

    Args:
        root: the shared folder.
        name: the study's name.

    Raises:
        UsageError: `name` could lead out of the folder.
    """

    root: Path
    name: str

    def __post_init__(self) -> None:
        if not is_study_name(self.name):
            raise UsageError(
                f"{self.name!r} cannot name a study: letters, digits, '.', '_' and '-', at most 64 of them"
            )
        confine(self.root)

    @lru_cache(256)  # noqa: B019 - as `path`
    def place(self, place: Place) -> Path:
        """The path of one of the study's folders."""
        return self.results / place.value if place.value else self.jobs

    @cached_property
    def jobs(self) -> Path:
        """The folder of open jobs."""
        return self.root / "jobs" / self.name

    @cached_property
    def results(self) -> Path:
        """The folder of the study's results, and of everything else that its workers and its master write."""
        return self.root / "results" / self.name

    @cached_property
    def trials(self) -> Path:
        """The folder of results and curves."""
        return self.place(Place.TRIALS)

    @cached_property
    def running(self) -> Path:
        """The folder of unfinished attempts' curves."""
        return self.place(Place.RUNNING)

    @cached_property
    def checkpoints(self) -> Path:
        """The folder of checkpoints."""
        return self.place(Place.CHECKPOINTS)

    @cached_property
    def workers(self) -> Path:
        """The folder of heartbeats."""
        return self.place(Place.WORKERS)

    @property
    def rejected(self) -> Path:
        """The folder of files that were set aside, and the reasons."""
        return self.place(Place.REJECTED)

    @property
    def duplicates(self) -> Path:
        """The folder of late results."""
        return self.place(Place.DUPLICATES)

    @property
    def report(self) -> Path:
        """The folder of the study's report."""
        return self.results / "report"

    @property
    def logs(self) -> Path:
        """The folder of the output of attempts, and of the workers that the master started."""
        return self.place(Place.LOGS)

    @property
    def folders(self) -> tuple[Path, ...]:
        """Every folder that must exist before a job is published."""
        return (self.jobs, self.trials, self.running, self.checkpoints, self.workers)

    @lru_cache(256)  # noqa: B019 - as `path`
    def trial_folder(self, trial: int) -> Path:
        """The folder of a trial's results and curves."""
        first = trial - trial % TRIALS_PER_FOLDER
        return self.trials / f"{first:05}-{first + TRIALS_PER_FOLDER - 1:05}"

    def trial_folders(self) -> list[Path]:
        """The trial folders that exist. Costs a listing."""
        return _folders(self.trials)

    @lru_cache(256)  # noqa: B019 - a trial asks for each path several times, and a folder that is kept is small
    def path(self, kind: FileKind, subject: Subject | None = None) -> Path:
        """The path of a kind's file for a subject."""
        if isinstance(subject, EvaluationName) and kind.place is Place.TRIALS:
            return self.trial_folder(subject.trial) / kind.file_name(subject)
        return self.place(kind.place) / kind.file_name(subject)

    @cached_property
    def spec(self) -> Path:
        """The published study."""
        return self.path(kinds.STUDY)

    @property
    def master_lock(self) -> Path:
        """The lock file that the study's master holds."""
        return self.path(kinds.MASTER_LOCK)

    @property
    def journal(self) -> Path:
        """The master's record of what it proposed."""
        return self.results / "journal.jsonl"

    def job(self, issue: Issue) -> Path:
        """An open job."""
        return self.path(kinds.JOB, issue)

    def lock(self, issue: Issue) -> Path:
        """The lock file of a job's claims."""
        return self.path(kinds.LOCK, issue)

    def lease(self, issue: Issue) -> Path:
        """The lease file of a job's claims, where the file system has no locks."""
        return self.path(kinds.LEASE, issue)

    def result(self, trial: int, rung: int = 0) -> Path:
        """An evaluation's result."""
        return self.path(kinds.RESULT, EvaluationName(trial, rung))

    def curve(self, trial: int, rung: int = 0) -> Path:
        """A finished evaluation's curve."""
        return self.path(kinds.CURVE, EvaluationName(trial, rung))

    def running_curve(self, attempt: AttemptName) -> Path:
        """The curve of an unfinished attempt."""
        return self.path(kinds.RUNNING_CURVE, attempt)

    def checkpoint(self, attempt: AttemptName) -> Path:
        """The checkpoint that an attempt writes."""
        return self.path(kinds.CHECKPOINT, attempt)

    def kept_checkpoint(self, trial: int, rung: int = 0) -> Path:
        """The last checkpoint of a finished evaluation whose trial can be promoted."""
        return self.path(kinds.KEPT_CHECKPOINT, EvaluationName(trial, rung))

    def duplicate(self, attempt: AttemptName) -> Path:
        """Where an attempt's result goes if the evaluation already has one."""
        return self.path(kinds.DUPLICATE, attempt)

    def worker(self, worker: str) -> Path:
        """A worker's heartbeat."""
        if not is_worker_name(worker):
            raise UsageError(f"{worker!r} cannot name a worker: letters, digits, '.', '_' and '-', at most 100 of them")
        return self.path(kinds.HEARTBEAT, worker)

    def open_issues(self) -> list[Issue]:
        """The issues that have a job file, from a fresh listing, in order of trial, rung and issue."""
        return sorted(_listed(kinds.JOB, Issue, self.jobs))

    def locked_issues(self) -> list[Issue]:
        """The issues that have a lock or lease file, held or not."""
        return sorted({*_parsed(kinds.LOCK, Issue, names := names_of(self.jobs)), *_parsed(kinds.LEASE, Issue, names)})

    def finished(self, wanted: Iterable[EvaluationKey]) -> set[EvaluationKey]:
        """Those of the evaluations that have a result file, from fresh listings of the folders that could hold one."""
        asked = set(wanted)
        folders = {self.trial_folder(trial) for trial, _ in asked}
        return asked.intersection(name for folder in folders for name in _listed(kinds.RESULT, EvaluationName, folder))

    def all_finished(self) -> list[EvaluationName]:
        """Every evaluation that has a result file. Costs a listing of the whole study."""
        return sorted(name for folder in self.trial_folders() for name in _listed(kinds.RESULT, EvaluationName, folder))

    def attempt_files(self, issue: Issue) -> Iterator[tuple[AttemptName, Path]]:
        """The running curves and checkpoints of an issue's attempts, temporary ones included."""
        return ((attempt, path) for attempt, path in self._attempt_files() if attempt.issue == issue)

    def attempted_issues(self) -> set[Issue]:
        """The issues that have a running curve or a checkpoint of an attempt."""
        return {attempt.issue for attempt, _ in self._attempt_files()}

    def checkpoints_of(self, trial: int, rung: int = 0, upto: AttemptName | None = None) -> list[Path]:
        """The checkpoints of an evaluation's attempts, latest first and none after `upto`; no temporary files."""
        own = (each for each in self.attempts_with_checkpoint() if each.issue.evaluation == (trial, rung))
        return [self.checkpoint(each) for each in sorted(own, reverse=True) if upto is None or each <= upto]

    def attempts_with_checkpoint(self) -> list[AttemptName]:
        """The attempts that have a checkpoint, in no order."""
        return list(_listed(kinds.CHECKPOINT, AttemptName, self.checkpoints))

    def kept_checkpoints(self) -> list[EvaluationName]:
        """The evaluations that have a kept checkpoint."""
        return sorted(_listed(kinds.KEPT_CHECKPOINT, EvaluationName, self.checkpoints))

    def temporary_files(self) -> Iterator[Path]:
        """Temporary files of the study, and those beside the studies' folders. Lists the whole study."""
        folders = (self.jobs.parent, self.results.parent, self.results, *map(self.place, Place), *self.trial_folders())
        return (folder / name for folder in folders for name in names_of(folder) if is_temporary(name))

    def worker_files(self) -> list[Path]:
        """The heartbeat files that exist."""
        return sorted(map(self.worker, _listed(kinds.HEARTBEAT, str, self.workers)))

    def _attempt_files(self) -> Iterator[tuple[AttemptName, Path]]:
        for kind in (kinds.RUNNING_CURVE, kinds.CHECKPOINT):
            folder = self.place(kind.place)
            for entry in names_of(folder):
                match = _IN_THE_MAKING.fullmatch(entry)
                attempt = kind.parse(match["name"] if match else entry)
                if isinstance(attempt, AttemptName):
                    yield attempt, folder / entry


def study_folders(root: Path) -> list[StudyFolder]:
    """The studies that are published in a shared folder, in order of their names."""
    found: list[StudyFolder] = []
    for folder in (StudyFolder(root, name) for name in study_names(root)):
        with suppress(PermissionError):  # somebody's private folder
            found += [folder] if folder.spec.name in names_of(folder.jobs) else []
    return found


def study_names(root: Path) -> list[str]:
    """The names of folders that may be studies', published or not, in order."""
    confine(root)
    return [folder.name for folder in _folders(root / "jobs") if is_study_name(folder.name)]


def _listed(kind: FileKind, of: type[SubjectT], folder: Path) -> Iterator[SubjectT]:
    return _parsed(kind, of, names_of(folder))


def _parsed(kind: FileKind, of: type[SubjectT], names: Iterable[str]) -> Iterator[SubjectT]:
    for name in names:
        subject = kind.parse(name)
        if isinstance(subject, of):
            yield subject


def names_of(folder: Path) -> list[str]:
    """The names in a folder, from a fresh listing; empty if there is no such folder."""
    with suppress(FileNotFoundError, NotADirectoryError):
        return names_in(folder)
    return []


def _folders(folder: Path) -> list[Path]:
    with suppress(FileNotFoundError, NotADirectoryError):
        return sorted(folder / name for name in folders_in(folder))
    return []
