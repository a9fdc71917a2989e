"""The command that runs a study: run. Options and output only."""

from pathlib import Path
from typing import Annotated

import typer

from hyperspool.common.locks import ClaimChoice
from hyperspool.master.commands.options import Root, study_names
from hyperspool.master.terminal.console import output

app = typer.Typer()


@app.command()
def run(
    study: Annotated[
        str,
        typer.Argument(help="Name a preset, a .toml file, or a study in the folder.", autocompletion=study_names),
    ] = "scenario6",
    root: Root = Path(),
    workers: Annotated[int, typer.Option(min=0, max=1024, help="Also start N workers on this machine.")] = 0,
    trials: Annotated[int | None, typer.Option(help="Set the number of trials. Default: the study's.")] = None,
    epochs: Annotated[int | None, typer.Option(help="Set the epochs of each trial. Default: the study's.")] = None,
    dataset: Annotated[str | None, typer.Option(help="Use digits, mnist or cifar10. Default: the study's.")] = None,
    seed: Annotated[int | None, typer.Option(help="Set the seed of everything random. Default: the study's.")] = None,
    batch: Annotated[int | None, typer.Option(help="Propose N trials at once. Default: the study's.")] = None,
    confirm: Annotated[int | None, typer.Option(help="Re-evaluate the best N settings after the search.")] = None,
    confirm_replicates: Annotated[
        int | None,
        typer.Option(
            "--confirm-replicates",
            "--replicates",
            help="Evaluate each finalist N times. Default: 5. Formerly --replicates.",
        ),
    ] = None,
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Set any key of the study; repeatable.")
    ] = None,
    from_: Annotated[
        list[str] | None,
        typer.Option("--from", metavar="STUDY", help="Learn from this study's results, or a .csv; repeatable."),
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="Run the study's quick form, if any, as NAME-quick.")] = False,
    new: Annotated[bool, typer.Option("--new", help="Start another study under a new name.")] = False,
    claim: Annotated[ClaimChoice | None, typer.Option(help="Use lease where the file system has no locks.")] = None,
    objective: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME=MODULE:FUNCTION", help="Give local workers an objective; repeatable."),
    ] = None,
    command: Annotated[
        list[str] | None,
        typer.Option(metavar="NAME='PROGRAM ARGUMENTS'", help="Give local workers a command; repeatable."),
    ] = None,
    study_file: Annotated[
        list[Path] | None,
        typer.Option(metavar="FILE", help="Give local workers the objective of a study file; repeatable."),
    ] = None,
) -> None:
    """Run or resume a study; show the result if it is finished.

    The master publishes trials in batches and collects their results until the study is finished.
    A quick form takes minutes; --set name=NAME gives it another name than NAME-quick.
    """
    from hyperspool.common.definitions import OwnObjectives
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
    own = OwnObjectives(tuple(objective or ()), tuple(command or ()), tuple(study_file or ())).with_study(study)
    options = RunOptions(root, study, changes, workers, own, is_new=new, sources=tuple(from_ or ()))
    raise typer.Exit(run_session(output, options))
