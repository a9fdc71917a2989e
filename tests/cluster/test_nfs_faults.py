"""A host that NFS cuts off: after its lease the server drops the host's locks, and tells nobody.

The server's lease is 25 s here and a worker is silent after 10 s; by default these are 90 s and 60 s. In both cases the
master issues a silent worker's trial again before the server frees the first lock.
"""

from collections.abc import Iterator

import pytest

from hyperspool.common.claim import LOOK_S
from hyperspool.common.issues import Issue
from hyperspool.common.kernel_lock import is_locked
from tests.cluster.nfs_lab import NfsLab
from tests.cluster.nfs_study import NfsStudy, lab_or_skip

pytestmark = [pytest.mark.cluster, pytest.mark.timeout(400)]

LEASE_S = 25
SILENT_S = 10
AGAIN = Issue(0, number=2)
BACK_S = LOOK_S + 10
"""How long a host may take, once its network is back, to drop what is no longer its own: NFS itself takes 4 s."""


@pytest.fixture(scope="module")
def lab() -> Iterator[NfsLab]:
    """A server and two hosts."""
    with lab_or_skip(LEASE_S) as lab:
        yield lab


class FarWalk:
    """A trial that walks on the second host while two workers on the first one wait for it.

    Args:
        lab: of the hosts.
        name: of the study.
        more: TOML that is added to it.
    """

    def __init__(self, lab: NfsLab, name: str, more: str = "") -> None:
        self.near_host, self.far_host = lab.hosts
        self.study = NfsStudy(lab, name, "walk", trials=1, batch=1, more=more)
        self.lock = self.study.folder.lock(Issue(0))
        self.master = self.study.master(self.near_host)
        self.study.worker(self.far_host)
        self.study.until(lambda: self.study.steps() > 10, "ten steps")
        for _ in range(2):
            self.study.worker(self.near_host)
        self.study.until(lambda: self.study.idle(self.near_host) == 2, "the near workers wait")

    def until_near_walks(self) -> None:
        """Wait until a near worker has begun the trial."""
        self.study.until(lambda: self.study.begun(self.near_host) == 1, "a near worker has the trial")

    def until_dropped(self) -> None:
        """Wait until the far worker, whose host is back, drops its attempt: soon, and before the trial ends."""
        back_s = self.study.until(lambda: self.study.idle(self.far_host) == 1, "the far worker drops its attempt")
        assert back_s < BACK_S
        assert self.study.results() == {}

    def end(self) -> None:
        """Let the near worker end the trial; it alone has gone on with it."""
        assert (self.study.begun(self.near_host), self.study.begun(self.far_host)) == (1, 1)
        self.study.let_end(self.near_host)
        self.study.until(lambda: "is finished" in self.master(), "the study is finished")
        (result,) = self.study.results().values()
        assert result.attribution.host == self.near_host.name
        assert (result.resumed_from_epoch or 0) > 0
        self.study.check(self.near_host)


def test_a_lock_that_the_server_dropped_is_noticed(lab: NfsLab) -> None:
    walk = FarWalk(lab, "dropped")
    walk.far_host.cut_network()
    walk.study.until(lambda: walk.lock.read_text().count('"claimed"') == 2, "the server frees the lock")
    walk.until_near_walks()
    walk.far_host.join_network()
    walk.until_dropped()
    walk.end()


def test_a_trial_issued_again_has_one_worker_after_the_lease(lab: NfsLab) -> None:
    walk = FarWalk(lab, "cut", f"limits.stale_s = {SILENT_S}")
    walk.far_host.cut_network()
    walk.until_near_walks()
    assert walk.study.folder.open_issues() == [AGAIN]
    walk.study.until(lambda: not is_locked(walk.lock, is_flock=False), "the lease is over")
    walk.far_host.join_network()
    walk.until_dropped()
    walk.end()


def test_a_host_back_within_its_lease_drops_what_was_reissued(lab: NfsLab) -> None:
    walk = FarWalk(lab, "brief", f"limits.stale_s = {SILENT_S}")
    walk.far_host.cut_network()
    walk.study.until(lambda: AGAIN in walk.study.folder.open_issues(), "the trial is issued again")
    assert is_locked(walk.lock, is_flock=False)
    walk.far_host.join_network()
    walk.until_dropped()
    walk.until_near_walks()
    walk.end()
