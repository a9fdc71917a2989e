"""The command that has workers run on a cluster: launch. Options and output only."""

from pathlib import Path
from typing import Annotated

import typer

from hyperspool.common.errors import UsageError
from hyperspool.master.commands.options import Root, study_names
from hyperspool.master.terminal.console import output

app = typer.Typer()


@app.command()
def launch(
    study: Annotated[
        str,
        typer.Argument(help="Name a study in the folder, a preset, or a .toml file.", autocompletion=study_names),
    ],
    root: Root = Path(),
    slurm: Annotated[bool, typer.Option("--slurm", help="Submit the workers to Slurm.")] = False,
    ray: Annotated[bool, typer.Option("--ray", help="Keep the workers as actors on a cluster of Ray.")] = False,
    address: Annotated[str | None, typer.Option(help="Find Ray's cluster there. Default: on this machine.")] = None,
    workers: Annotated[int, typer.Option(min=1, max=10_000, help="Begin with N workers.")] = 1,
    max_workers: Annotated[int | None, typer.Option(help="Add workers while jobs are open, up to N.")] = None,
    gpus_per_worker: Annotated[
        float, typer.Option(min=0, max=64, help="Give each worker N GPUs; on Ray also a share, such as 0.5.")
    ] = 1,
    slots: Annotated[str, typer.Option(metavar="K|auto", help="Let each worker run K trials at once.")] = "1",
    time: Annotated[str | None, typer.Option(help="Limit a worker's job, as sbatch does: 4:00:00.")] = None,
    partition: Annotated[str | None, typer.Option(help="Use this partition. Default: the cluster's.")] = None,
    sbatch: Annotated[
        list[str] | None, typer.Option(metavar="KEY=VALUE", help="Add any option of sbatch; repeatable.")
    ] = None,
    with_master: Annotated[bool, typer.Option("--with-master", help="Submit the study's master too.")] = False,
    watch: Annotated[bool, typer.Option("--watch", help="Stay, and replace workers that left.")] = False,
    max_idle: Annotated[float | None, typer.Option(min=0, help="A worker leaves S seconds without a job.")] = None,
    wait: Annotated[float, typer.Option(min=0, help="A worker waits S seconds for its first job.")] = 600.0,
    objective: Annotated[
        list[str] | None, typer.Option(metavar="NAME=MODULE:FUNCTION", help="Give workers an objective; repeatable.")
    ] = None,
    command: Annotated[
        list[str] | None, typer.Option(metavar="NAME='PROGRAM ARGUMENTS'", help="Give workers a command; repeatable.")
    ] = None,
    study_file: Annotated[
        list[Path] | None, typer.Option(metavar="FILE", help="Give workers a study file's objective; repeatable.")
    ] = None,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Print the scripts, and submit nothing.")] = False,
    stop: Annotated[bool, typer.Option("--stop", help="Cancel the study's jobs; its workers save first.")] = False,
) -> None:
    """Have workers of a study run on a cluster.

    Slurm's jobs come back by themselves after preemption and at their time limit, and go on from the last checkpoint.
    Ray's actors come back when they or their node die; they end with this command, which ends with the study.
    Exit status: 0 submitted or finished, 1 the engine refuses, 2 wrong usage.
    """
    from hyperspool.common.definitions import OwnObjectives
    from hyperspool.master.launch.options import LaunchOptions
    from hyperspool.master.launch.ray_session import ray_session
    from hyperspool.master.launch.session import dry_run_text, launch_session, stop_session
    from hyperspool.master.launch.slurm_script import Resources

    if slurm == ray:
        raise UsageError("where are the workers to run? Add --slurm or --ray; on this machine: `run --workers N`")
    if slurm and not gpus_per_worker.is_integer():
        raise UsageError(f"--gpus-per-worker {gpus_per_worker:g}: Slurm gives whole GPUs; expected a whole number")
    if ray and any((stop, dry_run, with_master, watch, max_workers, time, partition, sbatch)):
        raise UsageError("--ray takes none of Slurm's options; its workers end with this command: Ctrl-C")
    if stop:
        stop_session(root, study, output.say)
        return
    resources = Resources(time, partition, int(gpus_per_worker), tuple(sbatch or ()))
    own = OwnObjectives(tuple(objective or ()), tuple(command or ()), tuple(study_file or ())).with_study(study)
    options = LaunchOptions(
        root,
        study,
        workers,
        resources,
        own,
        max_workers=max_workers,
        with_master=with_master,
        watch=watch,
        slots=slots,
        max_idle_s=max_idle,
        wait_s=wait,
    )
    if ray:
        ray_session(options, gpus_per_worker, address, output.say)
    elif dry_run:
        typer.echo(dry_run_text(options), nl=False)
    else:
        launch_session(options, output.say)
