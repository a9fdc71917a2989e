"""The commands that steer a study that runs, from any host: pause, resume, stop. Options and output only."""

import time
from pathlib import Path

import typer

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
    from hyperspool.common.locks import is_held
    from hyperspool.common.wishes import wish
    from hyperspool.master.studies.published import published_study, read_published

    folder = published_study(root, study)
    mode = read_published(folder).claim
    if not is_held(folder.master_lock, mode):
        output.say(f"study {study}: no master runs, so there is nothing to stop")
        raise typer.Exit(1)
    wish(folder, STOP_MASTER)
    end_s = time.monotonic() + ANSWER_S
    while is_held(folder.master_lock, mode):
        if time.monotonic() > end_s:
            output.say(f"study {study}: its master has not answered in {ANSWER_S:g} s; it ends when it sees the wish")
            raise typer.Exit(1)
        time.sleep(LOOK_S)
    output.say(f"study {study}: its master has ended; everything is kept")
