"""The search loop: propose -> record -> publish -> collect, batch after batch, until every trial has its result.

Only files carry state from one run to the next. A master that resumes a study reads its proposals from the journal,
collects the results that are there, and waits for the rest.
"""

import time
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Protocol, TypeVar

from hyperspool.common.claim import Claimant, Claims
from hyperspool.common.collector import paused_collector
from hyperspool.common.file_kinds import PAUSE, STOP_MASTER
from hyperspool.common.heartbeat import WorkerRecord
from hyperspool.common.issues import EvaluationKey
from hyperspool.common.layout import StudyFolder
from hyperspool.common.outcome import Finished, Outcome
from hyperspool.common.patience import until_possible
from hyperspool.common.records import Status
from hyperspool.common.shared_folder import takes_files
from hyperspool.common.study_spec import StudySpec
from hyperspool.common.trial_folders import remove_saved_of
from hyperspool.common.watch import Appearance, FolderWatch, Wakeup
from hyperspool.common.wishes import withdraw
from hyperspool.master.results.rungs import need_epochs
from hyperspool.master.results.standing import Standing
from hyperspool.master.results.workers import read_workers
from hyperspool.master.run.digesting import Digesting
from hyperspool.master.run.dispatch import FOLDERS_A_ROUND, Dispatcher
from hyperspool.master.run.housekeeping import (
    remove_dead_workers,
    remove_heartbeats,
    remove_kept_checkpoints,
    remove_used_checkpoints,
    remove_what_ended_trials_kept,
    tidy,
)
from hyperspool.master.run.jobs_listing import JobsListing
from hyperspool.master.run.pace import Look, Pace
from hyperspool.master.run.proposals import Proposals
from hyperspool.master.run.pruner import Pruner
from hyperspool.master.run.silence import Silence
from hyperspool.master.studies.published import restore_published

RESCAN_S = 1.0
"""Seconds between two scans for results without an event, and between two looks at the workers."""
REOPENED = 1000  # evaluations whose jobs are in memory at once while a study is opened again
MOST_HINTS = 10_000
"""Folders with events that are remembered until they are looked into; what is forgotten is found by the next scan."""
HEARING = 0.1
"""The share of a master's time that goes into heartbeats, at most: a thousand take a network file system a second."""
TICK_S = 0.25
"""Seconds between two refreshes of the live view."""
CLEAR_S = 5.0
"""Longest time that the master waits for the last workers to clear."""
AHEAD = 2
"""So many more jobs than workers are open in an asynchronous study, so that a worker finds one at once."""
ALIVE_S = 10.0
"""A worker is alive if its heartbeat changed within this time; it beats every 2 s."""

T = TypeVar("T")


class View(Protocol):
    """Shows a user the progress of the study."""

    def landed(self, standing: Standing, result: Finished) -> None:
        """Called for each result, once it is part of `standing`."""

    def tick(self, standing: Standing) -> None:
        """Called every `TICK_S` while the master waits."""


class Search:
    """Runs a published study to its end: first `resume`, then `run`. The caller must be the study's only master.

    Args:
        folder: the study's folder.
        spec: the study as published.
        bell: ends a wait at once, so that `should_stop` is read.
        should_stop: returns whether to stop early.
        published: the study as published, if `spec` has fewer trials than that.

    Attributes:
        standing: the results so far.
    """

    def __init__(
        self,
        folder: StudyFolder,
        spec: StudySpec,
        bell: Wakeup,
        should_stop: Callable[[], bool],
        published: StudySpec | None = None,
    ) -> None:
        self._folder, self._spec, self._published = folder, spec, published or spec
        self._bell, self._is_interrupted, self._is_to_stop = bell, should_stop, False
        self._claims, self._silence = Claims(Claimant("master")), Silence()
        self._dispatcher = Dispatcher(folder, spec, self._claims, self._silence)
        self._pruner, self._digesting = Pruner(folder, spec), Digesting(folder, spec)
        self._proposals = Proposals(folder, spec, self._published, self._until_possible)
        self._pace, self._hear_s, self._is_to_ask = Pace(folder.jobs), float("-inf"), False
        self._failed, self.standing = set[EvaluationKey](), Standing(spec)

    def resume(self) -> bool:
        """Tidy up after an earlier master, read its proposals, collect the results, and propose the next open batch.

        Returns:
            True if the whole study is finished.
        """
        self.reopen()
        while not self._dispatcher.open_count:
            if not self._propose_batch():
                self._tidy_up()  # the last result may have landed since an earlier master's leavings were tidied
                return True
            self._collect()
        return False

    def offer(self, count: int) -> bool:
        """Propose and publish more trials, though earlier ones may be open. The caller must have called `reopen`.

        Returns:
            True if the search method proposed some; False if it has none left, or waits for open ones.
        """
        self._collect()
        is_offered = self._propose_batch(count)
        self._until_possible(self._dispatcher.publish)
        return is_offered

    def run(self, view: View, each_second: Callable[[], None]) -> bool:
        """Search until every trial has its result. Call it after `resume` has returned False.

        Args:
            view: receives every result and every tick.
            each_second: called about once a second, to look after local workers.

        Returns:
            True if the study is finished, False if it was stopped early.
        """
        with FolderWatch(self._bell, most_hints=MOST_HINTS) as watch:
            watch.follow({self._folder.trials: Appearance.LINKED_BELOW})
            while True:
                self._until_possible(self._dispatcher.publish)
                while self._dispatcher.open_count or self.standing.is_paused:
                    if self._should_stop():
                        return False
                    self._look_around(each_second)
                    view.tick(self.standing)
                    self._bell.wait(TICK_S)
                    for result in self._collect(watch.hints()):
                        view.landed(self.standing, result)
                    if not self.standing.is_paused and self._propose_batch(self._lacking()):
                        self._until_possible(self._dispatcher.publish)
                if not self._propose_batch():
                    break
        self._tidy_up()
        remove_heartbeats(self._folder, self.standing.silent)
        self.standing.workers = [one for one in self.standing.workers if one.worker not in self.standing.silent]
        return True

    def _lacking(self) -> int:
        """How many jobs an asynchronous study lacks, so that no worker has to wait; 0 if it waits for its batch."""
        if self._spec.mode is None:
            return 0
        return max(len(self.standing.alive) + AHEAD - self._dispatcher.open_count, 0)

    def _remove_useless_checkpoints(self) -> None:
        remove_used_checkpoints(self._folder)
        if useless := self._proposals.never_promoted():
            remove_kept_checkpoints(self._folder, useless)
            remove_saved_of(self._folder, useless)

    def _tidy_up(self) -> None:
        # RACE: the last result lands before its worker has cleared. Tidying now would pass over what other attempts at
        # the same evaluation left, since its job is still open. CLEAR takes milliseconds; a worker that is stopped in
        # its middle is not waited for longer: what it leaves is tidied when a master comes again.
        end_s = time.monotonic() + CLEAR_S
        while time.monotonic() < end_s and not self._should_stop():
            left = self._until_possible(self._folder.open_issues)
            if not any(issue.evaluation in self.standing.results for issue in left):
                break
            self._bell.wait(TICK_S / 5)
        self._until_possible(lambda: tidy(self._folder, self._spec, self._claims))
        self._until_possible(lambda: remove_what_ended_trials_kept(self._folder, self._spec, self.standing.results))
        self._digesting.write_all()

    def _should_stop(self) -> bool:
        return self._is_to_stop or self._is_interrupted()

    def _hear_wishes(self, listing: JobsListing) -> None:
        self.standing.is_paused = PAUSE in listing.wishes
        if STOP_MASTER in listing.wishes:
            self._is_to_stop = True
            self._until_possible(lambda: withdraw(self._folder, STOP_MASTER))

    @property
    def is_current(self) -> bool:
        """Whether no other master has recorded a proposal since this one did."""
        return self._proposals.is_current

    @paused_collector()
    def reopen(self) -> None:
        """Tidy up after an earlier master, read its proposals, and collect the results."""
        self._until_possible(lambda: tidy(self._folder, self._spec, self._claims))
        self._proposals.open()
        self.standing.journal = self._proposals.journal
        known = self._until_possible(lambda: self._digesting.known(self.standing.journal.entries))
        for outcomes, jobs in self._proposals.recorded(REOPENED, known):
            self._finish(outcomes)
            self._collect(self._dispatcher.expect(jobs, outcomes))
        self._collect()

    def _propose_batch(self, count: int | None = None) -> bool:
        """Propose what people have enqueued, else what the search method wants; return whether there is a new job.

        Args:
            count: how many to propose; 0: only look for requests, once a second; None: a batch.
        """
        if count == 0 and not self._is_to_ask:
            return False
        self._is_to_ask = False
        jobs = self._proposals.enqueued()
        if not jobs and (wanted := (self._lacking() or self._spec.batch) if count is None else count):
            jobs = self._proposals.proposed(wanted)
            self.standing.clock = self._proposals.clock
        if jobs:
            self._until_possible(self._remove_useless_checkpoints)
        self._dispatcher.expect(jobs)
        return bool(jobs)

    def _reopen_retried(self) -> None:
        """Ask again for the evaluations whose FAILED result `retry` has set aside."""
        there = self._until_possible(lambda: self._folder.finished(self._failed)) if self._failed else set()
        for key in sorted(self._failed - there):
            self._failed.remove(key)
            del self.standing.results[key]
            self._dispatcher.expect(self._proposals.reopened(key))
        self._until_possible(self._dispatcher.publish)

    def _collect(self, hints: Collection[Path] | None = None) -> list[Outcome]:
        outcomes = list(map(self._proposals.outcome, self._until_possible(lambda: self._dispatcher.collect(hints))))
        self._digesting.landed(outcomes, self._dispatcher.landed_s)
        self._finish(outcomes)
        return outcomes

    def _finish(self, outcomes: Sequence[Outcome]) -> None:
        self._until_possible(lambda: self._pruner.landed(outcomes))
        for outcome in outcomes:
            self._pace.stir()
            need_epochs(outcome)
            self.standing.results[outcome.evaluation] = outcome
            if outcome.status is Status.FAILED:
                self._failed.add(outcome.evaluation)
            self._proposals.finish(outcome)

    def _look_around(self, each_second: Callable[[], None]) -> None:
        """Once a second, look at the jobs, the requests and the workers; one listing of the jobs serves all of it."""
        if not (due := self._pace.due(RESCAN_S, has_workers=bool(self.standing.alive))):
            return
        began_s, self._is_to_ask = time.monotonic(), Look.REQUESTS in due
        if Look.STUDY in due:
            self._until_possible(lambda: restore_published(self._folder, self._published))
        listing = self._until_possible(lambda: JobsListing(self._folder))
        self._hear_wishes(listing)
        self._until_possible(lambda: self._dispatcher.compare(listing, FOLDERS_A_ROUND * (Look.RESULTS in due)))
        if Look.RESULTS in due:
            self._reopen_retried()
        self._digesting.write(self.standing.journal.trial_count, self._dispatcher.awaited.folders)
        if Look.WORKERS in due and began_s >= self._hear_s:
            self._look_at_workers(listing)
            self._hear_s = time.monotonic() + (1 / HEARING - 1) * (time.monotonic() - began_s)
        each_second()

    def _look_at_workers(self, listing: JobsListing) -> None:
        records = list(read_workers(self._folder))
        self._silence.observe(records)
        self._forgive_if_folder_refuses(records)
        self.standing.workers = remove_dead_workers(self._folder, records, self._silence, self._spec.limits.stale_s)
        silent_s = {record.worker: self._silence.silent_for_s(record.worker) for record in self.standing.workers}
        self.standing.silent = {name for name, for_s in silent_s.items() if for_s > self._spec.limits.stale_s}
        self.standing.alive = {name for name, for_s in silent_s.items() if for_s < ALIVE_S}
        self._until_possible(lambda: self._dispatcher.issue_silent(listing))
        self._until_possible(lambda: self._pruner.look(self.standing.running(), self._dispatcher.awaited.jobs))

    def _until_possible(self, action: Callable[[], T]) -> T:
        return until_possible(action, "the master", self._should_stop, self._pause)

    def _pause(self, pause_s: float) -> None:
        self._bell.wait(pause_s)
        self._silence.forgive()  # a folder that refuses this process refuses the workers' heartbeats too

    def _forgive_if_folder_refuses(self, records: Sequence[WorkerRecord]) -> None:
        # Tried only after a worker has been quiet for half of `stale_s`: a try costs the file server three requests,
        # and it must come before the silence counts.
        quiet_s = self._spec.limits.stale_s / 2
        if any(self._silence.silent_for_s(record.worker) > quiet_s for record in records) and not takes_files(
            self._folder.workers
        ):
            self._silence.forgive()
