from pathlib import Path

import pytest

from hyperspool.worker.memory import FRESH_S, WINDOW_S, MemoryKills, kernel_counter


class Kernel:
    """A counter of kills and a clock; a test moves both."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.now_s = 100.0
        self.count(0)

    def count(self, kills: int) -> None:
        self.path.write_text(f"oom 9\noom_kill {kills}\noom_group_kill 0\n")


@pytest.fixture
def kernel(tmp_path: Path) -> Kernel:
    return Kernel(tmp_path / "memory.events")


@pytest.fixture
def kills(kernel: Kernel) -> MemoryKills:
    made = MemoryKills(kernel.path, lambda: kernel.now_s)
    made.begin()
    return made


def test_a_kill_since_the_beginning_is_seen(kernel: Kernel, kills: MemoryKills) -> None:
    assert not kills.has_risen()
    kernel.count(1)
    assert kills.has_risen()


def test_a_kill_before_the_beginning_does_not_count(kernel: Kernel, kills: MemoryKills) -> None:
    kernel.count(1)
    kernel.now_s += FRESH_S
    kills.begin()
    assert not kills.has_risen()


def test_a_kill_counts_for_one_trial_alone(kernel: Kernel, kills: MemoryKills) -> None:
    kernel.count(1)
    assert kills.has_risen()
    kills.begin()
    assert not kills.has_risen()


def test_short_trials_share_one_look_at_the_count(kernel: Kernel, kills: MemoryKills) -> None:
    kernel.path.unlink()
    kills.begin()
    kernel.count(1)
    assert kills.has_risen()


def test_a_kill_is_seen_while_its_victim_is_dying(kernel: Kernel, kills: MemoryKills) -> None:
    kernel.count(1)
    for _ in range(5):
        kernel.now_s += 1.0
        kills.look()
    assert kills.has_risen()


def test_a_kill_long_ago_was_another_programs(kernel: Kernel, kills: MemoryKills) -> None:
    kernel.count(1)
    for _ in range(int(WINDOW_S) + 3):
        kernel.now_s += 1.0
        kills.look()
    assert not kills.has_risen()


def test_where_the_kernel_does_not_count_nothing_is_known(tmp_path: Path) -> None:
    kills = MemoryKills(tmp_path / "vmstat")
    kills.begin()
    assert not kills.has_risen()


@pytest.mark.parametrize(
    ("group", "events", "expected"),
    [
        ("0::/lab.slice/job-7\n", "oom 1\noom_kill 1\n", "groups/lab.slice/job-7/memory.events"),
        ("4:memory:/lab\n0::/lab.slice/job-7\n", "", "proc/vmstat"),
        ("4:memory:/lab\n", "oom_kill 1\n", "proc/vmstat"),
    ],
)
def test_the_groups_own_count_is_preferred_to_the_machines(
    tmp_path: Path, group: str, events: str, expected: str
) -> None:
    (tmp_path / "proc" / "self").mkdir(parents=True)
    (tmp_path / "proc" / "self" / "cgroup").write_text(group)
    folder = tmp_path / "groups" / "lab.slice" / "job-7"
    folder.mkdir(parents=True)
    (folder / "memory.events").write_text(events)
    assert kernel_counter(tmp_path / "proc", tmp_path / "groups") == tmp_path / expected


def test_this_kernel_counts() -> None:
    kills = MemoryKills()
    assert kills._count() is not None
