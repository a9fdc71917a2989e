"""The batch scripts that Slurm runs: for the workers of a study, one an array task, and for its master. Text alone.

They say what a job needs, make a node look like the machine where they were made, and become `slurm_task.py`.
"""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from hyperspool.common.errors import UsageError

SIGNAL_S = 60
"""How long before the time limit Slurm is to signal. Preemption is signalled at once, and only if this is asked for."""
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
        command: what the script becomes.
        log_folder: where each task's output goes.
    """
    gpus = [f"gres=gpu:{resources.gpus}"] if resources.gpus else []
    options = [f"job-name={name}", f"array=0-{count - 1}", *gpus, _output(log_folder, "worker-%A_%a.log")]
    return _script(options, resources, place, command)


def master_script(name: str, resources: Resources, place: Place, command: Sequence[str], log_folder: Path) -> str:
    """Return the script of a job that is the study's master.

    Args:
        name: of the job.
        resources: of the workers; the master has no GPU.
        place: where the master runs.
        command: what the script becomes.
        log_folder: where its output goes.
    """
    return _script([f"job-name={name}", _output(log_folder, "master-%j.log")], resources, place, command)


def _script(options: Sequence[str], resources: Resources, place: Place, command: Sequence[str]) -> str:
    running = [
        "# Slurm signals this shell alone, so it becomes the program, and does not die if the signal comes too early.",
        "trap '' USR1",
        f"exec {shlex.join(command)}",
        "",
    ]
    return "\n".join([*_head(options, resources), *_surroundings(place), *running])


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
