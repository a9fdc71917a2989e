"""In which order a worker takes the open jobs."""

from pathlib import Path

import pytest

from hyperspool.common import atomic
from hyperspool.common.batch_order import write_order
from hyperspool.common.claim import Claim, Claimant, Claims
from hyperspool.common.issues import AttemptName, EvaluationName, Issue
from hyperspool.common.layout import StudyFolder
from hyperspool.common.locks import ClaimMode
from hyperspool.worker import job_order
from hyperspool.worker.queue import JobQueue
from tests.common.test_report import claim_of
from tests.conftest import job_of, spec_of
from tests.worker.test_queue import publish, taken


def test_jobs_are_taken_in_order_of_their_trials(folder: StudyFolder, jobs: JobQueue) -> None:
    publish(folder, job_of(2), job_of(0), job_of(3), job_of(1))
    assert taken(jobs) == [0, 1, 2, 3]
    assert jobs.open_studies == [folder]


def test_freed_trials_with_a_checkpoint_come_first(folder: StudyFolder, jobs: JobQueue) -> None:
    publish(folder, *(job_of(trial) for trial in range(4)))
    for trial in (1, 3):
        folder.checkpoint(AttemptName(Issue(trial), 1)).touch()
    assert taken(jobs) == [1, 3, 0, 2]


def test_jobs_are_taken_in_the_order_that_the_master_suggests(folder: StudyFolder, jobs: JobQueue) -> None:
    publish(folder, *(job_of(trial) for trial in range(4)))
    write_order(folder, [EvaluationName(3), EvaluationName(0), EvaluationName(9)])
    folder.checkpoint(AttemptName(Issue(1), 1)).touch()
    assert taken(jobs) == [1, 3, 0, 2]


def test_workers_start_at_different_places_among_many_jobs(root: Path, folder: StudyFolder) -> None:
    spec = spec_of(trials=200)
    atomic.replace(folder.spec, spec.to_json(), durable=False)
    publish(folder, *(job_of(trial) for trial in range(200)))
    first = [JobQueue(root, None, None, Claims(Claimant(f"w{n}"))).next_claim() for n in range(5)]
    assert [claimed.job.trial for claimed in first if claimed] != [0, 1, 2, 3, 4]
    for claimed in first:
        assert claimed
        claimed.claim.unlock()
    last = JobQueue(root, None, None, Claims(Claimant("last")), clock=lambda: 0.0)
    assert sorted(taken(last)) == list(range(200))


def test_a_job_that_another_worker_holds_is_skipped(folder: StudyFolder, jobs: JobQueue) -> None:
    publish(folder, job_of(0), job_of(1))
    claim = claim_of(folder, Issue(0))
    assert taken(jobs) == [1]
    claim.unlock()
    assert taken(jobs) == [0, 1]


def test_a_job_claimed_since_the_listing_is_not_tried(
    folder: StudyFolder, jobs: JobQueue, monkeypatch: pytest.MonkeyPatch
) -> None:
    publish(folder, *(job_of(trial) for trial in range(3)))
    first = jobs.next_claim()
    assert first is not None
    assert first.claim.issue == Issue(0)
    assert jobs.has_more
    other = claim_of(folder, Issue(1))
    tried: list[Issue] = []
    try_lock = Claims.try_lock

    def noted(claims: Claims, study: StudyFolder, issue: Issue, mode: ClaimMode) -> Claim | None:
        tried.append(issue)
        return try_lock(claims, study, issue, mode)

    monkeypatch.setattr(Claims, "try_lock", noted)
    last = jobs.next_listed()
    assert last is not None
    assert tried == [last.claim.issue] == [Issue(2)]
    for claim in (first.claim, other, last.claim):
        claim.unlock()


def test_what_nobody_has_begun_comes_before_what_others_hold(folder: StudyFolder, jobs: JobQueue) -> None:
    publish(folder, *(job_of(trial) for trial in range(4)))
    for trial in (0, 2):
        claim_of(folder, Issue(trial)).unlock()  # its worker was killed
    order = taken(jobs)
    assert {*order[:2]} == {1, 3}  # in an order of its own, as others seem to be at work
    assert order[2:] == [0, 2]


def test_of_many_held_jobs_some_are_tried_each_time(
    root: Path, folder: StudyFolder, monkeypatch: pytest.MonkeyPatch
) -> None:
    now_s = 0.0
    jobs = JobQueue(root, None, None, Claims(Claimant("mine")), clock=lambda: now_s)
    atomic.replace(folder.spec, spec_of(trials=300).to_json(), durable=False)
    publish(folder, *(job_of(trial) for trial in range(300)))
    for trial in range(300):
        folder.lock(Issue(trial)).touch()
    tried: list[Issue] = []

    def held(_claims: Claims, _folder: StudyFolder, issue: Issue, *_: object) -> None:
        tried.append(issue)

    with monkeypatch.context() as patched:
        patched.setattr(Claims, "try_lock", held)
        assert jobs.next_claim() is None
        assert len(tried) == job_order.MOST_TRIES
        for _ in range(300):
            now_s += 1.0
            assert jobs.next_claim() is None
    assert len(tried) == job_order.MOST_TRIES + 300 * job_order.TRIES_PER_S
    assert len(set(tried)) > 250  # a freed job is found before long
    now_s += 1.0
    assert jobs.next_claim() is not None
