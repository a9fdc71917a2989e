"""The command `check`. Options and output only."""

import os
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from hyperspool.common.errors import UnableError, UsageError
from hyperspool.common.space import Params
from hyperspool.worker.check.params import parse_params
from hyperspool.worker.device import Device, choose_device
from hyperspool.worker.training.params import NETWORKS

if TYPE_CHECKING:
    from hyperspool.worker.check.training import CheckResult  # imports torch

app = typer.Typer()
DATA_FOLDER = "data"
"""The folder of data sets in the shared folder; workers use it too."""


@app.command()
def check(
    objective: Annotated[
        str | None, typer.Argument(metavar="OBJECTIVE", help="Check cnn or mlp. Default: cnn.")
    ] = None,
    older_spelling: Annotated[
        str | None, typer.Option("--objective", help="The older spelling of OBJECTIVE.", metavar="OBJECTIVE")
    ] = None,
    dataset: Annotated[str, typer.Option(help="Choose the data set: digits, mnist or cifar10.")] = "digits",
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="Set a parameter of the objective: KEY=VALUE; repeatable.")
    ] = None,
    device: Annotated[str, typer.Option(help="Choose the device: auto, cpu or cuda:N.")] = "auto",
    seed: Annotated[int, typer.Option(min=0, help="Set the seed of everything random.")] = 0,
    root: Annotated[Path, typer.Option(help="Read mnist and cifar10 from data/ of this shared folder.")] = Path(),
) -> None:
    """Check gradients, first loss, overfitting and repeatability of a network, before hours are spent on it.

    Exit status: 0 all pass, 1 one failed, 2 wrong usage.
    """
    if objective and older_spelling and objective != older_spelling:
        raise UsageError(f"OBJECTIVE is {objective}, and --objective is {older_spelling}: give one of them")
    name = objective or older_spelling or "cnn"
    params = parse_params(name, set_ or [])
    results = _results(name, params, dataset, root / DATA_FOLDER, (choose_device(device), seed))
    table = Table("check", "", "found", title=f"{name} on {dataset}", title_justify="left")
    for result in results:
        table.add_row(Text(result.check), _verdict(result), Text(result.message))
    Console().print(table)
    raise typer.Exit(0 if all(result.is_passed for result in results) else 1)


def _results(name: str, params: Params, dataset: str, folder: Path, place: tuple[Device, int]) -> "list[CheckResult]":
    device, seed = place
    os.environ["CUDA_VISIBLE_DEVICES"] = device.visible  # read when CUDA starts, which is below
    from hyperspool.worker.check.training import check_training
    from hyperspool.worker.training.data import load_dataset
    from hyperspool.worker.training.images import DataMissingError
    from hyperspool.worker.training.runtime import configure

    computing = configure(device.in_child, threads=1)
    try:
        wanted = NETWORKS[name](**params)  # type: ignore[arg-type]  # parse_params has checked them
        data = load_dataset(dataset, folder).to(computing)
    except DataMissingError as error:
        raise UnableError(str(error)) from error
    except ValueError as error:  # params that contradict each other, or an unknown data set
        raise UsageError(str(error)) from error
    if wanted.batch_size > len(data.training):
        raise UsageError(f"batch_size is {wanted.batch_size}, but {dataset} has {len(data.training)} training examples")
    return list(check_training(data, wanted, seed, computing))


def _verdict(result: "CheckResult") -> Text:
    return Text("pass", style="green") if result.is_passed else Text("FAIL", style="bold red")
