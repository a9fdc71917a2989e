"""The command `check`: its options. What they lead to is in `session.py`, which a worker does not load."""

from pathlib import Path
from typing import Annotated

import typer

app = typer.Typer()


@app.command()
def check(
    objective: Annotated[
        str | None, typer.Argument(metavar="OBJECTIVE", help="Check cnn, mlp or one of your own. Default: cnn.")
    ] = None,
    definitions: Annotated[
        list[str] | None,
        typer.Option("--objective", metavar="NAME=MODULE:FUNCTION", help="Check your own function."),
    ] = None,
    command: Annotated[
        list[str] | None, typer.Option(metavar="NAME='PROGRAM ARGUMENTS'", help="Check your own command.")
    ] = None,
    study_file: Annotated[
        Path | None, typer.Option(help="Check the objective of your own study file, with params from its space.")
    ] = None,
    dataset: Annotated[
        str, typer.Option(help="Choose the data set of cnn and mlp: digits, mnist or cifar10.")
    ] = "digits",
    set_: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="KEY=VALUE", help="Set a parameter of the objective; repeatable."),
    ] = None,
    epochs: Annotated[
        int | None, typer.Option(min=1, help="Set your own objective's budget. Default: at most 3 epochs.")
    ] = None,
    device: Annotated[str, typer.Option(help="Choose the device: auto, cpu or cuda:N.")] = "auto",
    seed: Annotated[int, typer.Option(min=0, help="Set the seed of everything random.")] = 0,
    root: Annotated[Path, typer.Option(help="Read data sets from data/ of this shared folder.")] = Path(),
) -> None:
    """Check an objective before hours are spent on it.

    A network's gradients, first loss, overfitting and repeatability. Of your own function or command, which is
    evaluated five times: whether it repeats itself, stops on request and goes on; its metrics, time and memory.

    Exit status: 0 all pass, 1 one failed, 2 wrong usage.
    """
    from hyperspool.worker.check.session import CheckOptions, run_check

    given = CheckOptions(
        objective=objective,
        definitions=tuple(definitions or ()),
        commands=tuple(command or ()),
        study_file=study_file,
        dataset=dataset,
        assignments=tuple(set_ or ()),
        epochs=epochs,
        device=device,
        seed=seed,
        root=root,
    )
    raise typer.Exit(0 if run_check(given) else 1)
