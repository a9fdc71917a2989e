"""The worker's command line: options and exit statuses. The work is in `worker.loop`."""

import logging
import os
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from hyperspool.common.errors import SearchError, UsageError
from hyperspool.common.invocation import program_name
from hyperspool.common.loading import loading
from hyperspool.common.locks import ClaimChoice
from hyperspool.common.printable import PrintableFormatter, printable
from hyperspool.common.signals import STOPPED_STATUS
from hyperspool.worker.check.cli import app as check_app
from hyperspool.worker.device import choose_device
from hyperspool.worker.early_child import EarlyChild

if TYPE_CHECKING:
    from hyperspool.worker.loop import WorkerSettings

logger = logging.getLogger("worker")

app = typer.Typer(
    subcommand_metavar="[check]",
    help="Claim jobs from a shared folder, evaluate them and report results. Start one worker per GPU.",
)
app.add_typer(check_app)


@app.callback(invoke_without_command=True)
def work(
    context: typer.Context,
    root: Annotated[Path, typer.Option(help="Serve this shared folder, which holds jobs/ and results/.")] = Path(),
    study: Annotated[str | None, typer.Option(help="Serve only this study. Default: all studies.")] = None,
    device: Annotated[str, typer.Option(help="Choose the device: auto, cpu or cuda:N.")] = "auto",
    slots: Annotated[str, typer.Option(metavar="K|auto", help="Run K trials at once on the device.")] = "1",
    claim: Annotated[
        ClaimChoice | None, typer.Option(help="Serve only studies that claim in this way. Default: all.")
    ] = None,
    objective: Annotated[
        list[str] | None, typer.Option(metavar="NAME=MODULE:FUNCTION", help="Add your own objective; repeatable.")
    ] = None,
    command: Annotated[
        list[str] | None, typer.Option(metavar="NAME='PROGRAM ARGUMENTS'", help="Add your own command; repeatable.")
    ] = None,
    study_file: Annotated[
        list[Path] | None, typer.Option(metavar="FILE", help="Add the objective of your own study file; repeatable.")
    ] = None,
    name: Annotated[str | None, typer.Option(help="Name this worker. Default: from host and process.")] = None,
    exit_when_idle: Annotated[bool, typer.Option("--exit-when-idle", help="Leave when no job is open.")] = False,
    max_idle: Annotated[float | None, typer.Option(min=0, help="Leave after S seconds without a free job.")] = None,
    wait: Annotated[float | None, typer.Option(min=0, help="Wait S seconds for the first job.")] = None,
    trials: Annotated[int | None, typer.Option(min=1, help="Leave after N trials.")] = None,
    lifetime: Annotated[float | None, typer.Option(min=1, help="Save and leave within S seconds.")] = None,
    stopped_status: Annotated[
        int, typer.Option(min=0, max=255, help="Exit with N if stopped while work is open.")
    ] = STOPPED_STATUS,
    exit_with_stdin: Annotated[bool, typer.Option("--exit-with-stdin", hidden=True)] = False,
    objective_from_stdin: Annotated[str | None, typer.Option("--objective-from-stdin", hidden=True)] = None,
    ended_to: Annotated[int | None, typer.Option("--ended-to", hidden=True)] = None,
) -> None:
    """Claim jobs from a shared folder, evaluate them and report results."""
    if context.invoked_subcommand is not None:
        return
    _begin_log()
    early: EarlyChild | None = context.obj
    chosen = choose_device(device)
    if early is not None:
        early.show(root, study, chosen)
    with loading():
        from hyperspool.common.claim import Claimant
        from hyperspool.common.definitions import OwnObjectives
        from hyperspool.common.sent import receive
        from hyperspool.worker.idleness import Waiting
        from hyperspool.worker.lifetime import Life
        from hyperspool.worker.loop import Worker, WorkerSettings
        from hyperspool.worker.scheduler import scheduler_job
        from hyperspool.worker.slots import count_of_slots

    _check_place(root, study)
    sent = receive(objective_from_stdin) if objective_from_stdin else None
    own = OwnObjectives(tuple(objective or ()), tuple(command or ()), tuple(study_file or ()), sent)
    count = count_of_slots(slots, trials)
    claimant = Claimant(_worker_name(name, root))
    settings = WorkerSettings(
        root=root.absolute(),  # the evaluating process may change its directory
        study=study,
        device=chosen,
        objectives=own.definitions(),
        claim=claim,
        waiting=Waiting(exit_when_idle, max_idle, wait),
        exit_with_stdin=exit_with_stdin,
        life=Life(trials, lifetime, ended_to).with_end_of_job(os.environ, time.time()),
        stopped_status=stopped_status,
        job=scheduler_job(os.environ),
    )
    logger.info("worker %s serves %s in %s", claimant.worker, study or "every study", root.absolute())
    if chosen.note:
        logger.info("%s", chosen.note)
    if count != 1:
        if early is not None:
            early.close()
        raise typer.Exit(_run_slots(settings, claimant.worker, count))
    raise typer.Exit(Worker(settings, claimant, early).run())


def _begin_log() -> None:
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(PrintableFormatter("%(asctime)s %(message)s", datefmt="%H:%M:%S"))
    logging.basicConfig(level=logging.INFO, handlers=[handler])
    # A line says when and what; where in the program, in which thread and process it came up need not be found out.
    logging.logThreads = logging.logProcesses = logging.logMultiprocessing = False
    logging._srcfile = None  # noqa: SLF001 - documented in the "Optimization" of logging's manual


def _check_place(root: Path, study: str | None) -> None:
    from hyperspool.common.names import is_study_name
    from hyperspool.common.shared_folder import open_shared_folder

    if study is not None and not is_study_name(study):
        raise UsageError(f"--study {study!r}: letters, digits, '.', '_' and '-', at most 64 of them")
    open_shared_folder(root)


def _run_slots(settings: "WorkerSettings", name: str, count: int | None) -> int:
    from hyperspool.worker.slots import Slots, SlotSettings, mps_note

    if settings.device.is_gpu:
        logger.info("%s", mps_note(os.environ.get("CUDA_MPS_PIPE_DIRECTORY")))
    return Slots(
        SlotSettings(
            arguments=sys.argv[1:],
            name=name,
            device=settings.device,
            count=count,
            life=settings.life,
            exit_with_stdin=settings.exit_with_stdin,
            stopped_status=settings.stopped_status,
        )
    ).run()


def _worker_name(wish: str | None, root: Path) -> str:
    from hyperspool.common.names import is_worker_name, name_of_process
    from hyperspool.worker.presence import unused_name

    if wish is None:
        return name_of_process()
    if not is_worker_name(wish):
        raise UsageError(f"--name {wish!r}: letters, digits, '.', '_' and '-', at most 100 of them")
    name = unused_name(root, wish)
    if name != wish:
        logger.info("another worker is called %s; this one is %s", wish, name)
    return name


def main(early: EarlyChild | None = None) -> None:
    """Run the command line. A user's mistake ends it with one message and exit status 2.

    Args:
        early: the first evaluating process, which has been started already; None: it is started for the first job.
    """
    try:
        app(prog_name=program_name("worker"), obj=early)
    except SearchError as error:
        print(printable(f"error: {error}"), file=sys.stderr)
        sys.exit(error.exit_status)
    except OSError as error:
        print(printable(f"error: {error.filename or 'the shared folder'}: {error.strerror or error}"), file=sys.stderr)
        sys.exit(1)
