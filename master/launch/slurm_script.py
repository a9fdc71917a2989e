"""The batch scripts that Slurm runs: for the workers of a study, one an array task, and for its master. Text alone.

Everything that a person would have to know is in them: that Slurm signals a batch script alone, so that the program
runs beside the shell; that SIGUSR1 means that the job is to give way; that a job comes back only if it asks for that.
"""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hyperspool.common.errors import UsageError
from hyperspool.common.signals import STOPPED_STATUS

SIGNAL_S = 60
"""Slurm may send the signal up to a minute early, so a time limit is announced 60 to 120 s before it."""
NEAR_END_S = 150
"""A signal that comes later than this before the time limit is taken for its announcement."""
OURS = frozenset({"array", "job-name", "parsable", "signal", "wrap"})
"""Options of sbatch that the scripts need to be as they are."""


@dataclass(frozen=True)
class Place:
    """Where and how a program runs on a node: as it would here.

    Attributes:
        folder: the working folder.
        python: the interpreter.
        root: the shared folder.
        environment: variables that the program needs.
    """

    folder: Path
    python: Path
    root: Path
    environment: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True)
class Resources:
    """What a job asks Slurm for.

    Attributes:
        time: the time limit, as sbatch takes it; None: the partition's.
        partition: None: the cluster's default.
        gpus: of each worker.
        more: further options of sbatch, `key=value` or `key`, which go through as they are.
    """

    time: str | None = None
    partition: str | None = None
    gpus: int = 1
    more: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Check that the options fit into a script.

        Raises:
            UsageError: an option is empty, has more than a line, or is one that the scripts need as it is.
        """
        for option in (*self.more, *filter(None, (self.time, self.partition))):
            if not option.strip() or not option.isprintable():
                raise UsageError(f"found {option!r} among the options for sbatch; expected text on one line")
        for option in self.more:
            key = _key(option)
            if key in OURS:
                raise UsageError(f"--sbatch {option}: launch needs --{key} as it sets it itself; leave it out")


def workers_script(
    name: str, count: int, resources: Resources, place: Place, command: Sequence[str], log_folder: Path
) -> str:
    """Return the script of a job array whose tasks are workers.

    Args:
        name: of the job.
        count: the number of tasks.
        resources: of each task.
        place: where the worker runs.
        command: the worker's.
        log_folder: where each task's output goes.
    """
    gpus = [f"gres=gpu:{resources.gpus}"] if resources.gpus else []
    options = [f"job-name={name}", f"array=0-{count - 1}", *gpus, _output(log_folder, "worker-%A_%a.log")]
    return "\n".join(
        [
            *_head(options, resources),
            *_surroundings(place),
            *_TASK,
            *_END_TIME,
            *_STOP,
            *_GIVE_WAY,
            *_running(command),
            *_END_OF_WORKER,
        ]
    )


def master_script(
    name: str, resources: Resources, place: Place, command: Sequence[str], log_folder: Path, beside: Sequence[str] = ()
) -> str:
    """Return the script of a job that is the study's master.

    Args:
        name: of the job.
        resources: of the workers; the master has no GPU.
        place: where the master runs.
        command: the master's.
        log_folder: where its output goes.
        beside: a command that runs as long as the master does; empty: none.
    """
    options = [f"job-name={name}", _output(log_folder, "master-%j.log")]
    with_top_up = [f"{shlex.join(beside)} &", "beside=$!", ""] if beside else []
    end = [*(_END_OF_BESIDE if beside else ()), *_END_OF_MASTER]
    signals = [*_STOP, *_GIVE_WAY_ALWAYS]
    return "\n".join(
        [*_head(options, resources), *_surroundings(place), *with_top_up, *signals, *_running(command), *end]
    )


def _head(options: Sequence[str], resources: Resources) -> list[str]:
    asked = [f"time={resources.time}"] if resources.time else []
    asked += [f"partition={resources.partition}"] if resources.partition else []
    given = {_key(option) for option in resources.more}
    fixed = ["ntasks=1", "requeue", "open-mode=append", f"signal=B:USR1@{SIGNAL_S}", *asked]
    kept = [option for option in (*options, *fixed) if _key(option) not in given]
    return ["#!/usr/bin/env bash", *(f"#SBATCH --{option}" for option in (*kept, *resources.more)), ""]


def _key(option: str) -> str:
    return option.partition("=")[0].removeprefix("--").strip()


def _output(folder: Path, name: str) -> str:
    # Slurm reads %a and its like also in the folder's name.
    path = str(folder).replace("\\", "\\\\").replace("%", "%%").replace('"', '\\"')
    return f'output="{path}/{name}"'


def _surroundings(place: Place) -> list[str]:
    root, python, folder = (shlex.quote(str(path)) for path in (place.root, place.python, place.folder))
    return [
        "# The program finds here what it finds where it was launched.",
        'lacks() { echo "$(hostname): $1" >&2; exit 2; }',
        f"[ -d {root}/jobs ] || lacks {shlex.quote(f'this node does not see the shared folder {place.root}')}",
        f"[ -x {python} ] || lacks {shlex.quote(f'this node does not see the interpreter {place.python}')}",
        f"cd {folder} || lacks {shlex.quote(f'this node does not see the folder {place.folder}')}",
        *(f"export {name}={shlex.quote(value)}" for name, value in place.environment.items()),
        f'export PATH={shlex.quote(str(place.python.parent))}:"$PATH"',
        "",
    ]


_TASK = (
    "# The last task of an array has the number of the whole array, so that number alone would mean all tasks.",
    'job="${SLURM_ARRAY_JOB_ID}_${SLURM_ARRAY_TASK_ID}"',
    "",
)
_END_TIME = (
    "# The worker has to know when Slurm will end this job. Older versions of Slurm do not say it.",
    'if [ -z "${SLURM_JOB_END_TIME-}" ] && end=$(squeue -h -j "$job" -o %e) && [ -n "$end" ]; then',
    '  end=$(date -d "$end" +%s 2>/dev/null) && export SLURM_JOB_END_TIME="$end"',
    "fi",
    "",
)


_STOP = (
    "# Slurm sends its signals to this shell alone, so the program runs beside it, neither by exec nor by srun.",
    "asked='' program=''",
    'stop() { asked=$1 interrupted=1; [ -z "$program" ] || kill -TERM "$program" 2>/dev/null; }',
    "trap 'stop leave' TERM  # scancel",
)
_GIVE_WAY = (
    "give_way() {",
    "  interrupted=1",
    "  # Preemption. The time limit is announced in the same way: before that the worker saves and leaves by itself.",
    f'  if [ "$((${{SLURM_JOB_END_TIME:-9999999999}} - $(date +%s)))" -ge {NEAR_END_S} ]; then stop requeue; fi',
    "}",
    "trap give_way USR1",
)
_GIVE_WAY_ALWAYS = ("trap 'stop requeue' USR1  # preemption, or the time limit",)


def _running(command: Sequence[str]) -> list[str]:
    return [
        f"{shlex.join(command)} & program=$!",
        '[ -z "$asked" ] || kill -TERM "$program"',
        'while interrupted=\'\'; wait "$program"; status=$?; [ -n "$interrupted" ]; do :; done',
        "",
    ]


_END_OF_WORKER = (
    f"# The status {STOPPED_STATUS} says that the worker saved, and that work is open. A worker that came no further",
    "# until its time limit has another one: the next would fare no better.",
    f'if [ "$asked" = requeue ] || {{ [ -z "$asked" ] && [ "$status" -eq {STOPPED_STATUS} ]; }}; then',
    '  scontrol requeue "$job" && exit 0',
    "fi",
    '[ "$asked" != leave ] || exit 0',
    'exit "$status"',
    "",
)
_END_OF_BESIDE = (
    "# Once the study is finished, the other program cancels what still waits in the queue, and ends by itself.",
    '[ "$status" -eq 0 ] || kill -TERM "$beside" 2>/dev/null',
    'wait "$beside"',
    "",
)
_END_OF_MASTER = (
    "# A master that starts again reads its record, and goes on.",
    'if [ "$asked" = requeue ]; then scontrol requeue "$SLURM_JOB_ID" && exit 0; fi',
    'exit "$status"',
    "",
)
