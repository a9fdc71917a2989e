"""A trial that goes on from a checkpoint, its own or another trial's, equals one that was never interrupted."""

import signal
from pathlib import Path
from typing import Any

import pytest

from hyperspool.common import atomic
from hyperspool.common.curve import read_curve
from hyperspool.common.epochs import EpochRecord
from hyperspool.common.issues import EvaluationName, Issue
from hyperspool.common.layout import StudyFolder
from hyperspool.common.reading import read_record
from hyperspool.common.records import Budget, Job, Result, Seeds
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.run.housekeeping import remove_used_checkpoints
from hyperspool.master.studies.published import publish_study
from tests.processes import Processes, listens, until

NETWORK: dict[str, Any] = {
    "learning_rate": 0.2,
    "batch_size": 20,
    "schedule": "cosine",
    "keep_hidden": 0.8,
    "augmentation": True,
}
PARAMS: dict[str, dict[str, Any]] = {
    "cnn": NETWORK | {"num_filters": 3},
    "mlp": NETWORK | {"hidden_units": 8, "snapshots": True, "schedule": "triangular", "cycles": 3},
    "decay": {"rate": 0.5},
}
FULL = 6
RUNGS = (2, 4, FULL)
"""The epochs of each rung."""


def spec_of(objective: str) -> StudySpec:
    """A study of one setting of an objective."""
    return StudySpec.model_validate(
        {
            "name": "demo",
            "trials": 10,
            "objective": {"name": objective},
            "data": {"name": "digits", "train_size": 100} if objective != "decay" else None,
            "budget": {"epochs": FULL},
            "space": {name: {"type": "fixed", "value": value} for name, value in PARAMS[objective].items()},
        }
    )


class Stage:
    """A published study whose jobs are written by the test, and workers that evaluate the open jobs."""

    def __init__(self, root: Path, objective: str, processes: Processes) -> None:
        self.folder = StudyFolder(root, "demo")
        self._spec, self._processes = spec_of(objective), processes
        publish_study(self.folder, self._spec)

    def publish(self, trial: int, rung: int, epochs: int, **changes: Any) -> Issue:
        """Make a job of the setting; every trial has the seeds of trial 0."""
        job = Job(
            study="demo",
            trial=trial,
            rung=rung,
            params={name: parameter.value for name, parameter in self._spec.space.items() if parameter.type == "fixed"},
            budget=Budget(epochs=epochs),
            horizon=Budget(epochs=FULL),
            seeds=Seeds(initialisation=1, shuffling=2, dropout=3),
            published_at="2026-01-01T00:00:00.000Z",
        ).model_copy(update=changes)
        issue = Issue(trial, rung)
        atomic.replace(self.folder.job(issue), job.to_json(), durable=False)
        return issue

    def work(self) -> None:
        """Start a worker that evaluates the open jobs, and stop it."""
        own = self._spec.objective.name if self._spec.objective.name == "decay" else None
        worker = self._processes.worker(objective=own)
        until(lambda: not self.folder.open_issues() and listens(worker.pid), "every job is cleared", self.folder.root)
        worker.send_signal(signal.SIGTERM)
        self._processes.finish(worker)

    def climb(self, trial: int) -> None:
        """Promote a trial from rung to rung, with another worker on each."""
        for rung, epochs in enumerate(RUNGS):
            self.publish(trial, rung, epochs, continues=rung - 1 if rung else None)
            self.work()

    def result(self, trial: int, rung: int = 0) -> Result:
        """An evaluation's result."""
        return read_record(self.folder.result(trial, rung), Result)

    def curve(self, trial: int, rung: int = 0) -> list[EpochRecord]:
        """An evaluation's curve, without the parts that differ between runs."""
        return [line.model_copy(update={"seconds": 0.0}) for line in read_curve(self.folder.curve(trial, rung))]


@pytest.fixture(params=PARAMS)
def stage(request: pytest.FixtureRequest, root: Path, processes: Processes) -> Stage:
    return Stage(root, request.param, processes)


@pytest.fixture
def decay(root: Path, processes: Processes) -> Stage:
    """For what holds whatever the objective: this one needs no PyTorch."""
    return Stage(root, "decay", processes)


def test_promoted_trial_equals_one_that_ran_through(stage: Stage) -> None:
    stage.publish(1, 0, FULL)  # the first worker evaluates it too
    stage.climb(0)
    promoted, whole = stage.result(0, 2), stage.result(1)
    assert (promoted.value, promoted.metrics, promoted.epochs) == (whole.value, whole.metrics, FULL)
    assert repr(stage.curve(0, 2)) == repr(stage.curve(1))
    assert (promoted.resumed_from_epoch, whole.resumed_from_epoch) == (4, 0)
    # Each rung has its own result and a curve from the first epoch on.
    for rung, epochs in enumerate(RUNGS):
        assert stage.result(0, rung).budget.epochs == stage.result(0, rung).epochs == epochs
        assert repr(stage.curve(0, rung)) == repr(stage.curve(1)[:epochs])
    assert stage.folder.all_finished() == [(0, 0), (0, 1), (0, 2), (1, 0)]


def test_checkpoint_is_kept_until_the_next_rung_has_its_result(decay: Stage) -> None:
    decay.publish(0, 0, 2)
    decay.publish(1, 0, 2)
    decay.publish(2, 0, FULL)
    decay.work()
    assert decay.folder.kept_checkpoints() == [(0, 0), (1, 0)]  # a trial at its full budget keeps none
    assert decay.folder.attempted_issues() == set()
    decay.publish(0, 1, 4, continues=0)
    remove_used_checkpoints(decay.folder)
    assert decay.folder.kept_checkpoints() == [(0, 0), (1, 0)]
    decay.work()
    assert decay.folder.kept_checkpoints() == [(0, 0), (0, 1), (1, 0)]
    remove_used_checkpoints(decay.folder)
    assert decay.folder.kept_checkpoints() == [(0, 1), (1, 0)]


def lose_checkpoints(decay: Stage) -> tuple[range, float | None]:
    """Evaluate three trials whose kept checkpoints are then missing, torn, or another trial's, and a fourth.

    Returns:
        The three, and the value of the one that ran through.
    """
    missing, torn, foreign, whole = range(4)
    for trial in (missing, torn, foreign):
        decay.publish(trial, 0, 2)
    decay.publish(whole, 0, FULL)
    decay.work()
    kept = decay.folder.kept_checkpoint
    kept(foreign).write_bytes(kept(torn).read_bytes())
    kept(torn).write_bytes(kept(torn).read_bytes()[:-100])
    kept(missing).unlink()
    return range(whole), decay.result(whole).value


def test_lost_checkpoint_costs_time_and_not_the_result(decay: Stage) -> None:
    lost, value = lose_checkpoints(decay)
    for trial in lost:
        decay.publish(trial, 1, FULL, continues=0)
    decay.work()
    assert [decay.result(trial, 1).resumed_from_epoch for trial in lost] == [0, 0, 0]
    assert {decay.result(trial, 1).value for trial in lost} == {value}


def test_killed_promoted_trial_resumes_from_its_own_checkpoint(root: Path, processes: Processes) -> None:
    stage = Stage(root, "decay", processes)
    stage.publish(0, 0, 2)
    stage.publish(1, 0, FULL)
    stage.work()
    stage.publish(0, 1, FULL, continues=0)
    hold = processes.notes.with_name("hold")
    hold.touch()
    worker = processes.worker(objective="decay")
    until(lambda: stage.folder.checkpoints_of(0, 1), "a checkpoint", root)
    worker.send_signal(signal.SIGKILL)
    worker.wait()
    hold.unlink()
    stage.work()
    assert repr(stage.curve(0, 1)) == repr(stage.curve(1))
    assert stage.result(0, 1).value == stage.result(1).value
    assert stage.result(0, 1).resumed_from_epoch in {3, 4}  # after the checkpoint of the rung below


def test_each_rung_of_a_trial_is_claimed_separately(decay: Stage) -> None:
    """Two rungs of a trial may be open at once: their files do not collide."""
    decay.publish(0, 0, 2)
    decay.publish(0, 1, 4, continues=0)
    decay.work()
    assert decay.folder.all_finished() == [EvaluationName(0, 0), EvaluationName(0, 1)]
    assert repr(decay.curve(0, 1)[:2]) == repr(decay.curve(0, 0))
    assert sorted(path.name for path in decay.folder.jobs.iterdir()) == ["study.json"]


def test_trial_that_continues_others_equals_one_uninterrupted(stage: Stage) -> None:
    for trial, epochs in enumerate(RUNGS):
        # Its own seeds do not count: the generators' states are in the checkpoint.
        seeds = Seeds(initialisation=1 + trial, shuffling=2 + trial, dropout=3 + trial)
        stage.publish(trial, 0, epochs, starts_from=trial - 1 if trial else None, seeds=seeds)
    stage.publish(3, 0, FULL)
    stage.work()
    last, whole = stage.result(2), stage.result(3)
    assert (last.value, last.metrics, last.epochs) == (whole.value, whole.metrics, FULL)
    assert repr(stage.curve(2)) == repr(stage.curve(3))
    assert [stage.result(trial).resumed_from_epoch for trial in range(4)] == [0, 2, 4, 0]
    assert [stage.result(trial).starts_from for trial in range(4)] == [None, 0, 1, None]


def test_lost_checkpoint_of_another_trial_costs_time_only(decay: Stage) -> None:
    lost, value = lose_checkpoints(decay)
    starts = {4 + trial: trial for trial in lost} | {9: 8}  # trial 8 was never evaluated
    for trial, start in starts.items():
        decay.publish(trial, 0, FULL, starts_from=start)
    decay.work()
    assert {decay.result(trial).resumed_from_epoch for trial in starts} == {0}
    assert {decay.result(trial).value for trial in starts} == {value}
