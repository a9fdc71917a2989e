"""What a trial prints reaches its log as it is printed, and no more of it than a log may hold."""

import os
from pathlib import Path

import pytest

from hyperspool.common.layout import StudyFolder
from hyperspool.common.output import HALF_BYTES, lines_of
from hyperspool.worker import attempt_output
from hyperspool.worker.attempt_output import AttemptOutput
from hyperspool.worker.messages import Finished
from tests.conftest import MakeStudy
from tests.processes import Processes, until
from tests.worker.bench import Bench

PRINTED = {
    "from Python",
    "from Python's errors",
    "no newline but more",
    r"from the \xff\xfe system",
    "from C",
    "from a program",
    r"\udcff is no character",
}


@pytest.fixture
def log(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setattr(attempt_output, "STANDARD_OUTPUT", os.open(os.devnull, os.O_WRONLY))
    return tmp_path / "logs" / "00000.issue1.attempt1.log"


def test_whatever_a_trial_prints_is_heard(bench: Bench) -> None:
    assert isinstance(bench.evaluate("prints"), Finished)
    lines = lines_of(bench.follower.printed)
    assert set(lines) == PRINTED | {"at the end, and at C's end"}
    assert lines.index("from Python") < lines.index("from Python's errors") < lines.index("from a program")


def test_a_flood_is_heard_to_its_end(bench: Bench) -> None:
    printed = 0

    def take(chunk: bytes) -> None:
        nonlocal printed
        printed += len(chunk)

    bench.follower.take = take  # type: ignore[assignment, method-assign]
    assert bench.evaluate("floods", x=0.25) == Finished(0.25, is_diverged=False)
    assert printed == 5 + 50 * 10**6 + 3


def test_a_thread_that_prints_for_ever_ends_no_trial_late(bench: Bench) -> None:
    assert isinstance(bench.evaluate("talks_to_the_end"), Finished)
    before = bench.child_pid
    assert isinstance(bench.evaluate("square"), Finished)
    assert bench.child_pid == before


def test_a_log_that_nothing_is_printed_to_does_not_exist(log: Path) -> None:
    output = AttemptOutput(log)
    output.take(b"")
    output.close()
    assert not log.parent.exists()


def test_a_log_shows_at_once_what_was_printed(log: Path) -> None:
    output = AttemptOutput(log)
    output.take(b"one\n")
    assert log.read_bytes() == b"one\n"
    output.take(b"two")
    assert log.read_bytes() == b"one\ntwo"
    assert output.last_lines() == ("one", "two")
    output.close()


def test_a_log_keeps_the_first_and_the_last_half(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempt_output, "REWRITE_S", 0.0)
    output = AttemptOutput(log)
    lines = [b"%9d\n" % number for number in range(300_000)]
    for start in range(0, len(lines), 5000):
        output.take(b"".join(lines[start : start + 5000]))
        assert log.read_bytes().endswith(lines[start + 4999])
    output.close()
    head, middle, tail = log.read_bytes().partition(b"[1951424 bytes left out]")
    assert middle
    assert head.startswith(b"        0\n        1\n")
    assert tail.endswith(b"   299999\n")
    assert len(head) == len(tail) == HALF_BYTES + 1
    assert len(head) + len(tail) - 2 + 1_951_424 == 3_000_000


def test_a_log_that_cannot_be_written_is_written_later(log: Path, caplog: pytest.LogCaptureFixture) -> None:
    log.parent.touch()  # a file in the place of its folder
    output = AttemptOutput(log)
    output.take(b"one\n")
    output.take(b"two\n")
    assert caplog.text.count("cannot be written") == 1
    log.parent.unlink()
    output.close()
    assert log.read_bytes() == b"one\ntwo\n"


def test_a_log_goes_on_after_it_was_written_late(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(attempt_output, "REWRITE_S", 0.0)
    log.parent.touch()
    output = AttemptOutput(log)
    output.take(b"one\n")
    log.parent.unlink()
    for chunk in (b"two\n", b"three\n", b"four\n"):
        output.take(chunk)
    output.close()
    assert log.read_bytes() == b"one\ntwo\nthree\nfour\n"


def test_a_foreign_file_with_a_logs_name_is_left_alone(log: Path) -> None:
    log.parent.mkdir()
    precious = log.with_name("precious")
    precious.write_text("precious")
    log.symlink_to(precious)
    output = AttemptOutput(log)
    output.take(b"one\n")
    output.close()
    assert precious.read_text() == "precious"
    assert log.read_bytes() == b"one\n"


def test_output_that_nobody_reads_does_not_block(log: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reading, writing = os.pipe()
    monkeypatch.setattr(attempt_output, "STANDARD_OUTPUT", writing)
    output = AttemptOutput(log)
    for _ in range(40):
        output.take(b"x" * 65_535 + b"\n")
    os.set_blocking(reading, False)
    passed = os.read(reading, 2**20)
    output.close()
    assert 4096 <= len(passed) < HALF_BYTES
    assert b"bytes more in " + os.fsencode(log) in os.read(reading, 2**20)
    for descriptor in (reading, writing):
        os.close(descriptor)


def test_a_log_can_be_read_while_its_trial_runs(root: Path, processes: Processes, make_study: MakeStudy) -> None:
    study = make_study("prints", trials=1, batch=1)
    study.write_text(study.read_text().replace("space.x", "space.y") + "\nspace.x = 1.0\n")
    arguments = ["--root", str(root), "--workers", "1", "--objective", "prints=tests.programs:prints"]
    master = processes.start("master", "run", str(study), *arguments, environment={"PYTHONUNBUFFERED": ""})
    folder = StudyFolder(root, "demo")
    log = folder.logs / "00000.issue1.attempt1.log"

    def shown() -> set[str]:
        return set(lines_of(log.read_bytes())) if log.exists() else set()

    until(lambda: shown() == PRINTED, "the log", root)
    (root / "go").touch()
    processes.finish(master)
    assert shown() == PRINTED | {"at the end, and at C's end"}
    own = (folder.logs / "worker-1.log").read_bytes()
    assert set(lines_of(own)) > PRINTED | {"at the end, and at C's end"}
    processes.finish(processes.start("master", "fsck", "demo", "--root", str(root)))
