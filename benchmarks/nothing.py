"""Objectives that cost nothing, in a module that imports little: every worker's child imports it."""

import os
import time
from pathlib import Path

GATHERING = "BENCHMARK_GATHERING"
"""The environment variable with the folder in which workers gather, and how many of them: `FOLDER:COUNT`."""


def nothing(_params: dict[str, float]) -> float:
    """Return at once; the value says when, in seconds since 1970."""
    return time.time()


def gather(_params: dict[str, float]) -> float:
    """Return when as many processes evaluate this as are to gather, so that each of them has been started."""
    place, _, count = os.environ[GATHERING].rpartition(":")
    Path(place, str(os.getpid())).touch()
    while len(os.listdir(place)) < int(count):  # noqa: PTH208 - in a loop, and only the number matters
        time.sleep(0.005)
    return time.time()


def rest(params: dict[str, float]) -> float:
    """Sleep for half a second to one and a half, as `a` says."""
    time.sleep(rest_s(params))
    return time.time()


def rest_s(params: dict[str, float]) -> float:
    """How long `rest` sleeps."""
    return 0.5 + params["a"]


def rest_long(_params: dict[str, float]) -> float:
    """Sleep for fourteen seconds."""
    time.sleep(14.0)
    return time.time()
