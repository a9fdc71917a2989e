"""The least that a durable trial costs: one lock and two flushes, of a result and of its folder."""

import fcntl
import os
import shutil
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

RESULT = b"x" * 1000
"""As many bytes as a result of four parameters has, about."""


FLOOR = "a lock and two flushes"


def floor_ms(place: Path, trials: int = 50) -> float:
    """The milliseconds of the least that is to be done for one trial, one after the other."""
    return 1000 * floor_s(place, 1, trials) / trials


def floor_s(place: Path, workers: int, trials: int) -> float:
    """The seconds of the least that is to be done for some trials, by as many threads as workers.

    Args:
        place: a folder; what is in it afterwards is removed by the next call.
        workers: how many.
        trials: of all of them.
    """
    if place.exists():
        shutil.rmtree(place)
    place.mkdir(parents=True)
    folder = os.open(place, os.O_RDONLY | os.O_DIRECTORY)
    with ThreadPoolExecutor(workers) as threads:
        began_s = time.perf_counter()
        list(threads.map(lambda trial: _one(folder, str(trial)), range(trials)))
        seconds = time.perf_counter() - began_s
    os.close(folder)
    return seconds


def _one(folder: int, name: str) -> None:
    lock = os.open(f"{name}.lock", os.O_CREAT | os.O_RDWR, dir_fd=folder)
    fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    result = os.open(f"{name}.new", os.O_CREAT | os.O_EXCL | os.O_WRONLY, dir_fd=folder)
    os.write(result, RESULT)
    os.fsync(result)
    os.close(result)
    os.link(f"{name}.new", f"{name}.json", src_dir_fd=folder, dst_dir_fd=folder)
    os.fsync(folder)
    os.unlink(f"{name}.new", dir_fd=folder)
    os.unlink(f"{name}.lock", dir_fd=folder)
    os.close(lock)
