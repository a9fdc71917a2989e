"""How a study stands: its results, its incumbent, its workers. What the live view, `status` and `top` all show."""

from collections.abc import Iterable, Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from typing import Any

from hyperspool.common.errors import ProtocolError
from hyperspool.common.heartbeat import WorkerRecord
from hyperspool.common.issues import EvaluationKey
from hyperspool.common.layout import StudyFolder
from hyperspool.common.reading import read_record
from hyperspool.common.records import Result, Stage, Status
from hyperspool.common.shared_folder import time_by
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.journal.file import read_journal
from hyperspool.master.journal.journal import Journal
from hyperspool.master.journal.reconstruction import completed
from hyperspool.master.results.finalists import Finalist, finalists
from hyperspool.master.results.reading import StudyResults, read_results
from hyperspool.master.search.known import Evaluation, Proposal
from hyperspool.master.studies.published import read_published


@dataclass
class Standing:
    """The results of a study so far, and what its workers do.

    Attributes:
        spec: the study.
        results: by trial and rung, in the order in which they landed.
        workers: those whose heartbeat is there, by name.
        silent: names of workers whose heartbeat has been still for too long.
        alive: names of workers whose heartbeat changed within the last seconds; empty unless a master looks.
        journal: what each trial is for.
    """

    spec: StudySpec
    results: dict[EvaluationKey, Result] = field(default_factory=dict)
    workers: list[WorkerRecord] = field(default_factory=list)
    silent: set[str] = field(default_factory=set)
    alive: set[str] = field(default_factory=set)
    journal: Journal = field(default_factory=Journal)

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

        A replicate that confirms a finalist is never among them: the lowest of several is low by luck. Once all
        replicates are in, the finalists come first, in the order of their means.
        """
        confirmed = {key: self.results[key] for key in (finalist.key for finalist in self.confirmed())}
        rest = [result for result in self.best_of_search(len(self.results)) if result.evaluation not in confirmed]
        return [*confirmed.values(), *rest][:count]

    def best_of_search(self, count: int) -> list[Result]:
        """The COMPLETE trials of the search with the best values at the full budget, the earlier first among equals."""
        direction = self.spec.objective.direction
        found = [seen for seen in self.evaluations() if seen.stage.is_search and seen.number is not None]
        ordered = sorted(found, key=lambda seen: (seen.loss(direction), seen.trial))
        results = (self.results[seen.proposal.key] for seen in ordered)
        return [result for result in results if result.is_at_full_budget][:count]

    def confirmed(self) -> list[Finalist]:
        """The finalists that have a mean, best first, as `finalize` ranks them; empty until all replicates are in."""
        if self.spec.confirm is None or not self.is_finished:
            return []
        return [finalist for finalist in self.finalists() if finalist.mean is not None]

    def finalists(self) -> list[Finalist]:
        """The finalists by the replicates that are in, best mean first, those without a mean last."""
        return finalists(self.evaluations(), self.spec.objective.direction)

    def evaluations(self) -> list[Evaluation]:
        """The results with what each was for, in the order of their trials."""
        return evaluations_of(self.results.values(), self.journal)

    def latest(self, count: int) -> list[Result]:
        """The results that landed last, the latest last."""
        return list(self.results.values())[-count:]

    def running(self) -> Iterator[WorkerRecord]:
        """The workers that evaluate a trial now and are not silent."""
        for worker in self.workers:
            if not self.is_idle(worker) and worker.worker not in self.silent:
                yield worker

    def is_idle(self, worker: WorkerRecord) -> bool:
        """Whether a worker evaluates nothing now; one whose evaluation has its result is on its way to the next."""
        return worker.trial is None or (worker.trial, worker.rung or 0) in self.results

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
        means = {finalist.trial: finalist for finalist in self.confirmed()}
        found: list[dict[str, Any]] = []
        for result in self.best(count):
            entry: dict[str, Any] = {"trial": result.trial, "value": result.value, "params": result.params}
            if finalist := means.get(result.trial):
                entry["confirmed"] = {"mean": finalist.mean, "replicates": finalist.replicates}
            found.append(entry)
        return found


def evaluations_of(results: Iterable[Result], journal: Journal) -> list[Evaluation]:
    """Results with what each was for, in the order of their trials. What the journal lacks counts as search."""
    found: list[Evaluation] = []
    for result in sorted(results, key=lambda result: result.evaluation):
        entry = journal.entries.get(result.evaluation)
        stage = Stage(setting=result.trial)
        proposal = entry.proposal() if entry else Proposal(result.trial, result.params, stage, result.rung)
        found.append(Evaluation(proposal, result.status, result.value, result.diverged))
    return found


def read_standing(folder: StudyFolder, spec: StudySpec, read: StudyResults | None = None) -> Standing:
    """How a study stands by its files. A result file that is not one is passed over and left where it is.

    Times are the file server's alone: the clocks of workers' hosts, and of this one, may be hours apart.

    Args:
        folder: the study's.
        spec: as published.
        read: its results, where they were read already.
    """
    found = read or read_results(folder, spec)
    standing = Standing(spec, found.in_order_of_landing())
    standing.journal = completed(read_journal(folder, spec).journal, spec, found.results)
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
