"""REPORT and CLEAR, the end of a slot's life (see `common.claim` for the protocol)."""

from contextlib import suppress

from hyperspool.common import atomic
from hyperspool.common.claim import Claim
from hyperspool.common.errors import ProtocolError
from hyperspool.common.layout import AttemptName, Slot, StudyFolder
from hyperspool.common.reading import read_record
from hyperspool.common.records import Job, Result
from hyperspool.common.rejection import make_room, remove_or_set_aside, set_aside


def report(claim: Claim, result: Result, curve: bytes) -> bool:
    """REPORT: write the result of a claimed slot once, then CLEAR.

    The curve is on disk before the result's name appears, so that no result is without its curve. On an OSError (a full
    disk, say) nothing is lost: the claim is still held, and the call can be repeated.

    Returns:
        True if this is the trial's result, False if another one was first and this one was kept aside.
    """
    folder, attempt = claim.folder, claim.attempt
    if curve:
        make_room(folder, folder.running_curve(attempt))
        atomic.replace(folder.running_curve(attempt), curve, durable=True)
    elif folder.running_curve(attempt).exists():
        # The curve of a lost attempt that could not be read: CLEAR would make it the curve of this result.
        set_aside(folder, folder.running_curve(attempt), "it is not the curve of the result, which has no epoch")
    atomic.make_folder(folder.trial_folder(result.trial))
    is_first = atomic.write_once(folder.result(result.trial), result.to_json())
    if not is_first and read_result(folder, result.trial) is None:  # what had the name was none, and is set aside
        is_first = atomic.write_once(folder.result(result.trial), result.to_json())
    if not is_first and not _is_ours(folder, attempt):
        atomic.make_folder(folder.duplicates)
        atomic.write_once(folder.duplicate(attempt), result.to_json())
        if curve:
            make_room(folder, folder.duplicate(attempt).with_suffix(".csv"))
            atomic.replace(folder.duplicate(attempt).with_suffix(".csv"), curve, durable=True)
    clear(claim)
    return is_first


def clear(claim: Claim) -> None:
    """CLEAR: the trial has a result; move its curve beside it, remove what the slot leaves behind, let go.

    Whoever holds the claim may call it, and again after a crash in its middle.
    """
    folder, slot = claim.folder, claim.slot
    settle_curve(folder, slot)
    for _, path in folder.attempt_files(slot):
        remove_or_set_aside(folder, path)
    remove_or_set_aside(folder, folder.job(slot))
    claim.remove_lock_file()
    claim.unlock()


def settle_curve(folder: StudyFolder, slot: Slot) -> None:
    """Move the curve of the attempt that won, if it was one of this slot, to its place beside the result.

    A curve that is there already was moved by whoever cleared first; what lies in `running/` then is a leftover.
    """
    with suppress(FileNotFoundError, ProtocolError):
        result = read_record(folder.result(slot.trial), Result)
        if result.issue == slot.issue:
            make_room(folder, folder.curve(slot.trial))
            if not folder.curve(slot.trial).exists():
                atomic.move(folder.running_curve(AttemptName(slot, result.attempt)), folder.curve(slot.trial))


def read_result(folder: StudyFolder, trial: int, job: Job | None = None) -> Result | None:
    """A trial's result, or None if there is none that holds. One that does not is set aside with its reason.

    Call it for a name that a listing showed (on NFS, asking for a name that is not there yet hides it for a while).

    Args:
        folder: the study's.
        trial: its number.
        job: what was asked for, if the caller knows it for sure, as only the master does: a job's file may have been
            tampered with, and must not be what an honest result is measured by.
    """
    path = folder.result(trial)
    try:
        result = read_record(path, Result)
        problems = job.mismatches(result) if job else _misplaced(result, folder, trial)
    except FileNotFoundError:
        return None
    except ProtocolError as error:
        problems = (error.reason,)
    if problems:
        set_aside(folder, path, "it is not a result of this trial: " + "; ".join(problems))
        return None
    return result


def _misplaced(result: Result, folder: StudyFolder, trial: int) -> tuple[str, ...]:
    if (result.study, result.trial) == (folder.name, trial):
        return ()
    return (f"it is of study {result.study}, trial {result.trial}",)


def _is_ours(folder: StudyFolder, attempt: AttemptName) -> bool:
    # A repeated REPORT, after a full disk in the middle of CLEAR, finds its own result.
    with suppress(FileNotFoundError, ProtocolError):
        result = read_record(folder.result(attempt.slot.trial), Result)
        return (result.issue, result.attempt) == (attempt.slot.issue, attempt.attempt)
    return False
