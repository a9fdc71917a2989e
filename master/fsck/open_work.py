"""Checks of open work: jobs, lock files, the journal, and trials that have neither a job nor a result."""

from collections.abc import Iterator

from hyperspool.common.attempts import read_history
from hyperspool.common.errors import ProtocolError
from hyperspool.common.issues import Issue
from hyperspool.common.locks import ClaimMode
from hyperspool.common.records import Job
from hyperspool.master.fsck.breach import Breach, Remedy, Severity
from hyperspool.master.fsck.look import Look


def check_jobs(look: Look) -> Iterator[Breach]:
    """Every open job asks for what the study asks for, and its trial has no result yet."""
    for issue, job in look.jobs.items():
        path = look.folder.job(issue)
        problems = _problems(look, issue, job)
        if problems:
            yield Breach(path, f"it is not a job of this study: {'; '.join(problems)}", Remedy.SET_ASIDE)
        elif issue.evaluation in look.results and issue not in look.held:
            yield Breach(path, "its trial has a result, so CLEAR was cut short", Remedy.TIDY)


def check_locks(look: Look) -> Iterator[Breach]:
    """Every lock file belongs to an open job, and was written by claimants."""
    is_lease = look.spec.claim is ClaimMode.LEASE
    for issue in look.locked_issues:
        path = look.folder.lease(issue) if is_lease else look.folder.lock(issue)
        try:
            read_history(look.folder.lock(issue))
        except ProtocolError as error:
            yield Breach(look.folder.lock(issue), error.reason, Remedy.SET_ASIDE)
            continue
        except OSError as error:
            yield Breach(look.folder.lock(issue), f"cannot be read ({error.strerror})")
            continue
        # Of a job that a running master withdrew, the lock file stays until the master tidies up.
        is_withdrawn = look.is_master_running and any(
            later.evaluation == issue.evaluation and later.number > issue.number
            for later in (*look.open_issues, *look.locked_issues)
        )
        if issue not in look.open_issues and issue not in look.held and not is_withdrawn:
            yield Breach(path, "its job is gone, so CLEAR was cut short", Remedy.TIDY)


def check_missing(look: Look) -> Iterator[Breach]:
    """Everything that was proposed is finished or open, unless a master is about to publish it."""
    if look.is_master_running:
        return
    is_open = {issue.evaluation for issue in look.open_issues}
    for key in look.journal.entries:
        if key not in look.finished and key not in is_open and not look.is_busy(key):
            cause = f"trial {key[0]} has neither a job nor a result, but its batch was proposed"
            yield Breach(look.folder.job(Issue(*key)), cause, Remedy.ISSUE, evaluation=key)


def check_journal(look: Look) -> Iterator[Breach]:
    """The journal is whole, and holds every evaluation that has a job or a result."""
    path, found = look.folder.journal, look.journal_file
    if found.damage:
        yield Breach(path, f"the journal is damaged: {found.damage}", Remedy.RECORD)
    elif found.is_cut_short and not look.is_master_running:
        yield Breach(path, "its last batch is incomplete", Remedy.RECORD)
    elif len(look.journal.entries) > len(found.journal.entries):
        missing = len(look.journal.entries) - len(found.journal.entries)
        cause = f"{missing} proposals are not recorded, but have jobs or results"
        yield Breach(path, cause, Remedy.RECORD, Severity.WARNING)


def _problems(look: Look, issue: Issue, job: Job) -> list[str]:
    problems = list(look.spec.problems_of(job))
    if (job.evaluation, job.issue) != (issue.evaluation, issue.number):
        asked = Issue(job.trial, job.rung, job.issue).name
        problems.append(f"it asks for {asked}, but is named {issue.name}.json")
    expected = look.expected_job(issue.evaluation)
    if problems or expected is None:
        return problems
    return [
        f"{name}: found {getattr(job, name)}, expected {getattr(expected, name)}"
        for name in ("params", "budget", "horizon", "continues", "starts_from", "seeds")
        if getattr(job, name) != getattr(expected, name)
    ]
