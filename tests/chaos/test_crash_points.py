"""A crash at every single operation on the shared folder, of a worker and of a master, costs nothing but time."""

import os
import shutil
import signal
from collections.abc import Iterator
from pathlib import Path

import pytest

from common import atomic
from common.layout import AttemptName, Slot, StudyFolder
from tests.chaos.chaos import STUDY, Weather
from tests.chaos.crashing import NEVER, Fork, publish, recover, run_master, run_worker
from tests.chaos.outcome import Outcome, differences, outcome_of, strays


class Stage:
    """A shared folder on which the processes of one test play, and what their study must come to."""

    def __init__(self, root: Path, weather: Weather) -> None:
        self.root = root
        self.folder = StudyFolder(root, STUDY)
        self.expected: Outcome = {}
        self.status = 0
        weather.write_study(root)
        self._log = root.with_name(f"{root.name}.log")

    def copy(self, name: str) -> "Stage":
        other = Stage.__new__(Stage)
        other.root = self.root.with_name(name)
        shutil.copytree(self.root, other.root)
        other.folder = StudyFolder(other.root, STUDY)
        other.expected, other.status = self.expected, self.status
        other._log = self.root.with_name(f"{name}.log")
        return other

    def worker(self, scene: str = "", at: int = NEVER, *, is_staying: bool = False) -> Fork:
        return Fork(self._log.with_suffix(".worker"), run_worker, self.root, scene, at, is_staying=is_staying)

    def master(self, at: int = NEVER) -> Fork:
        return Fork(self._log.with_suffix(".master"), run_master, self.root, at)

    def recover(self) -> None:
        self.finish(Fork(self._log.with_suffix(".recovery"), recover, self.root), self.status)

    def finish(self, fork: Fork, expected_status: int = 0) -> None:
        status = fork.wait()
        fork.end()
        assert status == expected_status, fork.output

    def check(self, crash: str) -> None:
        found = outcome_of(self.folder, is_timed=False)
        assert differences(found, self.expected) == [], crash
        assert strays(self.root, STUDY) == [], crash
        assert not self.folder.rejected.exists(), crash
        shutil.rmtree(self.root)


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("crashes")


def published(base: Path, name: str, weather: Weather) -> Stage:
    stage = Stage(base / name, weather)
    stage.finish(Fork(base / f"{name}.publish", publish, stage.root))
    return stage


def whole(stage: Stage) -> Outcome:
    """What becomes of a published study when nothing crashes."""
    copy = stage.copy(f"{stage.root.name}-whole")
    copy.recover()
    return outcome_of(copy.folder, is_timed=False)


def crashes(stage: Stage, scene: str) -> Iterator[tuple[Stage, str]]:
    """Every folder that a worker's crash can leave behind, and where it crashed."""
    for at in range(1, 1000):
        copy = stage.copy(f"{stage.root.name}-{at}")
        victim = copy.worker(scene, at)
        status = victim.wait()
        if status == 0:
            shutil.rmtree(copy.root)
            return
        assert status == -signal.SIGKILL, victim.output
        yield copy, f"crash {at}: {victim.output.splitlines()[-1]}"
    raise AssertionError("it never comes to its end")


@pytest.mark.parametrize(
    ("scene", "claim", "trials", "at_least"),
    [
        ("finishes", "lock", 2, 60),
        ("finishes", "lease", 1, 30),
        ("is asked to stop", "lock", 1, 10),
        ("loses its child", "lock", 1, 30),
        ("is late", "lock", 1, 40),
    ],
)
def test_a_worker_that_crashes_at_any_operation_costs_nothing(
    base: Path, scene: str, claim: str, trials: int, at_least: int
) -> None:
    stage = published(base, f"{scene} {claim}", Weather("", trials=trials, batch=trials, epochs=2, claim=claim))
    stage.expected = whole(stage)
    count = 0
    for copy, crash in crashes(stage, scene):
        count += 1
        copy.recover()
        copy.check(crash)
    assert len(stage.expected) == 2 * trials
    assert count >= at_least


def test_a_worker_that_crashes_while_it_gives_a_trial_up_leaves_that_to_the_next(base: Path) -> None:
    weather = Weather("", trials=1, batch=1, epochs=2, max_attempts=1)
    stage = published(base, "exhausted", weather)
    stage.status = 1
    victim = stage.worker(at=20)
    assert victim.wait() == -signal.SIGKILL
    assert [attempt.name for attempt, _ in stage.folder.attempt_files(Slot(0))]
    stage.expected = whole(stage)
    assert "worker_lost" in str(stage.expected)
    assert len(stage.expected) == 2
    count = 0
    for copy, crash in crashes(stage, ""):
        count += 1
        copy.recover()
        copy.check(crash)
    assert count >= 15


def test_a_master_that_crashes_at_any_operation_costs_nothing(base: Path) -> None:
    stage = Stage(base / "master", Weather("", trials=2, batch=1, epochs=2))
    play_with_a_worker(whole_stage := stage.copy("master-whole"), NEVER)
    stage.expected = outcome_of(whole_stage.folder, is_timed=False)
    assert len(stage.expected) == 4
    for at in range(1, 1000):
        copy = stage.copy(f"master-{at}")
        crash = play_with_a_worker(copy, at)
        copy.check(crash)
        if not crash:
            break
    assert at > 30


def play_with_a_worker(stage: Stage, at: int) -> str:
    """A master that crashes, and once more one that does not, beside a worker; return where it crashed."""
    worker = stage.worker(is_staying=True)
    try:
        first = stage.master(at)
        status, printed = first.wait(), first.output
        if status != 0:
            assert status == -signal.SIGKILL, printed
            stage.finish(stage.master())
        assert worker.stop() == 0, worker.output
    finally:
        worker.end()
    return f"crash {at}: {printed.splitlines()[-1]}" if status else ""


def test_a_master_that_crashes_while_it_tidies_up_leaves_that_to_the_next(base: Path) -> None:
    stage = published(base, "debris", Weather("", trials=2, batch=2, epochs=2))
    stage.expected = whole(stage)
    stage.finish(stage.worker())
    leave_debris(stage.folder)
    count = 0
    for at in range(1, 1000):
        copy = stage.copy(f"debris-{at}")
        first = copy.master(at)
        status, printed = first.wait(), first.output
        if status == 0:
            break
        assert status == -signal.SIGKILL, printed
        count += 1
        copy.finish(copy.master())
        copy.check(f"crash {at}: {printed.splitlines()[-1]}")
    copy.check("none")
    assert count >= 10


def leave_debris(folder: StudyFolder) -> None:
    """What reporters leave that die after the result's link, after the job's removal, and in the middle of a write."""
    attempt = AttemptName(Slot(0), 1)
    folder.job(Slot(0)).write_text("a job whose trial is finished")
    folder.lock(Slot(0)).touch()
    folder.lock(Slot(1)).touch()
    folder.checkpoint(attempt).touch()
    folder.curve(0).rename(folder.running_curve(attempt))
    dead = Fork(folder.root / "dead", str)
    dead.wait()
    for path in (folder.job(Slot(1)), folder.result(1), folder.checkpoint(attempt), folder.spec):
        temporary = atomic._write_temporary(path, b"half of", durable=False)
        temporary.rename(str(temporary).replace(f"-{os.getpid()}-", f"-{dead.pid}-"))
