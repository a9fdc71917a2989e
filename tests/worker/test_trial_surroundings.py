"""A trial finds its process as the trial before it did, and may do to it what it likes."""

import os
from pathlib import Path

import pytest

from hyperspool.common.layout import StudyFolder
from hyperspool.common.records import FailureKind
from hyperspool.worker.messages import Failed, Finished
from tests.conftest import MakeStudy
from tests.processes import Processes, results_of
from tests.worker.bench import Bench


def test_a_trial_parses_no_argument_of_the_workers(bench: Bench) -> None:
    assert bench.evaluate("parses", x=0.0) == Finished(0.5, is_diverged=False)


def test_a_trial_that_parses_in_vain_fails_and_says_why(bench: Bench) -> None:
    outcome = bench.evaluate("parses", x=1.0)
    assert isinstance(outcome, Failed)
    assert outcome.kind is FailureKind.EXCEPTION
    assert outcome.message.startswith("SystemExit: 2 (")
    assert b"parses: error: the following arguments are required: --rate" in bench.follower.printed
    before = bench.child_pid
    assert isinstance(bench.evaluate("square"), Finished)
    assert bench.child_pid == before


@pytest.mark.parametrize(
    ("x", "message"), [(0.0, "SystemExit: 0 ("), (1.0, "SystemExit: no data ("), (2.0, "KeyboardInterrupt: ")]
)
def test_a_trial_that_exits_ends_itself_alone(bench: Bench, x: float, message: str) -> None:
    outcome = bench.evaluate("exits", x=x)
    assert isinstance(outcome, Failed)
    assert (outcome.kind, outcome.is_child_lost) == (FailureKind.EXCEPTION, False)
    assert outcome.message.startswith(message)
    assert [(file.name, file.size_bytes) for file in outcome.files] == [("kept.txt", 4)]


def test_a_trial_that_wanders_off_saves_in_its_place(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    assert [bench.evaluate("wanders"), bench.evaluate("wanders")] == [Finished(0.0, is_diverged=False)] * 2
    assert bench.notes == [f"{Path.cwd()} ['wanders']"] * 2
    assert (bench.folder / "saved.pt").exists()


def test_a_trials_handlers_and_alarm_end_with_it(bench: Bench) -> None:
    for _ in range(2):
        assert bench.evaluate("handles") == Finished(2.0, is_diverged=False)
    assert bench.notes[0] == bench.notes[1]
    assert bench.evaluate("ends_its_own") == Finished(2.0, is_diverged=False)


def test_threads_bind_the_libraries_of_any_objective(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OMP_NUM_THREADS", "7")
    monkeypatch.delenv("OPENBLAS_NUM_THREADS", raising=False)
    bench.evaluate("binds")
    first = bench.child_pid
    bench.evaluate("binds")
    assert bench.child_pid == first
    bench.evaluate("binds", more={"threads": 3})
    bench.evaluate("binds", more={"threads": 0})
    assert bench.notes == ["1 1 1", "1 1 1", "3 3 3", "0 7 None"]
    assert os.environ["OMP_NUM_THREADS"] == "7"


def test_a_fresh_process_evaluates_one_trial(bench: Bench) -> None:
    pids = set()
    for _ in range(2):
        assert isinstance(bench.evaluate("pid", more={"fresh_process": True}), Finished)
        pids.add(bench.notes[-1])
    assert len(pids) == 2


def test_a_failures_message_ends_with_the_last_lines(root: Path, processes: Processes, make_study: MakeStudy) -> None:
    study = make_study("exits", trials=1, batch=1, more="limits.max_attempts = 1")
    study.write_text(study.read_text().replace("low = 0, high = 1", "low = 2.5, high = 3"))
    options = ["--workers", "1", "--objective", "exits=tests.programs:exits"]
    master = processes.master(study, *options)
    assert master.wait(60) == 1
    failure = results_of(StudyFolder(root, "demo"))[0].failure
    assert failure is not None
    assert failure.message.startswith("the process that evaluated it died once: attempt 1 on ")
    assert failure.message.endswith("exited with status 3\n  it printed last:\n  two\n  three\n  four")
    printed = processes.output(master)
    assert "exited with status 3" in printed
    assert "\n    it printed last:\n    two\n    three\n    four\n" in printed
