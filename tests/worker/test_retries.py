from pathlib import Path

import pytest

from hyperspool.common import atomic
from hyperspool.common.attempts import AttemptEvent, AttemptHistory
from hyperspool.common.curve import to_text
from hyperspool.common.epochs import EpochRecord
from hyperspool.common.issues import AttemptName, Issue
from hyperspool.common.layout import StudyFolder
from hyperspool.common.limits import Limits
from hyperspool.common.records import FailureKind
from hyperspool.worker.messages import Abandoned, Failed, Finished, Outcome, Stopped, Unable
from hyperspool.worker.progress import is_further, with_progress
from hyperspool.worker.retries import Decision, decide, is_exhausted

DEATH, ERROR, MEMORY, TIME = (
    FailureKind.WORKER_LOST,
    FailureKind.EXCEPTION,
    FailureKind.OUT_OF_MEMORY,
    FailureKind.TIME_LIMIT,
)
LIMITS = Limits(max_attempts=3, exception_retries=2, out_of_memory_retries=1, time_limit_retries=0)
RELEASED = "released"
REPORT, RETRY, RELEASE, DROP = Decision.REPORT, Decision.RETRY, Decision.RELEASE, Decision.DROP


def history(*ends: FailureKind | str | None) -> AttemptHistory:
    """Make a history of attempts: failed, released, or cut off by the death of their worker (None)."""
    events = []
    for attempt, end in enumerate(ends, start=1):
        names = ["claimed"] if end is None else ["claimed", "released" if end == RELEASED else "lost"]
        for name in names:
            event = {"event": name, "attempt": attempt, "worker": "lab-1", "host": "lab", "pid": 1, "at": "now"}
            kind = end if name == "lost" else None
            events.append(AttemptEvent.model_validate(event | {"kind": kind}))
    return AttemptHistory(tuple(events))


def failed(kind: FailureKind, *, is_memory_shared: bool = False) -> Failed:
    return Failed(kind, "reason", is_memory_shared=is_memory_shared)


@pytest.mark.parametrize(
    ("before", "outcome", "expected"),
    [
        ((), Finished(0.5, is_diverged=False), REPORT),
        ((DEATH, ERROR, RELEASED), Finished(0.5, is_diverged=True), REPORT),
        # an exception, with two retries
        ((), failed(ERROR), RETRY),
        ((ERROR,), failed(ERROR), RETRY),
        ((ERROR, ERROR), failed(ERROR), REPORT),
        # a death of the process, with three attempts; it need not have been noted
        ((), failed(DEATH), RETRY),
        ((DEATH,), failed(DEATH), RETRY),
        ((None,), failed(DEATH), RETRY),
        ((DEATH, DEATH), failed(DEATH), REPORT),
        ((None, None), failed(DEATH), REPORT),
        # a time limit, without a retry
        ((), failed(TIME), REPORT),
        # out of memory, with one retry if a neighbour may have been the cause
        ((), failed(MEMORY), REPORT),
        ((), failed(MEMORY, is_memory_shared=True), RETRY),
        ((MEMORY,), failed(MEMORY, is_memory_shared=True), REPORT),
        # each kind is counted by itself, and a released attempt not at all
        ((ERROR, DEATH, RELEASED, ERROR), failed(DEATH), RETRY),
        ((DEATH, RELEASED, DEATH), failed(ERROR), RETRY),
        ((RELEASED, RELEASED, RELEASED), failed(DEATH), RETRY),
        # what is not the trial's fault
        ((DEATH, DEATH), Stopped(), RELEASE),
        ((DEATH, DEATH), Stopped(is_saved=False), RELEASE),
        ((DEATH, DEATH), Unable("no data"), RELEASE),
        ((DEATH, DEATH), Abandoned(), DROP),
    ],
)
def test_how_an_attempt_ends_decides_what_follows(
    before: tuple[FailureKind | str | None, ...], outcome: Outcome, expected: Decision
) -> None:
    assert decide(LIMITS, history(*before), outcome) is expected


@pytest.mark.parametrize("kind", FailureKind)
def test_without_retries_the_first_failure_is_the_trials(kind: FailureKind) -> None:
    none = Limits(max_attempts=1, exception_retries=0, out_of_memory_retries=0, time_limit_retries=0)
    assert decide(none, history(), failed(kind, is_memory_shared=True)) is REPORT


@pytest.mark.parametrize(
    ("before", "expected"),
    [
        ((), False),
        ((None, DEATH), False),
        ((None, DEATH, None), True),
        ((None, RELEASED, None, RELEASED), False),
        ((ERROR, ERROR, MEMORY, TIME), False),
    ],
)
def test_only_deaths_exhaust_a_job_before_it_starts(
    before: tuple[FailureKind | str | None, ...], *, expected: bool
) -> None:
    assert is_exhausted(LIMITS, history(*before)) is expected


def test_death_of_an_attempt_that_came_further_is_retried() -> None:
    assert decide(LIMITS, history(DEATH, DEATH), failed(DEATH), is_further=True) is RETRY
    assert decide(LIMITS, history(DEATH, DEATH), failed(TIME), is_further=True) is REPORT


def leave_curve(folder: StudyFolder, attempt: int, epochs: int) -> None:
    curve = [EpochRecord.of(epoch=number, seconds=1, loss=0.5) for number in range(1, epochs + 1)]
    atomic.make_folder(folder.running)
    atomic.replace(folder.running_curve(AttemptName(Issue(0), attempt)), to_text(curve).encode(), durable=False)


@pytest.mark.parametrize(
    ("epochs", "counted"),
    [
        ((3, 3, 3), 3),
        ((3, 4, 5), 1),  # the first has none before it
        ((3, 5, 4), 2),
        ((3, 0, 4), 2),
        ((0, 0, 0), 3),
        ((5,), 1),
    ],
)
def test_deaths_count_unless_they_came_further(root: Path, epochs: tuple[int, ...], counted: int) -> None:
    folder = StudyFolder(root, "demo")
    for attempt, reached in enumerate(epochs, start=1):
        if reached:
            leave_curve(folder, attempt, reached)
    before = with_progress(history(*[DEATH] * len(epochs)), folder, Issue(0))
    assert before.counts().get(DEATH, 0) == counted
    assert before.last_attempt == len(epochs)
    assert is_further(folder, AttemptName(Issue(0), len(epochs))) is (len(epochs) > 1 and epochs[-1] > max(epochs[:-1]))


def test_errors_count_however_far_they_came(root: Path) -> None:
    folder = StudyFolder(root, "demo")
    for attempt, reached in enumerate((1, 2, 3), start=1):
        leave_curve(folder, attempt, reached)
    assert with_progress(history(ERROR, ERROR, ERROR), folder, Issue(0)).counts() == {ERROR: 3}
