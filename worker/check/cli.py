"""The command `check`. Options and output only."""

import os
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from hyperspool.common.errors import UnableError, UsageError
from hyperspool.common.space import Params
from hyperspool.worker.check.finding import Finding
from hyperspool.worker.check.params import parse_params
from hyperspool.worker.device import Device, choose_device

app = typer.Typer()
DATA_FOLDER = "data"
"""Of the shared folder; where workers put data sets too."""


@app.command()
def check(
    objective: Annotated[str, typer.Option(help="cnn or mlp.")] = "cnn",
    dataset: Annotated[str, typer.Option(help="digits, mnist or cifar10, which must be here already.")] = "digits",
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="KEY=VALUE, a parameter of the objective; repeatable.")
    ] = None,
    device: Annotated[str, typer.Option(help="auto, cpu or cuda:N.")] = "auto",
    seed: Annotated[int, typer.Option(min=0, help="Seed of everything random.")] = 0,
    root: Annotated[Path, typer.Option(help="The shared folder, whose data/ holds mnist and cifar10.")] = Path(),
) -> None:
    """Check gradients, first loss, overfitting and repeatability of a network, before hours are spent on it.

    Exit status: 0 all pass, 1 one failed, 2 wrong usage.
    """
    params = parse_params(objective, set_ or [])
    found = _found(objective, params, dataset, root / DATA_FOLDER, (choose_device(device), seed))
    table = Table("check", "", "found", title=f"{objective} on {dataset}", title_justify="left")
    for finding in found:
        table.add_row(Text(finding.check), _verdict(finding), Text(finding.told))
    Console().print(table)
    raise typer.Exit(0 if all(finding.is_passed for finding in found) else 1)


def _found(objective: str, params: Params, dataset: str, folder: Path, place: tuple[Device, int]) -> list[Finding]:
    device, seed = place
    os.environ["CUDA_VISIBLE_DEVICES"] = device.visible  # read when CUDA starts, which is below
    from hyperspool.worker.check.training import findings
    from hyperspool.worker.training.data import load_dataset
    from hyperspool.worker.training.images import DataMissingError
    from hyperspool.worker.training.params import CnnParams, MlpParams, TrainingParams
    from hyperspool.worker.training.runtime import configure

    computing = configure(device.in_child, threads=1)
    kind: type[TrainingParams] = {"cnn": CnnParams, "mlp": MlpParams}[objective]
    try:
        wanted = kind(**params)  # type: ignore[arg-type]  # parse_params has compared them with what it takes
        data = load_dataset(dataset, folder).to(computing)
    except DataMissingError as error:
        raise UnableError(str(error)) from error
    except ValueError as error:  # params that contradict each other, or no such data set
        raise UsageError(str(error)) from error
    if wanted.batch_size > len(data.training):
        raise UsageError(f"batch_size is {wanted.batch_size}, but {dataset} has {len(data.training)} training examples")
    return list(findings(data, wanted, seed, computing))


def _verdict(finding: Finding) -> Text:
    return Text("pass", style="green") if finding.is_passed else Text("FAIL", style="bold red")
