"""Measures what a large study costs: a trial of it, a master's restart, and each command that looks at it.

    python -m benchmarks.scale [--size tiny|daily|full]

The finished trials are written by `benchmarks.finished`. At the full size there are 100,000 of them, beside 1,000; the
bars are for that size. A command's time is that of its process, from start to end.
"""

import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from benchmarks.finished import NAME, write_study
from benchmarks.fleet import cpu_s
from benchmarks.harness import Bar, Peer, Row, Size, at_most, run_alone, times_at_most

MANY = 100_000
"""The bars are for so many finished trials."""
BARS = {"status": (2.0, None), "top": (10.0, None), "export": (10.0, None), "report": (60.0, 500.0)}
"""Most seconds, and most megabytes, of each command."""
RESTART_S, MASTER_MB, GROWTH = 10.0, 300.0, 1.2
KILOBYTES_IN_MB = 1024


@dataclass(frozen=True)
class Continued:
    """A study that was gone on with, by a master and two workers.

    Attributes:
        restart_s: from the start of the command to its first result.
        trial_ms: wall-clock time for each further trial.
        master_ms: CPU time of the master for each further trial.
        peak_mb: memory of the master.
    """

    restart_s: float
    trial_ms: float
    master_ms: float
    peak_mb: float


def rows(size: Size) -> Iterator[Row]:
    """A trial among few and among many, and the commands on many."""
    few, many, more = size.of(tiny=(10, 30, 8), daily=(1000, 10_000, 500), full=(1000, MANY, 2000))
    with tempfile.TemporaryDirectory() as place:
        among_few = go_on(Path(place, "few"), few, more)
        among_many = go_on(Path(place, "many"), many, more)
        of_many = f"of {many:,} trials"
        yield Row(
            f"CPU of the master per trial, beside {many:,} finished ones",
            [among_many.master_ms],
            "ms",
            Peer(f"beside {few:,}", [among_few.master_ms]),
            times_at_most(GROWTH) if many == MANY else None,
        )
        yield Row(
            f"a trial, two workers, beside {many:,} finished ones",
            [among_many.trial_ms],
            "ms",
            Peer(f"beside {few:,}", [among_few.trial_ms]),
            times_at_most(GROWTH) if many == MANY else None,
        )
        yield Row(f"restart {of_many}, to its first result", [among_many.restart_s], "s", bar=_bar(RESTART_S, many))
        yield Row(f"the master's memory {of_many}", [among_many.peak_mb], "MB", bar=_bar(MASTER_MB, many))
        for command, (most_s, most_mb) in BARS.items() if size is not Size.TINY else [("status", BARS["status"])]:
            seconds, megabytes = look(Path(place, "many"), command)
            yield Row(f"`{command}` {of_many}", [seconds], "s", bar=_bar(most_s, many))
            yield Row(f"`{command}` {of_many}, memory", [megabytes], "MB", bar=_bar(most_mb, many) if most_mb else None)


def _bar(limit: float, many: int) -> Bar | None:
    return at_most(limit) if many == MANY else None


def go_on(root: Path, finished: int, more: int) -> Continued:
    """Write a study of which some trials are finished, and run the others."""
    write_study(root, finished, planned=finished + more)
    command = [sys.executable, "-m", "hyperspool", "run", NAME, "--root", str(root), "--workers", "2"]
    command += ["--objective", "nothing=benchmarks.nothing:nothing"]
    began_s = time.monotonic()
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:  # noqa: S603 - our own program
        at: list[tuple[float, float]] = []
        for line in process.stdout or ():
            if "] trial" in line:
                at.append((time.monotonic(), cpu_s([process.pid])))
                if len(at) == more:
                    peak_mb = _peak_mb(process.pid)
        if process.wait() or len(at) != more:
            raise RuntimeError(f"{len(at)} of {more} trials were evaluated, status {process.returncode}")
    (first_s, first_cpu_s), (last_s, last_cpu_s) = at[0], at[-1]
    passed_ms = 1000 * (last_s - first_s) / (more - 1)
    return Continued(first_s - began_s, passed_ms, 1000 * (last_cpu_s - first_cpu_s) / (more - 1), peak_mb)


def look(root: Path, command: str) -> tuple[float, float]:
    """Run a command that looks at a study; return its seconds, and the megabytes at its peak."""
    options = {
        "export": ["--format", "jsonl", "--out", str(root / "trials.jsonl")],
        "report": ["--out", str(root / "report")],
    }
    whole = [sys.executable, "-m", "hyperspool", command, NAME, "--root", str(root), *options.get(command, [])]
    began_s = time.monotonic()
    process = subprocess.Popen(whole, stdout=subprocess.DEVNULL)  # noqa: S603 - our own program
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode:
        raise RuntimeError(f"{command} ended with status {process.returncode}")
    return time.monotonic() - began_s, used.ru_maxrss / KILOBYTES_IN_MB


def _peak_mb(pid: int) -> float:
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmHWM")) / KILOBYTES_IN_MB


if __name__ == "__main__":
    run_alone(__doc__, rows)
