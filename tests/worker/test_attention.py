"""A worker listens for new jobs only while it has none."""

import time
from collections.abc import Iterator

import pytest

from hyperspool.common import atomic
from hyperspool.common.issues import Issue
from hyperspool.common.layout import StudyFolder
from hyperspool.common.watch import FolderWatch, Wakeup
from hyperspool.worker.attention import BUSY_S, Attention
from hyperspool.worker.reports import Reports
from tests.conftest import job_of


@pytest.fixture
def bell() -> Iterator[Wakeup]:
    wakeup = Wakeup()
    yield wakeup
    wakeup.close()


def test_a_busy_worker_looks_away_and_an_idle_one_back(folder: StudyFolder, bell: Wakeup) -> None:
    now_s = 0.0
    attention = Attention(Reports(lambda action, _: action()), lambda: now_s)

    def is_woken() -> bool:
        atomic.replace(folder.job(Issue(0)), job_of().to_json(), durable=False)
        return bell.wait(2.0 if now_s <= BUSY_S else 0.3)

    with FolderWatch(bell) as watch:
        assert attention.listen(watch, folder.jobs.parent, [folder])
        assert not attention.listen(watch, folder.jobs.parent, [folder])
        began_s = time.monotonic()
        assert is_woken()
        assert time.monotonic() - began_s < 1.0
        attention.do_if_due()
        assert is_woken()
        now_s = 2 * BUSY_S
        attention.do_if_due()
        bell.reset()
        assert not is_woken()
        assert attention.listen(watch, folder.jobs.parent, [folder])


@pytest.mark.parametrize("has_more", [True, False])
def test_a_worker_that_sees_more_jobs_looks_away_at_once(folder: StudyFolder, bell: Wakeup, has_more: bool) -> None:
    attention = Attention(Reports(lambda action, _: action()), lambda: 0.0)
    with FolderWatch(bell) as watch:
        attention.listen(watch, folder.jobs.parent, [folder])
        attention.begin(has_more=has_more)
        attention.do_if_due()
        assert attention.listen(watch, folder.jobs.parent, [folder]) is has_more
