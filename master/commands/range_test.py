"""The command that prepares a search by one training: lr-range-test. Options and output only."""

from pathlib import Path
from typing import Annotated

import typer

from hyperspool.master.commands.options import Root
from hyperspool.master.terminal.console import output

app = typer.Typer()


@app.command("lr-range-test")
def lr_range_test(
    study: Annotated[str | None, typer.Argument(help="Train as this study does. Default: as --objective.")] = None,
    root: Root = Path(),
    objective: Annotated[str | None, typer.Option(help="Train cnn or mlp with its defaults. Default: cnn.")] = None,
    dataset: Annotated[str | None, typer.Option(help="Use digits, mnist or cifar10. Default: the study's.")] = None,
    epochs: Annotated[int, typer.Option(min=2, help="Train N epochs; each gives a point of the curve.")] = 40,
    low: Annotated[float, typer.Option("--from", help="Begin with this learning rate at the first update.")] = 1e-6,
    high: Annotated[float, typer.Option("--to", help="End with this learning rate at the last update.")] = 1e-1,
    log: Annotated[bool, typer.Option("--log", help="Raise the rate's logarithm evenly, not the rate.")] = False,
    workers: Annotated[
        int, typer.Option(min=0, max=1024, help="Start N workers on this machine; 0: others train.")
    ] = 1,
    set_: Annotated[
        list[str] | None, typer.Option("--set", metavar="KEY=VALUE", help="Set any key of the study; repeatable.")
    ] = None,
) -> None:
    """Propose a learning-rate range for cycles, from one training.

    The rate rises during the training, which is a study of one trial, called STUDY-lr-range.
    The same command resumes it.
    Exit status: 0 a range was found, 1 no range was found or the training was stopped, 2 wrong usage.
    """
    from hyperspool.master.range_test.session import answer_range, run_range
    from hyperspool.master.range_test.study import base_study, left_at_defaults, range_study
    from hyperspool.master.studies.changes import Changes

    changes = Changes.parse({"--dataset": ("data.name", dataset)}, set_ or [])
    base = base_study(study, objective, root, changes)
    spec = range_study(base, low, high, epochs, is_log=log)
    if searched := left_at_defaults(base):
        output.say(
            f"{base.name} searches {', '.join(searched)}: the test trains with their defaults; "
            "--set space.KEY=VALUE fixes one"
        )
    if status := run_range(output, root, spec, workers):
        raise typer.Exit(status)
    answer = answer_range(root, spec.name)
    for sentence in answer.sentences:
        output.say(sentence)
    for path in answer.paths:
        output.say(str(path))
    raise typer.Exit(0 if answer.is_found else 1)
