import os
import signal

import pytest

from hyperspool.common.records import FailureKind
from hyperspool.worker import ending
from hyperspool.worker.child_process import ChildProcess
from hyperspool.worker.guardian import Guardian
from hyperspool.worker.messages import (
    Abandoned,
    ChildSettings,
    Evaluate,
    Failed,
    Finished,
    Stopped,
    Unable,
)
from tests.conftest import job_of, spec_of
from tests.processes import is_alive, until
from tests.worker.bench import Bench

SQUARE_OF_HALF = (0.5 - 0.3) ** 2


def test_a_child_lives_across_trials(bench: Bench) -> None:
    assert bench.evaluate("square", x=0.5) == Finished(SQUARE_OF_HALF, is_diverged=False)
    first = bench.child_pid
    assert bench.evaluate("square", x=0.3) == Finished(0.0, is_diverged=False)
    assert bench.child_pid == first


def test_an_exception_fails_the_trial_and_spares_the_child(bench: Bench) -> None:
    outcome = bench.evaluate("raising", x=0.9)
    assert isinstance(outcome, Failed)
    assert outcome.kind == "exception"
    assert outcome.message == "ValueError: x is too large for me"
    assert "in raising" in str(outcome.traceback)
    pid = bench.child_pid
    assert isinstance(bench.evaluate("raising", x=0.1), Finished)
    assert bench.child_pid == pid


def test_a_value_that_is_not_finite_fails_the_trial(bench: Bench) -> None:
    outcome = bench.evaluate("not_a_number")
    assert isinstance(outcome, Failed)
    assert "expected a finite number" in outcome.message


def test_a_wrong_report_fails_the_trial_with_its_traceback(bench: Bench) -> None:
    outcome = bench.evaluate("misreporting")
    assert isinstance(outcome, Failed)
    assert outcome.kind == "exception"
    assert outcome.message.startswith("ValueError: trial.report: found a metric setting, but no metric may be")
    assert "in misreporting" in str(outcome.traceback)
    assert isinstance(bench.evaluate("square"), Finished)


def test_a_memory_error_is_out_of_memory(bench: Bench) -> None:
    outcome = bench.evaluate("hungry")
    assert isinstance(outcome, Failed)
    assert outcome.kind == "out_of_memory"


def test_a_child_that_dies_is_noticed_and_replaced(bench: Bench) -> None:
    outcome = bench.evaluate("suicidal")
    reason = "the evaluating process was ended by SIGKILL (by hand, or by the kernel because memory ran out)"
    assert outcome == Failed(FailureKind.WORKER_LOST, reason, is_child_lost=True)
    assert isinstance(bench.evaluate("square"), Finished)


def test_a_child_that_died_while_idle_costs_no_trial(bench: Bench) -> None:
    bench.evaluate("square")
    os.kill(bench.child_pid, signal.SIGKILL)
    assert isinstance(bench.evaluate("square"), Finished)


def test_child_that_dies_before_it_begins_is_replaced_at_once(bench: Bench) -> None:
    bench.evaluate("square")
    assert bench.evaluate("dies_at_import") == Finished(SQUARE_OF_HALF, is_diverged=False)


def test_a_child_without_its_cuda_context_is_replaced(bench: Bench) -> None:
    bench.evaluate("square")
    first = bench.child_pid
    outcome = bench.evaluate("breaks_cuda")
    assert isinstance(outcome, Failed)
    assert (outcome.kind, outcome.is_child_lost) == (FailureKind.WORKER_LOST, True)
    assert not is_alive(first)
    assert isinstance(bench.evaluate("square"), Finished)


def test_a_childs_death_is_noticed_though_its_grandchild_lives(bench: Bench) -> None:
    outcome = bench.evaluate("leaves_a_grandchild")
    assert isinstance(outcome, Failed)
    assert outcome.is_child_lost
    grandchild = int((bench.folder / "notes").read_text().split()[-1])
    until(lambda: not is_alive(grandchild), "the end of the grandchild", bench.folder)


def test_a_signal_to_the_group_spares_a_starting_child(bench: Bench) -> None:
    guardian = Guardian()
    child = ChildProcess({}, threads=1, guardian=guardian)
    assert child.process.pid is not None
    for number in (signal.SIGINT, signal.SIGTERM):
        os.kill(child.process.pid, number)
    child.connection.send(ChildSettings("cpu", (), bench.folder))
    child.connection.send(Evaluate(spec_of(), job_of(), bench.folder / "saved.pt", ()))
    assert isinstance(child.connection.recv(), Unable)
    child.kill()
    child.output.close()
    guardian.close()


def test_a_failures_text_is_cut_and_can_always_be_stored(bench: Bench) -> None:
    outcome = bench.evaluate("verbose")
    assert isinstance(outcome, Failed)
    assert len(outcome.message) < 3000
    assert outcome.message.startswith("ValueError: \\udcff xxx")
    str(outcome.traceback).encode()


def test_a_hung_child_is_killed_at_the_studys_time_limit(bench: Bench) -> None:
    reason = "it ran longer than 0.5 s and was stopped"
    assert bench.evaluate("deaf", time_limit_s=0.5) == Failed(FailureKind.TIME_LIMIT, reason)
    assert isinstance(bench.evaluate("square"), Finished)


def test_a_child_is_asked_to_save_before_it_stops(bench: Bench) -> None:
    bench.follower.stop_at_first_epoch = True
    assert bench.evaluate("waiting") == Stopped()
    assert bench.follower.times_stopped == 1
    assert (bench.folder / "saved.pt").exists()
    bench.follower.stop_at_first_epoch = False
    bench.stop.is_requested = False
    (bench.folder / "go").touch()
    assert isinstance(bench.evaluate("waiting"), Finished)


def test_a_child_that_ignores_stop_is_killed_after_its_grace(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ending, "STOP_GRACE_S", 0.2)
    bench.stop.is_requested = True
    assert bench.evaluate("deaf") == Stopped(is_saved=False)


def test_an_urgent_request_to_stop_grants_no_grace(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ending, "STOP_GRACE_S", 1000.0)
    bench.stop.is_requested = bench.stop.is_urgent = True
    assert bench.evaluate("deaf") == Stopped(is_saved=False)


def test_an_evaluation_whose_claim_is_lost_is_dropped(bench: Bench) -> None:
    bench.follower.keeps_claim = False
    assert bench.evaluate("deaf") == Abandoned()


def test_an_unknown_objective_is_left_to_another_worker(bench: Bench) -> None:
    outcome = bench.evaluate("unheard_of")
    assert isinstance(outcome, Unable)
    assert "--objective unheard_of=MODULE:FUNCTION" in outcome.reason


def test_a_trial_sees_what_earlier_attempts_saved(bench: Bench) -> None:
    bench.evaluate("resuming")
    saved = bench.folder / "saved.pt"
    bench.evaluate("resuming", earlier=(bench.folder / "gone.pt", saved))
    assert (bench.folder / "notes").read_text().splitlines() == ["found []", "found ['saved']"]
    assert len(bench.follower.epochs) == 2


def test_ctrl_c_and_sigterm_reach_only_the_parent(bench: Bench) -> None:
    bench.evaluate("square")
    pid = bench.child_pid
    for number in (signal.SIGINT, signal.SIGTERM):
        os.kill(pid, number)
    assert isinstance(bench.evaluate("square"), Finished)
    assert bench.child_pid == pid


def test_closing_ends_the_child(bench: Bench) -> None:
    bench.evaluate("square")
    pid = bench.child_pid
    bench.executor.close()
    assert not is_alive(pid)
