"""Objectives of trials on a cluster: they say where they are, save after each step, and never ask whether to stop."""

import os
import threading
from pathlib import Path
from typing import Any

from hyperspool.worker.objectives.trial import Trial
from tests.objectives import _gate, _note


def walk(params: dict[str, Any], trial: Trial) -> float:
    """Walks step by step until the file `go` is there. The first trial waits for `go0` instead."""
    step = int(trial.load() or 0)
    _note(f"trial {trial.number} on {_place()}")
    while not (_gate("go0") if trial.number == 0 else _gate("go")).exists():
        step += 1
        trial.report(validation_loss=1 / step)
        trial.save(str(step).encode())
        threading.Event().wait(0.05)
    return float(params["x"])


def steps(params: dict[str, Any], trial: Trial) -> float:
    """Takes a step for each epoch of its budget, and saves it."""
    step = int(trial.load() or 0)
    _note(f"trial {trial.number} from {step}")
    while step < trial.epochs:
        threading.Event().wait(0.2)
        step += 1
        trial.report(validation_loss=1 / step)
        trial.save(str(step).encode())
    return float(params["x"])


def _place() -> str:
    # A worker without a GPU hides them from its child, so what Slurm has given is seen in the worker's environment.
    variables = dict(
        text.split("=", 1) for text in Path(f"/proc/{os.getppid()}/environ").read_text().split("\0") if "=" in text
    )
    node = variables.get("SLURMD_NODENAME", variables.get("PLACE"))
    return f"{node} GPU {variables.get('CUDA_VISIBLE_DEVICES')}"
