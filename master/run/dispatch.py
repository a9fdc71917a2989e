"""PUBLISH and COLLECT of the protocol (`common.claim`): jobs out, results in, nothing forgotten in between."""

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from hyperspool.common import atomic
from hyperspool.common.attempts import AttemptEvent, read_history
from hyperspool.common.claim import Claims
from hyperspool.common.clock import now_text
from hyperspool.common.errors import ProtocolError, SearchError
from hyperspool.common.layout import Slot, StudyFolder
from hyperspool.common.locks import ClaimMode
from hyperspool.common.records import Job, Result
from hyperspool.common.report import read_result
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.run.silence import Silence

MISSING_S = 5.0
"""How long a job must be gone without a result before it is issued again: on a network file system the listing of
results may be older than that of jobs. 0.2 s was measured on NFS; attribute caches allow more."""

logger = logging.getLogger(__name__)


class Dispatcher:
    """The open jobs of one study, as its only master sees them.

    Args:
        folder: the study's.
        spec: the study.
        claims: to find out whether a silent worker still holds its job.
        silence: who has not been heard of, for how long.
        clock: seconds that only go forward.
    """

    def __init__(
        self,
        folder: StudyFolder,
        spec: StudySpec,
        claims: Claims,
        silence: Silence,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._folder, self._spec, self._claims, self._silence, self._clock = folder, spec, claims, silence, clock
        self._open: dict[int, Job] = {}
        self._held: dict[int, tuple[tuple[Slot, int], float]] = {}
        self._landed: list[Result] = []
        self._missing_s: dict[int, float] = {}
        self._issued: dict[int, int] = {}

    @property
    def open_count(self) -> int:
        """How many trials' results are awaited."""
        return len(self._open)

    def expect(self, jobs: Sequence[Job]) -> None:
        """Await results of these jobs, published or not."""
        for job in jobs:
            self._open[job.trial] = job

    def publish(self) -> None:
        """PUBLISH the jobs whose result is awaited and that are neither finished nor open already.

        One that an earlier master had published, and that has vanished, gets a new name. That may be one more than
        `limits.max_issues`: who starts the master again wants it tried again.
        """
        is_there = {slot.trial for slot in self._open_slots()} | self._folder.finished(self._open)
        missing = [trial for trial in self._open if trial not in is_there]
        for path in self.open_folders():
            atomic.make_folder(path)
        if missing:
            self._write(self._next_issues(missing))

    def open_folders(self) -> set[Path]:
        """The folders where the awaited results will appear."""
        return {self._folder.trial_folder(trial) for trial in self._open}

    def collect(self) -> list[Result]:
        """COLLECT: the results that have landed since the last call, in order of trial.

        What is not a result of its trial is set aside. A job that has gone without a result is issued again. On an
        OSError nothing is forgotten: what had landed is returned by the next call.

        Raises:
            SearchError: a trial's job keeps disappearing.
        """
        # RACE: a worker reports between two listings. Jobs are listed first: a job that is missing there had its result
        # linked before, so the second listing shows it.
        slots = self._open_slots()
        for trial in sorted(self._folder.finished(self._open)):
            if (result := read_result(self._folder, trial, self._open[trial])) is not None:
                self._landed.append(result)
                del self._open[trial]
                self._issued.pop(trial, None)
                self._missing_s.pop(trial, None)
        self._issue_missing({slot.trial for slot in slots})
        landed, self._landed = self._landed, []
        return landed

    def issue_silent(self) -> None:
        """Issue the jobs of workers a second time that hold them and have been silent for the study's `stale_s`.

        A lease that nobody touches expires by itself, so there is nothing to do where leases are used.
        """
        if self._spec.claim is ClaimMode.LEASE:
            return
        silent: list[int] = []
        for trial, slot in {slot.trial: slot for slot in self._open_slots() if slot.trial in self._open}.items():
            holder = self._silent_holder(slot)
            if holder is None:
                continue
            if (claim := self._claims.try_lock(self._folder, slot, self._spec.claim)) is not None:
                claim.unlock()  # its holder is dead, not silent: the job is free for the next worker
                continue
            told = "worker %s has been silent for %.0f s with trial %d; the trial is issued again"
            logger.warning(told, holder.worker, self._silence.silent_for_s(holder.worker), trial)
            silent.append(trial)
        self._issue_again(silent)

    def _silent_holder(self, slot: Slot) -> AttemptEvent | None:
        # Only one that has held this very claim for so long: a worker may have been out of sight in another study, or
        # may not have come to its first heartbeat.
        try:
            holder = read_history(self._folder.lock(slot)).holder
        except ProtocolError:  # the next claimant sets it aside
            return None
        claimed = (slot, holder.attempt if holder else 0)
        if self._held.get(slot.trial, (None, 0.0))[0] != claimed:
            self._held[slot.trial] = (claimed, self._clock())
        since_s = self._clock() - self._held[slot.trial][1]
        stale_s = self._spec.limits.stale_s
        if holder is None or since_s <= stale_s or self._silence.silent_for_s(holder.worker) <= stale_s:
            return None
        return holder

    def _issue_missing(self, is_open: set[int]) -> None:
        now_s = self._clock()
        for trial in is_open:
            self._missing_s.pop(trial, None)
        gone_s = {trial: now_s - self._missing_s.setdefault(trial, now_s) for trial in self._open.keys() - is_open}
        missing = sorted(trial for trial, for_s in gone_s.items() if for_s > MISSING_S)
        is_refused = {slot.trial for slot in self._folder.rejected_slots()} if missing else set()
        for trial in missing:
            of_it = f" (what was set aside of it lies in {self._folder.rejected})" if trial in is_refused else ""
            logger.warning("trial %d has neither a job nor a result%s; it is issued again", trial, of_it)
        self._issue_again(missing)
        for trial in missing:
            del self._missing_s[trial]

    def _issue_again(self, trials: Sequence[int]) -> None:
        if not trials:
            return
        issues, most = self._next_issues(trials), self._spec.limits.max_issues
        if spent := [trial for trial in trials if issues[trial] > most]:
            raise SearchError(
                f"trial {spent[0]} was issued {issues[spent[0]] - 1} times, as often as limits.max_issues allows: its "
                "job or result was refused or disappeared, or its worker fell silent; "
                f"look for the reasons in {self._folder.rejected}"
            )
        self._write(issues)

    def _open_slots(self) -> list[Slot]:
        slots = self._folder.open_slots()
        self._issued |= {slot.trial: slot.issue for slot in slots if slot.trial in self._open}
        return slots

    def _next_issues(self, trials: Sequence[int]) -> dict[int, int]:
        # RACE: a silent holder wakes up, reports and clears after it was found silent, and its result is set aside or
        # not listed yet. No file tells of its issue then, but it was listed as open before, and that is remembered.
        told = self._folder.last_issues()
        return {trial: max(told[trial], self._issued.get(trial, 0)) + 1 for trial in trials}

    def _write(self, issues: Mapping[int, int]) -> None:
        at = now_text()
        jobs = {
            Slot(trial, issue): self._open[trial].model_copy(update={"issue": issue, "published_at": at})
            for trial, issue in issues.items()
        }
        atomic.replace_many({self._folder.job(slot): job.to_json() for slot, job in jobs.items()})
        self._issued |= issues
