"""How many requests of a network file system each operation takes: real processes under strace.

System calls on the shared folder are counted, and each stands for the requests that NFS 4 needs for it when nothing is
cached but the attributes of open files. It is the most that a client asks for.
"""

import re
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

from benchmarks.fleet import OBJECTIVES, STUDY

STRACE = ("strace", "-f", "-y", "-ttt", "-qq", "-s", "1")
CALL = re.compile(r"^\d+\s+(?P<at>\d+\.\d+) (?P<call>\w+)\((?P<rest>.*)")
PER_CALL = {
    "unlink": 1.0,
    "unlinkat": 1.0,
    "rename": 1.0,
    "renameat": 1.0,
    "renameat2": 1.0,
    "link": 1.0,
    "linkat": 1.0,
    "mkdir": 1.0,
    "mkdirat": 1.0,
    "fsync": 2.0,  # WRITE and COMMIT
    "pread64": 1.0,
    "read": 1.0,
    "getdents64": 0.5,  # the second call finds the end in what the client has
    "access": 1.0,
}
QUIET = subprocess.DEVNULL
WINDOW_S = 8.0
"""How long a waiting process is looked at."""


@dataclass(frozen=True)
class Requests:
    """Requests of a file server.

    Attributes:
        requests_published: for a job that the master publishes.
        requests_collected: for a result that the master collects.
        requests_trial: of a worker, for a trial, from its claim to its end.
        requests_failed_try: of a worker, for a try to claim what another one holds.
        requests_waiting_per_s: of a worker that evaluates, with its heartbeats; an idle one asks for no more.
        requests_heartbeat: of the master, for each worker whose heartbeat it reads.
        requests_look: of the master's look each second, without the heartbeats.
    """

    requests_published: float
    requests_collected: float
    requests_trial: float
    requests_failed_try: float
    requests_waiting_per_s: float
    requests_heartbeat: float
    requests_look: float


@dataclass(frozen=True)
class Traced:
    """The requests of a master and a worker in a study: at which second, and how many."""

    master: Sequence[tuple[float, float]]
    worker: Sequence[tuple[float, float]]


def count_requests(few: int = 20, many: int = 120) -> Requests | None:
    """Count; None without strace.

    Args:
        few: trials of a small study.
        many: trials of a larger one, of which each trial more costs what it costs.
    """
    if shutil.which("strace") is None:
        return None
    small, large = _study(few, "nothing"), _study(many, "nothing")
    slow = _study(1, "rest_long")
    more = many - few
    master = (_whole(large.master) - _whole(small.master)) / more
    look = _rate(slow.master)
    return Requests(
        requests_published=master / 2,
        requests_collected=master / 2,
        requests_trial=(_whole(large.worker) - _whole(small.worker)) / more,
        requests_failed_try=FAILED_TRY,
        requests_waiting_per_s=_rate(slow.worker),
        requests_heartbeat=HEARTBEAT,
        requests_look=max(look - HEARTBEAT, 0.0),
    )


HEARTBEAT = 6.0
"""To open, to read and to close a heartbeat, and the lock file of what the worker holds."""
FAILED_TRY = 5.0
"""To look for the job, to open its lock file, to ask for the lock, to close it; and the pause's file."""


def _whole(requests: Sequence[tuple[float, float]]) -> float:
    return sum(count for _, count in requests)


def _rate(requests: Sequence[tuple[float, float]]) -> float:
    """Requests per second in the middle of a process's life."""
    middle_s = (requests[0][0] + requests[-1][0]) / 2
    inside = [count for at_s, count in requests if abs(at_s - middle_s) <= WINDOW_S / 2]
    return sum(inside) / WINDOW_S


def _study(trials: int, objective: str) -> Traced:
    with tempfile.TemporaryDirectory() as name:
        place, root = Path(name), Path(name, "root")
        root.mkdir()
        study = place / "traced.toml"
        study.write_text(STUDY.format(trials=trials, mode=f"batch = {trials}", objective=objective), encoding="utf-8")
        master = [sys.executable, "-m", "master", "run", str(study), "--root", str(root), *OBJECTIVES]
        worker = [sys.executable, "-m", "worker", "--root", str(root), "--study", "traced", "--device", "cpu"]
        worker += ["--wait", "60", "--max-idle", "1", *OBJECTIVES]
        traces = [place / "master.txt", place / "worker.txt"]
        commands = [
            [*STRACE, "-o", str(trace), *command] for trace, command in zip(traces, (master, worker), strict=True)
        ]
        started = [subprocess.Popen(command, stdout=QUIET, stderr=QUIET) for command in commands]  # noqa: S603 - our own programs
        for process in started:
            process.wait()
        found = [list(requests_in(trace.read_text(encoding="utf-8", errors="replace"), str(root))) for trace in traces]
    return Traced(*found)


def requests_in(text: str, root: str) -> Iterator[tuple[float, float]]:
    """The requests that a trace shows below a folder: at which second, and how many."""
    for line in text.splitlines():
        match = CALL.match(line)
        if match and root in match["rest"] and (count := _count(match["call"], match["rest"])):
            yield float(match["at"]), count


def _count(call: str, rest: str) -> float:
    if call == "openat":
        return 1.0 if "O_DIRECTORY" in rest or "ENOENT" in rest else 2.0  # OPEN and CLOSE
    if call in {"newfstatat", "statx"}:
        return 0.0 if ', "",' in rest else 1.0  # the attributes of an open file are known
    if call == "fcntl":
        return 1.0 if "LK" in rest else 0.0
    return PER_CALL.get(call, 0.0)
