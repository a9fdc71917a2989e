"""Checks of `jobs/`: jobs, lock files, and trials that have neither a job nor a result."""

from collections.abc import Iterator

from hyperspool.common.attempts import read_history
from hyperspool.common.errors import ProtocolError
from hyperspool.common.layout import Slot
from hyperspool.common.locks import ClaimMode
from hyperspool.common.records import Job
from hyperspool.master.fsck.breach import Breach, Remedy
from hyperspool.master.fsck.look import Look
from hyperspool.master.search.methods import learns


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
    """Every trial up to the last batch that was begun is finished or open, unless a master is about to see to it."""
    if look.is_master_running:
        return
    folder, batch = look.folder, look.spec.batch
    is_open = {slot.trial for slot in look.open_slots}
    begun = look.finished | {trial for trial in folder.last_issues() if trial < look.spec.all_trials}
    last = max(begun, default=-1)
    # A method that learns ends batches where its rounds end: what lies beyond the last trial seen is for its master.
    end = last + 1 if learns(look.spec) else min((last // batch + 1) * batch, look.spec.all_trials)
    for trial in range(end):
        if trial not in look.finished and trial not in is_open and not look.is_busy(trial):
            path = folder.job(Slot(trial))
            cause = f"trial {trial} has neither a job nor a result, although its batch was published"
            yield Breach(path, cause, Remedy.ISSUE, trial=trial)


def _problems(look: Look, slot: Slot, job: Job) -> list[str]:
    problems = list(look.spec.problems_of(job))
    if (job.trial, job.issue) != (slot.trial, slot.issue):
        problems.append(f"it asks for trial {job.trial}, issue {job.issue}, but is named {slot.name}.json")
    if not problems:
        expected = look.proposals.job(slot.trial)
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
