"""Repairs breaches: finishes what was cut short, sets aside bad files, issues missing trials, mends the journal.

Deletes nothing that anyone may need: bad files are moved to `rejected/` with the reason. Work that was cut short is
finished as the study's master would when it starts: the repair runs in its place, under its lock.
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
from hyperspool.common.rejection import set_aside
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.fsck.breach import Breach, Remedy, Severity
from hyperspool.master.fsck.inspection import find_breaches
from hyperspool.master.fsck.look import look_at
from hyperspool.master.journal.check import checked
from hyperspool.master.journal.file import JournalWriter, read_journal
from hyperspool.master.journal.journal import Journal
from hyperspool.master.run.housekeeping import tidy
from hyperspool.master.run.only_master import only_master

MAX_PASSES = 5
"""One repair may need three: after a result is set aside its curve is a breach, and after that its missing trial."""
ASIDE = {Remedy.SET_ASIDE, Remedy.EVALUATE_AGAIN}


class Repaired(NamedTuple):
    """The results of a repair.

    Attributes:
        left: the breaches that remain.
        mended: the breaches that were mended, including those that appeared during the repair.
    """

    left: list[Breach]
    mended: list[Breach]


def repair(folder: StudyFolder, spec: StudySpec, found: Sequence[Breach]) -> Repaired:
    """Mend breaches, and those that appear during the repair. Leaves issues alone that a live worker holds.

    Args:
        folder: the study's folder.
        spec: the published study.
        found: the breaches from `inspect`, so that none is a step of a live process.

    Raises:
        StudyBusyError: the study's master runs; it mends most of this itself.
        OSError: the file system refuses; what was mended so far stays mended.
    """
    with only_master(folder, spec.claim):
        left, mended = list(found), []
        # Bounded: what no pass can mend must not repeat for ever.
        for _ in range(MAX_PASSES):
            wrong = [breach for breach in left if breach.remedy is not Remedy.NONE]
            if not wrong:
                break
            _mend(folder, spec, wrong)
            left = find_breaches(folder, spec, is_ours=True)
            mended += [breach for breach in wrong if breach not in left]
    # Files that this repair set aside are reported as mended, not as notes.
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
    # A look's journal is checked against the seed and completed from jobs too, as a starting master does it.
    journal = look_at(folder, spec, is_ours=True).journal
    if any(breach.remedy is Remedy.RECORD for breach in found):
        _record(folder, spec, journal)
    # A new issue has a new name, so that no two workers can believe to hold the same one. limits.max_issues does not
    # apply: it keeps a master from repeating for ever by itself, but this repair was asked for.
    issued = last_issues(folder) if missing else Counter[EvaluationKey]()
    entries = [journal.entries[key] for key in missing if key in journal.entries]
    jobs = [entry.job(spec.name, issued[entry.key] + 1) for entry in entries]
    if jobs:
        atomic.make_folder(folder.jobs)
        atomic.replace_many({folder.job(Issue(*job.evaluation, job.issue)): job.to_json() for job in jobs})


def _record(folder: StudyFolder, spec: StudySpec, journal: Journal) -> None:
    """Write the journal's file again: its undamaged batches, then those that were worked out."""
    writer = JournalWriter(folder, checked(read_journal(folder, spec), spec))
    writer.mend()
    for batch in journal.batches[len(writer.journal.batches) :]:
        writer.append(batch)


def _set_job_aside(folder: StudyFolder, spec: StudySpec, issue: Issue, path: Path, cause: str, claims: Claims) -> None:
    claim = claims.try_lock(folder, issue, spec.claim)
    if claim is None:  # a live worker holds it; or the lock file was invalid, and has just been set aside
        return
    set_aside(folder, path, cause)
    claim.remove_lock_file()
    claim.unlock()
