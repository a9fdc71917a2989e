"""Measures what waiting costs: how soon workers and master go on, and what they cost while nothing happens.

    python -m benchmarks.waking [--size daily]

The handover is the time from the evaluation of a trial to the evaluation of the next one on the same worker: it holds
reporting with its flushes, the next claim, and in an asynchronous search a proposal. The delays are those of a worker
and a master that were idle: from the job's publication to its evaluation, and from a result's evaluation to the next
job's publication, which holds reporting. They are medians over the trials.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from functools import partial
from itertools import pairwise
from pathlib import Path
from statistics import median

from benchmarks.fleet import OBJECTIVES, STUDY, Done, Fleet, until_one_exists
from benchmarks.floor import FLOOR, floor_ms
from benchmarks.harness import Peer, Row, Size, alternate, at_most, run_alone
from benchmarks.throughput import handovers_s
from hyperspool.common.layout import StudyFolder

MODES = {"inside a batch": "", "asynchronous": 'mode = "asynchronous"'}
START_LIMIT_S = 60.0
SETTLED_S = 3.0
"""After this time a process that has started waits, and does nothing else."""


def rows(size: Size) -> Iterator[Row]:
    """The handovers, the shares of a core, the delays."""
    trials, rounds = size.of(tiny=8, daily=150, full=400), size.of(tiny=1, daily=3, full=5)
    with tempfile.TemporaryDirectory() as name, Fleet(Path(name, "root"), 1) as fleet:
        fleet.gather()
        runs: dict[str, Callable[[], float]]
        runs = {mode: partial(handover_ms, fleet, trials, text) for mode, text in MODES.items()}
        runs[FLOOR] = lambda: floor_ms(Path(name, "floor"))
        found = alternate(runs, rounds)
        floor = Peer(FLOOR, found.pop(FLOOR))
        for mode, milliseconds in found.items():
            yield Row(f"handover, {mode}", milliseconds, "ms", floor, at_most(5))
        idle_s = size.of(tiny=0.2, daily=10.0, full=30.0)
        with waiting_master(Path(name, "alone")) as master:
            time.sleep(size.of(tiny=0.0, daily=SETTLED_S, full=SETTLED_S))
            pids = {"worker's parent": fleet.processes[0].pid, "master": master}
            shares = shares_of(list(pids.values()), idle_s)
        for who, share in zip(pids, shares, strict=True):
            yield Row(f"share of a core, idle {who}", [100 * share], "%", bar=at_most(0.3))
        done = [fleet.run("nothing", size.of(tiny=3, daily=20, full=50), "batch = 1") for _ in range(rounds)]
    yield Row(
        "idle worker: from job to evaluation", [1000 * median(wake_ups_s(each)) for each in done], "ms", bar=at_most(10)
    )
    yield Row(
        "idle master: from evaluation to job", [1000 * median(answers_s(each)) for each in done], "ms", bar=at_most(10)
    )


def handover_ms(fleet: Fleet, trials: int, mode: str) -> float:
    """The median handover of a study."""
    return 1000 * median(handovers_s(fleet.run("nothing", trials, mode)))


@contextmanager
def waiting_master(root: Path) -> Iterator[int]:
    """A master whose one job no worker takes; gives its process number."""
    root.mkdir()
    study = root / "alone.toml"
    study.write_text(STUDY.format(trials=1, mode="batch = 1", objective="nothing"), encoding="utf-8")
    command = [sys.executable, "-m", "master", "run", str(study), "--root", str(root), *OBJECTIVES]
    with subprocess.Popen(command, stdout=subprocess.DEVNULL) as master:  # noqa: S603 - our own program
        until_one_exists([StudyFolder(root, "alone").jobs / "00000.json"], START_LIMIT_S)
        yield master.pid
        master.terminate()


def shares_of(pids: Sequence[int], seconds: float) -> list[float]:
    """The share of a core that each process takes, over some seconds."""
    before, began_s = [_ran_s(pid) for pid in pids], time.monotonic()
    time.sleep(seconds)
    after, passed_s = [_ran_s(pid) for pid in pids], time.monotonic() - began_s
    return [(late - early) / passed_s for early, late in zip(before, after, strict=True)]


def _ran_s(pid: int) -> float:
    # To the nanosecond, of all threads that there are; /proc/PID/stat counts hundredths of a second.
    threads = os.listdir(f"/proc/{pid}/task")  # noqa: PTH208 - of numbers
    return sum(int(Path(f"/proc/{pid}/task/{each}/schedstat").read_text().split()[0]) for each in threads) / 1e9


def wake_ups_s(done: Done) -> list[float]:
    """From the publication of each job to its evaluation; a publication's time is known to the millisecond."""
    return [(result.value or 0.0) - _seconds(result.times.published_at) for result in done.results]


def answers_s(done: Done) -> list[float]:
    """From each evaluation to the publication of the next job."""
    ordered = sorted(done.results, key=lambda result: result.trial)
    return [_seconds(later.times.published_at) - (earlier.value or 0.0) for earlier, later in pairwise(ordered)]


def _seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()


if __name__ == "__main__":
    run_alone(__doc__, rows)
