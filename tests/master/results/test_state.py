import os

import pytest

from hyperspool.common.layout import StudyFolder
from hyperspool.common.locks import ClaimMode
from hyperspool.master.results.standing import Standing, open_standing
from hyperspool.master.results.state import Phase, StudyState, is_master_running, state_of
from hyperspool.master.run.only_master import only_master
from tests.conftest import spec_of
from tests.master.results.test_standing import finish, worker


def test_study_runs_while_a_master_holds_it(folder: StudyFolder) -> None:
    with only_master(folder, ClaimMode.LOCK):
        os.utime(folder.master_lock, (1000.0, 1000.0))
        running = state_of(folder, open_standing(folder))
    assert (running.phase, running.since_s) == (Phase.RUNNING, 1000.0)
    stopped = state_of(folder, open_standing(folder))
    assert stopped.phase is Phase.STOPPED
    assert stopped.since_s is not None
    assert stopped.since_s > 1000.0  # the master wrote its end


def test_master_with_a_lease_is_seen_too(folder: StudyFolder) -> None:
    with only_master(folder, ClaimMode.LEASE):
        os.utime(folder.master_lock, (1000.0, 1000.0))
        assert is_master_running(folder, ClaimMode.LEASE)
    assert not is_master_running(folder, ClaimMode.LEASE)


def test_finished_study_is_finished_since_its_last_result(folder: StudyFolder) -> None:
    for trial in range(4):
        finish(folder, trial, 0.5)
        os.utime(folder.result(trial), (1000.0 + trial, 1000.0 + trial))
    state = state_of(folder, open_standing(folder))
    assert (state.phase, state.since_s, state.left_s) == (Phase.FINISHED, 1003.0, None)
    assert state.to_json()["since"] == "1970-01-01T00:16:43+00:00"


def test_time_left_is_shared_by_the_workers_that_run(folder: StudyFolder) -> None:
    finish(folder, 0, 0.5)  # its evaluation took 1 s
    with only_master(folder, ClaimMode.LOCK):
        read = open_standing(folder)
        alone = Standing(spec_of(trials=9), read.results, [worker("lab-1", 1)])
        shared = Standing(spec_of(trials=9), read.results, [worker("lab-1", 1), worker("lab-2", 2)])
        assert state_of(folder, alone).left_s == pytest.approx(8.0)
        assert state_of(folder, shared).left_s == pytest.approx(4.0)
        assert state_of(folder, read).left_s is None


@pytest.mark.parametrize(
    ("state", "sentence"),
    [
        (StudyState(Phase.RUNNING, 0.0, 65.0, 3700.0), "for 1 min 05 s; about 1 h 01 min left"),
        (StudyState(Phase.STOPPED, 0.0, 65.0), "1 min 05 s ago"),
    ],
)
def test_state_is_worded_with_its_age(state: StudyState, sentence: str) -> None:
    assert state.sentence.startswith(f"{state.phase.value} since ")
    assert state.sentence.endswith(sentence)
