"""Every path under `jobs/` and `results/`: built here, parsed here, and nowhere else.

jobs/<study>/study.json                  the study, published once
jobs/<study>/master.lock                 held by the study's master
jobs/<study>/00017.json                  an open job; 00017-2.json is the same trial, issued a second time
jobs/<study>/00017.lock                  its lock file: who claimed it, as a list of attempts
jobs/<study>/00017.lease                 in its stead where the file system has no locks (`--claim lease`)
results/<study>/trials/00000-00099/      00017.json, the result, and 00017.csv, its curve; a hundred trials a folder,
                                         so that looking for new ones costs the same however many there are
results/<study>/journal.jsonl            what the master proposed, batch by batch, before it published it
results/<study>/running/                 00017.issue1.attempt1.csv: the curve of an attempt that is not over
results/<study>/checkpoints/             00017.issue1.attempt1.pt: what the next attempt goes on from
results/<study>/workers/<worker>.json    what each worker does now
results/<study>/rejected/                what could not be read, each with the reason beside it
results/<study>/duplicates/              late results of trials that had one already
results/<study>/logs/                    output of the workers that the master started
results/<study>/report/                  the report: a page, its figures, its tables
data/                                    data sets that had to be downloaded
"""

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from hyperspool.common.atomic import is_temporary
from hyperspool.common.confinement import confine, folders_in, names_in
from hyperspool.common.errors import UsageError
from hyperspool.common.names import is_study_name, is_worker_name

TRIALS_PER_FOLDER = 100
LAST_ISSUE = 999_999
"""No name tells of a later one. Nobody gets there but by a file laid by hand, which must leave room for the next."""

# Not \d: it takes digits of any script, and int() reads them.
_SLOT = re.compile(r"(?P<trial>[0-9]{5,6})(?:-(?P<issue>[0-9]{1,6}))?")
_JOB = re.compile(rf"{_SLOT.pattern}\.json")
_LOCK = re.compile(rf"{_SLOT.pattern}\.(?:lock|lease)")
_REJECTED = re.compile(rf"{_SLOT.pattern}\.json\.[0-9a-f]+")
_RESULT = re.compile(r"(?P<trial>[0-9]{5,6})\.json")
_ATTEMPT = re.compile(r"(?P<trial>[0-9]{5,6})\.issue(?P<issue>[0-9]{1,6})\.attempt(?P<attempt>[0-9]{1,6})\.(?:csv|pt)")


class Slot(NamedTuple):
    """A trial's job, the n-th time it is issued: what a claim is made on. Its file names are never used twice."""

    trial: int
    issue: int = 1

    @property
    def name(self) -> str:
        """The stem of the job's file name."""
        return f"{self.trial:05}" if self.issue == 1 else f"{self.trial:05}-{self.issue}"


class AttemptName(NamedTuple):
    """One attempt at a slot."""

    slot: Slot
    attempt: int

    @property
    def name(self) -> str:
        """The stem of the attempt's file names."""
        return f"{self.slot.trial:05}.issue{self.slot.issue}.attempt{self.attempt}"


@dataclass(frozen=True)
class StudyFolder:
    """The paths of one study. Builds names only; nothing is created or read but by the listing methods.

    Args:
        root: the shared folder.
        name: the study's name; anything that is not one is refused.

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

    @property
    def jobs(self) -> Path:
        """The folder of open jobs."""
        return self.root / "jobs" / self.name

    @property
    def results(self) -> Path:
        """The folder of everything that came of the study."""
        return self.root / "results" / self.name

    @property
    def spec(self) -> Path:
        """The published study."""
        return self.jobs / "study.json"

    @property
    def master_lock(self) -> Path:
        """Held by the study's master."""
        return self.jobs / "master.lock"

    @property
    def trials(self) -> Path:
        """The folder of results and curves."""
        return self.results / "trials"

    @property
    def journal(self) -> Path:
        """The master's record of what it proposed."""
        return self.results / "journal.jsonl"

    @property
    def running(self) -> Path:
        """The folder of unfinished attempts' curves."""
        return self.results / "running"

    @property
    def checkpoints(self) -> Path:
        """The folder of checkpoints."""
        return self.results / "checkpoints"

    @property
    def workers(self) -> Path:
        """The folder of heartbeats."""
        return self.results / "workers"

    @property
    def rejected(self) -> Path:
        """The folder of unreadable files and their reasons."""
        return self.results / "rejected"

    @property
    def duplicates(self) -> Path:
        """The folder of results that came second."""
        return self.results / "duplicates"

    @property
    def report(self) -> Path:
        """The folder of the study's report."""
        return self.results / "report"

    @property
    def logs(self) -> Path:
        """The folder of local workers' output."""
        return self.results / "logs"

    @property
    def folders(self) -> tuple[Path, ...]:
        """Every folder that must be there before a job is published."""
        return (self.jobs, self.trials, self.running, self.checkpoints, self.workers)

    def job(self, slot: Slot) -> Path:
        """An open job."""
        return self.jobs / f"{slot.name}.json"

    def lock(self, slot: Slot) -> Path:
        """The lock file of a job's claims."""
        return self.jobs / f"{slot.name}.lock"

    def lease(self, slot: Slot) -> Path:
        """The lease file of a job's claims, where the file system has no locks."""
        return self.jobs / f"{slot.name}.lease"

    def trial_folder(self, trial: int) -> Path:
        """The folder of a trial's result and curve."""
        first = trial - trial % TRIALS_PER_FOLDER
        return self.trials / f"{first:05}-{first + TRIALS_PER_FOLDER - 1:05}"

    def result(self, trial: int) -> Path:
        """A trial's result."""
        return self.trial_folder(trial) / f"{trial:05}.json"

    def curve(self, trial: int) -> Path:
        """A finished trial's curve."""
        return self.trial_folder(trial) / f"{trial:05}.csv"

    def running_curve(self, attempt: AttemptName) -> Path:
        """The curve of an attempt that is not over."""
        return self.running / f"{attempt.name}.csv"

    def checkpoint(self, attempt: AttemptName) -> Path:
        """The checkpoint that an attempt writes."""
        return self.checkpoints / f"{attempt.name}.pt"

    def duplicate(self, attempt: AttemptName) -> Path:
        """Where an attempt's result goes if another one was first."""
        return self.duplicates / f"{attempt.name}.json"

    def worker(self, worker: str) -> Path:
        """A worker's heartbeat."""
        if not is_worker_name(worker):
            raise UsageError(f"{worker!r} cannot name a worker: letters, digits, '.', '_' and '-', at most 100 of them")
        return self.workers / f"{worker}.json"

    def open_slots(self) -> list[Slot]:
        """The slots that have a job file, by a fresh listing, in order of trial and issue."""
        return sorted(_parse(_JOB, self.jobs))

    def locked_slots(self) -> list[Slot]:
        """The slots that have a lock or lease file, whether it is held or not."""
        return sorted(set(_parse(_LOCK, self.jobs)))

    def finished(self, trials: Iterable[int]) -> set[int]:
        """Which of `trials` have a result file, by fresh listings of the folders that could hold one."""
        wanted = set(trials)
        found: set[int] = set()
        for first in {trial - trial % TRIALS_PER_FOLDER for trial in wanted}:
            found.update(slot.trial for slot in _parse(_RESULT, self.trial_folder(first)))
        return found & wanted

    def all_finished(self) -> list[int]:
        """Every trial that has a result file. Costs a listing of the whole study."""
        return sorted(slot.trial for folder in _folders(self.trials) for slot in _parse(_RESULT, folder))

    def attempt_files(self, slot: Slot) -> Iterator[tuple[AttemptName, Path]]:
        """The running curves and checkpoints of a slot's attempts, temporary ones included."""
        for folder in (self.running, self.checkpoints):
            for entry in _names(folder):
                if (match := _ATTEMPT.search(entry)) and Slot(int(match["trial"]), int(match["issue"])) == slot:
                    yield AttemptName(slot, int(match["attempt"])), folder / entry

    def attempted_slots(self) -> Iterator[Slot]:
        """The slots that have a running curve or a checkpoint, each perhaps more than once."""
        for match in filter(None, map(_ATTEMPT.search, (*_names(self.running), *_names(self.checkpoints)))):
            yield Slot(int(match["trial"]), int(match["issue"]))

    def checkpoints_of(self, trial: int) -> list[Path]:
        """The whole checkpoints of a trial's attempts, the latest attempt first."""
        found: list[tuple[AttemptName, Path]] = []
        for entry in _names(self.checkpoints):
            if (match := _ATTEMPT.fullmatch(entry)) and int(match["trial"]) == trial:
                slot = Slot(trial, int(match["issue"]))
                found.append((AttemptName(slot, int(match["attempt"])), self.checkpoints / entry))
        return [path for _, path in sorted(found, reverse=True)]

    def rejected_slots(self) -> list[Slot]:
        """The slots of which a job was set aside, and those of results, whose names do not tell of a later issue."""
        return list(_parse(_REJECTED, self.rejected))

    def last_issues(self) -> Counter[int]:
        """How often each trial was issued, as far as open, locked, attempted and rejected slots tell. By one look."""
        slots = {*self.open_slots(), *self.locked_slots(), *self.attempted_slots(), *(aside := self.rejected_slots())}
        last = {slot.trial: slot.issue for slot in sorted(slots) if slot.issue < LAST_ISSUE}
        # Of an issue whose result was set aside nothing else may be left, so each file that was counts as one.
        return Counter(slot.trial for slot in aside) | Counter(last)

    def temporary_files(self) -> Iterator[Path]:
        """Files in the making, or whose making was cut short, those of all studies included. Lists the whole study."""
        common = (self.jobs.parent, self.results.parent)
        fixed = (self.jobs, self.results, self.running, self.checkpoints, self.workers, self.rejected, self.duplicates)
        for folder in (*common, *fixed, *_folders(self.trials)):
            yield from (folder / entry for entry in _names(folder) if is_temporary(entry))

    def worker_files(self) -> list[Path]:
        """The heartbeats that are there."""
        return sorted(
            self.workers / entry
            for entry in _names(self.workers)
            if entry.endswith(".json") and is_worker_name(entry.removesuffix(".json"))
        )


def study_folders(root: Path) -> list[StudyFolder]:
    """The studies that are published under a shared folder, by name."""
    confine(root)
    folders = (StudyFolder(root, folder.name) for folder in _folders(root / "jobs") if is_study_name(folder.name))
    return [folder for folder in folders if _has_spec(folder)]


def _has_spec(folder: StudyFolder) -> bool:
    with suppress(PermissionError):  # somebody's private folder
        return folder.spec.name in _names(folder.jobs)
    return False


def _parse(pattern: re.Pattern[str], folder: Path) -> Iterator[Slot]:
    for entry in _names(folder):
        if match := pattern.fullmatch(entry):
            slot = Slot(int(match["trial"]), int(match.groupdict().get("issue") or 1))
            if entry.startswith(f"{slot.name}."):  # 000001.json is not how trial 1 is written, though it reads so
                yield slot


def _names(folder: Path) -> list[str]:
    try:
        return names_in(folder)
    except (FileNotFoundError, NotADirectoryError):
        return []


def _folders(folder: Path) -> list[Path]:
    try:
        return sorted(folder / name for name in folders_in(folder))
    except (FileNotFoundError, NotADirectoryError):
        return []
