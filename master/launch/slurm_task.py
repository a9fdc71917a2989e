"""What runs a worker or a master as a job of Slurm's: passes its signals on, and asks for the job's next turn.

    python -m hyperspool.master.launch.slurm_task worker|master -- COMMAND... [-- COMMAND THAT RUNS BESIDE IT...]

The batch script becomes this process, because Slurm signals the batch script alone. It is no shell: while bash 5.2 runs
a trap, it may lose the exit status of a program that ends at that moment.

SIGUSR1 says that the job is preempted, or that its time limit is near. A preempted job comes back, however often.
Before a time limit the worker saves by itself, and its exit status says whether another turn is worth while. SIGTERM
means scancel, or the end of a preemption that was not announced; Slurm knows itself whether such a job comes back.
"""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Mapping, MutableMapping, Sequence
from contextlib import suppress
from enum import Enum, auto

from hyperspool.common.signals import STOPPED_STATUS

NEAR_END_S = 150.0
"""A signal that comes later than this before the time limit is taken for its announcement. Slurm sends that up to a
minute earlier than the 60 s that the scripts ask for."""
END_TIME = "SLURM_JOB_END_TIME"
ANSWER_S = 60.0


class Asked(Enum):
    """What a signal has asked for."""

    NOTHING = auto()
    LEAVE = auto()
    COME_BACK = auto()


class SlurmTask:
    """One job, or one task of an array.

    Args:
        is_worker: whether it runs a worker; else a master, which goes on from its record whenever it starts again.
        environment: of this process; what it runs inherits it.
        clock: seconds since 1970.
    """

    def __init__(
        self, *, is_worker: bool, environment: MutableMapping[str, str], clock: Callable[[], float] = time.time
    ) -> None:
        self._is_worker, self._environment, self._clock = is_worker, environment, clock
        self._job = job_of(environment)
        self._asked = Asked.NOTHING
        self._program: subprocess.Popen[bytes] | None = None
        if is_worker and END_TIME not in environment and (end_s := _end_of(self._job)):
            environment[END_TIME] = str(end_s)  # Slurm 22.05 does not set it, and the worker reads it

    def run(self, command: Sequence[str], beside: Sequence[str] = ()) -> int:
        """Run a command until it ends; return this process's exit status.

        Args:
            command: of the worker or the master.
            beside: a command that runs at the same time. Once the first one ends with status 0, it ends by itself.
        """
        signal.signal(signal.SIGTERM, lambda *_: self._stop(Asked.LEAVE))
        signal.signal(signal.SIGUSR1, lambda *_: self._give_way())
        other = subprocess.Popen(beside, env=self._environment) if beside else None  # noqa: S603 - our own program
        self._program = subprocess.Popen(command, env=self._environment)  # noqa: S603 - our own program
        if self._asked is not Asked.NOTHING:  # a signal came before there was anything to signal
            self._program.terminate()
        status = self._program.wait()
        if other:
            if status:
                other.terminate()
            other.wait()
        return self._end(status)

    def _give_way(self) -> None:
        end = self._environment.get(END_TIME, "")
        is_near = end.isdecimal() and int(end) - self._clock() < NEAR_END_S
        if not (self._is_worker and is_near):
            self._stop(Asked.COME_BACK)

    def _stop(self, asked: Asked) -> None:
        self._asked = asked
        if self._program:
            self._program.terminate()

    def _end(self, status: int) -> int:
        saved = self._is_worker and self._asked is Asked.NOTHING and status == STOPPED_STATUS
        if self._asked is Asked.COME_BACK or saved:
            sys.stdout.write(f"{self._job} asks Slurm for its next turn\n")
            sys.stdout.flush()
            if not subprocess.run(["scontrol", "requeue", self._job], check=False).returncode:  # noqa: S603, S607 - as above
                return 0
        return 0 if self._asked is Asked.LEAVE else max(status, 0) or int(status < 0)


def job_of(environment: Mapping[str, str]) -> str:
    """Return what Slurm calls the job of a process.

    The last task of an array has the number of the whole array, so that number alone would mean all tasks.
    """
    if array := environment.get("SLURM_ARRAY_JOB_ID"):
        return f"{array}_{environment.get('SLURM_ARRAY_TASK_ID', '')}"
    return environment.get("SLURM_JOB_ID", "")


def _end_of(job: str) -> int | None:
    """Ask Slurm when a job's time limit ends it, in seconds since 1970; None if it has none."""
    with suppress(OSError, ValueError, subprocess.SubprocessError, OverflowError):
        asked = ["squeue", "--noheader", "--jobs", job, "-o", "%e"]
        answer = subprocess.run(asked, capture_output=True, text=True, timeout=ANSWER_S, check=True)  # noqa: S603 - Slurm's own
        return int(time.mktime(time.strptime(answer.stdout.strip(), "%Y-%m-%dT%H:%M:%S")))
    return None


def main() -> None:
    """Run the command line."""
    side, _, *words = sys.argv[1:]
    command, beside = words, []
    if "--" in words:
        command, beside = words[: words.index("--")], words[words.index("--") + 1 :]
    sys.exit(SlurmTask(is_worker=side == "worker", environment=os.environ).run(command, beside))


if __name__ == "__main__":
    main()
