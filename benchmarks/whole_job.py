"""Measures the whole job: scenario 6 on digits with 2 workers, from nothing to the report, beside what people write.

    python -m benchmarks.whole_job [--size daily]

The peers train the same network with the same params and epochs: a loop in one process with both cores, and optuna with
two processes that share the trials by its journal file. All are started cold. Then the search runs once more with
workers that write down where their time goes. At the size `daily` there are fewer trials and epochs, so that starting
and the report weigh more.
"""

import json
import os
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import ExitStack
from datetime import datetime
from itertools import count
from pathlib import Path
from typing import Any, NamedTuple

from benchmarks.fleet import ended_cpu_s
from benchmarks.harness import Peer, Row, Size, alternate, run_alone, times_at_least
from benchmarks.loop_search import enqueue
from benchmarks.timed_worker import TIMES
from hyperspool.common.layout import StudyFolder
from hyperspool.common.outcome import Finished
from hyperspool.master.results.standing import open_standing
from hyperspool.master.search.known import Known
from hyperspool.master.search.methods import make_sampler
from hyperspool.master.studies.preset import load_preset

STUDY = "scenario6"
LOOP, OPTUNA = "a loop, both cores", "optuna, 2 processes"


def rows(size: Size) -> Iterator[Row]:
    """The seconds of the job beside both peers, and the shares of the workers' time."""
    trials, epochs, workers, rounds = size.of(tiny=(2, 1, 1, 1), daily=(16, 2, 2, 1), full=(40, 5, 2, 3))
    train_size = size.of(tiny=260, daily=None, full=None)
    changes = ["--trials", str(trials), "--epochs", str(epochs)]
    changes += ["--set", f"data.train_size={train_size}"] if train_size else []
    with tempfile.TemporaryDirectory() as name:
        place, number = Path(name), count()
        job = write_job(place / "job.json", trials, epochs, train_size)
        runs = {
            "ours": lambda: by_us(place / f"ours-{next(number)}", workers, changes, has_report=size is not Size.TINY),
            LOOP: lambda: spent_by(program("benchmarks.loop_search", str(job), "2")),
            OPTUNA: lambda: by_optuna(job, place / f"{next(number)}.journal", workers),
        }
        found = alternate(runs, rounds)
        for peer in (LOOP, OPTUNA):
            what, ours, theirs = f"{trials} trials of {epochs} epochs, to the report", found["ours"], found[peer]
            beside = Peer(peer, [each.wall_s for each in theirs], is_speed=True)
            yield Row(f"{what}, beside {peer}", [each.wall_s for each in ours], "s", beside, times_at_least(2))
            beside = Peer(peer, [each.cpu_s for each in theirs], is_speed=True)
            yield Row(f"{what}, beside {peer}, CPU", [each.cpu_s for each in ours], "s", beside)
        for part, share in where_time_goes(place / "timed", workers, changes).items():
            yield Row(f"share of the workers' time: {part}", [100 * share], "%")


def write_job(path: Path, trials: int, epochs: int, train_size: int | None) -> Path:
    """Write what the peers train: the params that the study's own search proposes."""
    spec = load_preset(STUDY)
    proposals = make_sampler(spec).suggest(trials, Known())
    listed = [{name: value for name, value in each.params.items() if name != "varies"} for each in proposals]
    path.write_text(json.dumps({"trials": listed, "epochs": epochs, "train_size": train_size}), encoding="utf-8")
    return path


def program(module: str, *arguments: str) -> list[str]:
    """The command of a program of ours."""
    return [sys.executable, "-m", module, *arguments]


class Spent(NamedTuple):
    """What programs took: seconds, and CPU seconds of all processes, which depend less on the machine's other work."""

    wall_s: float
    cpu_s: float


def spent_by(*commands: Sequence[str]) -> Spent:
    """Run programs at the same time to their ends."""
    began_s, began_cpu_s = time.perf_counter(), ended_cpu_s()
    with ExitStack() as stack:
        running = [
            stack.enter_context(subprocess.Popen(command, stdout=subprocess.DEVNULL))  # noqa: S603 - our own programs
            for command in commands
        ]
    if any(process.returncode for process in running):
        raise RuntimeError(f"a program failed: {[process.returncode for process in running]}")
    return Spent(time.perf_counter() - began_s, ended_cpu_s() - began_cpu_s)


def by_us(root: Path, workers: int, changes: Sequence[str], *, has_report: bool) -> Spent:
    """Run the search, and write its report."""
    root.mkdir()
    search = spent_by(program("master", "run", STUDY, "--root", str(root), "--workers", str(workers), *changes))
    if not has_report:
        return search
    report = spent_by(program("master", "report", STUDY, "--root", str(root)))
    return Spent(search.wall_s + report.wall_s, search.cpu_s + report.cpu_s)


def by_optuna(job: Path, journal: Path, processes: int) -> Spent:
    """Let optuna's processes share the trials. That they were enqueued before does not count."""
    enqueue(json.loads(job.read_text(encoding="utf-8")), str(journal))
    return spent_by(*[program("benchmarks.loop_search", str(job), "1", str(journal)) for _ in range(processes)])


def where_time_goes(root: Path, workers: int, changes: Sequence[str]) -> dict[str, float]:
    """Run the search with workers that measure themselves; return the share of each part, from the first claim on."""
    root.mkdir()
    times = root / "times"
    times.mkdir()
    worker = program("benchmarks.timed_worker", "--root", str(root), "--device", "cpu", "--study", STUDY)
    with ExitStack() as stack:
        for _ in range(workers):
            process = subprocess.Popen(  # noqa: S603 - our own program
                worker, env=os.environ | {TIMES: str(times)}, stdout=subprocess.DEVNULL
            )
            stack.callback(process.wait)
            stack.callback(process.terminate)
        spent_by(program("master", "run", STUDY, "--root", str(root), *changes))
    results = list(open_standing(StudyFolder(root, STUDY)).results.values())
    return shares(results, times, workers)


def shares(results: Sequence[Finished], times: Path, workers: int) -> dict[str, float]:
    """The share of each part in the time of all workers, from the first claim to the last trial's end."""
    first_s = min(_seconds(result.times.claimed_at) for result in results)
    last_s = max(_seconds(result.times.ended_at) for result in results)
    spent: Counter[str] = Counter()
    for path in times.glob("*.trials"):
        for line in path.read_text(encoding="utf-8").splitlines():
            spent.update(json.loads(line))
    waits: list[Any] = [each for path in times.glob("*.waits") for each in json.loads(path.read_text(encoding="utf-8"))]
    waiting_s = sum(max(min(end, last_s) - max(begin, first_s), 0.0) for begin, end in waits)
    epochs_s = sum(result.times.training_s for result in results)
    parts = {
        "loading, until the first trial of each worker": sum(each.times.evaluation_s for each in results)
        - spent["whole"],
        "training": epochs_s - spent["validation"],
        "validation": spent["validation"],
        "preparation": spent["whole"] - epochs_s - spent["checkpoint"] - spent["messages"],
        "checkpoints": spent["checkpoint"],
        "messages to the parent": spent["messages"],
        "waiting for a job": waiting_s,
    }
    whole_s = workers * (last_s - first_s)
    rest_s = whole_s - sum(parts.values())
    return {name: part / whole_s for name, part in parts.items()} | {"claims, results, files": rest_s / whole_s}


def _seconds(moment: str) -> float:
    return datetime.fromisoformat(moment).timestamp()


if __name__ == "__main__":
    run_alone(__doc__, rows)
