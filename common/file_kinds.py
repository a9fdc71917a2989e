"""The kinds of files of a study: one table from which paths, listings and the checks of fsck follow.

A kind says in which folder its files lie, what they are named after, who writes them, and when they may exist.
"""

from dataclasses import dataclass
from enum import StrEnum

from hyperspool.common.asked import EnqueuedSetting, Note, StopRequest, Wish
from hyperspool.common.digest import Digest
from hyperspool.common.earlier import EarlierResults
from hyperspool.common.heartbeat import WorkerRecord
from hyperspool.common.issues import AttemptName, EvaluationName, Issue
from hyperspool.common.names import is_worker_name
from hyperspool.common.records import Job, Record, Result
from hyperspool.common.stopping import StudyClock

Subject = Issue | EvaluationName | AttemptName | str
"""What a file belongs to; its name follows from that. A `str` is a worker's name, or that of a file of the study."""


class Place(StrEnum):
    """A folder of a study; the value is its name below `jobs/<study>` or `results/<study>`."""

    JOBS = ""
    TRIALS = "trials"
    RUNNING = "running"
    CHECKPOINTS = "checkpoints"
    WORKERS = "workers"
    DUPLICATES = "duplicates"
    REJECTED = "rejected"
    LOGS = "logs"
    STOPS = "stops"
    REQUESTS = "requests"
    NOTES = "notes"
    DIGESTS = "digests"


@dataclass(frozen=True, eq=False)
class FileKind:
    """One kind of file.

    Attributes:
        name: the kind's name, for people.
        place: the folder.
        of: what one file belongs to; None: there is one file, and `suffix` is its whole name.
        suffix: how the file's name ends.
        owner: who writes it.
        lives: as long as this holds, the file may exist.
        model: the record in a JSON file of this kind; None: it is not JSON, or it is `study.json`, whose
            model imports this module.
    """

    name: str
    place: Place
    of: type[Issue | EvaluationName | AttemptName | str] | None
    suffix: str
    owner: str
    lives: str
    model: type[Record] | None = None

    def file_name(self, subject: Subject | None = None) -> str:
        """The file name for a subject."""
        if subject is None:
            return self.suffix
        return f"{subject if isinstance(subject, str) else subject.name}{self.suffix}"

    def parse(self, file_name: str) -> Subject | None:
        """The subject of a file name; None if this kind has no such name. A file of the study is its own subject."""
        if self.of is None:
            return file_name if file_name == self.suffix else None
        stem = file_name.removesuffix(self.suffix)
        if stem == file_name:
            return None
        if issubclass(self.of, str):
            return stem if is_worker_name(stem) else None
        return self.of.parse(stem)


_HOLDER = "the worker that holds the claim"
_CLAIMANT = "the worker that claims the job"

STUDY = FileKind("study", Place.JOBS, None, "study.json", "the master", "always")
MASTER_LOCK = FileKind("master's lock", Place.JOBS, None, "master.lock", "the master", "always")
MASTER_LEASE = FileKind("master's lease", Place.JOBS, None, "master.lease", "the master", "a master runs by lease")
PAUSE = FileKind("wish to pause", Place.JOBS, None, "pause.json", "anybody", "the study is paused", Wish)
STOP_MASTER = FileKind("wish to stop", Place.JOBS, None, "stop.json", "anybody", "its master has not seen it", Wish)
CLOCK = FileKind("clock", Place.JOBS, None, "clock.json", "the master", "always, once written", StudyClock)
EARLIER = FileKind(
    "earlier results", Place.JOBS, None, "earlier.json", "the master", "always, once written", EarlierResults
)
ORDER = FileKind("order", Place.JOBS, None, "order.txt", "the master", "the study is not finished")
JOB = FileKind("job", Place.JOBS, Issue, ".json", "the master", "the evaluation has no result yet", Job)
LOCK = FileKind("lock file", Place.JOBS, Issue, ".lock", _CLAIMANT, "its job exists")
LEASE = FileKind("lease", Place.JOBS, Issue, ".lease", _CLAIMANT, "its job exists, and is claimed by lease")
RESULT = FileKind("result", Place.TRIALS, EvaluationName, ".json", _HOLDER, "always, once written", Result)
CURVE = FileKind("curve", Place.TRIALS, EvaluationName, ".csv", _HOLDER, "its result exists")
RUNNING_CURVE = FileKind(
    "running curve", Place.RUNNING, AttemptName, ".csv", _HOLDER, "the evaluation has no result yet"
)
CHECKPOINT = FileKind("checkpoint", Place.CHECKPOINTS, AttemptName, ".pt", _HOLDER, "the evaluation has no result yet")
KEPT_CHECKPOINT = FileKind(
    "kept checkpoint",
    Place.CHECKPOINTS,
    EvaluationName,
    ".pt",
    _HOLDER,
    "the trial can be promoted, or is FAILED in an unfinished study",
)
HEARTBEAT = FileKind(
    "heartbeat", Place.WORKERS, str, ".json", "the worker of that name", "its worker lives", WorkerRecord
)
DUPLICATE = FileKind("late result", Place.DUPLICATES, AttemptName, ".json", _HOLDER, "always, once written", Result)
DUPLICATE_CURVE = FileKind("late result's curve", Place.DUPLICATES, AttemptName, ".csv", _HOLDER, "its result exists")
ATTEMPT_LOG = FileKind("output of an attempt", Place.LOGS, AttemptName, ".log", _HOLDER, "always, once written")
WORKER_LOG = FileKind("output of a local worker", Place.LOGS, str, ".log", "the master", "always, once written")
STOP = FileKind("stop file", Place.STOPS, Issue, ".json", "the master", "the evaluation has no result yet", StopRequest)
REQUEST = FileKind("request", Place.REQUESTS, str, ".json", "anybody", "no trial is recorded for it", EnqueuedSetting)
NOTE = FileKind("note", Place.NOTES, str, ".json", "anybody", "always, once written", Note)
DIGEST = FileKind("digest", Place.DIGESTS, str, ".json", "the master", "as long as anybody likes", Digest)

KINDS = (
    STUDY,
    MASTER_LOCK,
    MASTER_LEASE,
    PAUSE,
    STOP_MASTER,
    CLOCK,
    EARLIER,
    ORDER,
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
    ATTEMPT_LOG,
    WORKER_LOG,
    STOP,
    REQUEST,
    NOTE,
    DIGEST,
)


def kinds_at(place: Place) -> tuple[FileKind, ...]:
    """The kinds of files in a folder."""
    return tuple(kind for kind in KINDS if kind.place is place)
