from collections import Counter
from pathlib import Path

from hyperspool.master.run.pace import EVERYTHING, QUIET_AFTER_S, Look, Pace
from tests.master.bench import Clock


def looks(pace: Pace, clock: Clock, seconds: int, *, has_workers: bool = False) -> list[frozenset[Look]]:
    found = []
    for _ in range(seconds):
        clock.now_s += 1
        found.append(pace.due(1.0, has_workers=has_workers))
    return found


def test_everything_is_looked_at_each_second_on_a_disk(tmp_path: Path) -> None:
    clock = Clock()
    assert set(looks(Pace(tmp_path, clock), clock, 100)) == {EVERYTHING}


def test_a_server_gets_less_than_a_request_each_second() -> None:
    clock = Clock()
    pace = Pace(Path(), clock, is_far=True)
    assert set(looks(pace, clock, int(QUIET_AFTER_S))) == {EVERYTHING}
    quiet = list(filter(None, looks(pace, clock, 120)))
    # A listing of the jobs comes with each; the study's file is opened and closed.
    counts = Counter(look for due in quiet for look in due)
    assert len(quiet) + counts.total() + counts[Look.STUDY] < 120
    assert min(counts[look] for look in Look) >= 120 // 15


def test_a_worker_or_a_result_brings_the_full_pace_back() -> None:
    clock = Clock()
    pace = Pace(Path(), clock, is_far=True)
    looks(pace, clock, 60)
    assert set(looks(pace, clock, 5, has_workers=True)) == {EVERYTHING}
    looks(pace, clock, 60)
    pace.stir()
    assert set(looks(pace, clock, 5)) == {EVERYTHING}
