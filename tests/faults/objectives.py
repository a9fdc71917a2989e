"""Objectives that fail in every way in which a trial can fail."""

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
    """Fails as its parameter says, in each attempt by the next word; succeeds in the attempt after the last word.

    Returns:
        The number of attempts that failed before, from the last checkpoint.
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
    """Fail in the given way."""
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
    """Runs out of memory in the larger half of its domain."""
    if params["x"] > 0.5:
        starve()
    return square(params, trial)


def killed_for_memory(params: dict[str, Any], trial: Trial) -> float:
    """Kills itself as the kernel does when memory runs out, and counts that in the file that the environment names."""
    if params["x"] > 0.5:
        counter = Path(os.environ["OOM_COUNTER"])
        counter.write_text(f"nr_free_pages 7\noom_kill {int(counter.read_text().split()[-1]) + 1}\n")
        os.kill(os.getpid(), signal.SIGKILL)
    return square(params, trial)


def greedy(params: dict[str, Any], trial: Trial) -> float:
    """Uses a GiB in the larger half of its domain."""
    if params["x"] > 0.5:
        bytearray(2**30)
    return square(params, trial)


def raises_once_let_go(params: dict[str, Any], trial: Trial) -> float:
    """Waits for the file `go` in its first attempt and then raises an error."""
    if next(iter(trial.saved()), None) is None:
        trial.save(b"begun")
        Path(os.environ["NOTES"]).write_text("began\n")
        while not Path(os.environ["NOTES"]).with_name("go").exists():
            threading.Event().wait(0.01)
        meet("raise")
    return square(params, trial)
