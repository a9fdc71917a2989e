"""REPORT and CLEAR, the end of an issue's life (see `common.claim` for the protocol)."""

from contextlib import suppress
from pathlib import Path

from hyperspool.common import atomic
from hyperspool.common.claim import Claim
from hyperspool.common.errors import ProtocolError
from hyperspool.common.issues import AttemptName, EvaluationName, Issue
from hyperspool.common.layout import StudyFolder
from hyperspool.common.reading import read_record
from hyperspool.common.records import Job, Result, Status
from hyperspool.common.rejection import make_room, remove_or_set_aside, set_aside
from hyperspool.common.trial_folders import remove_saved


def report(claim: Claim, result: Result, curve: bytes) -> bool:
    """REPORT: write the result of a claimed issue once, then CLEAR.

    The curve is on disk before the result's name appears, so every result has its curve. On an OSError (a full disk,
    for example) nothing is lost: the claim is still held, and the call can be repeated.

    Returns:
        True if this became the evaluation's result; False if there was one already, and this one went to `duplicates/`.
    """
    folder, attempt, evaluation = claim.folder, claim.attempt, claim.issue.evaluation
    if curve:
        make_room(folder, folder.running_curve(attempt))
        atomic.replace(folder.running_curve(attempt), curve, durable=True)
    elif folder.running_curve(attempt).exists():
        # An earlier attempt left a curve that could not be read. CLEAR would make it the curve of this result.
        set_aside(folder, folder.running_curve(attempt), "it is not the curve of the result, which has no epoch")
    atomic.make_folder(folder.trial_folder(evaluation.trial))
    is_first = atomic.write_once(folder.result(*evaluation), result.to_json())
    if (
        not is_first and read_result(folder, evaluation) is None
    ):  # the file there was not a result, and is set aside now
        is_first = atomic.write_once(folder.result(*evaluation), result.to_json())
    if not is_first and not _is_ours(folder, attempt):
        atomic.make_folder(folder.duplicates)
        atomic.write_once(folder.duplicate(attempt), result.to_json())
        if curve:
            make_room(folder, folder.duplicate(attempt).with_suffix(".csv"))
            atomic.replace(folder.duplicate(attempt).with_suffix(".csv"), curve, durable=True)
    clear(claim)
    return is_first


def clear(claim: Claim) -> None:
    """CLEAR: settle the files of an evaluation that has a result, remove the issue's files, release the claim.

    Only the holder of the claim may call it. It can be repeated after a crash midway.
    """
    folder, issue = claim.folder, claim.issue
    settle(folder, issue)
    for _, path in folder.attempt_files(issue):
        remove_or_set_aside(folder, path)
    remove_saved(folder, issue.evaluation)
    remove_or_set_aside(folder, folder.job(issue))
    claim.remove_lock_file()
    claim.unlock()


def settle(folder: StudyFolder, issue: Issue) -> None:
    """Move a result's files to their places, if the winning attempt was at this issue.

    The curve moves beside the result. The last checkpoint is kept for the next rung if the trial can be promoted, and
    until the study's end if it is FAILED. If a file is already in its place, an earlier CLEAR moved it there, and the
    attempt's file is a leftover.
    """
    with suppress(FileNotFoundError, ProtocolError):
        result = read_record(folder.result(*issue.evaluation), Result)
        if result.issue == issue.number:
            winner = AttemptName(issue, result.attempt)
            _settle_file(folder, folder.running_curve(winner), folder.curve(*issue.evaluation))
            if result.can_be_promoted or result.status is Status.FAILED:
                # The winner's checkpoint; or an earlier attempt's, if that one had trained to the end already and the
                # winner had nothing left to save.
                for checkpoint in folder.checkpoints_of(*issue.evaluation, upto=winner)[:1]:
                    _settle_file(folder, checkpoint, folder.kept_checkpoint(*issue.evaluation))


def _settle_file(folder: StudyFolder, source: Path, target: Path) -> None:
    make_room(folder, target)
    if not target.exists():
        with suppress(FileNotFoundError):
            atomic.move(source, target)


def read_result(folder: StudyFolder, evaluation: EvaluationName, job: Job | None = None) -> Result | None:
    """An evaluation's result; None if there is no valid one. An invalid result is set aside with the reason.

    Call it only for a name that a listing showed: on NFS, asking for a name that does not exist yet hides it for a
    while.

    Args:
        folder: the study's folder.
        evaluation: trial and rung.
        job: what was asked for, if the caller knows it for sure. Only the master does: a job's file may have been
            tampered with, and an honest result must not be judged by it.
    """
    path = folder.result(*evaluation)
    try:
        result = read_record(path, Result)
        problems = job.mismatches(result) if job else _misplaced(result, folder, evaluation)
    except FileNotFoundError:
        return None
    except ProtocolError as error:
        problems = (error.reason,)
    if problems:
        set_aside(folder, path, "it is not a result of this trial: " + "; ".join(problems))
        return None
    return result


def _misplaced(result: Result, folder: StudyFolder, evaluation: EvaluationName) -> tuple[str, ...]:
    if (result.study, result.evaluation) == (folder.name, evaluation):
        return ()
    return (f"it is of study {result.study}, trial {result.trial}, rung {result.rung}",)


def _is_ours(folder: StudyFolder, attempt: AttemptName) -> bool:
    # After a full disk in the middle of CLEAR, the repeated REPORT finds its own result.
    with suppress(FileNotFoundError, ProtocolError):
        result = read_record(folder.result(*attempt.issue.evaluation), Result)
        return (result.issue, result.attempt) == (attempt.issue.number, attempt.number)
    return False
