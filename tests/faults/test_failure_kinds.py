"""Lost workers, exceptions, time limits and out-of-memory failures: each kind has its own count and limit."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from hyperspool.common.claim import Claimant, Claims
from hyperspool.common.errors import SearchError
from hyperspool.common.layout import StudyFolder
from hyperspool.common.records import Failure, FailureKind, Result, Status
from hyperspool.common.rejection import set_aside
from hyperspool.master.run.dispatch import MISSING_S, Dispatcher
from hyperspool.master.run.silence import Silence
from tests.conftest import job_of, spec_of
from tests.processes import Processes, leftovers, results_of

FATES = (
    "raise",
    "raise always",
    "die",
    "die always",
    "hang",
    "hang always",
    "die raise hang",
    "raise die raise",
    "starve",
)
STUDY = f"""
sampler.name = "grid"
batch = {len(FATES)}
objective.name = "fated"
budget.epochs = 1
limits = {{ max_attempts = 2, exception_retries = 1, time_limit_retries = 1, time_limit_s = 1 }}
space.fate = {{ type = "categorical", choices = {list(FATES)} }}
"""


@pytest.fixture(scope="module")
def results(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, Result]]:
    """The result of each fate, from one study that one worker evaluated."""
    root = tmp_path_factory.mktemp("fates")
    for name in ("jobs", "results"):
        (root / name).mkdir()
    (root / "demo.toml").write_text(STUDY)
    processes = Processes(root)
    try:
        worker = processes.worker("--name", "lab-1", "--objective", "fated=tests.faults.objectives:fated")
        processes.finish(processes.master(root / "demo.toml"))
        assert worker.poll() is None
        folder = StudyFolder(root, "demo")
        assert leftovers(folder) == []
        yield {str(result.params["fate"]): result for result in results_of(folder).values()}
    finally:
        processes.kill_all()


def failure_of(result: Result) -> Failure:
    assert result.status is Status.FAILED
    assert result.failure is not None
    return result.failure


@pytest.mark.parametrize("fate", ["raise", "die", "hang"])
def test_a_retry_goes_on_from_the_checkpoint(results: dict[str, Result], fate: str) -> None:
    assert (results[fate].status, results[fate].attempt, results[fate].value) == (Status.COMPLETE, 2, 1.0)


@pytest.mark.parametrize(
    ("fate", "kind"),
    [
        ("raise always", FailureKind.EXCEPTION),
        ("die always", FailureKind.WORKER_LOST),
        ("hang always", FailureKind.TIME_LIMIT),
    ],
)
def test_a_trial_fails_at_the_limit_of_its_kind(results: dict[str, Result], fate: str, kind: FailureKind) -> None:
    failure = failure_of(results[fate])
    assert (failure.kind, failure.counts, results[fate].attempt) == (kind, {kind: 2}, 2)


def test_each_kind_is_counted_by_itself(results: dict[str, Result]) -> None:
    result = results["die raise hang"]
    assert (result.status, result.attempt, result.value) == (Status.COMPLETE, 4, 3.0)


def test_a_failure_lists_how_every_attempt_ended(results: dict[str, Result]) -> None:
    failure = failure_of(results["raise die raise"])
    assert failure.kind is FailureKind.EXCEPTION
    assert failure.counts == {FailureKind.EXCEPTION: 2, FailureKind.WORKER_LOST: 1}
    beginning = (
        "ValueError: not today; all attempts: attempts 1 and 3 on lab-1: ValueError: not today; attempt 2 on lab-1: the"
    )
    assert failure.message.startswith(beginning)
    assert failure.traceback is not None
    assert "in meet" in failure.traceback


def test_a_lonely_trial_out_of_memory_is_not_retried(results: dict[str, Result]) -> None:
    failure = failure_of(results["starve"])
    assert (failure.kind, failure.counts) == (FailureKind.OUT_OF_MEMORY, {FailureKind.OUT_OF_MEMORY: 1})
    assert failure.message == "MemoryError (no other trial shared the memory)"


def test_a_trial_is_issued_as_often_as_the_study_allows(folder: StudyFolder) -> None:
    spec = spec_of(limits={"max_issues": 2})
    now_s = [0.0]
    clock = lambda: now_s[0]  # noqa: E731 - moved by the test
    dispatcher = Dispatcher(folder, spec, Claims(Claimant("master")), Silence(clock), clock)
    dispatcher.expect([job_of(0)])
    dispatcher.publish()
    refuse(folder)
    dispatcher.collect()
    now_s[0] += MISSING_S + 1
    dispatcher.collect()
    assert [issue.number for issue in folder.open_issues()] == [2]
    refuse(folder)
    dispatcher.collect()
    now_s[0] += MISSING_S + 1
    with pytest.raises(SearchError, match=r"trial 0 was issued 2 times, as often as limits.max_issues allows"):
        dispatcher.collect()


def refuse(folder: StudyFolder) -> None:
    for issue in folder.open_issues():
        assert isinstance(set_aside(folder, folder.job(issue), "of another version"), Path)
