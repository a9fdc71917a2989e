"""One `launch`: from the command line to jobs in Slurm's queue."""

import os
import sys
from collections.abc import Callable
from pathlib import Path

from hyperspool.common import atomic
from hyperspool.common.errors import FolderError, UsageError
from hyperspool.common.invocation import command_line, own_process, place_of
from hyperspool.common.layout import StudyFolder
from hyperspool.common.mounts import mount_of
from hyperspool.common.objectives import PARAMETERS
from hyperspool.common.shared_folder import open_shared_folder
from hyperspool.common.study_spec import StudySpec
from hyperspool.master.launch import slurm
from hyperspool.master.launch.cluster import LIVE, launch_folder
from hyperspool.master.launch.options import LaunchOptions
from hyperspool.master.launch.slurm_script import Place, master_script, workers_script
from hyperspool.master.launch.top_up import TopUp
from hyperspool.master.results.standing import open_standing
from hyperspool.master.results.wording import counted
from hyperspool.master.studies.changes import Changes
from hyperspool.master.studies.preset import preset_names
from hyperspool.master.studies.published import differences, publish_study, published_study, read_published
from hyperspool.master.studies.source import find_study
from hyperspool.master.studies.validity import need_trainable

CARRIED = ("PYTHONPATH", "VIRTUAL_ENV")
"""Variables that sites are known to leave behind when they ask sbatch for a clean environment."""
ONE_HOST = frozenset({"overlay", "ramfs", "tmpfs"})
"""File systems that no other machine can see."""
TASK = "master.launch.slurm_task"

Say = Callable[[str], None]


class SlurmLaunch:
    """The jobs of one study. Makes their scripts, and submits them.

    Args:
        folder: of the study.
        options: of the command line.
    """

    def __init__(self, folder: StudyFolder, options: LaunchOptions) -> None:
        self._folder, self._options = folder, options
        self._root = folder.root.absolute()
        self._place = Place(Path.cwd(), Path(sys.executable), self._root, carried())
        self.cluster = slurm.Slurm(slurm.job_name(folder), self.workers_script)

    def workers_script(self, count: int) -> str:
        """Return the script of so many workers."""
        options = self._options
        command = [
            *own_process(TASK),
            "worker",
            "--",
            *own_process("worker"),
            "--root",
            str(self._root),
            "--study",
            self._folder.name,
        ]
        command += [*options.of_a_worker, *options.own.arguments]
        name, logs = slurm.job_name(self._folder), launch_folder(self._folder).absolute()
        return workers_script(name, count, options.resources, self._place, command, logs)

    def master_script(self) -> str:
        """Return the script of the study's master; beside it runs what tops up the workers."""
        options, name = self._options, slurm.job_name(self._folder, slurm.MASTER)
        study = str(Path(options.study).absolute()) if options.study.endswith(".toml") else options.study
        command = [*own_process(TASK), "master", "--", *own_process("master"), "run", study, "--root", str(self._root)]
        command += options.own.arguments
        if not options.watch:
            command += ["--", *own_process("master"), *self._watch_arguments()]
        logs = launch_folder(self._folder).absolute()
        return master_script(name, options.resources, self._place, command, logs)

    def _watch_arguments(self) -> list[str]:
        options, asked = self._options, self._options.resources
        arguments = ["launch", self._folder.name, "--slurm", "--watch", "--root", str(self._root)]
        arguments += ["--workers", str(options.workers), "--max-workers", str(options.bounds.most)]
        arguments += ["--gpus-per-worker", str(asked.gpus), "--wait", f"{options.wait_s:g}"]
        arguments += [] if options.slots == "1" else ["--slots", options.slots]
        arguments += [] if options.max_idle_s is None else ["--max-idle", f"{options.max_idle_s:g}"]
        arguments += ["--time", asked.time] if asked.time else []
        arguments += ["--partition", asked.partition] if asked.partition else []
        return [*arguments, *(part for each in asked.more for part in ("--sbatch", each)), *options.own.arguments]

    def scripts(self) -> dict[str, str]:
        """Return the scripts by their file names: what is submitted, in this order."""
        with_master = {"master.sh": self.master_script()} if self._options.with_master else {}
        return with_master | {"workers.sh": self.workers_script(self._options.workers)}

    def submit(self, say: Say) -> None:
        """Keep the scripts in the study's folder, and submit them. Returns at once."""
        name, scripts = self._folder.name, self.scripts()
        atomic.make_folder(launch_folder(self._folder))
        for file, script in scripts.items():
            atomic.replace(launch_folder(self._folder) / file, script.encode(), durable=False)
        if master := scripts.get("master.sh"):
            say(f"study {name}: its master is Slurm's job {slurm.submit(master)}")
        if not self._options.watch:
            workers = counted(self._options.workers, "worker")
            say(f"study {name}: {workers} submitted as Slurm's job {self.cluster.submit(self._options.workers)}")
        say(f"scripts and output: {launch_folder(self._folder)}")


def dry_run_text(options: LaunchOptions) -> str:
    """Return the scripts that a launch would submit. Writes nothing, and needs no Slurm."""
    spec = launched_study(options)
    launch = SlurmLaunch(StudyFolder(options.root, spec.name), options)
    return "\n".join(launch.scripts().values())


def launch_session(options: LaunchOptions, say: Say) -> None:
    """Publish the study if it is not, submit its workers, and perhaps its master.

    Raises:
        UsageError: the study, the options or this machine do not allow it.
        SearchError: Slurm refuses.
    """
    slurm.need_slurm()
    open_shared_folder(options.root)
    _need_shared(options.root)
    spec = launched_study(options)
    folder = StudyFolder(options.root, spec.name)
    publish_study(folder, spec)
    if open_standing(folder).is_finished:
        say(f"study {spec.name} is finished: there is no work to launch workers for")
        return
    launch = SlurmLaunch(folder, options)
    launch.submit(say)
    place = place_of(options.root)
    if options.watch:
        say("topping up until the study is finished; Ctrl-C ends this and leaves the workers")
        TopUp(folder, launch.cluster, options.bounds).keep_up()
        return
    if not options.with_master:
        say(f"the master, here or anywhere: {command_line('master', 'run', options.study, *place)}")
    say(f"to look: {command_line('master', 'status', spec.name, *place)}")
    say(f"to stop all: {command_line('master', 'launch', spec.name, '--slurm', '--stop', *place)}")


def carried() -> dict[str, str]:
    """The variables that workers elsewhere need, with whole paths."""
    environment = {name: value for name in CARRIED if (value := os.environ.get(name))}
    if path := environment.get("PYTHONPATH"):
        environment["PYTHONPATH"] = os.pathsep.join(str(Path(each).absolute()) for each in path.split(os.pathsep))
    return environment


def stop_session(root: Path, study: str, say: Say) -> None:
    """Take a study's jobs out of Slurm's queue. Workers that run save their trials first.

    Raises:
        UsageError: there is no such study.
        SearchError: Slurm refuses.
    """
    slurm.need_slurm()
    folder = published_study(root, study)
    names = [slurm.job_name(folder), slurm.job_name(folder, slurm.MASTER)]
    count = sum(task.state in LIVE for name in names for task in slurm.queued(name))
    slurm.cancel_named(*names)
    say(f"study {study}: {counted(count, 'task')} of Slurm's cancelled; workers that run save their trials first")


def launched_study(options: LaunchOptions) -> StudySpec:
    """Return the study that is to be launched, as it is or will be published.

    Raises:
        UsageError: it is published with other settings, or its objective is not given.
    """
    study, root = options.study, options.root
    is_there = study in preset_names() and StudyFolder(root, study).spec.exists()
    spec = read_published(StudyFolder(root, study)) if is_there else find_study(study, root, Changes())
    folder = StudyFolder(root, spec.name)
    if not folder.spec.exists():
        need_trainable(spec, study)
    elif different := differences(read_published(folder), spec):
        raise UsageError(
            f"study {spec.name} is published in {root.absolute()} with other settings ({', '.join(different)}); to "
            f"launch workers for the published one: {command_line('master', 'launch', spec.name, '--slurm')}"
        )
    name = spec.objective.name
    if name not in PARAMETERS and name not in {each.name for each in options.own.definitions()}:
        raise UsageError(
            f"the workers do not know the study's objective {name}: add --objective {name}=MODULE:FUNCTION, "
            f"--command {name}='PROGRAM ARGUMENTS', or --study-file FILE"
        )
    return spec


def _need_shared(root: Path) -> None:
    """Refuse a folder that the nodes cannot see.

    Raises:
        FolderError: it lies on a file system of this machine alone, and the cluster has other machines.
    """
    mount = mount_of(root)
    if mount is not None and mount.kind in ONE_HOST and not slurm.has_only_this_host():
        raise FolderError(
            root.absolute(),
            f"{mount.point} ({mount.kind}) is this machine's alone, so the nodes do not see it; give a folder that all "
            "nodes mount as --root",
        )
