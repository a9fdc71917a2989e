import json
from errno import EACCES, ESTALE
from pathlib import Path

import pytest

from hyperspool.common import atomic, confinement
from hyperspool.common.claim import Claim, Claimant, Claims
from hyperspool.common.issues import Issue
from hyperspool.common.layout import StudyFolder
from hyperspool.common.locks import ClaimChoice, ClaimMode
from hyperspool.common.records import Job
from hyperspool.common.report import report
from hyperspool.worker import queue
from hyperspool.worker.job_order import Turn, turns
from hyperspool.worker.queue import JobQueue
from tests.common.test_report import CURVE, claim_of, result_of
from tests.conftest import job_of, spec_of


def publish(folder: StudyFolder, *jobs: Job) -> None:
    for job in jobs:
        atomic.replace(folder.job(Issue(job.trial, number=job.issue)), job.to_json(), durable=False)


def taken(jobs: JobQueue) -> list[int]:
    """Claim all jobs that are free; return their trials."""
    kept = []  # the lock of a claim is released when nothing refers to the claim
    while (claimed := jobs.next_claim()) is not None:
        claimed.claim.start()
        kept.append(claimed)
    for claimed in kept:
        claimed.claim.unlock()
    return [claimed.job.trial for claimed in kept]


def reasons(folder: StudyFolder) -> str:
    return "".join(path.read_text() for path in sorted(folder.rejected.glob("*.reason.txt")))


def test_a_job_finished_since_the_listing_leaves_no_lock_file(folder: StudyFolder, jobs: JobQueue) -> None:
    publish(folder, job_of(0), job_of(1))
    claimed = jobs.next_claim()
    assert claimed is not None
    assert claimed.job.trial == 0
    other = claim_of(folder, Issue(1))
    report(other, result_of(other), CURVE)
    assert jobs.next_claim() is None
    assert folder.locked_issues() == [Issue(0)]


def test_a_job_finished_before_the_lock_leaves_no_lock_file(
    folder: StudyFolder, jobs: JobQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(folder, job_of(0))
    try_lock = Claims.try_lock

    def finish_first(claims: Claims, study: StudyFolder, issue: Issue, mode: ClaimMode) -> Claim | None:
        monkeypatch.setattr(Claims, "try_lock", try_lock)
        other = claim_of(folder)
        report(other, result_of(other), CURVE)
        return try_lock(claims, study, issue, mode)

    monkeypatch.setattr(Claims, "try_lock", finish_first)
    assert jobs.next_claim() is None
    assert folder.locked_issues() == []
    assert folder.finished([(0, 0)]) == {(0, 0)}


def test_a_job_with_a_result_is_cleared_and_not_evaluated(folder: StudyFolder, jobs: JobQueue) -> None:
    publish(folder, job_of(0))
    claim = claim_of(folder)
    report(claim, result_of(claim), CURVE)
    before = folder.result(0).read_bytes()
    publish(folder, job_of(0))
    assert jobs.next_claim() is None
    assert folder.open_issues() == []
    assert folder.result(0).read_bytes() == before


VALID = json.loads(job_of().to_json())


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        ("", "is empty or blank"),
        ("\0" * 100, "is empty or blank"),
        ('{"schema_version": 1, "study"', "not valid JSON"),
        ("[]", "expected"),
        (json.dumps(VALID | {"schema_version": 2}), "schema_version: found 2, expected 1"),
        (json.dumps(VALID | {"params": {"x": 7.0}}), "params.x: found 7.0, expected 0.0 to 1.0"),
        (json.dumps(VALID | {"params": {"x": float("nan")}}), "params"),
        (json.dumps(VALID | {"params": {"y": 1}}), "params.y: no such parameter"),
        (json.dumps(VALID | {"study": "other"}), "study: found 'other', expected 'demo'"),
        (json.dumps(VALID | {"trial": 3}), "asks for 00003, but is named 00000.json"),
        (json.dumps(VALID | {"trial": 9}), "trial: found 9, expected 0 to 3"),
        (json.dumps(VALID | {"params": {"x": 10**400}}), "params"),
        (json.dumps(VALID | {"command": "rm -rf /"}), "command: unknown key"),
    ],
)
def test_a_job_that_contradicts_the_study_is_set_aside(
    folder: StudyFolder, jobs: JobQueue, caplog: pytest.LogCaptureFixture, content: str, reason: str
) -> None:
    folder.job(Issue(0)).write_text(content)
    publish(folder, job_of(1))
    assert taken(jobs) == [1]
    assert len(caplog.messages) == 1
    assert reason in reasons(folder)
    assert folder.open_issues() == [Issue(1)]
    assert folder.locked_issues() == [Issue(1)]


def test_a_tampered_job_never_costs_an_honest_result_its_place(folder: StudyFolder, jobs: JobQueue) -> None:
    publish(folder, job_of(0))
    claim = claim_of(folder)
    report(claim, result_of(claim), CURVE)
    before = folder.result(0).read_bytes()
    publish(folder, job_of(0, params={"x": 0.75}))
    assert jobs.next_claim() is None
    assert folder.result(0).read_bytes() == before


def test_an_unreadable_study_waits_and_is_logged_once(
    folder: StudyFolder, jobs: JobQueue, caplog: pytest.LogCaptureFixture
) -> None:
    whole = folder.spec.read_bytes()
    folder.spec.write_bytes(whole[:50])
    publish(folder, job_of(0))
    for _ in range(3):
        assert jobs.next_claim() is None
    assert len([record for record in caplog.records if "study.json" in record.getMessage()]) == 1
    folder.spec.write_bytes(whole)
    assert taken(jobs) == [0]


def test_one_study_alone_can_be_served(root: Path, folder: StudyFolder) -> None:
    publish(folder, job_of(0))
    assert JobQueue(root, "another", None, Claims(Claimant("mine"))).next_claim() is None
    assert JobQueue(root, "demo", None, Claims(Claimant("mine"))).next_claim() is not None


def test_folder_out_of_reach_may_hold_open_jobs(
    folder: StudyFolder, jobs: JobQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert not jobs.has_open()
    publish(folder, job_of(0))
    assert jobs.has_open()

    def stale(_root: Path) -> list[str]:
        raise OSError(ESTALE, "Stale file handle")

    monkeypatch.setattr(queue, "study_names", stale)
    assert jobs.has_open()


def test_a_study_that_cannot_be_served_is_left_alone(folder: StudyFolder, jobs: JobQueue) -> None:
    publish(folder, job_of(0))
    jobs.unable["demo"] = "no data"
    assert jobs.next_claim() is None
    assert folder.open_issues() == [Issue(0)]


def test_taking_n_jobs_costs_n_claims_and_not_n_listings(
    folder: StudyFolder, jobs: JobQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(folder, *(job_of(trial) for trial in range(4)))
    listings: list[Path] = []

    def count(listed: StudyFolder, names: list[str]) -> list[Turn]:
        listings.append(listed.jobs)
        return turns(listed, names)

    monkeypatch.setattr("hyperspool.worker.queue.turns", count)
    claims = [jobs.next_claim() for _ in range(4)]
    assert all(claims)
    assert len(listings) == 1


def test_a_study_that_claims_in_another_way_is_refused(root: Path, folder: StudyFolder) -> None:
    publish(folder, job_of(0))
    jobs = JobQueue(root, "demo", ClaimChoice.LEASE, Claims(Claimant("mine")))
    assert jobs.next_claim() is None
    assert jobs.unable == {"demo": "it claims by lock, and this worker was started with --claim lease"}


def test_a_private_folder_beside_the_studies_stops_nobody(
    folder: StudyFolder, jobs: JobQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(folder, job_of(0))
    private = folder.jobs.parent / "private"
    private.mkdir()
    original = confinement.names_in

    def refuse(path: Path) -> list[str]:
        if path == private:
            raise PermissionError(EACCES, "Permission denied", str(path))
        return original(path)

    monkeypatch.setattr("hyperspool.common.layout.names_in", refuse)
    assert taken(jobs) == [0]


def test_a_job_that_cannot_be_locked_is_tried_again(
    folder: StudyFolder, jobs: JobQueue, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    publish(folder, job_of(0), job_of(1))

    def refuse(*_: object) -> None:
        raise OSError(ESTALE, "Stale file handle")

    with monkeypatch.context() as patched:
        patched.setattr(Claims, "try_lock", refuse)
        assert jobs.next_claim() is None
        assert jobs.next_claim() is None
    assert [record.getMessage() for record in caplog.records] == [
        f"jobs cannot be claimed: Stale file handle ({folder.job(Issue(0))})"
    ]
    assert taken(jobs) == [0, 1]


def test_a_claim_is_void_once_its_study_is_replaced(folder: StudyFolder, jobs: JobQueue) -> None:
    publish(folder, job_of(0))
    claimed = jobs.next_claim()
    assert claimed is not None
    states = [claimed.is_void]
    folder.spec.unlink()
    states.append(claimed.is_void)
    atomic.write_once(folder.spec, spec_of().to_json())
    states.append(claimed.is_void)
    assert states == [False, True, True]
