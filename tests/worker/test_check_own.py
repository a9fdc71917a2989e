"""`python -m worker check` of own functions and commands, each evaluated in real child processes."""

import re
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from typer.testing import CliRunner

from hyperspool.common.errors import StudyError, UsageError
from hyperspool.worker.cli import app

FUNCTIONS = """
import json, random, time
from hyperspool import Measured, TrialStopped

calls = []

def steady(params, trial, keeps=("epoch", "loss"), loads=True):
    saved = trial.load() if loads else None
    state = {"epoch": 0, "loss": params["rate"]} | (json.loads(saved) if saved else {})
    while state["epoch"] < trial.epochs:
        state = {"epoch": state["epoch"] + 1, "loss": state["loss"] / 2}
        trial.report(loss=state["loss"])
        trial.save(json.dumps({name: state[name] for name in keeps}).encode())
        while state["epoch"] == 1 and trial.epochs > 1 and not saved and not trial.should_stop() and is_stopped():
            time.sleep(0.01)
        if trial.should_stop():
            raise TrialStopped
    return state["loss"]

def is_stopped():
    return sum(1 for _ in open("calls")) == 4

def counted(function):
    def evaluate(params, trial):
        with open("calls", "a") as file:
            file.write("call\\n")
        return function(params, trial)
    return evaluate

whole = counted(steady)
forgets = counted(lambda params, trial: steady(params, trial, keeps=("epoch",)))
starts_over = counted(lambda params, trial: steady(params, trial, loads=False))

def random_one(params):
    return random.random()

def sized(params):
    return Measured(params["rate"], metrics={"size": 2.0})

def counts(params):
    calls.append(None)
    return len(calls)

def goes_too_far(params, trial):
    for _ in range(9):
        trial.report(loss=1.0)
    return 1.0

def breaks(params):
    print("about to look at x")
    return params["x"]
"""
PROGRAM = """
import json, os, pathlib, signal, sys, time
signal.signal(signal.SIGTERM, signal.SIG_IGN if sys.argv[1] == "deaf" else signal.SIG_DFL)
saved = pathlib.Path(os.environ["HYPERSPOOL_CHECKPOINT_DIR"]) / "epoch"
epoch = int(saved.read_text()) if saved.exists() else 0
with open("calls", "a") as file:
    print("call", file=file)
is_to_be_stopped = sum(1 for _ in open("calls")) == 4
while epoch < int(sys.argv[2]):
    epoch += 1
    saved.write_text(str(epoch))
    print(json.dumps({"epoch": epoch, "loss": float(sys.argv[3]) / epoch}))
    if is_to_be_stopped and epoch == 2:
        time.sleep(300)
"""
Check = Callable[..., dict[str, tuple[str, str]]]


@pytest.fixture
def check(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Check:
    """Runs the command in a folder with functions and a program; returns verdict and text by check."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "400")
    Path("mine.py").write_text(FUNCTIONS)
    Path("train.py").write_text(PROGRAM)

    def run(*arguments: str, status: int) -> dict[str, tuple[str, str]]:
        called = CliRunner().invoke(app, ["check", "--device", "cpu", *arguments])
        if called.exception is not None and not isinstance(called.exception, SystemExit):
            raise called.exception
        assert called.exit_code == status, called.output
        rows = re.findall(r"^│ (.+?) +│ (pass|FAIL|-) +│ (.+?) *│$", called.output, re.MULTILINE)
        return {name: (verdict, text) for name, verdict, text in rows}

    return run


def test_function_that_does_all_right_passes(check: Check) -> None:
    found = check("--objective", "mine=mine:whole", "--set", "rate=0.5", status=0)
    assert found["evaluates"] == ("pass", "value 0.0625, to be minimised")
    assert found["epochs and metrics"] == ("pass", "3 epochs of loss (budget 3)")
    assert found["stops on request"][0] == "pass"
    assert found["goes on after a stop"][0] == "pass"
    assert found["goes on after a stop"][1].startswith("after epoch 1, to the same value")
    assert {verdict for verdict, _ in found.values()} == {"pass", "-"}


def test_saved_state_that_lacks_something_fails(check: Check) -> None:
    verdict, text = check("--objective", "mine=mine:forgets", "--set", "rate=0.5", status=1)["goes on after a stop"]
    assert verdict == "FAIL"
    assert "epoch 2 gave loss 0.125, and then loss 0.25" in text


def test_saved_state_that_is_never_loaded_fails(check: Check) -> None:
    verdict, text = check("--objective", "mine=mine:starts_over", "--set", "rate=0.5", status=1)["goes on after a stop"]
    assert (verdict, "did not call trial.load" in text) == ("FAIL", True)


def test_function_without_a_seed_fails(check: Check) -> None:
    found = check("--objective", "mine=mine:random_one", status=1)
    assert found["same seed, same value"][0] == found["the same in a new process"][0] == "FAIL"
    assert "trial.seeds" in found["same seed, same value"][1]


def test_function_that_keeps_something_between_trials_is_told_so(check: Check) -> None:
    found = check("--objective", "mine=mine:counts", status=1)
    assert found["same seed, same value"][0] == "FAIL"
    assert found["the same in a new process"][0] == "pass"
    assert "fresh_process" in found["the same in a new process"][1]


def test_function_that_ignores_its_budget_fails(check: Check) -> None:
    found = check("--objective", "mine=mine:goes_too_far", "--epochs", "2", status=1)
    assert found["epochs and metrics"] == (
        "FAIL",
        "9 epochs of loss, but its budget is 2: it must read trial.epochs",
    )


def test_function_that_raises_is_quoted_with_what_it_printed(
    check: Check, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("COLUMNS", "400")
    assert list(check("--objective", "mine=mine:breaks", status=1)) == ["evaluates"]
    called = CliRunner().invoke(app, ["check", "--device", "cpu", "--objective", "mine=mine:breaks"])
    for part in ("KeyError: 'x'", "about to look at x", "It got no params: give them by --set"):
        assert part in called.output
    assert not capfd.readouterr().err


@pytest.mark.parametrize(
    ("measure", "status", "text"),
    [
        ("size", 0, "error 0.5, to be minimised; size 2, to be maximised"),
        ("power", 1, "ValueError: the study's objectives and constraints ask for power"),
    ],
)
def test_each_of_several_objectives_is_checked(check: Check, measure: str, status: int, text: str) -> None:
    Path("sized.toml").write_text(
        'trials = 2\nobjective = { name = "sized", function = "mine:sized" }\nspace.rate = { low = 0.0, high = 1.0 }\n'
        f'objectives = [{{ measure = "error" }}, {{ measure = "{measure}", direction = "maximise" }}]\n'
    )
    found = check("--study-file", "sized.toml", status=status)
    assert found["evaluates"][1].startswith(text)


def test_command_is_checked_in_the_middle_of_its_space(check: Check) -> None:
    Path("train.toml").write_text(
        f'trials = 2\nobjective.command = ["{sys.executable}", "train.py", "obeys", "{{epochs}}", "{{rate}}"]\n'
        'objective.measure = "loss"\nobjective.name = "train"\nbudget.epochs = 90\n'
        "space.rate = { low = 0.01, high = 1.0, log = true }\n"
    )
    found = check("--study-file", "train.toml", status=0)
    assert found["evaluates"] == ("pass", "loss 0.0333333, to be minimised")
    assert found["stops on request"][0] == "pass"
    assert found["goes on after a stop"] == (
        "pass",
        "after epoch 2, to the same value as without a stop, to the last bit",
    )
    Path("calls").unlink()
    assert check("train", "--study-file", "train.toml", "--set", "rate=1", status=0)["evaluates"][1].startswith(
        "loss 0.333333"
    )


def test_command_that_ignores_sigterm_fails(check: Check) -> None:
    command = f"train={sys.executable} train.py deaf {{epochs}} {{rate}}"
    verdict, text = check("--command", command, "--set", "rate=0.5", status=1)["stops on request"]
    assert (verdict, "ignored SIGTERM for 4 s" in text) == ("FAIL", True)


def test_study_file_beside_the_function_tells_its_params(check: Check) -> None:
    Path("any.toml").write_text('trials = 2\nobjective.name = "mine"\nspace.x = { low = 1, high = 3 }\n')
    assert check("--objective", "mine=mine:breaks", status=0)["evaluates"][1].startswith("value 2,")


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (("--objective", "a=mine:whole", "--objective", "b=mine:whole"), "a, b"),
        (("other", "--objective", "a=mine:whole"), "objective other: expected cnn or mlp"),
        (("--command", "c=true {rate}"), "placeholder rate"),
        (("--objective", "a=mine:whole", "--set", "rate"), "expected KEY=VALUE"),
        (("mlp", "--epochs", "2"), "only for your own objectives"),
        (("--study-file", "gone.toml"), "there is no study file gone.toml"),
    ],
)
def test_a_users_mistake_is_a_clear_error(check: Check, arguments: tuple[str, ...], message: str) -> None:
    with pytest.raises((UsageError, StudyError)) as caught:
        check(*arguments, status=2)
    assert message in str(caught.value)
