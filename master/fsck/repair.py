"""Mends what a look found: finishes what was cut short, sets aside what is wrong, issues what is missing.

Deletes nothing that anyone may need: what is wrong is moved to `rejected/` with its reason. What was cut short is what
the study's master would finish when it starts; this runs in its place, under its lock.
"""

from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

from hyperspool.common import atomic
from hyperspool.common.claim import Claimant, Claims
from hyperspool.common.issued import last_issues
from hyperspool.common.issues import EvaluationKey, Issue
from hyperspool.common.layout import StudyFolder
from hyperspool.common.records import Job
from hyperspool.common.rejection import set_aside
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.fsck.breach import Breach, Remedy, Severity
from hyperspool.master.fsck.inspection import find_breaches
from hyperspool.master.journal.check import checked
from hyperspool.master.journal.file import JournalWriter, read_journal
from hyperspool.master.journal.journal import Journal
from hyperspool.master.journal.reconstruction import completed, find_unrecorded
from hyperspool.master.results.reading import read_results
from hyperspool.master.run.housekeeping import tidy
from hyperspool.master.run.loop import only_master

MAX_PASSES = 5
"""A result that is set aside leaves its curve alone, and that one leaves its trial to be issued: three passes."""
ASIDE = {Remedy.SET_ASIDE, Remedy.EVALUATE_AGAIN}


class Repaired(NamedTuple):
    """What came of it.

    Attributes:
        left: what is still wrong.
        mended: what was mended, what came to light by mending included.
    """

    left: list[Breach]
    mended: list[Breach]


def repair(folder: StudyFolder, spec: StudySpec, found: Sequence[Breach]) -> Repaired:
    """Mend what was found, and what comes to light by it. What a live worker holds is left to it.

    Args:
        folder: the study's.
        spec: as published.
        found: by `inspect`, so that nothing of it is a live process's business.

    Raises:
        StudyBusyError: the study's master runs. It looks after most of this itself.
        OSError: the file system refuses; what was mended stays so.
    """
    with only_master(folder, spec.claim):
        left, mended = list(found), []
        for _ in range(MAX_PASSES):
            wrong = [breach for breach in left if breach.remedy is not Remedy.NONE]
            if not wrong:
                break
            _mend(folder, spec, wrong)
            left = find_breaches(folder, spec, is_ours=True)
            mended += [breach for breach in wrong if breach not in left]
    # What was set aside just now is told of as mended.
    left = [breach for breach in left if breach.severity is not Severity.NOTE or breach in found]
    return Repaired(left, mended)


def _mend(folder: StudyFolder, spec: StudySpec, found: Sequence[Breach]) -> None:
    claims = Claims(Claimant("fsck"))
    issues = {path: issue for issue in folder.open_issues() for path in (folder.job(issue), folder.lock(issue))}
    aside = {breach.path: breach.cause for breach in found if breach.remedy in ASIDE}
    for path, cause in aside.items():
        if path in issues:
            _set_job_aside(folder, spec, issues[path], path, cause, claims)
        else:
            set_aside(folder, path, cause)
    if any(breach.remedy is Remedy.TIDY for breach in found):
        tidy(folder, spec, claims)
    missing = [breach.evaluation for breach in found if breach.evaluation is not None]
    journal = _recorded(folder, spec, is_to_write=any(breach.remedy is Remedy.RECORD for breach in found))
    # An issue's name is never used twice, so that no two workers can believe to hold the same one. limits.max_issues
    # ends what a master would repeat for ever by itself; this was asked for.
    issued = last_issues(folder) if missing else Counter[EvaluationKey]()
    entries = [journal.entries[key] for key in missing if key in journal.entries]
    jobs = [entry.job(spec.name, issued[entry.key] + 1) for entry in entries]
    if jobs:
        atomic.make_folder(folder.jobs)
        atomic.replace_many({folder.job(Issue(*job.evaluation, job.issue)): job.to_json() for job in jobs})


def _recorded(folder: StudyFolder, spec: StudySpec, *, is_to_write: bool) -> Journal:
    """What was proposed: what is whole of the journal, and the batches that results and open jobs show beyond it."""
    whole = checked(read_journal(folder, spec), spec)
    journal = Journal(whole.journal.batches)
    unrecorded = find_unrecorded(folder, spec, journal).values()
    jobs = [record for record in unrecorded if isinstance(record, Job)]
    completed(journal, spec, read_results(folder, spec).results, jobs)
    if is_to_write:
        writer = JournalWriter(folder, whole)
        writer.mend()
        for batch in journal.batches[len(writer.journal.batches) :]:
            writer.append(batch)
    return journal


def _set_job_aside(folder: StudyFolder, spec: StudySpec, issue: Issue, path: Path, cause: str, claims: Claims) -> None:
    claim = claims.try_lock(folder, issue, spec.claim)
    if claim is None:  # a live worker's; or the lock file was no lock file, and is aside now
        return
    set_aside(folder, path, cause)
    claim.remove_lock_file()
    claim.unlock()
