"""What a running study asks for next: proposed or enqueued, recorded in the journal, and then a job."""

from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from typing import Protocol, TypeVar

from hyperspool.common.issues import EvaluationKey
from hyperspool.common.layout import StudyFolder
from hyperspool.common.outcome import Finished, Outcome
from hyperspool.common.records import Job, Result
from hyperspool.common.requests import read_requests, remove_request
from hyperspool.common.sharing import SharedParts
from hyperspool.common.space import Params
from hyperspool.common.stopping import StudyClock
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.journal.check import checked
from hyperspool.master.journal.earlier import read_earlier
from hyperspool.master.journal.file import JournalWriter, read_journal
from hyperspool.master.journal.journal import Batch, Journal
from hyperspool.master.journal.proposer import Proposer
from hyperspool.master.journal.reconstruction import find_unrecorded
from hyperspool.master.run.time_limit import TimeLimit

T = TypeVar("T")


class Patiently(Protocol):
    """Repeats an action until the folder takes it."""

    def __call__(self, action: Callable[[], T], /) -> T:
        """Return what the action returns in the end."""


class Proposals:
    """The journal of a running study, and the search method. Only the study's master may use one, after `open`.

    Args:
        folder: the study's folder.
        spec: the study.
        published: the study as published, if `spec` has fewer trials than that.
        patiently: repeats what the folder refuses.
    """

    _writer: JournalWriter
    _proposer: Proposer
    _found: Mapping[EvaluationKey, Job | Finished]

    def __init__(self, folder: StudyFolder, spec: StudySpec, published: StudySpec, patiently: Patiently) -> None:
        self._folder, self._spec, self._published, self._patiently = folder, spec, published, patiently
        self._time_limit, self._shared = TimeLimit(folder, spec), SharedParts()

    @property
    def journal(self) -> Journal:
        """What is recorded."""
        return self._writer.journal

    @property
    def clock(self) -> StudyClock | None:
        """When the study began, if a stopping rule asks."""
        return self._time_limit.clock

    @property
    def is_current(self) -> bool:
        """Whether no other master has recorded a proposal since this one did."""
        return self._writer.is_current

    def open(self) -> None:
        """Read the journal, and mend it."""
        self._patiently(self._open)

    def recorded(
        self, together: int, known: Mapping[EvaluationKey, Outcome]
    ) -> Iterator[tuple[list[Outcome], list[Job]]]:
        """All recorded proposals, so many together: the outcomes of those that have one, the jobs of the others.

        Args:
            together: how many at once.
            known: outcomes.
        """
        wanted = [entry for entry in self.journal.entries.values() if entry.trial < self._spec.all_trials]
        for first in range(0, len(wanted), together):
            some = {entry.key: entry for entry in wanted[first : first + together]}
            jobs = [entry.job(self._spec.name) for key, entry in some.items() if key not in known]
            yield [known[key] for key in some if key in known], jobs

    def outcome(self, result: Result) -> Outcome:
        """The outcome of a result. It shares with its proposal what is equal in both, to save memory."""
        return self._shared.outcome(result, self.journal.entries.get(result.evaluation))

    def _open(self) -> None:
        found = checked(read_journal(self._folder, self._published), self._published)
        self._writer = JournalWriter(self._folder, found)
        self._writer.mend()
        self._found = find_unrecorded(self._folder, self._published, found.journal)
        self._proposer = Proposer(self._spec, found.journal, read_earlier(self._folder))

    def finish(self, result: Finished) -> None:
        """Let the search method know a result."""
        self._proposer.finish(result)

    def reopened(self, key: EvaluationKey) -> list[Job]:
        """Take a result back, and return its job."""
        entry = self._proposer.reopen(key)
        return [entry.job(self._spec.name)] if entry else []

    def never_promoted(self) -> set[EvaluationKey]:
        """The finished evaluations, but FAILED ones, from which no trial goes on now or later."""
        return self._proposer.never_promoted()

    def enqueued(self) -> list[Job]:
        """Record the settings that people have enqueued, and return their jobs; none if no trial is left for them.

        They wait while a lost journal is rebuilt: the trials that jobs and results show keep their numbers.
        """
        if not self._found.keys() <= self.journal.entries.keys():
            return []
        requests = self._patiently(lambda: read_requests(self._folder, self._spec))
        if not requests:
            return []
        jobs = self._recorded(self._proposer.enqueue(requests))
        self._patiently(lambda: self._remove_recorded(requests))
        return jobs

    def proposed(self, count: int) -> list[Job]:
        """Record the search method's next proposals, at most `count`, and return their jobs; none after its time."""
        if self._patiently(lambda: self._time_limit.has_run_out(self.journal)):
            return []
        return self._recorded(self._proposer.propose(self._found, count))

    def _recorded(self, batch: Batch | None) -> list[Job]:
        if batch is None:
            return []
        self._patiently(lambda: self._writer.append(batch))
        return [entry.job(self._spec.name) for entry in batch.proposals]

    def _remove_recorded(self, requests: Mapping[str, Params]) -> None:
        # RACE: a master that is killed before this has recorded the requests, and the next one removes them here.
        recorded = {entry.stage.request for entry in self.journal.entries.values()}
        for name in requests.keys() & recorded:
            with suppress(FileNotFoundError):  # a person removed it meanwhile
                remove_request(self._folder, name)
