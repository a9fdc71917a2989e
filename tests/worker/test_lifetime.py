"""The limits of a worker's life, and the scheduler's job that it runs in."""

import pytest

from hyperspool.worker.lifetime import MARGIN_S, Life, Lifetime
from hyperspool.worker.scheduler import scheduler_job
from tests.worker.clock import Clock


def test_no_trial_begins_that_would_not_reach_a_checkpoint() -> None:
    clock = Clock()
    lifetime = Lifetime(Life(lifetime_s=100 + MARGIN_S), clock)
    assert not lifetime.is_too_short
    for seconds, epochs in ((60.0, 3), (30.0, 1), (40.0, 1)):
        lifetime.ended(seconds, epochs)  # 20, 30 and 40 s to the first checkpoint
    clock.now_s += 69
    assert not lifetime.is_too_short
    clock.now_s += 1
    assert lifetime.is_too_short


def test_worker_without_limits_begins_any_trial() -> None:
    lifetime = Lifetime(Life(), Clock())
    lifetime.ended(1e9, 0)
    assert not lifetime.is_too_short
    assert not lifetime.has_had_its_trials
    counted = Lifetime(Life(trials=1), Clock())
    assert not counted.has_had_its_trials
    counted.ended(1.0, 1)
    assert counted.has_had_its_trials


@pytest.mark.parametrize(
    ("life", "end", "lifetime_s"),
    [
        (Life(), "1600", 600.0),
        (Life(lifetime_s=100.0), "1600", 100.0),
        (Life(lifetime_s=900.0), "1600", 600.0),
        (Life(lifetime_s=900.0), "never", 900.0),
        (Life(), "900", 0.0),
        (Life(), "", None),
    ],
)
def test_end_of_the_slurm_job_limits_the_life(life: Life, end: str, lifetime_s: float | None) -> None:
    assert life.with_end_of_job({"SLURM_JOB_END_TIME": end}, 1000.0).lifetime_s == lifetime_s


@pytest.mark.parametrize(
    ("environment", "job"),
    [
        ({}, None),
        ({"SLURM_JOB_ID": "99", "SLURM_ARRAY_JOB_ID": "98", "SLURM_ARRAY_TASK_ID": "3"}, "slurm:98_3"),
        ({"SLURM_JOB_ID": "99", "SLURM_RESTART_COUNT": "2"}, "slurm:99 restart 2"),
        ({"PBS_JOBID": "7.head"}, "pbs:7.head"),
        ({"KUBERNETES_SERVICE_HOST": "10.0.0.1", "HOSTNAME": "search-x7f"}, "k8s:search-x7f"),
        ({"HOSTNAME": "laptop"}, None),
        ({"SLURM_JOB_ID": "9" * 500}, "slurm:" + "9" * 94),
    ],
)
def test_scheduler_job_is_named_as_its_own_tools_do(environment: dict[str, str], job: str | None) -> None:
    assert scheduler_job(environment) == job
