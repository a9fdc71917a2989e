"""How a study stands: its results, its incumbent, its workers. What the live view, `status` and `top` all show."""

from collections.abc import Hashable, Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from hyperspool.common.errors import ProtocolError
from hyperspool.common.layout import StudyFolder
from hyperspool.common.reading import read_record
from hyperspool.common.records import Result, Status, WorkerRecord
from hyperspool.common.shared_folder import time_by
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.search.confirmation import finalists, setting_key
from hyperspool.master.search.replicates import mean_of
from hyperspool.master.search.sampler import Observation, observed
from hyperspool.master.studies.published import read_published


@dataclass(frozen=True)
class Confirmed:
    """A finalist whose replicates are all in.

    Attributes:
        result: of the first trial of the search that had its params and a value.
        mean: of its replicates' finite values; what diverged counts with the error of guessing.
        replicates: how many those are.
    """

    result: Result
    mean: float
    replicates: int


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
        """The best trial so far, as `best` ranks them."""
        return next(iter(self.best(1)), None)

    def best(self, count: int) -> list[Result]:
        """The best COMPLETE trials of the search, best first.

        What confirms a finalist was not searched for: the lowest of its replicates is no find, and is never among them.
        Once all replicates are in, the finalists come first, in the order of their means.
        """
        confirmed = {one.result.trial: one.result for one in self.confirmed()}
        rest = [result for result in self.best_of_search(len(self.results)) if result.trial not in confirmed]
        return [*confirmed.values(), *rest][:count]

    def best_of_search(self, count: int) -> list[Result]:
        """The COMPLETE trials of the search with the best values, the earlier trial first among equals."""
        complete = [
            (self._sign * result.value, result.trial) for result in self._of_search() if result.value is not None
        ]
        return [self.results[trial] for _, trial in sorted(complete)[:count]]

    def confirmed(self) -> list[Confirmed]:
        """The finalists that have a mean, best first, as `finalize` ranks them; none until all replicates are in."""
        again = self.spec.confirm
        if again is None or not self.is_finished:
            return []
        fresh: dict[Hashable, list[Observation]] = {}
        for trial in range(self.spec.trials, self.spec.all_trials):
            seen = observed(self.spec, self.results[trial])
            fresh.setdefault(setting_key(seen.params), []).append(seen)
        searched: dict[Hashable, Result] = {}
        for result in self._of_search():
            key = setting_key(result.params)
            if key not in searched or searched[key].value is None:
                searched[key] = result
        found: list[Confirmed] = []
        for params in finalists([seen for own in fresh.values() for seen in own], again.finalists):
            key = setting_key(params)
            mean = mean_of(fresh[key])
            if mean is not None and key in searched:
                count = sum(seen.number is not None for seen in fresh[key])
                found.append(Confirmed(searched[key], self._sign * mean, count))
        return found

    @property
    def _sign(self) -> float:
        return 1.0 if self.spec.objective.direction == "minimise" else -1.0

    def _of_search(self) -> list[Result]:
        return [self.results[trial] for trial in sorted(self.results) if trial < self.spec.trials]

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
        best = self.best_to_json(1)
        return {
            "study": self.spec.name,
            "total": self.spec.all_trials,
            "counts": {status.value: count for status, count in self.counts.items()},
            "incumbent": best[0] if best else None,
            "workers": [
                worker.model_dump(mode="json", exclude_none=True) | {"silent": worker.worker in self.silent}
                for worker in self.workers
            ],
        }

    def best_to_json(self, count: int) -> list[dict[str, Any]]:
        """What `top --json` prints: a finalist's value is its trial's own, and beside it stands what confirmed it."""
        means = {one.result.trial: one for one in self.confirmed()}
        found: list[dict[str, Any]] = []
        for result in self.best(count):
            told = {"trial": result.trial, "value": result.value, "params": result.params}
            if one := means.get(result.trial):
                told["confirmed"] = {"mean": one.mean, "replicates": one.replicates}
            found.append(told)
        return found


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
