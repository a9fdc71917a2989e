"""How often the master reads the heartbeats, on a clock of the test's."""

from collections.abc import Iterable
from types import SimpleNamespace

import pytest

from hyperspool.common.heartbeat import WorkerRecord
from hyperspool.common.layout import StudyFolder
from hyperspool.common.watch import Wakeup
from hyperspool.master.run import loop
from hyperspool.master.run.loop import HEARING, Search
from hyperspool.master.run.pace import Pace
from tests.conftest import spec_of


@pytest.mark.parametrize(("reading_s", "fewest", "most"), [(0.0, 95, 101), (0.9, 5, 101 * HEARING / 0.9 + 2)])
def test_heartbeats_take_a_tenth_of_the_time_at_most(
    folder: StudyFolder, monkeypatch: pytest.MonkeyPatch, reading_s: float, fewest: int, most: float
) -> None:
    clock, read, looks = SimpleNamespace(now_s=0.0), [], []

    def read_slowly(_folder: StudyFolder) -> Iterable[WorkerRecord]:
        read.append(clock.now_s)
        clock.now_s += reading_s
        return ()

    monkeypatch.setattr(loop, "read_workers", read_slowly)
    bell = Wakeup()
    search = Search(folder, spec_of(), bell, lambda: False)
    search._pace = Pace(folder.jobs, lambda: clock.now_s, is_far=False)
    monkeypatch.setattr(loop, "time", SimpleNamespace(monotonic=lambda: clock.now_s))
    while clock.now_s < 100:
        search._look_around(lambda: looks.append(clock.now_s))
        clock.now_s += 0.25
    bell.close()
    assert fewest <= len(read) <= most
    assert len(looks) > 75  # everything else is looked at each second
