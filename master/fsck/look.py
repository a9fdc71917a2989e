"""One look at a study's files, which all checks work on. It only reads."""

import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import TypeVar

from hyperspool.common.confinement import names_in
from hyperspool.common.earlier import EarlierResults
from hyperspool.common.errors import ProtocolError
from hyperspool.common.file_kinds import EARLIER
from hyperspool.common.issues import EvaluationKey, Issue
from hyperspool.common.layout import StudyFolder
from hyperspool.common.locks import ClaimMode, is_held
from hyperspool.common.reading import read_record
from hyperspool.common.records import Job, Record, Result
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.fsck.breach import Breach, Remedy
from hyperspool.master.journal.check import checked
from hyperspool.master.journal.file import JournalFile, read_journal
from hyperspool.master.journal.journal import Journal
from hyperspool.master.journal.reconstruction import completed

RecordT = TypeVar("RecordT", bound=Record)


@dataclass
class Look:
    """The content of a study's files at one moment, read in an order that never shows a live process midway.

    Attributes:
        folder: the study's folder.
        spec: the study.
        is_master_running: whether another process is the study's master; what a master repairs is then not a breach.
        jobs: the readable open jobs, by issue.
        open_issues: the issues that have a job, readable or not.
        locked_issues: the issues that have a lock or lease file.
        held: the issues that a live worker holds; it takes care of their files.
        results: the readable results, by trial and rung.
        finished: the evaluations that have a result, readable or not.
        breaches: the files that could not be read.
        journal: what the study asks for, as far as that is recorded or can be worked out.
        journal_file: the content of the journal's file.
    """

    folder: StudyFolder
    spec: StudySpec
    is_master_running: bool = False
    jobs: dict[Issue, Job] = field(default_factory=dict)
    open_issues: list[Issue] = field(default_factory=list)
    locked_issues: list[Issue] = field(default_factory=list)
    held: set[Issue] = field(default_factory=set)
    results: dict[EvaluationKey, Result] = field(default_factory=dict)
    finished: set[EvaluationKey] = field(default_factory=set)
    breaches: list[Breach] = field(default_factory=list)

    journal: Journal = field(default_factory=Journal)
    journal_file: JournalFile = field(default_factory=lambda: JournalFile(Journal()))

    def __post_init__(self) -> None:
        self._names: dict[Path, list[str]] = {}

    def expected_job(self, key: EvaluationKey) -> Job | None:
        """The job that the study asks for; None if it is not recorded and cannot be worked out."""
        entry = self.journal.entries.get(key)
        return entry.job(self.spec.name) if entry else None

    def read(self, path: Path, model: type[RecordT], remedy: Remedy) -> RecordT | None:
        """The record in a file; None if there is no file, or if it cannot be read, which is a breach."""
        try:
            return read_record(path, model)
        except FileNotFoundError:
            return None
        except ProtocolError as error:
            self.breaches.append(Breach(path, error.reason, remedy))
        except OSError as error:
            self.breaches.append(Breach(path, f"cannot be read ({error.strerror})"))
        return None

    def names(self, folder: Path) -> list[str]:
        """The sorted names in a folder when this look first listed it; empty if it is not a folder."""
        if folder not in self._names:
            try:
                self._names[folder] = sorted(names_in(folder))
            except (FileNotFoundError, NotADirectoryError):
                self._names[folder] = []
            except OSError as error:
                self._names[folder] = []
                self.breaches.append(Breach(folder, f"cannot be listed ({error.strerror})"))
        return self._names[folder]

    def is_busy(self, key: EvaluationKey) -> bool:
        """Whether a live worker holds an issue of this evaluation."""
        return any(issue.evaluation == key for issue in self.held)


def look_at(folder: StudyFolder, spec: StudySpec, *, is_ours: bool = False) -> Look:
    """Read a study's jobs and results.

    Args:
        folder: the study's folder.
        spec: the published study.
        is_ours: this process is the study's master.

    RACE: a worker may report and clear between two listings. Jobs are listed before results: if a job is gone from the
    first listing, its result was linked before, and the second listing shows it. A job that is listed but gone when it
    is read was cleared in between.
    """
    look = Look(folder, spec)
    lock = folder.master_lock.with_suffix(".lease") if spec.claim is ClaimMode.LEASE else folder.master_lock
    look.is_master_running = not is_ours and is_held(lock, spec.claim)
    look.open_issues, look.locked_issues = folder.open_issues(), folder.locked_issues()
    for issue in look.locked_issues:
        path = folder.lease(issue) if spec.claim is ClaimMode.LEASE else folder.lock(issue)
        if is_held(path, spec.claim):
            look.held.add(issue)
    for issue in look.open_issues:
        if job := look.read(folder.job(issue), Job, Remedy.SET_ASIDE):
            look.jobs[issue] = job
    finished = (name for name in folder.all_finished() if name.trial < spec.all_trials)
    # A result in another trial's folder does not count; it is a stray.
    look.finished = {name for name in finished if os.path.lexists(folder.result(*name))}
    for name in sorted(look.finished):
        if result := look.read(folder.result(*name), Result, Remedy.EVALUATE_AGAIN):
            look.results[name] = result
    _read_journal(look)
    return look


def _read_journal(look: Look) -> None:
    # After the results: the master records a proposal before its result can exist, so none appears unrecorded.
    try:
        look.journal_file = checked(read_journal(look.folder, look.spec), look.spec)
    except OSError as error:
        look.breaches.append(Breach(look.folder.journal, f"cannot be read ({error.strerror})"))
    look.journal = Journal(look.journal_file.journal.batches)
    earlier = look.read(look.folder.path(EARLIER), EarlierResults, Remedy.NONE)
    completed(look.journal, look.spec, look.results, look.jobs.values(), earlier)
