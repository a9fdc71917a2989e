"""The commands that prepare a search by training once: lr-range-test. Options and output only."""

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
    objective: Annotated[str | None, typer.Option(help="cnn or mlp, with its defaults. Default: cnn.")] = None,
    dataset: Annotated[str | None, typer.Option(help="digits, mnist or cifar10.")] = None,
    epochs: Annotated[int, typer.Option(min=2, help="Epochs, each of which gives a point of the curve.")] = 40,
    low: Annotated[float, typer.Option("--from", help="Learning rate of the first update.")] = 1e-6,
    high: Annotated[float, typer.Option("--to", help="Learning rate of the last update.")] = 1e-1,
    log: Annotated[bool, typer.Option("--log", help="Raise its logarithm evenly, not the rate.")] = False,
    workers: Annotated[
        int, typer.Option(min=0, max=1024, help="Start this many workers on this machine; 0 leaves it to others.")
    ] = 1,
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="KEY=VALUE, any key of the study; repeatable.")
    ] = None,
) -> None:
    """Raise the learning rate through one training, and propose between which two rates a cycle should move.

    The training is a study of one trial, named after the study with -lr-range behind it. The same command resumes it.
    Exit status: 0 a range was found, 1 none or the training was stopped, 2 wrong usage.
    """
    from hyperspool.master.range_test.session import answer_range, run_range
    from hyperspool.master.range_test.study import base_study, left_at_defaults, range_study
    from hyperspool.master.studies.changes import Changes

    changes = Changes.parse({"--dataset": ("data.name", dataset)}, set_ or [])
    base = base_study(study, objective, root, changes)
    spec = range_study(base, low, high, epochs, is_log=log)
    if searched := left_at_defaults(base):
        told = (
            f"{base.name} searches {', '.join(searched)}: trained with their defaults; --set space.KEY=VALUE fixes one"
        )
        output.say(told)
    if status := run_range(output, root, spec, workers):
        raise typer.Exit(status)
    answer = answer_range(root, spec.name)
    for sentence in answer.sentences:
        output.say(sentence)
    for path in answer.paths:
        output.say(str(path))
    raise typer.Exit(0 if answer.is_found else 1)
