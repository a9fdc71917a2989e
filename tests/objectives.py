"""Objectives that the tests' workers are given on their command lines."""

import json
import os
import signal
import subprocess
import threading
from pathlib import Path
from typing import Any

from hyperspool.worker.objectives.trial import Measured, Trial, TrialStopped


def square(params: dict[str, Any], _trial: Trial) -> float:
    """Measures at once."""
    return float((params["x"] - 0.3) ** 2)


def bettered(params: dict[str, Any], trial: Trial) -> float:
    """A valley that a good idea makes deeper and a bad one shallower, with a little chance by seed."""
    chance = trial.seeds.shuffling / 2**32 / 100
    return float(square(params, trial) - 0.2 * params["good"] + 0.1 * params["bad"] + chance)


def graded(params: dict[str, Any], trial: Trial) -> Measured:
    """Measures how far from the valley's floor it is, beside the height."""
    return Measured(square(params, trial), metrics={"distance": abs(params["x"] - 0.3)})


def noted(params: dict[str, Any], trial: Trial) -> float:
    """Leaves a line per evaluation in the file that the environment names, so that a test can count them."""
    _note(f"{params['x']!r}")
    return square(params, trial)


def waiting(params: dict[str, Any], trial: Trial) -> float:
    """Reports an epoch, then waits until the file `go` is there; saves and stops on request."""
    _report(trial, epoch=1)
    _note(f"began {params['x']!r} {os.getpid()}")
    while not Path(os.environ["NOTES"]).with_name("go").exists():
        if trial.should_stop():
            trial.save(b"halfway")
            raise TrialStopped
        threading.Event().wait(0.01)
    return square(params, trial)


def deaf(_params: dict[str, Any], trial: Trial) -> float:
    """Never ends and never asks whether to stop."""
    _note(f"began {os.getpid()} {len(list(trial.saved()))}")
    threading.Event().wait()
    return 0.0


def suicidal(_params: dict[str, Any], _trial: Trial) -> float:
    """Dies as by the kernel's out-of-memory killer."""
    os.kill(os.getpid(), signal.SIGKILL)
    return 0.0


def dies_first(params: dict[str, Any], trial: Trial) -> float:
    """Dies in its first attempt, and measures in its second."""
    mark = Path(os.environ["NOTES"]).with_name(f"died-{params['x']!r}")
    if not mark.exists():
        mark.touch()
        return suicidal(params, trial)
    return square(params, trial)


def raising(params: dict[str, Any], _trial: Trial) -> float:
    """Raises for half of its domain."""
    if params["x"] > 0.5:
        raise ValueError("x is too large for me")
    return 1.0


def not_a_number(_params: dict[str, Any], _trial: Trial) -> float:
    """Returns what no search can compare."""
    return float("nan")


def hungry(_params: dict[str, Any], _trial: Trial) -> float:
    """Asks for more memory than there is."""
    raise MemoryError("no room for 1 PiB")


def resuming(params: dict[str, Any], trial: Trial) -> float:
    """Says what earlier attempts left behind, saves, and measures."""
    _note(f"found {[payload.decode() for payload in trial.saved()]}")
    trial.save(b"saved")
    _report(trial, epoch=1)
    return square(params, trial)


def going_on(params: dict[str, Any], trial: Trial) -> float:
    """Reports an epoch and saves it, until its budget is used up; in its first attempt it dies before the last one."""
    done = int(trial.load() or 0)
    _note(f"from {done}")
    for epoch in range(done + 1, trial.epochs + 1):
        if epoch == trial.epochs and not done:
            return suicidal(params, trial)
        trial.report(validation_loss=1 / epoch)
        trial.save(str(epoch).encode())
    return square(params, trial)


def curved(params: dict[str, Any], trial: Trial) -> float:
    """Reports a curve that falls to its value."""
    value = 0.02 + float(params["x"]) / 2
    for epoch in range(1, trial.epochs + 1):
        error = value + 0.4 / epoch
        trial.report(training_loss=3 * error, validation_loss=3.2 * error, validation_error=error, learning_rate=0.1)
    return value


def decay(params: dict[str, Any], trial: Trial) -> float:
    """Divide by a rate that falls over the horizon, epoch by epoch, from the last checkpoint on."""
    saved = trial.load()
    state = json.loads(saved) if saved else {"epoch": 0, "value": 1.0}
    while state["epoch"] < trial.epochs:
        state["epoch"] += 1
        state["value"] /= 1 + params["rate"] * (1 - state["epoch"] / trial.horizon)
        trial.report(validation_error=state["value"])
        trial.save(json.dumps(state).encode())
    return float(state["value"])


def misreporting(_params: dict[str, Any], trial: Trial) -> float:
    """Calls by a name what there is no name for."""
    trial.report(loss=0.5)
    return 0.0


def leaves_a_grandchild(_params: dict[str, Any], _trial: Trial) -> float:
    """Starts a process that would outlive it, and dies."""
    grandchild = subprocess.Popen(["sleep", "300"], close_fds=False)
    _note(f"grandchild {grandchild.pid}")
    os.kill(os.getpid(), signal.SIGKILL)
    return 0.0


def verbose(_params: dict[str, Any], _trial: Trial) -> float:
    """Raises an error whose text is long and no Unicode."""
    raise ValueError("\udcff " + "x" * 5_000_000)


def _report(trial: Trial, epoch: int) -> None:
    trial.report(
        epoch=epoch, seconds=0.5, training_loss=1.0, validation_loss=1.0, validation_error=0.5, learning_rate=0.1
    )


def _note(text: str) -> None:
    # One write of a short line, appended: lines of several processes do not mix.
    descriptor = os.open(os.environ["NOTES"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    try:
        os.write(descriptor, f"{text}\n".encode())
    finally:
        os.close(descriptor)


def shouting(_params: dict[str, Any], _trial: Trial) -> float:
    """Raises an error whose text would move a terminal's cursor and write lines of its own."""
    raise ValueError("\x1b]0;owned\x07\x1b[31m\r\u202e\n22:16:00 all is well")
