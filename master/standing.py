"""How a study stands: its results, its incumbent, its workers. What the live view, `status` and `top` all show."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from common.errors import ProtocolError
from common.layout import StudyFolder
from common.reading import read_record
from common.records import Result, Status, WorkerRecord
from common.shared_folder import time_by
from common.study_spec import StudySpec
from master.published import read_published


@dataclass
class Standing:
    """The results of a study so far, and what its workers do.

    Attributes:
        spec: the study.
        results: by trial, in the order in which they landed.
        workers: those whose heartbeat is there, by name.
        silent: names of workers whose heartbeat has been still for too long.
    """

    spec: StudySpec
    results: dict[int, Result] = field(default_factory=dict)
    workers: list[WorkerRecord] = field(default_factory=list)
    silent: set[str] = field(default_factory=set)

    @property
    def counts(self) -> dict[Status, int]:
        """How many trials are in each status; their sum is the study's number of trials."""
        counts = dict.fromkeys(Status, 0)
        for result in self.results.values():
            counts[result.status] += 1
        counts[Status.RUNNING] = len({worker.trial for worker in self.running()})
        counts[Status.PENDING] = self.spec.all_trials - len(self.results) - counts[Status.RUNNING]
        return counts

    @property
    def is_finished(self) -> bool:
        """Whether every trial has its result."""
        return len(self.results) >= self.spec.all_trials

    @property
    def incumbent(self) -> Result | None:
        """The best trial so far; the earliest of equals."""
        return next(iter(self.best(1)), None)

    def best(self, count: int) -> list[Result]:
        """The best COMPLETE trials, best first, the earlier trial first among equals."""
        sign = 1.0 if self.spec.objective.direction == "minimise" else -1.0
        complete = [(sign * result.value, result.trial) for result in self.results.values() if result.value is not None]
        return [self.results[trial] for _, trial in sorted(complete)[:count]]

    def latest(self, count: int) -> list[Result]:
        """The results that landed last, the latest last."""
        return list(self.results.values())[-count:]

    def running(self) -> Iterator[WorkerRecord]:
        """The workers that evaluate a trial now and are not silent."""
        for worker in self.workers:
            if worker.trial is not None and worker.trial not in self.results and worker.worker not in self.silent:
                yield worker

    def to_json(self) -> dict[str, Any]:
        """What `status --json` prints."""
        best = self.incumbent
        return {
            "study": self.spec.name,
            "total": self.spec.all_trials,
            "counts": {status.value: count for status, count in self.counts.items()},
            "incumbent": trial_json(best) if best else None,
            "workers": [
                worker.model_dump(mode="json", exclude_none=True) | {"silent": worker.worker in self.silent}
                for worker in self.workers
            ],
        }


def trial_json(result: Result) -> dict[str, Any]:
    """A trial as `status --json` and `top --json` print it."""
    return {"trial": result.trial, "value": result.value, "params": result.params}


def read_standing(folder: StudyFolder, spec: StudySpec) -> Standing:
    """How a study stands by its files. Reads every result; what is not one is passed over and left where it is.

    Times are the file server's alone: the clocks of workers' hosts, and of this one, may be hours apart.
    """
    standing = Standing(spec)
    landed: list[tuple[float, int, Result]] = []
    for trial in folder.all_finished():
        with suppress(OSError, ProtocolError):
            path = folder.result(trial)
            result = read_record(path, Result)
            if result.trial == trial and not spec.problems_of(result):
                landed.append((path.stat().st_mtime, trial, result))
    standing.results = {trial: result for _, trial, result in sorted(landed, key=lambda found: found[:2])}
    standing.workers = list(read_workers(folder))
    if standing.workers:
        now_s = time_by(folder.workers)
        old_s = spec.limits.stale_s
        standing.silent = {record.worker for record in standing.workers if _age_s(folder, record, now_s) > old_s}
    return standing


def open_standing(folder: StudyFolder) -> Standing:
    """How a published study stands.

    Raises:
        ProtocolError: its `study.json` is not a study.
    """
    return read_standing(folder, read_published(folder))


def read_workers(folder: StudyFolder) -> Iterable[WorkerRecord]:
    """The heartbeats that are there, sorted by worker."""
    for path in folder.worker_files():
        with suppress(OSError, ProtocolError):
            record = read_record(path, WorkerRecord)
            if path == folder.worker(record.worker):  # else somebody has copied another worker's
                yield record


def _age_s(folder: StudyFolder, record: WorkerRecord, now_s: float) -> float:
    # Good enough to tell a person, not to decide anything by.
    try:
        return now_s - folder.worker(record.worker).stat().st_mtime
    except OSError:
        return 0.0
