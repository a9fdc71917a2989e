"""Measures how soon many workers that start at the same moment on one machine get to work.

    python -m benchmarks.crowd [--size daily]

A master and all workers are started at once. Seconds count from there to the first result, and to the last one of two
trials for each worker.
"""

import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack
from pathlib import Path

from benchmarks.fleet import OBJECTIVES, STUDY
from benchmarks.harness import Row, Size, at_most, run_alone
from hyperspool.common.layout import StudyFolder

LIMIT_S = 120.0
STOP = subprocess.DEVNULL


def rows(size: Size) -> Iterator[Row]:
    """The seconds to the first and to the last result, and how many workers died."""
    workers, rounds = size.of(tiny=2, daily=64, full=64), size.of(tiny=1, daily=1, full=3)
    with tempfile.TemporaryDirectory() as name:
        found = [crowd(Path(name, f"root-{number}"), workers) for number in range(rounds)]
    firsts, lasts, died = zip(*found, strict=True)
    yield Row(f"{workers} workers at once: first result", firsts, "s", bar=at_most(5))
    yield Row(f"{workers} workers at once: last result of {2 * workers} trials", lasts, "s")
    yield Row(f"{workers} workers at once: workers that died", [float(each) for each in died], "", bar=at_most(0))


def crowd(root: Path, workers: int) -> tuple[float, float, int]:
    """Start a master and workers at once; return the seconds to the first and the last result, and how many died."""
    root.mkdir()
    study, folder = root / "crowd.toml", StudyFolder(root, "crowd")
    study.write_text(
        STUDY.format(trials=2 * workers, mode=f"batch = {2 * workers}", objective="nothing"), encoding="utf-8"
    )
    run = [sys.executable, "-m", "master", "run", str(study), "--root", str(root), *OBJECTIVES]
    work = [sys.executable, "-m", "worker", "--root", str(root), "--device", "cpu", *OBJECTIVES]
    began_s = time.monotonic()
    with ExitStack() as stack:
        master = stack.enter_context(subprocess.Popen(run, stdout=STOP))  # noqa: S603 - our own program
        started = [stack.enter_context(subprocess.Popen(work, stdout=STOP)) for _ in range(workers)]  # noqa: S603 - as above
        while not any(folder.trials.glob("*/*.json")):
            if time.monotonic() - began_s > LIMIT_S or master.poll() is not None:
                raise TimeoutError(f"no result within {LIMIT_S} s")
            time.sleep(0.02)
        first_s = time.monotonic() - began_s
        master.wait()
        last_s = time.monotonic() - began_s
        died = sum(each.poll() is not None for each in started)
        for each in started:
            each.terminate()
    return first_s, last_s, died


if __name__ == "__main__":
    run_alone(__doc__, rows)
