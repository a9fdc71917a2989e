import pytest

from hyperspool.common import atomic
from hyperspool.common.claim import Claimant, Claims
from hyperspool.common.issues import Issue
from hyperspool.common.layout import StudyFolder
from hyperspool.common.locks import ClaimMode
from hyperspool.worker.queue import JobQueue
from tests.conftest import job_of, spec_of


@pytest.mark.parametrize(("mode", "is_served"), [(ClaimMode.LOCK, False), (ClaimMode.LEASE, True)])
def test_a_worker_refuses_local_locks_and_serves_leases(
    folder: StudyFolder, monkeypatch: pytest.MonkeyPatch, mode: ClaimMode, is_served: bool
) -> None:
    monkeypatch.setattr(
        "hyperspool.worker.queue.why_locks_are_local", lambda _folder: "/mnt (nfs) does not share locks"
    )
    atomic.replace(folder.spec, spec_of(claim=mode).to_json(), durable=False)
    atomic.replace(folder.job(Issue(0)), job_of(0).to_json(), durable=False)
    queue = JobQueue(folder.root, "demo", None, Claims(Claimant("mine")))
    claimed = queue.next_claim()
    assert (claimed is not None) == is_served
    if claimed is None:
        assert queue.unable["demo"].startswith("/mnt (nfs) does not share locks")
        assert folder.locked_issues() == []
    else:
        claimed.claim.unlock()
