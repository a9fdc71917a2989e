from pathlib import Path

import pytest

from hyperspool.common import atomic
from hyperspool.common.claim import Claim, Claimant, Claims
from hyperspool.common.curve import read_curve, to_text
from hyperspool.common.epochs import EpochRecord
from hyperspool.common.issues import EvaluationName, Issue
from hyperspool.common.layout import StudyFolder
from hyperspool.common.locks import ClaimMode
from hyperspool.common.reading import read_record
from hyperspool.common.records import Attribution, Job, Result, Status, Times
from hyperspool.common.report import clear, read_result, report
from tests.conftest import job_of

CURVE = to_text(
    [EpochRecord.of(epoch=1, seconds=1, training_loss=1, validation_loss=1, validation_error=0.5, learning_rate=0.1)]
).encode()


FIRST = Issue(0)


class Crash(BaseException):
    """Ends a worker in the middle of an operation; no code of the project catches it."""


def claim_of(folder: StudyFolder, issue: Issue = FIRST) -> Claim:
    claim = Claims(Claimant("mine")).try_lock(folder, issue, ClaimMode.LOCK)
    assert claim is not None
    claim.start()
    return claim


def result_of(claim: Claim, value: float = 0.5) -> Result:
    found = result_of_job(job_of(claim.issue.trial, claim.issue.number))
    return found.model_copy(update={"attempt": claim.attempt.number, "value": value})


def result_of_job(job: Job, evaluation_s: float = 1.0, training_s: float = 1.0, epochs: int = 1) -> Result:
    """A result of the job's first attempt."""
    times = Times(published_at="", claimed_at="", ended_at="", evaluation_s=evaluation_s, training_s=training_s)
    return Result(
        study=job.study,
        trial=job.trial,
        rung=job.rung,
        issue=job.issue,
        attempt=1,
        status=Status.COMPLETE,
        value=0.5,
        params=job.params,
        budget=job.budget,
        horizon=job.horizon,
        seeds=job.seeds,
        epochs=epochs,
        attribution=Attribution(worker="mine", host="lab", pid=1, device="cpu", threads=1),
        times=times,
    )


def publish(folder: StudyFolder, issue: Issue = FIRST) -> None:
    atomic.replace(folder.job(issue), job_of(issue.trial, issue.number).to_json(), durable=True)


def files(folder: StudyFolder) -> list[str]:
    places = [folder.jobs, folder.running, folder.checkpoints, folder.trials, folder.duplicates]
    kept = {folder.spec}
    return sorted(path.name for place in places for path in place.rglob("*") if path.is_file() and path not in kept)


def test_a_report_leaves_only_the_result_and_its_curve(folder: StudyFolder) -> None:
    publish(folder)
    claim = claim_of(folder)
    folder.checkpoint(claim.attempt).write_bytes(b"state")
    assert report(claim, result_of(claim), CURVE) is True
    assert files(folder) == ["00000.csv", "00000.json"]
    assert len(read_curve(folder.curve(0))) == 1


def test_a_second_result_goes_to_duplicates_and_changes_nothing(folder: StudyFolder) -> None:
    for issue in (Issue(0), Issue(0, number=2)):
        publish(folder, issue)
    late, first = claim_of(folder, Issue(0)), claim_of(folder, Issue(0, number=2))
    assert report(first, result_of(first, value=0.1), CURVE) is True
    before = folder.result(0).read_bytes(), folder.curve(0).read_bytes()
    assert report(late, result_of(late, value=0.2), CURVE) is False
    assert (folder.result(0).read_bytes(), folder.curve(0).read_bytes()) == before
    assert read_record(folder.duplicate(late.attempt), Result).value == 0.2
    assert files(folder) == ["00000.csv", "00000.issue1.attempt1.csv", "00000.issue1.attempt1.json", "00000.json"]


def test_the_next_claimant_finishes_a_report_that_crashed_anywhere(
    folder: StudyFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    crashes = 0
    for crash_at in range(1, 100):
        trial = crash_at
        publish(folder, Issue(trial))
        claim = claim_of(folder, Issue(trial))
        folder.checkpoint(claim.attempt).write_bytes(b"state")
        left = iter(range(crash_at - 1))

        def crash(_operation: str, _path: Path, left: "iter[int]" = left) -> None:  # type: ignore[valid-type]
            if next(left, None) is None:
                raise Crash

        with monkeypatch.context() as patched:
            patched.setattr(atomic, "after_operation", crash)
            try:
                report(claim, result_of(claim), CURVE)
            except Crash:
                crashes += 1
            else:
                break
            finally:
                claim.unlock()
        finish_as_the_next_claimant(folder, Issue(trial))
        assert read_result(folder, EvaluationName(trial)) is not None
        assert len(read_curve(folder.curve(trial))) == 1
        assert folder.open_issues() == []
        assert folder.locked_issues() == []
        assert list(folder.attempted_issues()) == []
    assert crashes > 10


def finish_as_the_next_claimant(folder: StudyFolder, issue: Issue) -> None:
    claim = Claims(Claimant("next")).try_lock(folder, issue, ClaimMode.LOCK)
    assert claim is not None
    if folder.finished([issue.evaluation]):
        clear(claim)
    elif issue in folder.open_issues():
        claim.start()
        report(claim, result_of(claim), CURVE)


def test_a_report_can_be_repeated_after_a_full_disk(folder: StudyFolder, monkeypatch: pytest.MonkeyPatch) -> None:
    publish(folder)
    claim = claim_of(folder)
    result = result_of(claim)
    failures = 0
    for fail_at in range(1, 100):
        left = iter(range(fail_at - 1))

        def fail(_operation: str, path: Path, left: "iter[int]" = left) -> None:  # type: ignore[valid-type]
            if next(left, None) is None:
                raise OSError(28, "No space left on device", str(path))

        with monkeypatch.context() as patched:
            patched.setattr(atomic, "after_operation", fail)
            try:
                report(claim, result, CURVE)
            except OSError:
                failures += 1
            else:
                break
    assert failures > 5
    assert [name for name in files(folder) if not atomic.is_temporary(name)] == ["00000.csv", "00000.json"]
    assert not folder.duplicates.exists()


@pytest.mark.parametrize("content", [b"", b"\0" * 100, b"{}", b"not json"])
def test_an_unreadable_result_is_set_aside_with_its_reason(folder: StudyFolder, content: bytes) -> None:
    folder.result(0).write_bytes(content)
    assert read_result(folder, EvaluationName(0)) is None
    moved, reason = sorted(folder.rejected.iterdir())
    assert moved.read_bytes() == content
    assert moved.name.startswith("00000.json.")
    assert "results/demo/trials/00000-00099/00000.json was set aside" in reason.read_text()


def test_only_a_caller_with_the_job_judges_a_results_params(folder: StudyFolder) -> None:
    publish(folder)
    claim = claim_of(folder)
    report(claim, result_of(claim), CURVE)
    assert read_result(folder, EvaluationName(0)) is not None
    assert read_result(folder, EvaluationName(0), job_of(0, params={"x": 0.75})) is None
    assert "params: found {'x': 0.25}, expected {'x': 0.75}" in next(folder.rejected.glob("*.reason.txt")).read_text()


def test_a_result_in_another_trials_place_is_set_aside(folder: StudyFolder) -> None:
    publish(folder)
    claim = claim_of(folder)
    report(claim, result_of(claim), CURVE)
    folder.result(0).rename(folder.result(1))
    assert read_result(folder, EvaluationName(1)) is None
    assert "it is of study demo, trial 0" in next(folder.rejected.glob("*.reason.txt")).read_text()
