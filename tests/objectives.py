"""Objectives that tests give their workers on the command line."""

import json
import os
import signal
import subprocess
import threading
from pathlib import Path
from typing import Any

from hyperspool.worker.objectives.measured import Measured
from hyperspool.worker.objectives.trial import Trial, TrialStopped


def square(params: dict[str, Any], _trial: Trial) -> float:
    """Returns its value at once."""
    return float((params["x"] - 0.3) ** 2)


LUCKY = {0.1: (0.28, 0.9, 0.9, 0.48, 0.33), 0.01: (0.40, 0.41, 0.39, 0.42, 0.40), 0.03: (0.60, 0.61, 0.59, 0.62, 0.60)}
"""The values of five replicates, by learning rate. The lowest is that of a bad setting."""


def lucky(params: dict[str, Any], trial: Trial) -> float:
    """Returns a setting's next value of `LUCKY`; of three epochs, the first is the setting's luck too."""
    value = LUCKY[params["lr"]][trial.number % 5]
    for _ in range(3):
        trial.report(loss=value)
    return value


def bettered(params: dict[str, Any], trial: Trial) -> float:
    """A valley that `good` makes deeper and `bad` shallower, with a little noise from the seed."""
    chance = trial.seeds.shuffling / 2**32 / 100
    return float(square(params, trial) - 0.2 * params["good"] + 0.1 * params["bad"] + chance)


def graded(params: dict[str, Any], trial: Trial) -> Measured:
    """Measures the height in the valley, and as a metric the distance from its floor."""
    return Measured(square(params, trial), metrics={"distance": abs(params["x"] - 0.3)})


def noted(params: dict[str, Any], trial: Trial) -> float:
    """Writes a line per evaluation to the file that the environment names, so that a test can count them."""
    _note(f"{params['x']!r}")
    return square(params, trial)


def waiting(params: dict[str, Any], trial: Trial) -> float:
    """Reports an epoch, then waits for the file `go`; saves and stops on request."""
    _report(trial, epoch=1)
    _note(f"began {params['x']!r} {os.getpid()}")
    while not _gate("go").exists():
        if trial.should_stop():
            trial.save(b"halfway")
            raise TrialStopped
        threading.Event().wait(0.01)
    return square(params, trial)


def last_waits(params: dict[str, Any], trial: Trial) -> float:
    """Returns at once, but trial 89 waits for the file `go`."""
    while trial.number == 89 and not _gate("go").exists():
        threading.Event().wait(0.01)
    return square(params, trial)


def brief(params: dict[str, Any], trial: Trial) -> float:
    """Takes a twentieth of a second, in which it leaves the cores to others."""
    threading.Event().wait(0.05)
    return square(params, trial)


def deaf(_params: dict[str, Any], trial: Trial) -> float:
    """Never ends and never asks whether to stop."""
    _note(f"began {os.getpid()} {len(list(trial.saved()))}")
    threading.Event().wait()
    return 0.0


def suicidal(_params: dict[str, Any], _trial: Trial) -> float:
    """Dies by the signal of the kernel's out-of-memory killer."""
    os.kill(os.getpid(), signal.SIGKILL)
    return 0.0


def dies_first(params: dict[str, Any], trial: Trial) -> float:
    """Dies in its first attempt and succeeds in its second."""
    mark = _gate(f"died-{params['x']!r}")
    if not mark.exists():
        mark.touch()
        return suicidal(params, trial)
    return square(params, trial)


def breaks_cuda(_params: dict[str, Any], _trial: Trial) -> float:
    """Raises the error of PyTorch after a failed CUDA kernel, which makes the process useless."""
    import torch  # noqa: F401 - the child recognises the error only where PyTorch is loaded

    raise RuntimeError("CUDA error: an illegal memory access was encountered")


def __getattr__(name: str) -> Any:
    """Die when an objective `dies_at_import` is looked up for the first time; later, find `square` under that name."""
    if name != "dies_at_import":
        raise AttributeError(name)
    mark = _gate("died-at-import")
    if not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return square


def raising(params: dict[str, Any], _trial: Trial) -> float:
    """Raises an error in half of its domain."""
    if params["x"] > 0.5:
        raise ValueError("x is too large for me")
    return 1.0


def never_asking(params: dict[str, Any], trial: Trial) -> float:
    """Reports and saves epoch after epoch, until the file `go` is there, and never asks whether to stop."""
    epoch = int(trial.load() or 0)
    while not _gate("go").exists():
        epoch += 1
        trial.report(validation_loss=1 / epoch)
        trial.save(str(epoch).encode())
        threading.Event().wait(0.01)
    return square(params, trial)


def not_a_number(_params: dict[str, Any], _trial: Trial) -> float:
    """Returns NaN, which no search can compare."""
    return float("nan")


def hungry(_params: dict[str, Any], _trial: Trial) -> float:
    """Raises the error of Python when memory runs out."""
    raise MemoryError("no room for 1 PiB")


def resuming(params: dict[str, Any], trial: Trial) -> float:
    """Notes the checkpoints of earlier attempts, saves, and succeeds."""
    _note(f"found {[payload.decode() for payload in trial.saved()]}")
    trial.save(b"saved")
    _report(trial, epoch=1)
    return square(params, trial)


def going_on(params: dict[str, Any], trial: Trial) -> float:
    """Reports and saves each epoch of its budget. In its first attempt it dies before the last epoch."""
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


def scored(params: dict[str, Any], trial: Trial) -> float:
    """Reports its accuracy after each epoch, and f1 after every second one; the accuracy is best before the end."""
    accuracy = 0.0
    for epoch in range(1, trial.epochs + 1):
        accuracy = (1 - float(params["x"])) * (0.5 + epoch / 10 if epoch < trial.epochs else 0.4)
        trial.report(accuracy=accuracy, **({"f1": accuracy / 2} if epoch % 2 == 0 else {}))
    return accuracy


def decay(params: dict[str, Any], trial: Trial) -> float:
    """Divide by a rate that falls over the horizon, epoch by epoch. A file `hold` makes it wait after epoch 4."""
    saved = trial.load()
    state = json.loads(saved) if saved else {"epoch": 0, "value": 1.0}
    while state["epoch"] < trial.epochs:
        state["epoch"] += 1
        state["value"] /= 1 + params["rate"] * (1 - state["epoch"] / trial.horizon)
        trial.report(validation_error=state["value"])
        trial.save(json.dumps(state).encode())
        while state["epoch"] == 4 and _gate("hold").exists():
            threading.Event().wait(0.01)
    return float(state["value"])


def lagging(params: dict[str, Any], trial: Trial) -> float:
    """Reports x as its loss. Above 0.5 it then waits to be stopped; above 0.8 it does not even ask."""
    for _ in range(trial.epochs):
        trial.report(loss=params["x"])
        while params["x"] > 0.5 and len(trial.curve) == 2:
            if params["x"] <= 0.8 and trial.should_stop():
                trial.save(b"")
                raise TrialStopped
            threading.Event().wait(0.01)
    return float(params["x"])


def mended(params: dict[str, Any], trial: Trial) -> float:
    """Below 0.5 it reports an epoch, saves and fails, until the file `mended` is there; else it waits for `go`."""
    if params["x"] >= 0.5:
        return waiting(params, trial)
    saved = trial.load()
    if not saved:
        trial.report(loss=1.0)
        trial.save(b"begun")
    if not _gate("mended").exists():
        raise RuntimeError("broken")
    return 1.0 if saved else 0.0


def misreporting(_params: dict[str, Any], trial: Trial) -> float:
    """Reports a number under a name that no metric can have."""
    trial.report(setting=0.5)
    return 0.0


def leaves_a_grandchild(_params: dict[str, Any], _trial: Trial) -> float:
    """Starts a process that would outlive it, then dies."""
    grandchild = subprocess.Popen(["sleep", "300"], close_fds=False)
    _note(f"grandchild {grandchild.pid}")
    os.kill(os.getpid(), signal.SIGKILL)
    return 0.0


def verbose(_params: dict[str, Any], _trial: Trial) -> float:
    """Raises an error whose text is long and not Unicode."""
    raise ValueError("\udcff " + "x" * 5_000_000)


def _report(trial: Trial, epoch: int) -> None:
    trial.report(
        epoch=epoch, seconds=0.5, training_loss=1.0, validation_loss=1.0, validation_error=0.5, learning_rate=0.1
    )


def _gate(name: str) -> Path:
    return Path(os.environ["NOTES"]).with_name(name)


def _note(text: str) -> None:
    # A single write appends the whole short line, so lines of several processes do not mix.
    descriptor = os.open(os.environ["NOTES"], os.O_WRONLY | os.O_APPEND | os.O_CREAT)
    try:
        os.write(descriptor, f"{text}\n".encode())
    finally:
        os.close(descriptor)


def shouting(_params: dict[str, Any], _trial: Trial) -> float:
    """Raises an error whose text would move a terminal's cursor and write its own lines."""
    raise ValueError("\x1b]0;owned\x07\x1b[31m\r\u202e\n22:16:00 all is well")
