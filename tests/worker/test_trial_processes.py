"""A trial starts processes as it likes, and all of them end with it."""

import os
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from hyperspool.common.heartbeat import WorkerRecord
from hyperspool.common.reading import read_record
from hyperspool.worker import ending
from hyperspool.worker.messages import Failed, Finished, LeftBehind, Stopped
from tests.processes import Processes, children_of, is_alive, until
from tests.worker.bench import Bench

linux = pytest.mark.skipif(sys.platform != "linux", reason="elsewhere only the process group is ended")


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Bench]:
    """One child for all tests that leave it as it was."""
    folder = tmp_path_factory.mktemp("shared")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("NOTES", str(folder / "notes"))
        made = Bench(folder)
        yield made
        made.executor.close()
        made.bell.close()


def left(notes: list[str]) -> list[int]:
    return [int(line.split()[1]) for line in notes if line.startswith("left")]


@pytest.mark.parametrize("objective", ["forks", "spawns", "forks_by_server", "executes", "joins"])
def test_a_trial_starts_processes_and_keeps_its_child(shared: Bench, objective: str) -> None:
    assert shared.evaluate(objective, x=0.25) == Finished(0.5, is_diverged=False)
    before = shared.child_pid
    assert shared.evaluate(objective, x=0.5) == Finished(1.0, is_diverged=False)
    assert shared.child_pid == before


def test_a_trial_loads_data_by_processes_of_pytorch(bench: Bench) -> None:
    assert bench.evaluate("loads") == Finished(8.0, is_diverged=False), bench.follower.printed


def test_a_trial_ends_its_own_processes_by_sigterm(shared: Bench) -> None:
    assert shared.evaluate("ends_its_own") == Finished(2.0, is_diverged=False)


def test_a_fork_that_returns_too_answers_nothing(shared: Bench) -> None:
    assert shared.evaluate("returns_twice") == Finished(0.0, is_diverged=False)
    assert shared.evaluate("ends_its_own") == Finished(2.0, is_diverged=False)


@linux
@pytest.mark.parametrize("ending", [0.0, 1.0, 2.0, 3.0], ids=["returns", "raises", "dies", "runs too long"])
def test_all_that_a_trial_started_ends_with_it(bench: Bench, ending: float) -> None:
    outcome = bench.evaluate("leaves", x=ending, time_limit_s=2)
    assert isinstance(outcome, Finished if ending == 0 else Failed)
    assert len(left(bench.notes)) == 4
    assert [pid for pid in left(bench.notes) if is_alive(pid)] == []


@linux
def test_a_daemon_that_a_trial_leaves_ends_with_it(bench: Bench) -> None:
    assert isinstance(bench.evaluate("leaves", x=4.0), Finished)
    assert bench.follower.left == LeftBehind(("a fork",), ())
    assert [pid for pid in left(bench.notes) if is_alive(pid)] == []


@linux
def test_a_stopped_trial_leaves_no_process(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ending, "STOP_GRACE_S", 0.2)
    bench.follower.stop_at_first_epoch = True
    assert bench.evaluate("leaves", x=3.0) == Stopped(is_saved=False)
    assert len(left(bench.notes)) == 4
    assert [pid for pid in left(bench.notes) if is_alive(pid)] == []


@linux
def test_a_killed_worker_leaves_no_process(root: Path, processes: Processes) -> None:
    study = root / "s.toml"
    study.write_text(
        'trials = 1\nobjective.name = "leaves"\nbudget.epochs = 1\nspace.x = 3.0\n'
        'space.y = { type = "float", low = 0, high = 1 }'
    )
    processes.master(study)
    worker = processes.start(
        "worker", "--root", str(root), "--device", "cpu", "--name", "lab", "--objective", "leaves=tests.programs:leaves"
    )

    def is_running() -> bool:
        try:
            return read_record(root / "results/s/workers/lab.json", WorkerRecord).epoch == 1
        except FileNotFoundError:
            return False

    until(is_running, "the trial", root)
    started = [*left(processes.noted()), *children_of(worker.pid)]
    assert len(started) == 5
    worker.kill()
    worker.wait()
    until(lambda: not any(map(is_alive, started)), "the end of all that it started", root)


@linux
def test_a_trial_that_left_processes_gets_no_successor(bench: Bench) -> None:
    bench.evaluate("square")
    before = bench.child_pid
    bench.evaluate("leaves", x=0.0)
    assert bench.follower.left == LeftBehind(("a fork", "/bin/sleep 300", "/bin/sleep 300", "1 more"), ())
    bench.evaluate("square")
    assert bench.child_pid != before
    assert not is_alive(before)


def test_a_trial_that_left_a_thread_gets_no_successor(bench: Bench) -> None:
    bench.evaluate("square")
    before = bench.child_pid
    assert isinstance(bench.evaluate("leaves_a_thread"), Finished)
    assert bench.follower.left == LeftBehind((), ("trainer",))
    bench.evaluate("square")
    assert bench.child_pid != before


def test_an_idle_pool_of_threads_may_stay(bench: Bench) -> None:
    assert bench.evaluate("keeps_a_pool") == Finished(2.0, is_diverged=False)
    assert bench.follower.left is None
    before = bench.child_pid
    bench.evaluate("square")
    assert bench.child_pid == before


def test_processes_of_others_are_spared(bench: Bench) -> None:
    other = os.posix_spawn("/bin/sleep", ["sleep", "300"], os.environ)
    try:
        bench.evaluate("leaves", x=2.0)
        assert is_alive(other)
    finally:
        os.kill(other, 9)
        os.waitpid(other, 0)


def test_a_trial_hit_by_the_request_to_stop_is_released(bench: Bench) -> None:
    bench.follower.stop_at_first_epoch = True
    reason = "RuntimeError: a loader's process was ended by SIGTERM"
    assert bench.evaluate("is_hit") == Stopped(is_saved=False, reason=reason)
