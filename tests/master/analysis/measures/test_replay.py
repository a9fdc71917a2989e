import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hyperspool.common.errors import UsageError
from hyperspool.master.analysis.measures.replay import best_against_time, median_against_time, replay, speedups

NAN = float("nan")
SECONDS = [4.0, 1.0, 2.0, 1.0, 3.0, 1.0]
DURATIONS = st.lists(st.integers(0, 20), min_size=1, max_size=20)


def test_one_worker_evaluates_trials_in_order_whatever_the_batch() -> None:
    for batch in (1, 4, None):
        schedule = replay(SECONDS, 1, batch)
        np.testing.assert_array_equal(schedule.start_s, [0, 4, 5, 7, 8, 11])
        np.testing.assert_array_equal(schedule.end_s, [4, 5, 7, 8, 11, 12])
        assert (schedule.makespan_s, schedule.idle_s, schedule.efficiency) == (12, 0, 1)


def test_a_free_worker_takes_the_next_trial_when_asynchronous() -> None:
    schedule = replay(SECONDS, 2, None)
    np.testing.assert_array_equal(schedule.worker, [0, 1, 1, 1, 0, 1])
    np.testing.assert_array_equal(schedule.start_s, [0, 0, 1, 3, 4, 4])
    np.testing.assert_array_equal(schedule.end_s, [4, 1, 3, 4, 7, 5])
    assert schedule.makespan_s == 7
    assert schedule.idle_s == 2
    assert schedule.efficiency == 12 / 14
    assert schedule.mode == "asynchronous"


def test_a_batch_starts_when_the_previous_one_has_ended() -> None:
    schedule = replay(SECONDS, 2, 2)
    np.testing.assert_array_equal(schedule.worker, [0, 1, 0, 1, 0, 1])
    np.testing.assert_array_equal(schedule.start_s, [0, 0, 4, 4, 6, 6])
    np.testing.assert_array_equal(schedule.end_s, [4, 1, 6, 5, 9, 7])
    assert schedule.makespan_s == 9
    assert schedule.idle_s == 3 + 1 + 2
    assert schedule.efficiency == 12 / 18
    assert schedule.mode == "batches of 2"


def test_a_batch_gives_trials_to_the_first_free_worker() -> None:
    schedule = replay(SECONDS, 2, 4)
    np.testing.assert_array_equal(schedule.worker, [0, 1, 1, 1, 0, 1])
    np.testing.assert_array_equal(schedule.start_s, [0, 0, 1, 3, 4, 4])
    one_more = replay([4.0, 1.0, 1.0, 1.0, 3.0, 1.0], 2, 4)
    np.testing.assert_array_equal(one_more.start_s, [0, 0, 1, 2, 4, 4])
    assert one_more.idle_s == 1 + 2


def test_a_batch_smaller_than_the_workers_leaves_some_without_work() -> None:
    schedule = replay([2.0, 2.0, 2.0, 2.0], 3, 2)
    assert set(schedule.worker.tolist()) == {0, 1}
    assert schedule.makespan_s == 4
    assert schedule.idle_s == 4


@given(seconds=DURATIONS, workers=st.integers(1, 6), batch=st.none() | st.integers(1, 7))
def test_no_schedule_overlaps_loses_time_or_breaks_a_bound(seconds: list[int], workers: int, batch: int | None) -> None:
    schedule = replay(seconds, workers, batch)
    for worker in range(workers):
        mine = np.flatnonzero(schedule.worker == worker)
        assert np.all(schedule.start_s[mine[1:]] >= schedule.end_s[mine[:-1]])
    assert np.all(np.diff(schedule.start_s) >= 0)
    assert schedule.busy_s == sum(seconds)
    assert schedule.idle_s == workers * schedule.makespan_s - sum(seconds)
    assert max(sum(seconds) / workers, *seconds) <= schedule.makespan_s <= sum(seconds)
    if batch is None:
        assert schedule.makespan_s <= sum(seconds) / workers + (1 - 1 / workers) * max(seconds) + 1e-9
        assert np.array_equal(schedule.start_s, replay(seconds, workers, len(seconds)).start_s)


def test_the_best_against_time_steps_at_trial_ends() -> None:
    schedule = replay([4.0, 1.0, 2.0], 2, None)
    times, best = best_against_time([0.1, NAN, 0.3], schedule)
    np.testing.assert_array_equal(times, [1, 3, 4])
    np.testing.assert_array_equal(best, [NAN, 0.3, 0.1])


def test_the_median_of_equal_trials_is_their_schedule() -> None:
    times, median = median_against_time([0.5] * 6, [2.0] * 6, 2, None, runs=9)
    np.testing.assert_array_equal(times, [0, 2, 4, 6])
    np.testing.assert_array_equal(median, [NAN, 0.5, 0.5, 0.5])


@pytest.mark.parametrize("batch", [2, None])
def test_the_median_against_time_matches_replaying_every_order(batch: int | None) -> None:
    values, seconds = np.array([0.5, 0.1, NAN, 0.4, 0.3]), np.array([3.0, 5.0, 1.0, 2.0, 2.5])
    orders = np.random.default_rng(4).permuted(np.tile(np.arange(5), (11, 1)), axis=1)
    played = [best_against_time(values[order], replay(seconds[order], 2, batch)) for order in orders]
    times, median = median_against_time(values, seconds, 2, batch, runs=11, seed=4)
    assert times[0] == 0
    assert times[-1] == max(ends[-1] for ends, _ in played)
    for instant, shown in zip(times, median, strict=True):
        reached = sorted(
            min(
                (float(value) for value, end in zip(best, ends, strict=True) if end <= instant and value > 0), default=9
            )
            for ends, best in played
        )
        assert shown == reached[5] or (np.isnan(shown) and reached[5] == 9)


def test_more_workers_reach_the_best_sooner_in_the_median() -> None:
    random = np.random.default_rng(0)
    values, seconds = random.uniform(size=100), random.uniform(1, 3, size=100)
    reached = []
    for workers in (1, 2, 4):
        times, median = median_against_time(values, seconds, workers, 8)
        reached.append(times[np.argmax(median <= np.quantile(values, 0.05))])
    assert reached[0] > 1.5 * reached[1] > 2 * reached[2]


def test_the_table_of_speedups_compares_batches_with_asynchronous() -> None:
    table = speedups(SECONDS, 2, workers=(1, 2))
    assert list(table.columns) == ["workers", "mode", "makespan_s", "speedup", "lost_s", "lost_share"]
    assert table["workers"].tolist() == [1, 1, 2, 2]
    assert table["mode"].tolist() == ["batches of 2", "asynchronous"] * 2
    assert table["makespan_s"].tolist() == [12, 12, 9, 7]
    assert table["speedup"].tolist() == pytest.approx([1, 1, 12 / 9, 12 / 7])
    assert table["lost_s"].tolist() == [0, 0, 6, 2]
    assert table["lost_share"].tolist() == pytest.approx([0, 0, 1 / 3, 1 / 7])


def test_trials_that_took_no_time_lose_none() -> None:
    table = speedups([0.0, 0.0], 1, workers=(2,))
    assert table["speedup"].tolist() == [1, 1]
    assert table["lost_share"].tolist() == [0, 0]


@pytest.mark.parametrize(
    ("seconds", "workers", "batch", "message"),
    [
        ([1.0, NAN], 1, None, "trial 1 is nan"),
        ([-1.0], 1, None, "trial 0 is -1"),
        ([1.0], 0, None, "at least one worker, not 0"),
        ([1.0], 1, 0, "at least one trial, not 0"),
    ],
)
def test_invalid_replay_arguments_are_named(
    seconds: list[float], workers: int, batch: int | None, message: str
) -> None:
    with pytest.raises(UsageError, match=message):
        replay(seconds, workers, batch)
