"""The standing of a study: its results, its incumbent, its workers. The live view, `status` and `top` show it."""

from collections.abc import Iterable, Iterator
from dataclasses import asdict, dataclass, field
from typing import Any

from hyperspool.common.earlier import EarlierResults
from hyperspool.common.file_kinds import PAUSE
from hyperspool.common.heartbeat import WorkerRecord
from hyperspool.common.issues import EvaluationKey
from hyperspool.common.layout import StudyFolder
from hyperspool.common.outcome import Finished
from hyperspool.common.records import Status
from hyperspool.common.stopping import StudyClock
from hyperspool.common.study_spec import StudySpec
from hyperspool.common.wishes import wishes
from hyperspool.master.journal.earlier import read_earlier
from hyperspool.master.journal.file import read_journal
from hyperspool.master.journal.journal import Journal
from hyperspool.master.journal.reconstruction import completed
from hyperspool.master.results.evaluations import EvaluationsSoFar, last_of_each
from hyperspool.master.results.finalists import Finalist, finalists
from hyperspool.master.results.front import Front, study_front
from hyperspool.master.results.generations import Levels, counted_levels
from hyperspool.master.results.reading import StudyResults, read_recorded
from hyperspool.master.results.settings import RankedSetting, best_trials, ranked_settings, values_so_far
from hyperspool.master.results.software import Software, software_json, software_of
from hyperspool.master.results.trade_off import broken_counts, entry_json, front_json, marked
from hyperspool.master.results.workers import read_workers, silent_workers
from hyperspool.master.search.known import Evaluation, Known
from hyperspool.master.search.lengthened import shorter_trials
from hyperspool.master.search.rungs import Rungs, rungs_of
from hyperspool.master.search.stopping import Stopped, run_out, stopped_by
from hyperspool.master.studies.clock import read_clock
from hyperspool.master.studies.published import read_published


@dataclass
class Standing:
    """The results of a study so far, and the state of its workers.

    Attributes:
        spec: the study.
        results: by trial and rung, in the order in which they landed.
        workers: the workers that have a heartbeat file, sorted by name.
        silent: names of workers whose heartbeat has not changed for longer than the study's `stale_s`.
        alive: names of workers whose heartbeat changed within the last seconds; only a running master fills it.
        loading: the workers that a running master has started and that have no heartbeat yet, for people.
        journal: records the stage of each trial.
        is_paused: somebody has paused the study.
        clock: when the study began, if a stopping rule asks.
        earlier: what the search learns from beside its own trials; None: nothing.
        is_endless: the study has no limit of trials; `spec` has as many as are proposed.
    """

    spec: StudySpec
    results: dict[EvaluationKey, Finished] = field(default_factory=dict)
    workers: list[WorkerRecord] = field(default_factory=list)
    silent: set[str] = field(default_factory=set)
    alive: set[str] = field(default_factory=set)
    loading: list[str] = field(default_factory=list)
    journal: Journal = field(default_factory=Journal)
    is_paused: bool = False
    clock: StudyClock | None = None
    earlier: EarlierResults | None = None
    is_endless: bool = False
    _seen: EvaluationsSoFar = field(default_factory=EvaluationsSoFar, repr=False)

    @property
    def counts(self) -> dict[Status, int]:
        """The number of trials in each status; they add up to `total`.

        A trial of successive halving that is not promoted is PRUNED; it may be promoted later.
        """
        counts = dict.fromkeys(Status, 0)
        for result in self.resting():
            counts[self.spec.trial_status(result)] += 1
        counts[Status.RUNNING] = len({worker.trial for worker in self.running()})
        counts[Status.PENDING] = self.total - sum(counts.values())
        return counts

    @property
    def total(self) -> int:
        """The number of the study's trials; of one that a rule has stopped, those that were proposed."""
        return self.journal.trial_count if self.stopped else self.spec.all_trials

    @property
    def stopped(self) -> Stopped | None:
        """The rule that ended the study before its last trial; None if none did, or a trial is still open."""
        return None if self.spec.stop is None or self._has_open else self.rule_that_holds()

    @property
    def _has_open(self) -> bool:
        """Whether an evaluation that was proposed has no result yet; it costs nothing while several have none."""
        proposed = self.journal.entries
        return len(self.results) < len(proposed) or bool(proposed.keys() - self.results.keys())

    def rule_that_holds(self) -> Stopped | None:
        """The stopping rule that keeps the study from more trials; None if none does, or none are left."""
        if self.spec.stop is None or (self.is_complete and not self.is_endless):
            return None
        return stopped_by(self.spec, self.known()) or run_out(self.spec.stop, self.clock)

    def resting(self) -> Iterable[Finished]:
        """The last result of each trial of which no evaluation is open."""
        if not self.spec.has_rungs:
            return self.results.values()
        is_open = {trial for trial, _ in self.journal.entries.keys() - self.results.keys()}
        is_open |= {worker.trial for worker in self.running() if worker.trial is not None}
        last = [result for result in last_of_each(self.results.values()) if result.trial not in is_open]
        return [result for result in last if self.spec.trial_status(result) is not Status.PENDING]

    @property
    def rungs(self) -> Rungs | None:
        """The rungs of the study; None if every trial gets the whole budget."""
        return rungs_of(self.spec)

    def by_rung(self) -> Levels | None:
        """What each rung or generation holds, and what it cost; None if every trial gets the whole budget."""
        return counted_levels(self.spec, self.journal.entries, self.results, lambda: self.incumbent)

    @property
    def planned(self) -> int:
        """The number of evaluations that the study will have, if no trial fails."""
        if self.rungs:
            return sum(count for _, count in self.rungs.planned())
        is_shorter = (self.spec.trial_status(result) is Status.PENDING for result in self.results.values())
        return self.spec.all_trials + (sum(is_shorter) if self.spec.has_rungs else 0)

    @property
    def progress(self) -> tuple[int, int]:
        """The number of finished evaluations, and how many there will be as far as that is known."""
        done = len(self.results)
        left = len(self.journal.entries.keys() - self.results.keys()) if self.spec.has_rungs else 0
        return done, done if self.is_finished else max(self.planned, done + left)

    @property
    def is_finished(self) -> bool:
        """Whether every trial has its result, and none is left to promote; or a rule has stopped the study."""
        return self.is_complete or self.stopped is not None

    @property
    def is_complete(self) -> bool:
        """Whether every trial has its result, and none is left to promote."""
        if not self.spec.has_rungs:
            return len(self.results) >= self.spec.all_trials
        if self._has_open:  # asked before the costlier question, at each tick
            return False
        known = self.known()
        is_left = self.rungs.promotions(known) if self.rungs else any(shorter_trials(known, self.spec.epochs))
        return known.next_trial >= self.spec.trials and not is_left

    def known(self) -> Known:
        """What the study's search method knows."""
        return Known(self.evaluations(), (entry.proposal() for entry in self.journal.entries.values()))

    @property
    def incumbent(self) -> RankedSetting | None:
        """The best setting so far; None before one has a value."""
        return next(iter(self.best(1)), None)

    def best(self, count: int) -> list[RankedSetting]:
        """The best settings of the search, best first, as `master.results.settings` ranks them."""
        return ranked_settings(self.spec, self._searched(), self.confirmed(), self.front, count)

    def best_of_search(self, count: int) -> list[RankedSetting]:
        """The best settings by what the search alone says of them."""
        return ranked_settings(self.spec, self._searched(), (), self.front, count)

    def best_trials(self, count: int) -> list[Finished]:
        """The best single trials of the search, by their own values."""
        return [self.results[key] for key in best_trials(self.spec, self._searched(), self.front)[:count]]

    def best_so_far(self) -> list[float]:
        """The best value after each result of the search, in the order of landing; empty with several objectives."""
        if self.spec.objectives:
            return []
        place = {key: number for number, key in enumerate(self.results)}
        return values_so_far(self.spec, sorted(self._searched(), key=lambda seen: place[seen.proposal.key]))

    def result_of(self, setting: RankedSetting) -> Finished:
        """The result of the trial that stands for a setting."""
        return self.results[setting.key]

    @property
    def front(self) -> Front | None:
        """The front of a study with several objectives; None if it has one."""
        return study_front(self.spec, self._searched()) if self.spec.objectives else None

    @property
    def broken(self) -> dict[str, int]:
        """For each constraint of the study, the number of COMPLETE trials that break it."""
        return broken_counts(self.spec, self.evaluations()) if self.spec.constraints else {}

    def _searched(self) -> list[Evaluation]:
        return [seen for seen in self.at_full_budget() if seen.stage.is_search]

    def confirmed(self) -> list[Finalist]:
        """The finalists with a mean, best first, as `finalize` ranks them; empty until the study is finished.

        Those that break a constraint when they are evaluated again are left out.
        """
        if self.spec.confirm is None or not self.is_finished:
            return []
        return [one for one in self.finalists() if one.mean is not None and one.again.keeps_constraints]

    def finalists(self) -> list[Finalist]:
        """The finalists by the replicates that have results, best mean first, those without a mean last."""
        return finalists(self.evaluations(), self.spec.objective.direction)

    @property
    def software(self) -> Software:
        """By which versions of Python, of libraries and of the objective's code the trials are evaluated, and where."""
        return software_of(self.results.values(), self.running())

    def at_full_budget(self) -> list[Evaluation]:
        """The evaluations that may be compared, because each got the whole budget."""
        return [seen for seen in self.evaluations() if self.spec.is_at_full_budget(self.results[seen.proposal.key])]

    def evaluations(self) -> list[Evaluation]:
        """The results with the stage of each, in the order of their trials. It is not to be changed."""
        return self._seen.of(self.results, self.journal, self.spec)

    def latest(self, count: int) -> list[Finished]:
        """The results that landed last, the latest last."""
        return list(self.results.values())[-count:]

    def running(self) -> Iterator[WorkerRecord]:
        """The workers that are evaluating a trial and are not silent."""
        for worker in self.workers:
            if not self.is_idle(worker) and worker.worker not in self.silent:
                yield worker

    def is_idle(self, worker: WorkerRecord) -> bool:
        """Whether a worker is evaluating nothing; one whose evaluation has its result is between two trials."""
        return worker.trial is None or (worker.trial, worker.rung or 0) in self.results

    def to_json(self) -> dict[str, Any]:
        """The standing as `status --json` prints it."""
        best, levels = self.best_to_json(1), self.by_rung()
        common = {
            "study": self.spec.name,
            "total": self.total,
            "paused": self.is_paused,
            "counts": {status.value: count for status, count in self.counts.items()},
            "incumbent": best[0] if best else None,
            "workers": [
                worker.model_dump(mode="json", exclude_none=True) | {"silent": worker.worker in self.silent}
                for worker in self.workers
            ],
        } | (levels.to_json() if levels else {})
        if self.earlier:
            common["earlier"] = {"sources": list(self.earlier.sources), "results": len(self.earlier.results)}
        common |= {"stopped": asdict(stopped) if (stopped := self.stopped) else None} if self.spec.stop else {}
        common |= {"constraints": self.broken} if self.spec.constraints else {}
        common |= {"software": software_json(software)} if (software := self.software) else {}
        return common | (front_json(self.spec, self.front, self.results) if self.front else {})

    def best_to_json(self, count: int) -> list[dict[str, Any]]:
        """The best settings as `top --json` prints them; `confirmed` stands beside what the search measured."""
        return marked((each.to_json(self.spec, self.result_of(each)) for each in self.best(count)), self.front)

    def best_trials_to_json(self, count: int) -> list[dict[str, Any]]:
        """The best trials as `top --trials --json` prints them."""
        return marked((entry_json(self.spec, result) for result in self.best_trials(count)), self.front)


def read_standing(
    folder: StudyFolder, spec: StudySpec, read: StudyResults | None = None, recorded: Journal | None = None
) -> Standing:
    """Read a study's standing from its files. An invalid result file is ignored and stays where it is.

    Only the file server's clock is used: the clocks of this host and of the workers' hosts may be hours apart.

    Args:
        folder: the study's folder.
        spec: the study as published.
        read: its results, if the caller has read them already.
        recorded: its journal, if it was read no earlier.
    """
    found, known = (read, recorded or read_journal(folder, spec).journal) if read else read_recorded(folder, spec)
    earlier = read_earlier(folder)
    journal = completed(known, spec, found.results, earlier=earlier)
    standing = Standing(spec.so_far(journal.trial_count), found.in_order_of_landing(), journal=journal)
    standing.is_paused, standing.earlier, standing.is_endless = PAUSE in wishes(folder), earlier, not spec.has_limit
    standing.clock, standing.workers = read_clock(folder) if spec.stop else None, list(read_workers(folder))
    standing.silent = silent_workers(folder, standing.workers, spec.limits.stale_s)
    if standing.silent and standing.is_finished:  # nobody looks after the heartbeats of a finished study
        standing.workers = [worker for worker in standing.workers if worker.worker not in standing.silent]
        standing.silent = set()
    return standing


def open_standing(folder: StudyFolder) -> Standing:
    """Read the standing of a published study.

    Raises:
        ProtocolError: its `study.json` is not a valid study.
    """
    return read_standing(folder, read_published(folder))
