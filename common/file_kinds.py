"""The kinds of files of a study: one table from which paths, listings, the checks of fsck and housekeeping follow.

A kind says in which folder its files lie, what names them, who writes them, and while what they may be there.
"""

from dataclasses import dataclass
from enum import StrEnum

from hyperspool.common.heartbeat import WorkerRecord
from hyperspool.common.issues import AttemptName, EvaluationName, Issue
from hyperspool.common.names import is_worker_name
from hyperspool.common.records import Job, Record, Result

Subject = Issue | EvaluationName | AttemptName | str
"""What a file is of: its name follows from it. A worker and a file of the study itself are named by a text."""


class Place(StrEnum):
    """A folder of a study; the value is its name below `jobs/<study>` or `results/<study>`."""

    JOBS = ""
    TRIALS = "trials"
    RUNNING = "running"
    CHECKPOINTS = "checkpoints"
    WORKERS = "workers"
    DUPLICATES = "duplicates"
    REJECTED = "rejected"


@dataclass(frozen=True)
class FileKind:
    """One kind of file.

    Attributes:
        name: for people.
        place: the folder.
        of: what one file is of; None: its name is `suffix`.
        suffix: how its name ends.
        owner: who writes it.
        lives: while what it may be there.
        model: what a JSON file of this kind holds; None: it is not JSON, or nobody of us reads it.
    """

    name: str
    place: Place
    of: type[Issue | EvaluationName | AttemptName | str] | None
    suffix: str
    owner: str
    lives: str
    model: type[Record] | None = None

    def file_name(self, subject: Subject | None = None) -> str:
        """The name of the file of a subject."""
        if subject is None:
            return self.suffix
        return f"{subject if isinstance(subject, str) else subject.name}{self.suffix}"

    def parse(self, file_name: str) -> Subject | None:
        """What the file of that name is of; None if this kind has no such name. A file of the study is of its name."""
        if self.of is None:
            return file_name if file_name == self.suffix else None
        stem = file_name.removesuffix(self.suffix)
        if stem == file_name:
            return None
        if issubclass(self.of, str):
            return stem if is_worker_name(stem) else None
        return self.of.parse(stem)


_W = "the worker that holds the claim"

STUDY = FileKind("study", Place.JOBS, None, "study.json", "the master", "always")
MASTER_LOCK = FileKind("master's lock", Place.JOBS, None, "master.lock", "the master", "always")
MASTER_LEASE = FileKind("master's lease", Place.JOBS, None, "master.lease", "the master", "a master runs by lease")
JOB = FileKind("job", Place.JOBS, Issue, ".json", "the master", "the evaluation has no result yet", Job)
LOCK = FileKind("lock file", Place.JOBS, Issue, ".lock", "whoever claims the job", "its job is there")
LEASE = FileKind("lease", Place.JOBS, Issue, ".lease", "whoever claims the job", "its job is there, claimed by lease")
RESULT = FileKind("result", Place.TRIALS, EvaluationName, ".json", _W, "always, once written", Result)
CURVE = FileKind("curve", Place.TRIALS, EvaluationName, ".csv", _W, "its result is there")
RUNNING_CURVE = FileKind("running curve", Place.RUNNING, AttemptName, ".csv", _W, "the evaluation has no result yet")
CHECKPOINT = FileKind("checkpoint", Place.CHECKPOINTS, AttemptName, ".pt", _W, "the evaluation has no result yet")
KEPT_CHECKPOINT = FileKind(
    "kept checkpoint", Place.CHECKPOINTS, EvaluationName, ".pt", _W, "the trial can be promoted to the next rung"
)
HEARTBEAT = FileKind(
    "heartbeat", Place.WORKERS, str, ".json", "the worker of its name", "its worker lives", WorkerRecord
)
DUPLICATE = FileKind("late result", Place.DUPLICATES, AttemptName, ".json", _W, "always, once written", Result)
DUPLICATE_CURVE = FileKind("late result's curve", Place.DUPLICATES, AttemptName, ".csv", _W, "its late result is there")

KINDS = (
    STUDY,
    MASTER_LOCK,
    MASTER_LEASE,
    JOB,
    LOCK,
    LEASE,
    RESULT,
    CURVE,
    RUNNING_CURVE,
    CHECKPOINT,
    KEPT_CHECKPOINT,
    HEARTBEAT,
    DUPLICATE,
    DUPLICATE_CURVE,
)


def kinds_at(place: Place) -> tuple[FileKind, ...]:
    """The kinds whose files lie in a folder."""
    return tuple(kind for kind in KINDS if kind.place is place)
