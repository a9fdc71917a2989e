"""Checks of `jobs/`: jobs, lock files, and trials that have neither a job nor a result."""

from collections.abc import Iterator

from hyperspool.common.attempts import read_history
from hyperspool.common.errors import ProtocolError
from hyperspool.common.layout import Slot
from hyperspool.common.locks import ClaimMode
from hyperspool.common.records import Job
from hyperspool.master.fsck.breach import Breach, Remedy, Severity
from hyperspool.master.fsck.look import Look


def check_jobs(look: Look) -> Iterator[Breach]:
    """Every open job asks for what the study asks for, and for a trial that has no result yet."""
    for slot, job in look.jobs.items():
        path = look.folder.job(slot)
        problems = _problems(look, slot, job)
        if problems:
            yield Breach(path, f"it is not a job of this study: {'; '.join(problems)}", Remedy.SET_ASIDE)
        elif slot.trial in look.results and slot not in look.held:
            yield Breach(path, "its trial has a result, so its end was cut short", Remedy.TIDY)


def check_locks(look: Look) -> Iterator[Breach]:
    """Every lock file belongs to an open job, and is what a claimant wrote."""
    is_lease = look.spec.claim is ClaimMode.LEASE
    for slot in look.locked_slots:
        path = look.folder.lease(slot) if is_lease else look.folder.lock(slot)
        try:
            read_history(look.folder.lock(slot))
        except ProtocolError as error:
            yield Breach(look.folder.lock(slot), error.reason, Remedy.SET_ASIDE)
            continue
        except OSError as error:
            yield Breach(look.folder.lock(slot), f"cannot be read ({error.strerror})")
            continue
        if slot not in look.open_slots and slot not in look.held:
            yield Breach(path, "its job is gone, so its end was cut short", Remedy.TIDY)


def check_missing(look: Look) -> Iterator[Breach]:
    """Every trial that was proposed is finished or open, unless a master is about to publish it."""
    if look.is_master_running:
        return
    is_open = {slot.trial for slot in look.open_slots}
    for trial, _ in look.journal.entries:
        if trial not in look.finished and trial not in is_open and not look.is_busy(trial):
            path = look.folder.job(Slot(trial))
            cause = f"trial {trial} has neither a job nor a result, although its batch was proposed"
            yield Breach(path, cause, Remedy.ISSUE, trial=trial)


def check_journal(look: Look) -> Iterator[Breach]:
    """The journal is whole, and holds every evaluation that has a job or a result."""
    path, found = look.folder.journal, look.journal_file
    if found.damage:
        yield Breach(path, f"the journal is damaged: {found.damage}", Remedy.RECORD)
    elif found.is_cut_short and not look.is_master_running:
        yield Breach(path, "its last batch was not written to its end", Remedy.RECORD)
    elif len(look.journal.entries) > len(found.journal.entries):
        missing = len(look.journal.entries) - len(found.journal.entries)
        cause = f"{missing} proposals are not recorded, though there are jobs or results of them"
        yield Breach(path, cause, Remedy.RECORD, Severity.WARNING)


def _problems(look: Look, slot: Slot, job: Job) -> list[str]:
    problems = list(look.spec.problems_of(job))
    if (job.trial, job.issue) != (slot.trial, slot.issue):
        problems.append(f"it asks for trial {job.trial}, issue {job.issue}, but is named {slot.name}.json")
    if not problems:
        expected = look.expected_job(slot.trial)
        problems += (
            []
            if expected is None
            else [
                f"{name}: found {getattr(job, name)}, expected {getattr(expected, name)}"
                for name in ("params", "budget", "seeds")
                if getattr(job, name) != getattr(expected, name)
            ]
        )
    return problems
