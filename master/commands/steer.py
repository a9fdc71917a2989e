"""The commands that steer a study from any host: pause, resume, stop, enqueue, retry. Options and output only."""

import time
from pathlib import Path
from typing import Annotated

import typer

from hyperspool.common.errors import UsageError
from hyperspool.master.commands.options import Root, StudyName
from hyperspool.master.terminal.console import output

app = typer.Typer()

ANSWER_S = 10.0
"""A master looks for wishes about once a second."""
LOOK_S = 0.1


@app.command()
def pause(study: StudyName, root: Root = Path()) -> None:
    """Let no further trial of a study begin, until it is resumed.

    What runs is finished. The master waits.
    """
    from hyperspool.common.file_kinds import PAUSE
    from hyperspool.common.invocation import command_line, place_of
    from hyperspool.common.wishes import wish
    from hyperspool.master.studies.published import published_study

    is_new = wish(published_study(root, study), PAUSE)
    said = "is paused: running trials end, and no other begins" if is_new else "is paused already"
    output.say(f"study {study} {said}. To go on: {command_line('master', 'resume', study, *place_of(root))}")


@app.command()
def resume(study: StudyName, root: Root = Path()) -> None:
    """Let a paused study go on."""
    from hyperspool.common.file_kinds import PAUSE
    from hyperspool.common.wishes import withdraw
    from hyperspool.master.studies.published import published_study

    was_paused = withdraw(published_study(root, study), PAUSE)
    output.say(f"study {study} {'goes on' if was_paused else 'is not paused'}")


@app.command()
def stop(study: StudyName, root: Root = Path()) -> None:
    """End the master of a study, from any host, as Ctrl-C does.

    Everything is kept; `run` goes on. Exit status: 0 once it has ended, 1 if none runs or it does not answer.
    """
    from hyperspool.common.file_kinds import STOP_MASTER
    from hyperspool.common.wishes import wish
    from hyperspool.master.results.state import is_master_running
    from hyperspool.master.studies.published import published_study, read_published

    folder = published_study(root, study)
    mode = read_published(folder).claim
    if not is_master_running(folder, mode):
        output.say(f"study {study}: no master runs, so there is nothing to stop")
        raise typer.Exit(1)
    wish(folder, STOP_MASTER)
    end_s = time.monotonic() + ANSWER_S
    while is_master_running(folder, mode):
        if time.monotonic() > end_s:
            output.say(f"study {study}: its master has not answered in {ANSWER_S:g} s; it ends when it sees the wish")
            raise typer.Exit(1)
        time.sleep(LOOK_S)
    output.say(f"study {study}: its master has ended; everything is kept")


@app.command()
def enqueue(
    study: StudyName,
    root: Root = Path(),
    params: Annotated[
        list[str] | None, typer.Option(metavar="NAME=VALUE,...", help="Evaluate this setting; repeatable.")
    ] = None,
    file: Annotated[Path | None, typer.Option(help="A CSV file with a column per parameter.")] = None,
) -> None:
    """Have certain settings evaluated next.

    They count as trials of the study, and its sampler learns from them.
    """
    from hyperspool.common.invocation import command_line, place_of
    from hyperspool.common.requests import enqueue as write_request
    from hyperspool.common.requests import read_requests
    from hyperspool.common.values import setting_key
    from hyperspool.master.results.standing import open_standing
    from hyperspool.master.results.wording import counted
    from hyperspool.master.studies.enqueueing import from_assignments, from_csv, need_new, need_taker
    from hyperspool.master.studies.published import published_study, read_published

    folder = published_study(root, study)
    spec, standing = read_published(folder), open_standing(folder)
    entries = standing.journal.entries.values()
    need_taker(spec)
    settings = [from_assignments(spec, text) for text in params or ()]
    settings += from_csv(spec, file) if file else ()
    if not settings:
        raise UsageError("which settings? Give --params NAME=VALUE,NAME=VALUE or --file FILE.csv")
    waiting = read_requests(folder, spec)
    there = {setting_key(each): f"request {name}" for name, each in waiting.items()}
    need_new(settings, there | {setting_key(entry.params): f"trial {entry.trial}" for entry in entries})
    for each in settings:
        write_request(folder, each)
    output.say(f"study {study}: {counted(len(settings), 'setting')} enqueued")
    room = spec.trials - standing.journal.trial_count - len(waiting)
    if len(settings) > room:
        grown = str(spec.trials + len(settings) - max(room, 0))
        more = command_line("master", "run", study, "--trials", grown, *place_of(root))
        output.say(f"  all {spec.trials} trials are proposed or enqueued; to evaluate the rest: {more}")


@app.command()
def retry(
    study: StudyName,
    root: Root = Path(),
    trial: Annotated[list[int] | None, typer.Option(help="A FAILED trial; repeatable.")] = None,
    failed: Annotated[bool, typer.Option("--failed", help="All FAILED trials.")] = False,
) -> None:
    """Evaluate FAILED trials again, from their last checkpoints.

    Their results move to the study's folder `rejected/`.
    """
    from hyperspool.common.invocation import command_line, place_of
    from hyperspool.master.results.retrying import failed_results
    from hyperspool.master.results.retrying import retry as open_again
    from hyperspool.master.results.standing import open_standing
    from hyperspool.master.results.state import is_master_running
    from hyperspool.master.results.wording import counted
    from hyperspool.master.studies.published import published_study

    if bool(trial) == failed:
        raise UsageError("which trials? Give --trial N (repeatable) or --failed")
    folder = published_study(root, study)
    standing = open_standing(folder)
    results = failed_results(standing, trial or ())
    for result in results:
        open_again(folder, result)
    output.say(
        f"study {study}: {counted(len(results), 'trial')} open again: {', '.join(str(one.trial) for one in results)}"
    )
    if not is_master_running(folder, standing.spec.claim):
        output.say(f"to evaluate: {command_line('master', 'run', study, *place_of(root))}")
