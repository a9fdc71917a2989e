"""Workers that are warm when they are measured: each is idle and has its evaluating process."""

import os
import resource
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from types import TracebackType
from typing import Self

from benchmarks.counted_worker import COUNTS
from benchmarks.nothing import GATHERING
from hyperspool.common.layout import StudyFolder
from hyperspool.common.outcome import Finished
from hyperspool.master.results.standing import open_standing

OBJECTIVES = tuple(
    argument
    for name in ("nothing", "gather", "rest", "rest_long")
    for argument in ("--objective", f"{name}=benchmarks.nothing:{name}")
)
STUDY = """
trials = {trials}
{mode}
objective.name = "{objective}"
budget.epochs = 1
space.a = {{ type = "float", low = 0, high = 1 }}
space.b = {{ type = "float", low = 1e-3, high = 1, log = true }}
space.c = {{ type = "float", low = -1, high = 1 }}
space.d = {{ type = "float", low = 0, high = 10 }}
"""
PROCESS_TIME = 2
"""With the number of a process, the clock of its CPU time on Linux; see clock_getcpuclockid(3)."""


@dataclass(frozen=True)
class Cpu:
    """CPU seconds of a study: of the workers' parents, of their evaluating processes, and of the master."""

    parents_s: float
    children_s: float
    master_s: float

    @property
    def whole_s(self) -> float:
        """Of all."""
        return self.parents_s + self.children_s + self.master_s


@dataclass(frozen=True)
class Done:
    """A study that has ended."""

    results: Sequence[Finished]
    cpu: Cpu

    @property
    def seconds(self) -> float:
        """From the first claim to the last result."""
        last = max(datetime.fromisoformat(result.times.ended_at) for result in self.results)
        return (last - self._first_claim).total_seconds()

    @property
    def found_s(self) -> float:
        """From the publication of the first job to the first claim."""
        published = min(datetime.fromisoformat(result.times.published_at) for result in self.results)
        return (self._first_claim - published).total_seconds()

    @property
    def _first_claim(self) -> datetime:
        return min(datetime.fromisoformat(result.times.claimed_at) for result in self.results)


class Fleet:
    """A number of workers on one shared folder; leaving the block stops them.

    Args:
        root: the shared folder.
        count: the number of workers.
    """

    def __init__(self, root: Path, count: int) -> None:
        self.root, self.count = root, count
        self._counts, self._gathering = root / "counts", root / "gathering"
        self.processes: list[subprocess.Popen[bytes]] = []
        self._stack = ExitStack()
        self._studies = 0

    def __enter__(self) -> Self:
        for folder in (self.root, self._counts, self._gathering):
            folder.mkdir(parents=True)
        named = {COUNTS: str(self._counts), GATHERING: f"{self._gathering}:{self.count}"}
        worker = [sys.executable, "-m", "benchmarks.counted_worker", "--root", str(self.root), "--device", "cpu"]
        for _ in range(self.count):
            process = subprocess.Popen(  # noqa: S603 - our own program
                [*worker, *OBJECTIVES], env=os.environ | named, stdout=subprocess.DEVNULL
            )
            self.processes.append(process)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.stop()

    def gather(self) -> None:
        """Wait until each worker has evaluated a trial. It is then warm."""
        self.run("gather", self.count)

    def run(self, objective: str, trials: int, mode: str = "") -> Done:
        """Run a study; the master's CPU seconds hold its start."""
        self._studies += 1
        study = self.root / f"study-{self._studies}.toml"
        batch = "" if "mode" in mode or "batch" in mode else f"batch = {trials}"
        study.write_text(STUDY.format(trials=trials, mode=f"{mode}\n{batch}", objective=objective), encoding="utf-8")
        master = [sys.executable, "-m", "master", "run", str(study), "--root", str(self.root), *OBJECTIVES]
        parents_s, children_s, master_s = *self._workers_cpu_s(), ended_cpu_s()
        subprocess.run(master, check=True, stdout=subprocess.DEVNULL)  # noqa: S603 - our own program
        master_s = ended_cpu_s() - master_s
        parents_after_s, children_after_s = self._workers_cpu_s()
        results = list(open_standing(StudyFolder(self.root, study.stem)).results.values())
        return Done(results, Cpu(parents_after_s - parents_s, children_after_s - children_s, master_s))

    def stop(self) -> None:
        """Stop the workers."""
        for process in self.processes:
            process.terminate()
        for process in self.processes:
            process.wait()

    @property
    def tries(self) -> tuple[int, int]:
        """The workers' tries to lock a job, and how many of them failed. Known after `stop`."""
        counts = [path.read_text(encoding="utf-8").split() for path in self._counts.iterdir()]
        return sum(int(each[0]) for each in counts), sum(int(each[1]) for each in counts)

    def _workers_cpu_s(self) -> tuple[float, float]:
        parents = [process.pid for process in self.processes]
        return cpu_s(parents), cpu_s(child for parent in parents for child in children_of(parent))


def ended_cpu_s() -> float:
    """CPU seconds of this process's children that have ended."""
    usage = resource.getrusage(resource.RUSAGE_CHILDREN)
    return usage.ru_utime + usage.ru_stime


def cpu_s(pids: Iterable[int]) -> float:
    """CPU seconds of running processes so far, with those of their threads that have ended."""
    return sum(time.clock_gettime(~pid << 3 | PROCESS_TIME) for pid in pids)


def children_of(pid: int) -> list[int]:
    """The processes that a process has started."""
    return [int(each) for each in Path(f"/proc/{pid}/task/{pid}/children").read_text(encoding="utf-8").split()]


def until_one_exists(paths: Sequence[Path], limit_s: float) -> None:
    """Wait until one of these paths exists.

    Raises:
        TimeoutError: none of them exists in time.
    """
    end_s = time.monotonic() + limit_s
    while not any(path.exists() for path in paths):
        if time.monotonic() > end_s:
            raise TimeoutError(f"not within {limit_s} s: {paths[0]}")
        time.sleep(0.005)
