"""The command that ends a study: finalize. Options and output only."""

from pathlib import Path
from typing import Annotated

import typer

from hyperspool.master.commands.options import Root, StudyName
from hyperspool.master.terminal.console import output

app = typer.Typer()


@app.command()
def finalize(
    study: StudyName,
    root: Root = Path(),
    workers: Annotated[
        int, typer.Option(min=0, max=1024, help="Start N workers on this machine; 0: others train.")
    ] = 1,
    out: Annotated[Path | None, typer.Option(help="Also copy the files of results/STUDY/final to this folder.")] = None,
) -> None:
    """Train the winner of a finished study and read the test part once.

    It trains on training and validation data. A second call shows the first answer.
    """
    from hyperspool.master.finalize.session import FinalizeOptions, run_finalize

    raise typer.Exit(run_finalize(output, FinalizeOptions(root, study, workers, out)))
