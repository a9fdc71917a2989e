"""A command as an objective: starts a program for each trial, and reads its metrics from what it prints."""

import json
import os
import select
import shutil
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from math import isfinite
from pathlib import Path
from typing import Self

from hyperspool.common.commands import CommandDefinition, argument_text
from hyperspool.common.epochs import EpochRecord, metric_names
from hyperspool.common.errors import UnableError
from hyperspool.common.study_objective import Objective
from hyperspool.worker.objectives.measured import Measured
from hyperspool.worker.objectives.printed import Epoch, Epochs, Lines, value_of
from hyperspool.worker.objectives.trial import Trial, TrialStopped

GRACE_S = 4.0
"""How long a command may take to end after SIGTERM. Less than the worker grants the process that runs it."""
POLL_S = 0.1
"""Seconds between two looks whether to stop."""
CHUNK_BYTES = 1 << 16
COUNTS_FROM_0 = b"counts from 0"
"""In a checkpoint: the command numbers its epochs from 0. A curve's epochs are numbered from 1."""


def evaluate_command(definition: CommandDefinition, objective: Objective, trial: Trial) -> Measured:
    """Run a command for a trial.

    Its standard output and error go on to those of this process. A checkpoint folder is kept for the next attempt.

    Raises:
        UnableError: this machine does not have the program or its folder.
        TrialStopped: the worker was asked to stop.
        RuntimeError: the command failed, or did not print its measure.
    """
    arguments = _command_line(definition, trial)
    history = _History(trial, time.monotonic())
    trial.begin()
    history.resume()
    epochs = Epochs(definition.metrics)
    with _Process(arguments, definition.folder, _environment(trial)) as process:
        lines, stop_at_s = Lines(), float("inf")
        while process.is_printing:
            printed = process.read()
            for line in lines.feed(printed):
                history.add(epochs.feed(line, time.monotonic()))
            history.add(epochs.quiet(time.monotonic()))
            if trial.should_stop() and stop_at_s == float("inf"):
                stop_at_s = time.monotonic() + GRACE_S
                process.signal(signal.SIGTERM)
            if time.monotonic() >= stop_at_s:
                process.signal(signal.SIGKILL)
        for line in lines.feed(b"\n"):
            history.add(epochs.feed(line, time.monotonic()))
        history.add(epochs.end())
        status = process.wait()
    if trial.should_stop():
        raise TrialStopped
    if status:
        raise RuntimeError(f"the command {_ending(status)}")
    return history.measured(objective)


class _History:
    """Reports the epochs of a trial, and works out its value."""

    def __init__(self, trial: Trial, began_s: float) -> None:
        self._trial = trial
        self._epoch: Epoch | None = None
        """The last one that was reported."""
        self._began_s = self._reported_s = began_s
        """When that one began, and when the last of what was reported of it was printed."""
        self._count = 0
        self._shift = 0

    def resume(self) -> None:
        """Take over the epochs of earlier attempts, for a command that goes on from its own checkpoint."""
        self._shift = int(self._trial.load() == COUNTS_FROM_0)

    def add(self, epoch: Epoch | None) -> None:
        """Report an epoch that has ended or is quiet; of the last one again, what was printed for it since."""
        is_known = epoch is self._epoch
        if epoch is None or (is_known and epoch.at_s == self._reported_s):
            return
        if not is_known:
            self._epoch, self._began_s = epoch, self._reported_s
            self._count += 1
        self._reported_s = epoch.at_s
        seconds = max(epoch.at_s - self._began_s, 0.0)
        if epoch.number == 0:
            self._shift = 1
        # The number is given here and not left to the trial: after an interruption, a command that starts over begins
        # at the first epoch again.
        number = self._count if epoch.number is None else epoch.number + self._shift
        if is_known:
            self._trial.amend_epoch(EpochRecord(epoch=number, seconds=seconds, metrics=dict(epoch.metrics)))
        else:
            self._trial.report(epoch=number, seconds=seconds, **epoch.metrics)
        if any(self._trial.checkpoint_folder.iterdir()):  # the curve is kept beside the command's own checkpoint
            self._trial.keep(COUNTS_FROM_0 if self._shift else b"")

    def measured(self, objective: Objective) -> Measured:
        """The value and the metrics of the last epoch.

        Raises:
            RuntimeError: the measure was not printed.
        """
        curve = self._trial.curve
        names = metric_names(curve)
        measure = objective.measure or next(iter(names), None)
        if measure not in names:
            found = ", ".join(names) or "none"
            expected = measure or 'a line such as {"loss": 0.5}'
            raise RuntimeError(f"the command ended without printing its measure: expected {expected}, found {found}")
        if objective.measure is None and len(names) > 1:
            raise RuntimeError(
                f"the command printed several metrics ({', '.join(names)}): say which of them is the value with "
                "objective.measure"
            )
        value = value_of(
            [epoch.metrics[measure] for epoch in curve if measure in epoch.metrics],
            is_best=objective.value == "best",
            is_maximised=objective.direction == "maximise",
        )
        last = {name: number for name, number in curve[-1].metrics.items() if name != measure and isfinite(number)}
        return Measured(value, metrics=last)


class _Process:
    """A running command, in a process group of its own, which ends with the block."""

    def __init__(self, arguments: list[str], folder: Path, environment: Mapping[str, str]) -> None:
        self._process = subprocess.Popen(  # noqa: S603 - the command that the worker's own command line names
            arguments,
            cwd=folder,
            env=environment,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,  # one pipe keeps the order; many programs print their progress as errors
            bufsize=0,
            process_group=0,
        )
        stdout = self._process.stdout
        if stdout is None:
            raise RuntimeError("the command has no pipe")
        self._pipe = stdout
        self.is_printing = True

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.signal(signal.SIGKILL)
        self._pipe.close()
        self._process.wait()

    def read(self) -> bytes:
        """What it has printed, within `POLL_S`; passed on to this process's standard output."""
        ready, _, _ = select.select([self._pipe], [], [], POLL_S)
        if not ready:
            # What the command started may hold the pipe open after its end.
            self.is_printing = self._process.poll() is None
            return b""
        printed = os.read(self._pipe.fileno(), CHUNK_BYTES)
        self.is_printing = bool(printed)
        _pass_on(printed)
        return printed

    def wait(self) -> int:
        """Its exit status."""
        return self._process.wait()

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to the command and what it started."""
        with suppress(ProcessLookupError, PermissionError):  # gone
            os.killpg(self._process.pid, number)


def need_program(definition: CommandDefinition) -> None:
    """Check that this machine has a command's folder and program, unless a parameter names the program.

    Raises:
        UnableError: it has not.
    """
    program = definition.parts[0]
    if isinstance(program, str) and "{" not in program:
        _found_program(program, definition)


def _command_line(definition: CommandDefinition, trial: Trial) -> list[str]:
    try:
        program, *arguments = definition.arguments(trial.params, _facts(trial))
    except KeyError as error:
        raise RuntimeError(f"the command needs {{{error.args[0]}}}, which this trial does not have") from None
    return [_found_program(program, definition), *arguments]


def _found_program(program: str, definition: CommandDefinition) -> str:
    if not definition.folder.is_dir():
        raise UnableError(f"the objective {definition.name} runs in the folder {definition.folder}, which is not here")
    found = _program(program, definition.folder)
    if found is None:
        raise UnableError(
            f"the objective {definition.name} runs the program {program}, which is not here or not executable "
            f"(folder: {definition.folder})"
        )
    return found


def _program(name: str, folder: Path) -> str | None:
    # A person who has not activated the environment types its interpreter's path, and means it by `python` too.
    is_active = os.environ.get("VIRTUAL_ENV") or os.environ.get("CONDA_PREFIX")
    if name in {"python", "python3"} and not is_active:
        return sys.executable
    return shutil.which(str(folder / name) if os.sep in name else name)


def _facts(trial: Trial) -> dict[str, str]:
    return {
        "epochs": str(trial.epochs),
        "horizon": str(trial.horizon),
        "seed": str(trial.seeds.initialisation),
        "device": trial.device,
        "trial": str(trial.number),
        "folder": str(trial.folder),
        "checkpoint_dir": str(trial.checkpoint_folder),
    }


def _environment(trial: Trial) -> dict[str, str]:
    facts = {f"HYPERSPOOL_{name.upper()}": text for name, text in _facts(trial).items()}
    params = {
        name: value if isinstance(value, bool | int | float) else argument_text(value)
        for name, value in trial.params.items()
    }
    own = {"HYPERSPOOL_PARAMS": json.dumps(params), "HYPERSPOOL_STUDY": trial.study}
    # Python holds back what it prints into a pipe, unless it is told not to.
    return {**os.environ, "PYTHONUNBUFFERED": "1", **facts, **own}


def _pass_on(printed: bytes) -> None:
    rest = memoryview(printed)
    with suppress(OSError):  # nobody reads it
        while rest:
            rest = rest[os.write(sys.__stdout__.fileno() if sys.__stdout__ else 1, rest) :]


def _ending(status: int) -> str:
    return f"was ended by {signal.Signals(-status).name}" if status < 0 else f"exited with status {status}"
