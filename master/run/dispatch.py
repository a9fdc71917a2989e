"""PUBLISH and COLLECT of the protocol (see `common.claim`): writes jobs, reads results, issues lost jobs again."""

import logging
import time
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from contextlib import suppress
from pathlib import Path

from hyperspool.common import atomic
from hyperspool.common.attempts import AttemptEvent, read_history
from hyperspool.common.bulk import FileRead
from hyperspool.common.claim import Claims
from hyperspool.common.clock import now_text
from hyperspool.common.errors import ProtocolError, SearchError
from hyperspool.common.file_kinds import JOB
from hyperspool.common.issued import last_issues, rejected_issues
from hyperspool.common.issues import EvaluationKey, EvaluationName, Issue
from hyperspool.common.layout import StudyFolder
from hyperspool.common.locks import ClaimMode
from hyperspool.common.outcome import Finished
from hyperspool.common.reading import read_record, record_of
from hyperspool.common.records import Job, Result
from hyperspool.common.rejection import remove_or_set_aside, set_aside
from hyperspool.common.report import read_result
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.run.awaited import Awaited
from hyperspool.master.run.jobs_listing import JobsListing
from hyperspool.master.run.longest_first import LongestFirst
from hyperspool.master.run.silence import Silence

MISSING_S = 5.0
"""How long a job must be missing without a result before it is issued again. On a network file system the listing of
results may be older than the listing of jobs: 0.2 s was measured on NFS; attribute caches allow more."""
FOLDERS_A_ROUND = 20
"""How many folders are looked into each second without a hint. More than that hold awaited results only of a batch of
thousands of trials."""
TOGETHER = 100
"""Jobs that are published with one flush of their folder. Workers begin with the first ones meanwhile."""

logger = logging.getLogger(__name__)


class Dispatcher:
    """The open jobs of one study. Only the study's master may use one.

    Args:
        folder: the study's folder.
        spec: the study.
        claims: tests whether a silent worker still holds its job.
        silence: how long each worker has been silent.
        clock: monotonic time in seconds.

    Attributes:
        awaited: what is awaited.
        landed_s: when results appeared, by the file server's clock; the caller takes out what it has seen.
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
        self.awaited = Awaited(folder)
        self._longest_first = LongestFirst(folder, spec)
        self._held: dict[EvaluationKey, tuple[tuple[Issue, int], float]] = {}
        self._landed: list[Result] = []
        self.landed_s: dict[EvaluationKey, float] = {}
        self._missing_s: dict[EvaluationKey, float] = {}
        self._issued: dict[EvaluationKey, int] = {}
        self._public: dict[EvaluationKey, str] = {}  # the names of jobs that this master wrote, or found whole
        self._names: dict[str, EvaluationKey] = {}

    @property
    def open_count(self) -> int:
        """The number of awaited results."""
        return len(self.awaited.jobs)

    def expect(self, jobs: Sequence[Job], finished: Iterable[Finished] = ()) -> set[Path]:
        """Await the results of these jobs, published yet or not; return the folders in which these will appear.

        `finished` are results that the caller knows already, for what they say of durations.
        """
        for result in finished:
            self._longest_first.landed(result)
        for job in jobs:
            self.awaited.add(job)
        return self.awaited.folders_of(job.evaluation for job in jobs)

    def publish(self) -> None:
        """PUBLISH the awaited jobs that are neither finished nor open, as far as this master has not seen them open.

        A job that an earlier master published and that has vanished, or was torn by a power cut, gets a new name. Its
        issue number may exceed `limits.max_issues` by one: a user who starts the master again wants another try.
        """
        unseen = self.awaited.jobs.keys() - self._public.keys()
        if not unseen:
            return
        for issue in self._others(JobsListing(self._folder)):
            if issue.evaluation in unseen and self._is_whole(issue):
                self._make_public(issue)
        folders = self.awaited.folders_of(unseen)
        is_there = self._public.keys() | self.awaited.landed(folders)
        for path in folders:
            atomic.make_folder(path)
        if missing := sorted(unseen - is_there):
            self._longest_first.suggest(self.awaited.jobs.values())
            self._write(self._next_issues(missing))

    def collect(self, hints: Collection[Path] | None = None) -> list[Result]:
        """COLLECT: return the results that have landed since the last call, in order of trial and rung.

        A file that is not a valid result of its evaluation is set aside. After an OSError nothing is lost: the next
        call returns the results that had landed.

        Args:
            hints: folders in which a result may have appeared; None: look into all, and issue the jobs again that have
                disappeared without a result.

        Raises:
            SearchError: a job has disappeared, or its result was rejected, as often as `limits.max_issues` allows.
        """
        if hints is None:
            self.compare(JobsListing(self._folder), len(self.awaited.folders))
        else:
            self._take(hints)
        landed, self._landed = self._landed, []
        return sorted(landed, key=lambda result: result.evaluation)

    def compare(self, listing: JobsListing, folders: int = FOLDERS_A_ROUND) -> None:
        """Look for the results of jobs that are gone, and into some of the folders; issue what has disappeared again.

        The next `collect` returns the results.

        Args:
            listing: a listing of the jobs.
            folders: how many folders are looked into, in turn: a job may be there though its result has landed.

        Raises:
            SearchError: as `collect`.
        """
        # RACE: a worker reports between the two listings. Jobs are listed first: if a job is already missing there, its
        # result was linked earlier, and the second listing shows it. A job that is still listed is not missing.
        others = {issue.evaluation for issue in self._others(listing)}
        gone = {self._names[name] for name in listing.missing(self._names.keys())}
        self._take({*self.awaited.folders_of(gone), *self.awaited.next_folders(folders)})
        self._withdraw(listing)
        unpublished = self.awaited.jobs.keys() - self._public.keys()
        self._issue_missing((gone & self.awaited.jobs.keys() | unpublished) - others)
        self._longest_first.suggest_anew(self.awaited.jobs.values())

    def issue_silent(self, listing: JobsListing) -> None:
        """Issue a job again if the worker that holds it has been silent for longer than the study's `stale_s`.

        With leases this does nothing: a lease that is not renewed expires by itself.

        Args:
            listing: a listing of the jobs.
        """
        if self._spec.claim is ClaimMode.LEASE:
            return
        silent: list[EvaluationKey] = []
        for issue in listing.locked_issues():
            key = issue.evaluation
            if issue.number != self._issued.get(key) or listing.missing({JOB.file_name(issue)}):
                continue
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
        self._withdraw(listing)

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

    def _withdraw(self, listing: JobsListing) -> None:
        """WITHDRAW: remove the jobs of issues whose place a later one of this master has taken."""
        for issue in self._others(listing):
            latest = JOB.parse(self._public.get(issue.evaluation, ""))
            if isinstance(latest, Issue) and issue.number < latest.number:
                remove_or_set_aside(self._folder, self._folder.job(issue))

    def _take(self, folders: Iterable[Path]) -> None:
        for key, read in self.awaited.contents(folders):
            if (result := self._result(key, read)) is not None:
                self._landed.append(result)
                self._longest_first.landed(result)
                self.landed_s[key] = read.modified_s
                self.awaited.remove(key)
                self._missing_s.pop(key, None)
                self._held.pop(key, None)
                self._issued.pop(key, None)
                if name := self._public.pop(key, None):
                    del self._names[name]

    def _result(self, key: EvaluationKey, read: FileRead) -> Result | None:
        job = self.awaited.jobs[key]
        if read.content:
            with suppress(ProtocolError):
                result = record_of(read.content, Path(read.name), Result)
                if not job.mismatches(result):
                    return result
        return read_result(self._folder, EvaluationName(*key), job)  # which sets it aside, with the reason

    def _issue_missing(self, gone: Collection[EvaluationKey]) -> None:
        now_s = self._clock()
        self._missing_s = {key: self._missing_s.get(key, now_s) for key in gone}
        missing = sorted(key for key, since_s in self._missing_s.items() if now_s - since_s > MISSING_S)
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

    def _is_whole(self, issue: Issue) -> bool:
        """Whether an earlier master's job can be read; it is set aside if not, as after a power cut."""
        path = self._folder.job(issue)
        try:
            read_record(path, Job)
        except FileNotFoundError:  # its worker has just cleared
            return False
        except ProtocolError as error:
            set_aside(self._folder, path, error.reason)
            return False
        return True

    def _others(self, listing: JobsListing) -> list[Issue]:
        """The listed issues of awaited evaluations, without those under the names that are known."""
        listed, awaited = listing.open_issues(but=self._names.keys()), self.awaited.jobs
        issues = [issue for issue in listed if issue.evaluation in awaited]
        for issue in issues:
            self._issued[issue.evaluation] = max(issue.number, self._issued.get(issue.evaluation, 0))
        return issues

    def _make_public(self, issue: Issue) -> None:
        key, name = issue.evaluation, JOB.file_name(issue)
        self._names.pop(self._public.get(key, ""), None)
        self._public[key], self._names[name] = name, key
        self._issued[key] = max(issue.number, self._issued.get(key, 0))

    def _next_issues(self, keys: Sequence[EvaluationKey]) -> dict[EvaluationKey, int]:
        # RACE: after a holder was found silent it wakes up, reports and clears, and its result is set aside or not
        # listed yet. Then no file shows its issue number, but the job was listed as open before, and `_issued` keeps
        # the number. So no name is used twice.
        shown = last_issues(self._folder)
        return {key: max(shown[key], self._issued.get(key, 0)) + 1 for key in keys}

    def _write(self, numbers: Mapping[EvaluationKey, int]) -> None:
        # The contents are not flushed: the journal, which is, says what was asked for. After a power cut a job may be
        # torn. Whoever finds it sets it aside, and it is issued again, at the latest by the next master.
        at = now_text()
        issues = [Issue(*key, number) for key, number in numbers.items()]
        for first in range(0, len(issues), TOGETHER):
            together = issues[first : first + TOGETHER]
            atomic.replace_many({self._folder.job(issue): self._text(issue, at) for issue in together})
            for issue in together:
                self._make_public(issue)

    def _text(self, issue: Issue, at: str) -> bytes:
        job = self.awaited.jobs[issue.evaluation]
        return job.model_copy(update={"issue": issue.number, "published_at": at}).to_json()

    def _name(self, key: EvaluationKey) -> str:
        return f"{self._spec.name}/{EvaluationName(*key).name}"
