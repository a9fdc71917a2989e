"""PUBLISH and COLLECT of the protocol (see `common.claim`): writes jobs, reads results, issues lost jobs again."""

import logging
import time
from collections.abc import Callable, Collection, Mapping, Sequence
from pathlib import Path

from hyperspool.common import atomic
from hyperspool.common.attempts import AttemptEvent, read_history
from hyperspool.common.claim import Claims
from hyperspool.common.clock import now_text
from hyperspool.common.errors import ProtocolError, SearchError
from hyperspool.common.issued import last_issues, rejected_issues
from hyperspool.common.issues import EvaluationKey, EvaluationName, Issue
from hyperspool.common.layout import StudyFolder
from hyperspool.common.locks import ClaimMode
from hyperspool.common.records import Job, Result
from hyperspool.common.report import read_result
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.run.silence import Silence

MISSING_S = 5.0
"""How long a job must be missing without a result before it is issued again. On a network file system the listing of
results may be older than the listing of jobs: 0.2 s was measured on NFS; attribute caches allow more."""

logger = logging.getLogger(__name__)


class Dispatcher:
    """The open jobs of one study. Only the study's master may use one.

    Args:
        folder: the study's folder.
        spec: the study.
        claims: tests whether a silent worker still holds its job.
        silence: how long each worker has been silent.
        clock: monotonic time in seconds.
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
        self._open: dict[EvaluationKey, Job] = {}
        self._held: dict[EvaluationKey, tuple[tuple[Issue, int], float]] = {}
        self._landed: list[Result] = []
        self._missing_s: dict[EvaluationKey, float] = {}
        self._issued: dict[EvaluationKey, int] = {}

    @property
    def open_count(self) -> int:
        """The number of awaited results."""
        return len(self._open)

    @property
    def awaited(self) -> Collection[EvaluationKey]:
        """The evaluations whose results are awaited."""
        return self._open.keys()

    def expect(self, jobs: Sequence[Job]) -> None:
        """Await the results of these jobs, whether or not they are published yet."""
        for job in jobs:
            self._open[job.evaluation] = job

    def publish(self) -> None:
        """PUBLISH the awaited jobs that are neither finished nor open.

        A job that an earlier master published and that has vanished gets a new name. Its issue number may exceed
        `limits.max_issues` by one: a user who starts the master again wants another try.
        """
        is_there = {issue.evaluation for issue in self._open_issues()} | self._folder.finished(self._open)
        missing = [key for key in self._open if key not in is_there]
        for path in self.open_folders():
            atomic.make_folder(path)
        if missing:
            self._write(self._next_issues(missing))

    def open_folders(self) -> set[Path]:
        """The folders in which the awaited results will appear."""
        return {self._folder.trial_folder(trial) for trial, _ in self._open}

    def collect(self) -> list[Result]:
        """COLLECT: return the results that have landed since the last call, in order of trial and rung.

        A file that is not a valid result of its evaluation is set aside. A job that disappeared without a result is
        issued again. After an OSError nothing is lost: the next call returns the results that had landed.

        Raises:
            SearchError: a job has disappeared, or its result was rejected, as often as `limits.max_issues` allows.
        """
        # RACE: a worker reports between the two listings. Jobs are listed first: if a job is already missing there, its
        # result was linked earlier, and the second listing shows it. A job that is still listed is not missing.
        issues = self._open_issues()
        for key in sorted(self._folder.finished(self._open)):
            if (result := read_result(self._folder, EvaluationName(*key), self._open[key])) is not None:
                self._landed.append(result)
                del self._open[key]
                self._issued.pop(key, None)
                self._missing_s.pop(key, None)
        self._issue_missing({issue.evaluation for issue in issues})
        landed, self._landed = self._landed, []
        return landed

    def issue_silent(self) -> None:
        """Issue a job again if the worker that holds it has been silent for longer than the study's `stale_s`.

        With leases this does nothing: a lease that is not renewed expires by itself.
        """
        if self._spec.claim is ClaimMode.LEASE:
            return
        silent: list[EvaluationKey] = []
        latest = {issue.evaluation: issue for issue in self._open_issues() if issue.evaluation in self._open}
        for key, issue in latest.items():
            holder = self._silent_holder(issue)
            if holder is None:
                continue
            if (claim := self._claims.try_lock(self._folder, issue, self._spec.claim)) is not None:
                claim.unlock()  # the holder is dead, not silent: the job is free for the next worker
                continue
            message = "%s: worker %s has been silent for %.0f s; the trial is issued again"
            logger.warning(message, self._name(key), holder.worker, self._silence.silent_for_s(holder.worker))
            silent.append(key)
        self._issue_again(silent)

    def _silent_holder(self, issue: Issue) -> AttemptEvent | None:
        # Silence counts from the claim's first sighting: before it, the worker may have served another study, where
        # this master does not see its heartbeat, or may not have written its first one.
        try:
            holder = read_history(self._folder.lock(issue)).holder
        except ProtocolError:  # the next claimant sets the lock file aside
            return None
        key, claimed = issue.evaluation, (issue, holder.attempt if holder else 0)
        if self._held.get(key, (None, 0.0))[0] != claimed:
            self._held[key] = (claimed, self._clock())
        since_s = self._clock() - self._held[key][1]
        stale_s = self._spec.limits.stale_s
        if holder is None or since_s <= stale_s or self._silence.silent_for_s(holder.worker) <= stale_s:
            return None
        return holder

    def _issue_missing(self, is_open: Collection[EvaluationKey]) -> None:
        now_s = self._clock()
        for key in is_open:
            self._missing_s.pop(key, None)
        gone_s = {key: now_s - self._missing_s.setdefault(key, now_s) for key in self._open if key not in is_open}
        missing = sorted(key for key, for_s in gone_s.items() if for_s > MISSING_S)
        is_refused = {issue.evaluation for issue in rejected_issues(self._folder)} if missing else set()
        for key in missing:
            where = f" (its rejected files are in {self._folder.rejected})" if key in is_refused else ""
            logger.warning("%s: job and result are missing%s; the trial is issued again", self._name(key), where)
        self._issue_again(missing)
        for key in missing:
            del self._missing_s[key]

    def _issue_again(self, keys: Sequence[EvaluationKey]) -> None:
        if not keys:
            return
        issues, most = self._next_issues(keys), self._spec.limits.max_issues
        if spent := [key for key in keys if issues[key] > most]:
            raise SearchError(
                f"trial {spent[0][0]} was issued {issues[spent[0]] - 1} times, as often as limits.max_issues allows: "
                "its job or result was rejected or disappeared, or its worker fell silent; "
                f"look for the reasons in {self._folder.rejected}"
            )
        self._write(issues)

    def _open_issues(self) -> list[Issue]:
        issues = self._folder.open_issues()
        self._issued |= {issue.evaluation: issue.number for issue in issues if issue.evaluation in self._open}
        return issues

    def _next_issues(self, keys: Sequence[EvaluationKey]) -> dict[EvaluationKey, int]:
        # RACE: after a holder was found silent it wakes up, reports and clears, and its result is set aside or not
        # listed yet. Then no file shows its issue number, but the job was listed as open before, and `_issued` keeps
        # the number. So no name is used twice.
        shown = last_issues(self._folder)
        return {key: max(shown[key], self._issued.get(key, 0)) + 1 for key in keys}

    def _write(self, issues: Mapping[EvaluationKey, int]) -> None:
        at = now_text()
        jobs = {
            Issue(*key, number): self._open[key].model_copy(update={"issue": number, "published_at": at})
            for key, number in issues.items()
        }
        atomic.replace_many({self._folder.job(issue): job.to_json() for issue, job in jobs.items()})
        self._issued |= issues

    def _name(self, key: EvaluationKey) -> str:
        return f"{self._spec.name}/{EvaluationName(*key).name}"
