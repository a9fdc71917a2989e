from pathlib import Path
from typing import Any

import pytest

from hyperspool.common.study_spec import StudySpec
from hyperspool.worker.checkpoint import Checkpoint, save_checkpoint
from hyperspool.worker.messages import (
    Evaluate,
    Failed,
    Finished,
    Outcome,
)
from tests.conftest import job_of, spec_of
from tests.worker.bench import Bench

CNN = {
    "objective": {"name": "cnn"},
    "data": {"name": "digits", "train_size": 100},
    "space": {"num_filters": 4, "batch_size": 50, "learning_rate": {"type": "float", "low": 0.01, "high": 1e6}},
}


def cnn(bench: Bench, learning_rate: float, epochs: int = 3, earlier: tuple[Path, ...] = (), **changes: Any) -> Outcome:
    spec: StudySpec = spec_of(**(CNN | {"budget": {"epochs": epochs}} | changes))
    params = {"num_filters": 4, "batch_size": 50, "learning_rate": learning_rate}
    job = job_of(params=params, budget=spec.budget)
    return bench.executor.evaluate(Evaluate(spec, job, bench.folder / "saved.pt", earlier), bench.follower)


def test_the_cnn_reports_its_epochs_and_measures_its_last_error(bench: Bench) -> None:
    outcome = cnn(bench, learning_rate=0.05)
    assert isinstance(outcome, Finished)
    assert [record.epoch for record in bench.follower.epochs] == [1, 2, 3]
    assert outcome.value == bench.follower.epochs[-1].metrics["validation_error"]
    assert bench.follower.began_with is not None
    assert set(bench.follower.began_with.versions) == {"python", "torch", "numpy", "training"}


def test_a_diverged_cnn_measures_the_error_of_guessing(bench: Bench) -> None:
    outcome = cnn(bench, learning_rate=1e6, epochs=50)
    assert isinstance(outcome, Finished)
    assert outcome.is_diverged
    assert outcome.value == pytest.approx(0.9)
    assert len(bench.follower.epochs) < 50


def test_a_foreign_checkpoint_is_skipped_and_the_trial_starts_over(bench: Bench) -> None:
    params = {"num_filters": 4, "batch_size": 50, "learning_rate": 0.05}
    save_checkpoint(bench.folder / "foreign.pt", Checkpoint(b"not a torch file"), job_of(params=params))
    assert isinstance(cnn(bench, 0.05, earlier=(bench.folder / "foreign.pt",)), Finished)
    assert bench.follower.began_with is not None
    assert bench.follower.curve == ()


def test_a_mini_batch_larger_than_the_data_fails_the_trial(bench: Bench) -> None:
    outcome = cnn(bench, 0.05, data={"name": "digits", "train_size": 10})
    assert isinstance(outcome, Failed)
    assert outcome.message.startswith("ValueError: batch_size is 50, but digits has 10 training examples")
