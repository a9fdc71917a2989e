"""The command that notes something beside a study's results: note. Options and output only."""

from pathlib import Path
from typing import Annotated

import typer

from hyperspool.master.commands.options import Root, StudyName
from hyperspool.master.terminal.console import output

app = typer.Typer()


@app.command()
def note(
    study: StudyName,
    text: Annotated[str, typer.Argument(help="What to note.")],
    root: Root = Path(),
    trial: Annotated[int | None, typer.Option(help="Note it of this trial. Default: of the study.")] = None,
) -> None:
    """Note something of a study or a trial, from any host.

    `show`, `status` and the report show notes. None is ever changed or removed.
    """
    from hyperspool.master.results.notes import note_text, write_note
    from hyperspool.master.studies.published import published_study, read_published

    folder = published_study(root, study)
    output.say(note_text(write_note(folder, read_published(folder), text, trial)))
