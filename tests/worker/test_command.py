"""Commands as objectives: real programs, evaluated in this process."""

import os
import sys
import threading
from pathlib import Path
from typing import Any

import pytest

from hyperspool.common.commands import CommandDefinition
from hyperspool.common.errors import UnableError
from hyperspool.common.study_objective import Objective
from hyperspool.worker.messages import EpochAmended, EpochDone, Progress
from hyperspool.worker.objectives import command, printed
from hyperspool.worker.objectives.command import evaluate_command
from hyperspool.worker.objectives.measured import Measured
from hyperspool.worker.objectives.trial import TrialStopped
from tests.processes import is_alive, until
from tests.worker.test_trial import FakeParent, trial_of

PATTERN = r"(?P<name>\w+)[=:] *(?P<value>[-+0-9.eE]+)"


def run(*parts: str, parent: FakeParent | None = None, metrics: str | None = None, **objective: Any) -> Measured:
    definition = CommandDefinition("train", parts, Path(__file__).parent, metrics)
    return evaluate_command(definition, Objective(name="train", **objective), trial_of(parent, x=0.5))


def shell(script: str, **more: Any) -> Measured:
    return run("sh", "-c", script.replace("{", "{{").replace("}", "}}"), **more)


def test_last_line_of_json_is_the_value() -> None:
    parent = FakeParent()
    printed = """echo hello; echo '{"epoch": 1, "loss": 0.5}'; echo '{"epoch": 2, "loss": 0.25, "acc": 0.9}'"""
    assert shell(printed, parent=parent, measure="loss") == Measured(0.25, metrics={"acc": 0.9})
    assert [(epoch.epoch, epoch.metrics) for epoch in parent.curve] == [
        (1, {"loss": 0.5}),
        (2, {"loss": 0.25, "acc": 0.9}),
    ]


def test_best_value_follows_the_direction() -> None:
    printed = "for acc in 0.5 0.9 0.7; do echo acc=$acc; done"
    assert shell(printed, metrics=PATTERN, measure="acc", value="best", direction="maximize").value == 0.9
    assert shell(printed, metrics=PATTERN, measure="acc", direction="maximize").value == 0.7
    assert shell(printed, metrics=PATTERN).value == 0.7  # the only metric needs no name


def test_epochs_from_0_are_counted_from_1() -> None:
    parent = FakeParent()
    shell("""for e in 0 1 2; do echo "{\\"epoch\\": $e, \\"loss\\": $e}"; done""", parent=parent)
    assert [epoch.epoch for epoch in parent.curve] == [1, 2, 3]


class WaitingFor(FakeParent):
    """Makes a file for each report of an epoch, for a program that waits until it has been heard."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._folder = folder

    def tell(self, message: Progress) -> None:
        super().tell(message)
        if isinstance(message, EpochDone | EpochAmended):
            (self._folder / f"heard-{len(message.record.metrics)}").touch()


def test_last_printed_epoch_is_reported_while_the_command_runs(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(printed, "QUIET_S", 0.01)
    parent = WaitingFor(tmp_path)
    wait = f"until [ -e {tmp_path}/heard-%d ]; do sleep 0.01; done"
    steps = ("""echo '{"epoch": 0, "loss": 0.5}'""", wait % 1, """echo '{"epoch": 0, "acc": NaN}'""", wait % 2)
    assert (
        shell("; ".join((*steps, """echo '{"epoch": 1, "loss": 0.25}'""")), parent=parent, measure="loss").value == 0.25
    )
    (first, second), kinds = parent.curve, [type(message) for message in parent.messages]
    assert (first.epoch, second.epoch, list(first.metrics)) == (1, 2, ["loss", "acc"])
    assert kinds.count(EpochDone) == 2
    assert kinds.count(EpochAmended) == 1


def test_errors_output_counts_too(capfd: pytest.CaptureFixture[str]) -> None:
    assert shell("""echo '{"loss": 0.5}' >&2""").value == 0.5
    assert capfd.readouterr().out == '{"loss": 0.5}\n'


def python(script: str, *arguments: str, **params: Any) -> Measured:
    parts = (sys.executable, "-c", script.replace("{", "{{").replace("}", "}}"), *arguments)
    return evaluate_command(CommandDefinition("train", parts, Path()), Objective(name="train"), trial_of(**params))


def test_params_reach_the_command_in_both_ways() -> None:
    x = "json.loads(os.environ['HYPERSPOOL_PARAMS'])['x']"
    script = f"import json, os, sys; print(json.dumps({{'gap': {x} - float(sys.argv[1])}}))"
    assert python(script, "{x}", x=0.1 + 0.2).value == 0.0


@pytest.mark.parametrize(
    ("script", "objective", "message"),
    [
        ("exit 3", {}, "the command exited with status 3"),
        ("kill -SEGV $$", {}, "the command was ended by SIGSEGV"),
        ("echo done", {}, 'expected a line such as {"loss": 0.5}, found none'),
        ("""echo '{"acc": 1}'""", {"measure": "loss"}, "expected loss, found acc"),
        ("""echo '{"acc": 1, "loss": 2}'""", {}, r"several metrics \(acc, loss\)"),
        ("""echo '{"loss": NaN}'""", {}, "the objective returned nan, expected a finite number"),
        ("""echo '{"loss": 0.'""", {}, "found none"),
        (
            """printf '{"epoch": 2, "loss": 1}\\n{"epoch": 1, "loss": 1}\\n'""",
            {},
            "epoch: found 1, expected a number above 2",
        ),
    ],
)
def test_command_that_fails_says_why(script: str, objective: dict[str, Any], message: str) -> None:
    with pytest.raises((RuntimeError, ValueError), match=message.replace("{", r"\{").replace("}", r"\}")):
        shell(script, **objective)


@pytest.mark.parametrize("program", ["no-such-program", "./test_command.py", "./missing"])
def test_program_that_is_not_here_is_another_workers(program: str) -> None:
    with pytest.raises(UnableError, match="is not here or not executable"):
        run(program)


def test_folder_that_is_not_here_is_named(tmp_path: Path) -> None:
    definition = CommandDefinition("train", ("true",), tmp_path / "gone")
    with pytest.raises(UnableError, match=r"runs in the folder .*gone, which is not here"):
        evaluate_command(definition, Objective(name="train"), trial_of(x=0.5))


def test_missing_placeholder_fails_the_trial() -> None:
    with pytest.raises(RuntimeError, match=r"the command needs \{y\}, which this trial does not have"):
        run("echo", "{y}")


def test_request_to_stop_ends_the_command(tmp_path: Path) -> None:
    asked = tmp_path / "asked"
    with pytest.raises(TrialStopped):
        shell(f"trap 'touch {asked}; exit 0' TERM; while :; do sleep 0.01; done", parent=FakeParent(stop_after=5))
    assert asked.exists()


def test_command_deaf_to_signals_is_killed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(command, "GRACE_S", 0.2)
    notes = tmp_path / "pid"
    with pytest.raises(TrialStopped):
        shell(f"trap '' TERM; echo $$ > {notes}; while :; do sleep 0.01; done", parent=FakeParent(stop_after=5))
    assert not is_alive(int(notes.read_text()))


def test_what_a_command_left_running_ends_with_it(tmp_path: Path) -> None:
    notes = tmp_path / "pid"
    assert shell(f"""sleep 1000 & echo $! > {notes}; echo '{{"loss": 1}}'""").value == 1
    until(lambda: not is_alive(int(notes.read_text())), "the process is gone", tmp_path)


def test_output_without_end_or_newline_is_only_passed_on(capfd: pytest.CaptureFixture[str]) -> None:
    size = 20_000_000
    found: list[Measured] = []
    script = f"""head -c {size} /dev/zero; echo; head -c 100 /dev/urandom; echo; echo '{{"loss": 1}}'"""
    reader = threading.Thread(target=lambda: found.append(shell(script)))
    reader.start()
    reader.join(60)
    assert found == [Measured(1.0)]
    assert len(capfd.readouterr().out.encode(errors="replace")) > size


def test_python_means_the_workers_own_unless_another_is_active(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    script = "import json, sys; print(json.dumps({'same': int(sys.executable == sys.argv[1])}))"
    parts = ("python", "-c", script.replace("{", "{{").replace("}", "}}"), sys.executable)
    monkeypatch.delenv("VIRTUAL_ENV", raising=False)
    monkeypatch.delenv("CONDA_PREFIX", raising=False)
    assert run(*parts).value == 1
    other = tmp_path / "python"
    other.write_text("#!/bin/sh\necho '{\"same\": 7}'\n")
    other.chmod(0o755)
    monkeypatch.setenv("VIRTUAL_ENV", str(tmp_path))
    monkeypatch.setenv("PATH", f"{tmp_path}:{os.environ['PATH']}")
    assert run(*parts).value == 7


def test_environment_tells_what_the_trial_is() -> None:
    names = {"PARAMS", "STUDY", "EPOCHS", "HORIZON", "SEED", "DEVICE", "TRIAL", "FOLDER", "CHECKPOINT_DIR"}
    found = "sum(name.startswith('HYPERSPOOL_') for name in os.environ)"
    assert python(f"import json, os; print(json.dumps({{'found': {found}}}))", x=1).value == len(names)
