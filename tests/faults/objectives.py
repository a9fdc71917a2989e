"""Objectives that fail in every way that a trial can fail in."""

import os
import resource
import signal
import threading
from pathlib import Path
from typing import Any

from hyperspool.worker.objectives.trial import Trial
from tests.objectives import square

HEADROOM_BYTES = 32 * 2**20


def fated(params: dict[str, Any], trial: Trial) -> float:
    """Meets the fate that its parameter names, an attempt a word; measures in the attempt after the last one.

    Returns:
        How many attempts failed before, as the last checkpoint tells.
    """
    done = int(trial.load() or 0)
    fate = params["fate"].split()
    if done == len(fate):
        return float(done)
    if fate[done] != "always":
        trial.save(str(done + 1).encode())
    meet(fate[done - 1] if fate[done] == "always" else fate[done])
    raise AssertionError("no fate")


def meet(fate: str) -> None:
    """Fail."""
    match fate:
        case "raise":
            raise ValueError("not today")
        case "die":
            os.kill(os.getpid(), signal.SIGKILL)
        case "hang":
            threading.Event().wait()
        case "starve":
            starve()


def starve() -> None:
    """Ask the kernel for more memory than it may give this process."""
    limits = resource.getrlimit(resource.RLIMIT_AS)
    pages = int(Path("/proc/self/statm").read_text().split()[0])
    try:
        resource.setrlimit(resource.RLIMIT_AS, (pages * resource.getpagesize() + HEADROOM_BYTES, limits[1]))
        bytearray(16 * HEADROOM_BYTES)
    finally:
        resource.setrlimit(resource.RLIMIT_AS, limits)


def starving(params: dict[str, Any], trial: Trial) -> float:
    """Finds no memory for the larger half of its domain."""
    if params["x"] > 0.5:
        starve()
    return square(params, trial)


def killed_for_memory(params: dict[str, Any], trial: Trial) -> float:
    """Dies as by the kernel for want of memory, which the counter that the environment names then tells."""
    if params["x"] > 0.5:
        counter = Path(os.environ["OOM_COUNTER"])
        counter.write_text(f"nr_free_pages 7\noom_kill {int(counter.read_text().split()[-1]) + 1}\n")
        os.kill(os.getpid(), signal.SIGKILL)
    return square(params, trial)


def greedy(params: dict[str, Any], trial: Trial) -> float:
    """Uses a GiB for the larger half of its domain."""
    if params["x"] > 0.5:
        bytearray(2**30)
    return square(params, trial)


def raises_once_let_go(params: dict[str, Any], trial: Trial) -> float:
    """Waits for the file `go` in its first attempt, and then raises."""
    if next(iter(trial.saved()), None) is None:
        trial.save(b"begun")
        Path(os.environ["NOTES"]).write_text("began\n")
        while not Path(os.environ["NOTES"]).with_name("go").exists():
            threading.Event().wait(0.01)
        meet("raise")
    return square(params, trial)
