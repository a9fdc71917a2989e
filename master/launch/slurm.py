"""Slurm, by its own commands: sbatch, squeue, scancel, sinfo. Works without accounting, as on many small clusters."""

import hashlib
import os
import re
import shutil
import socket
import subprocess
import time
from collections.abc import Callable, Sequence

from hyperspool.common.errors import SearchError, UsageError
from hyperspool.common.layout import StudyFolder
from hyperspool.master.launch.cluster import LABELS, SLURM, ClusterError, Task, TaskState, launch_folder

ANSWER_S = 60.0
"""How long a command of Slurm's may take. Its controller is slow while it is busy with others' jobs."""
SHORT_S = 5.0
"""The same for a picture that a person waits for."""
AGAIN_S = 15.0
"""Seconds between two questions of a reader."""
MASTER = "master"
"""What a study's master adds to the name of its job."""
COLUMNS = {"ArrayJobID": 20, "ArrayTaskID": 20, "StateCompact": 8, "RestartCnt": 10, "NodeList": 60, "Reason": 120}
"""What squeue is asked for, each in so many characters: reasons hold blanks and commas."""
WAITING = frozenset({"PD", "RQ", "RH", "RD", "RF"})
RUNNING = frozenset({"R", "CF", "CG", "S", "ST", "SO", "SI", "RS", "RV", "SE"})
FAILED = frozenset({"F", "NF", "TO", "OOM", "BF", "DL"})
"""As squeue abbreviates states; those that are left, COMPLETED and CANCELLED among them, are of no interest."""
_NUMBER = re.compile(r"[0-9]{1,18}")
_OUR_VARIABLES = frozenset({"SLURM_CONF", "SLURM_CLUSTERS"})


class Slurm:
    """The workers of one study in Slurm's queue.

    Args:
        name: of their jobs.
        script: the batch script, of a number of workers.
    """

    def __init__(self, name: str, script: Callable[[int], str]) -> None:
        self._name, self._script = name, script

    def submit(self, count: int) -> str:
        """Submit an array of so many workers; see `Cluster`."""
        return submit(self._script(count))

    def tasks(self) -> list[Task]:
        """Ask squeue; see `Cluster`."""
        return queued(self._name)

    def cancel(self, tasks: Sequence[Task]) -> None:
        """Call scancel; see `Cluster`."""
        if tasks:
            _call("scancel", *(task.job.removeprefix(f"{SLURM}:") for task in tasks))


def job_name(folder: StudyFolder, part: str = "") -> str:
    """Return the name of a study's jobs, which no study in another folder has.

    Args:
        folder: of the study.
        part: of the study: empty for its workers.
    """
    digest = hashlib.sha256(str(folder.root.resolve()).encode()).hexdigest()[:6]
    return f"hyperspool-{folder.name}-{digest}{part and f'-{part}'}"


def need_slurm() -> None:
    """Check that Slurm's commands are here.

    Raises:
        UsageError: they are not.
    """
    missing = [name for name in ("sbatch", "squeue", "scancel") if shutil.which(name) is None]
    if missing:
        raise UsageError(
            f"there is no {missing[0]} on this machine ({socket.gethostname()}): call launch --slurm where Slurm's "
            "commands are, mostly on the cluster's login node; --dry-run prints the script anywhere"
        )


def submit(script: str) -> str:
    """Submit a batch script, and return the job's number.

    Raises:
        ClusterError: Slurm refuses; the message has its words.
    """
    # By standard input, and not from the file in the shared folder: others may write there.
    answer = _call("sbatch", "--parsable", given=script)
    number = answer.strip().partition(";")[0]
    if not _NUMBER.fullmatch(number):
        raise ClusterError(f"sbatch answered {answer.strip()!r}, expected the number of a job")
    return number


def queued(name: str, answer_s: float = ANSWER_S) -> list[Task]:
    """Return this user's jobs of a name, one for each task of an array, and those that failed a short while ago.

    Args:
        name: of the jobs.
        answer_s: how long squeue may take.

    Raises:
        ClusterError: squeue fails.
    """
    fields = ",".join(f"{column}:{width}" for column, width in COLUMNS.items())
    user = str(os.getuid())
    asked = ("--noheader", "--array", "--user", user, "--name", name, "--states=all", "-O", fields)
    answer = _call("squeue", *asked, answer_s=answer_s)
    return [task for line in answer.splitlines() if (task := task_of(line))]


def task_of(line: str) -> Task | None:
    """Return the task that a line of squeue describes; None if it describes none that is waiting, running or failed."""
    cells: dict[str, str] = {}
    for column, width in COLUMNS.items():
        cells[column], line = line[:width].strip(), line[width:]
    job, index, state = cells["ArrayJobID"], cells["ArrayTaskID"], cells["StateCompact"]
    restarts = int(cells["RestartCnt"]) if _NUMBER.fullmatch(cells["RestartCnt"]) else 0
    if not _NUMBER.fullmatch(job):
        return None
    if state in WAITING:
        found = TaskState.REQUEUED if restarts or state != "PD" else TaskState.PENDING
    elif state in RUNNING:
        found = TaskState.RUNNING
    elif state in FAILED:
        found = TaskState.FAILED
    else:
        return None
    number = f"{job}_{index}" if _NUMBER.fullmatch(index) else job
    reason = "" if cells["Reason"] in {"None", "N/A"} else cells["Reason"]
    return Task(f"{SLURM}:{number}", found, reason, cells["NodeList"], restarts)


class TaskReader:
    """Reads the tasks of a study for people to see, not more often than schedulers like to be asked.

    Args:
        folder: of the study.
        clock: seconds that only go forward.

    Attributes:
        problem: why the last question has no answer; empty if it has.
    """

    def __init__(self, folder: StudyFolder, clock: Callable[[], float] = time.monotonic) -> None:
        self.problem = ""
        self._names = (job_name(folder), job_name(folder, MASTER))
        self._was_launched, self._clock = launch_folder(folder).is_dir(), clock
        self._tasks: list[Task] | None = None
        self._asked_s = float("-inf")

    def read(self) -> list[Task] | None:
        """Return the tasks; None if the study was not launched, or this machine cannot ask Slurm."""
        if not (self._was_launched and shutil.which("squeue")):
            return None
        if self._clock() - self._asked_s >= AGAIN_S:
            self._asked_s = self._clock()
            try:
                self._tasks = [task for name in self._names for task in queued(name, SHORT_S)]
                self.problem = ""
            except ClusterError as error:
                self._tasks, self.problem = None, f"{LABELS[SLURM]}: {error}"
        return self._tasks


def cancel_named(*names: str) -> None:
    """Take all of this user's jobs of these names out of the queue. What runs is asked to save first."""
    for name in names:
        _call("scancel", "--user", str(os.getuid()), "--name", name)


def has_only_this_host() -> bool:
    """Return whether every node of the cluster is this machine, so that its nodes see every folder of it."""
    hosts = {line.strip().split(".")[0] for line in _call("sinfo", "--noheader", "--Node", "-o", "%n").splitlines()}
    return hosts == {socket.gethostname().split(".")[0]}


def _call(program: str, *arguments: str, given: str | None = None, answer_s: float = ANSWER_S) -> str:
    # Of the job in which launch itself may run nothing is passed on to the jobs that it submits.
    kept = {
        name: value for name, value in os.environ.items() if not name.startswith("SLURM_") or name in _OUR_VARIABLES
    }
    try:
        done = subprocess.run(  # noqa: S603 - Slurm's own commands, arguments from our own command line
            [program, *arguments], input=given, capture_output=True, text=True, errors="replace", env=kept,
            timeout=answer_s, check=False,
        )  # fmt: skip
    except FileNotFoundError as error:
        raise UsageError(f"there is no {program} on this machine: call launch where Slurm's commands are") from error
    except subprocess.TimeoutExpired as error:
        raise ClusterError(f"{program} has not answered in {answer_s:g} s; Slurm's controller may be down") from error
    if done.returncode:
        raise _refusal(program, done.stderr.strip() or f"exit status {done.returncode}")
    return done.stdout


def _refusal(program: str, said: str) -> SearchError:
    lines = [line.removeprefix(f"{program}: error: ") for line in said.splitlines()[:5]]
    message = f"{program} refuses: {'; '.join(lines)}"
    if "invalid partition" in said.lower():
        partitions = sorted(set(_call("sinfo", "--noheader", "-o", "%R").split()))
        return UsageError(f"{message}; the partitions here are {', '.join(partitions) or 'none'}")
    return ClusterError(message)
