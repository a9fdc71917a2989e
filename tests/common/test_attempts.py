from pathlib import Path

import pytest

from hyperspool.common.attempts import AttemptEvent, Loss, read_history
from hyperspool.common.errors import ProtocolError
from hyperspool.common.records import FailureKind


def event(kind: str, attempt: int, reason: str | None = None) -> str:
    return AttemptEvent.model_validate(
        {"event": kind, "attempt": attempt, "worker": "lab-1", "host": "lab", "pid": 1, "at": "now", "reason": reason}
    ).to_line()


def write(path: Path, *lines: str, end: str = "\n") -> Path:
    path.write_text("\n".join(lines) + end)
    return path


def test_no_file_is_an_empty_history(tmp_path: Path) -> None:
    history = read_history(tmp_path / "00000.lock")
    assert (history.last_attempt, history.counted, history.holder) == (0, 0, None)


def test_a_released_attempt_does_not_count(tmp_path: Path) -> None:
    path = write(
        tmp_path / "lock", event("claimed", 1), event("released", 1), event("claimed", 2), event("lost", 2, "x")
    )
    history = read_history(path)
    assert history.last_attempt == 2
    assert history.counted == 1
    assert history.holder is None
    assert history.summary() == "attempt 2 on lab-1: x"


def test_an_attempt_whose_worker_vanished_counts(tmp_path: Path) -> None:
    history = read_history(write(tmp_path / "lock", event("claimed", 1), event("claimed", 2)))
    assert history.counted == 2
    assert history.holder is not None
    assert history.holder.attempt == 2
    assert history.summary() == "attempts 1 and 2 on lab-1: the worker died"


def test_an_attempt_that_may_still_run_has_not_ended(tmp_path: Path) -> None:
    lines = [event("claimed", 1), event("claimed", 2), event("lost", 2, "hung"), event("claimed", 3)]
    history = read_history(write(tmp_path / "lock", *lines))
    assert [loss.attempt for loss in history.ended_losses] == [1, 2]
    assert [loss.attempt for loss in history.losses] == [1, 2, 3]
    history = read_history(write(tmp_path / "lock", *lines[:3]))
    assert [loss.attempt for loss in history.ended_losses] == [1, 2]


def test_the_summary_names_each_reason_once(tmp_path: Path) -> None:
    events = [
        line
        for attempt, reason in enumerate(["killed", "killed", "hung", "killed"], start=1)
        for line in (event("claimed", attempt), event("lost", attempt, reason))
    ]
    history = read_history(write(tmp_path / "lock", *events))
    assert history.summary(Loss(5, "lab-2", "killed")) == (
        "attempts 1, 2 and 4 on lab-1, attempt 5 on lab-2: killed; attempt 3 on lab-1: hung"
    )


def test_a_torn_line_counts_as_an_attempt(tmp_path: Path) -> None:
    line = event("claimed", 2)
    for length in range(1, len(line)):
        history = read_history(write(tmp_path / "lock", event("claimed", 1), line[:length], end=""))
        assert (history.last_attempt, history.counted) == (2, 2)


@pytest.mark.parametrize("end", ["lost", "released"])
def test_a_torn_end_of_an_attempt_is_not_an_attempt(tmp_path: Path, end: str) -> None:
    line = event(end, 1)
    for length in range(len('{"event":"l'), len(line)):
        history = read_history(write(tmp_path / "lock", event("claimed", 1), line[:length], end=""))
        assert (history.last_attempt, history.counted) == (1, 1)


def test_many_lines_of_another_file_count_as_one_attempt(tmp_path: Path) -> None:
    assert read_history(write(tmp_path / "lock", event("claimed", 1), *["{", "}"] * 20)).counted == 2


def test_zeros_where_a_line_should_be_count_as_one_attempt(tmp_path: Path) -> None:
    assert read_history(write(tmp_path / "lock", "\0" * 200)).counted == 1


def test_a_lock_file_that_is_a_link_is_refused(tmp_path: Path) -> None:
    (tmp_path / "lock").symlink_to("/etc/passwd")
    with pytest.raises(ProtocolError, match="link"):
        read_history(tmp_path / "lock")


def test_a_loss_without_a_kind_counts_as_worker_lost(tmp_path: Path) -> None:
    lines = [event("claimed", attempt) for attempt in (1, 2, 3, 4)]
    lines += [event("lost", 1, "killed"), event("lost", 2, "too slow").replace("}", ',"kind":"time_limit"}')]
    history = read_history(write(tmp_path / "lock", *lines, event("released", 3)))
    assert history.counts() == {FailureKind.WORKER_LOST: 2, FailureKind.TIME_LIMIT: 1}
    assert history.counts(Loss(5, "lab-1", "boom", FailureKind.EXCEPTION))[FailureKind.EXCEPTION] == 1
