"""REPORT and CLEAR, the end of an issue's life (see `common.claim` for the protocol)."""

from collections.abc import Iterable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import NamedTuple

from hyperspool.common import atomic
from hyperspool.common.claim import Claim
from hyperspool.common.errors import ProtocolError
from hyperspool.common.file_kinds import JOB
from hyperspool.common.issues import AttemptName, EvaluationName, Issue
from hyperspool.common.layout import StudyFolder, names_of
from hyperspool.common.reading import read_record
from hyperspool.common.records import Job, Result, Status
from hyperspool.common.rejection import make_room, remove_or_set_aside, set_aside
from hyperspool.common.trial_folders import remove_saved


class Report(NamedTuple):
    """What is reported of a claimed issue."""

    claim: Claim
    result: Result
    curve: bytes
    """Empty if the objective reported no epoch."""


def report(claim: Claim, result: Result, curve: bytes) -> bool:
    """REPORT: write the result of a claimed issue once, then CLEAR.

    The curve is on disk before the result's name appears, so every result has its curve. On an OSError (a full disk,
    for example) nothing is lost: the claim is still held, and the call can be repeated.

    Returns:
        True if this became the evaluation's result; False if there was one already, and this one went to `duplicates/`.
    """
    one = Report(claim, result, curve)
    return finish_report(one, is_first=write_results([one])[0])


def write_results(reports: Sequence[Report]) -> list[bool]:
    """The first half of REPORT, for several results: write them with one flush of their folder.

    Returns:
        Whether each became the evaluation's result. `finish_report` is next.
    """
    for claim, _, curve in reports:
        _write_curve(claim, curve)
    for folder in dict.fromkeys(claim.folder.trial_folder(claim.issue.trial) for claim, _, _ in reports):
        atomic.make_folder(folder)
    paths = [claim.folder.result(*claim.issue.evaluation) for claim, _, _ in reports]
    return atomic.write_each_once(
        [(path, result.to_json()) for path, (_, result, _) in zip(paths, reports, strict=True)]
    )


def finish_report(one: Report, *, is_first: bool) -> bool:
    """The second half of REPORT, then CLEAR. Returns as `report`."""
    claim, result, curve = one
    folder, attempt, evaluation = claim.folder, claim.attempt, claim.issue.evaluation
    if not is_first and read_result(folder, evaluation) is None:
        # The file there was not a result, and is set aside now.
        is_first = atomic.write_once(folder.result(*evaluation), result.to_json())
    is_first = is_first or _is_ours(folder, attempt)
    if not is_first:
        atomic.make_folder(folder.duplicates)
        atomic.write_once(folder.duplicate(attempt), result.to_json())
        if curve:
            make_room(folder, folder.duplicate(attempt).with_suffix(".csv"))
            atomic.replace(folder.duplicate(attempt).with_suffix(".csv"), curve, durable=True)
    clear(claim, result if is_first else None)
    return is_first


def _write_curve(claim: Claim, curve: bytes) -> None:
    folder, path = claim.folder, claim.folder.running_curve(claim.attempt)
    if curve:
        make_room(folder, path)
        atomic.replace(path, curve, durable=True)
    elif path.exists():
        # An earlier attempt left a curve that could not be read. CLEAR would make it the curve of this result.
        set_aside(folder, path, "it is not the curve of the result, which has no epoch")


def clear(claim: Claim, result: Result | None = None) -> None:
    """CLEAR: settle the files of an evaluation that has a result, remove the issue's files, release the claim.

    Only the holder of the claim may call it. It can be repeated after a crash midway.

    Args:
        claim: the claim.
        result: the evaluation's result, if the caller has just written it.
    """
    folder, issue = claim.folder, claim.issue
    settle(folder, issue, result)
    for path in _attempt_files(claim, result):
        remove_or_set_aside(folder, path)
    remove_saved(folder, issue.evaluation)
    remove_or_set_aside(folder, folder.job(issue))
    claim.remove_lock_file()
    claim.unlock()


def drop(claim: Claim) -> None:
    """DROP: let go of a claim that is ours no longer. Clears the issue if nobody else can be at it.

    Raises:
        OSError: the file system refuses; the lock is released all the same.
    """
    folder, evaluation = claim.folder, claim.issue.evaluation
    try:
        if JOB.file_name(claim.issue) in names_of(folder.jobs):
            return  # another worker has claimed it
        if folder.finished([evaluation]) and read_result(folder, evaluation) is not None:
            clear(claim)
        else:  # withdrawn: what the attempt saved stays, for whoever has the next issue
            claim.remove_lock_file()
    finally:
        claim.unlock()


def _attempt_files(claim: Claim, result: Result | None) -> Iterable[Path]:
    folder, attempt = claim.folder, claim.attempt
    if result and result.status is Status.COMPLETE and attempt.number == attempt.issue.number == 1:
        # The first attempt of all, to its end: there is no other's file, and its own have their names.
        return (folder.running_curve(attempt), folder.checkpoint(attempt))
    return (path for _, path in folder.attempt_files(claim.issue))


def settle(folder: StudyFolder, issue: Issue, result: Result | None = None) -> None:
    """Move a result's files to their places, if the winning attempt was at this issue.

    The curve moves beside the result. The last checkpoint is kept for the next rung if the trial can be promoted, and
    until the study's end if it is FAILED. If a file is already in its place, an earlier CLEAR moved it there, and the
    attempt's file is a leftover.
    """
    with suppress(FileNotFoundError, ProtocolError):
        result = result or read_record(folder.result(*issue.evaluation), Result)
        if result.issue == issue.number:
            winner = AttemptName(issue, result.attempt)
            _settle_file(folder, folder.running_curve(winner), folder.curve(*issue.evaluation))
            if result.can_be_promoted or result.status is Status.FAILED:
                # The winner's checkpoint; or an earlier attempt's, if that one had trained to the end already and the
                # winner had nothing left to save.
                for checkpoint in folder.checkpoints_of(*issue.evaluation, upto=winner)[:1]:
                    _settle_file(folder, checkpoint, folder.kept_checkpoint(*issue.evaluation))


def _settle_file(folder: StudyFolder, source: Path, target: Path) -> None:
    with suppress(FileNotFoundError):
        source.lstat()  # nothing to move, as a rule: an objective that reports no epoch leaves no curve
        make_room(folder, target)
        if not target.exists():
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
