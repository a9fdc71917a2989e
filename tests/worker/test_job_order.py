"""The order in which a worker tries open jobs."""

from collections import deque

from hyperspool.common.layout import StudyFolder
from hyperspool.worker.job_order import FARTHEST, ORDERLY, Tries, Turn, open_jobs, take_turn, turns


def names_of_jobs(count: int) -> list[str]:
    return [f"{number:05}.json" for number in range(count)]


def test_files_of_the_study_are_no_jobs() -> None:
    names = ["study.json", "pause.json", "00001.json", "00001.r1-2.json", "00001.lock", ".00002.json.tmp"]
    assert open_jobs(names) == ["00001.json", "00001.r1-2.json"]


def test_of_two_issues_the_later_one_has_a_turn() -> None:
    names = ["00001.json", "00002.json", "00001-2.json", "00002.r1-3.json", "00002.r1.json", "9.json"]
    assert open_jobs(names) == ["00002.json", "00001-2.json", "00002.r1-3.json", "9.json"]


def test_workers_that_share_few_jobs_try_different_ones(folder: StudyFolder) -> None:
    names = names_of_jobs(ORDERLY)
    alone = [turn.name for turn in turns(folder, names)]
    assert alone == names
    shared = [*names, *(f"{number:05}.lock" for number in range(8))]
    orders = [[turn.name for turn in turns(folder, shared)] for _ in range(20)]
    assert all(sorted(order) == names for order in orders)
    assert len({order[0] for order in orders}) > 4
    assert all(order[0] < "00025.json" for order in orders)  # nearly in order
    assert all(set(order[-8:]) == set(names[:8]) for order in orders)


def test_a_worker_that_missed_jobs_goes_on_elsewhere(folder: StudyFolder) -> None:
    names = names_of_jobs(20)

    def order(misses: int) -> list[str]:
        listed = deque(Turn(folder, name, was_claimed=name >= "00010.json") for name in names)
        return [take_turn(listed, misses).name for _ in names]

    assert order(0) == names
    orders = [order(misses) for misses in range(1, 9) for _ in range(20)]
    assert all(sorted(each) == names for each in orders)
    assert all(each[10:] == names[10:] for each in orders)  # what others may hold still comes last
    assert len({each[0] for each in orders[-20:]}) > 2
    assert {each[0] for each in orders} <= {*names[:FARTHEST]}


def test_tries_are_saved_up_and_bounded() -> None:
    now_s = 0.0
    tries = Tries(lambda: now_s)
    assert sum(tries.take() for _ in range(100)) == 8
    now_s = 0.5
    assert sum(tries.take() for _ in range(100)) == 4
    now_s = 1000.0
    assert sum(tries.take() for _ in range(100)) == 8
