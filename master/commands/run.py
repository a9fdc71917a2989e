"""The command that runs a study: run. Options and output only."""

from pathlib import Path
from typing import Annotated

import typer

from hyperspool.common.locks import ClaimMode
from hyperspool.master.commands.options import Root
from hyperspool.master.terminal.console import output

app = typer.Typer()


@app.command()
def run(
    study: Annotated[
        str, typer.Argument(help="A preset's name, a .toml file, or a study in the folder.")
    ] = "scenario6",
    root: Root = Path(),
    workers: Annotated[int, typer.Option(min=0, max=1024, help="Also start this many workers on this machine.")] = 0,
    trials: Annotated[int | None, typer.Option(help="Number of trials.")] = None,
    epochs: Annotated[int | None, typer.Option(help="Epochs of each trial.")] = None,
    dataset: Annotated[str | None, typer.Option(help="digits, mnist or cifar10.")] = None,
    seed: Annotated[int | None, typer.Option(help="Seed of everything random.")] = None,
    batch: Annotated[int | None, typer.Option(help="Trials proposed at once.")] = None,
    confirm: Annotated[
        int | None, typer.Option(help="Evaluate so many of the best settings again when the search is over.")
    ] = None,
    confirm_replicates: Annotated[
        int | None,
        typer.Option("--confirm-replicates", "--replicates", help="Evaluations of each of them (5); or --replicates."),
    ] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="KEY=VALUE, any key of the study; repeatable.")
    ] = None,
    quick: Annotated[
        bool,
        typer.Option(
            "--quick", help="The study's quick form, within minutes, if it has one; as NAME-quick, or by --set name."
        ),
    ] = False,
    new: Annotated[bool, typer.Option("--new", help="Start another study, under a new name.")] = False,
    claim: Annotated[ClaimMode | None, typer.Option(help="lease, where the file system has no locks.")] = None,
    objective: Annotated[list[str] | None, typer.Option(help="For local workers: NAME=MODULE:FUNCTION.")] = None,
) -> None:
    """Run a study: publish trials in batches and collect their results, until it is finished.

    Resumes what is there; a finished study prints its result at once.
    """
    from hyperspool.master.run.session import RunOptions, run_session
    from hyperspool.master.studies.changes import Changes

    shortcuts = {
        "--trials": ("trials", trials),
        "--epochs": ("budget.epochs", epochs),
        "--dataset": ("data.name", dataset),
        "--seed": ("seed", seed),
        "--batch": ("batch", batch),
        "--confirm": ("confirm.finalists", confirm),
        "--confirm-replicates": ("confirm.replicates", confirm_replicates),
        "--claim": ("claim", claim.value if claim else None),
    }
    changes = Changes.parse(shortcuts, set_ or [], is_quick=quick)
    options = RunOptions(root, study, changes, workers, tuple(objective or ()), is_new=new)
    raise typer.Exit(run_session(output, options))
