"""A trial that starts from another trial's checkpoint, for jobs that a real worker evaluates."""

from pathlib import Path

import pytest

from hyperspool.common.records import Seeds
from tests.processes import Processes
from tests.test_rungs import FULL, PARAMS, RUNGS, Stage


@pytest.fixture(params=PARAMS)
def stage(request: pytest.FixtureRequest, root: Path, processes: Processes) -> Stage:
    return Stage(root, request.param, processes)


@pytest.fixture
def decay(root: Path, processes: Processes) -> Stage:
    return Stage(root, "decay", processes)


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
    missing, torn, foreign, whole = range(4)
    for trial in (missing, torn, foreign):
        decay.publish(trial, 0, 2)
    decay.publish(whole, 0, FULL)
    decay.work()
    kept = decay.folder.kept_checkpoint
    kept(foreign).write_bytes(kept(torn).read_bytes())
    kept(torn).write_bytes(kept(torn).read_bytes()[:-100])
    kept(missing).unlink()
    starts = {4 + trial: trial for trial in (missing, torn, foreign)} | {9: 8}  # trial 8 was never evaluated
    for trial, start in starts.items():
        decay.publish(trial, 0, FULL, starts_from=start)
    decay.work()
    assert {decay.result(trial).resumed_from_epoch for trial in starts} == {0}
    assert {decay.result(trial).value for trial in starts} == {decay.result(whole).value}
