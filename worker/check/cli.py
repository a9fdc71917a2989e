"""The command `check`. Options and output only."""

import tempfile
from collections.abc import Iterator
from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from hyperspool.common.definitions import Definition, OwnObjectives
from hyperspool.common.errors import UsageError
from hyperspool.common.printable import printable
from hyperspool.worker.check.call import Caller
from hyperspool.worker.check.network import check_network
from hyperspool.worker.check.own import check_own
from hyperspool.worker.check.params import parse_params
from hyperspool.worker.check.result import CheckResult
from hyperspool.worker.check.study import CheckedStudy, checked_study, study_file_for
from hyperspool.worker.device import Device, choose_device

app = typer.Typer()
DATA_FOLDER = "data"
"""The folder of data sets in the shared folder; workers use it too."""
_VERDICTS = {True: Text("pass", style="green"), False: Text("FAIL", style="bold red"), None: Text("-", style="dim")}


@app.command()
def check(
    objective: Annotated[
        str | None, typer.Argument(metavar="OBJECTIVE", help="Check cnn, mlp or one of your own. Default: cnn.")
    ] = None,
    definitions: Annotated[
        list[str] | None,
        typer.Option("--objective", help="Check your own function: NAME=MODULE:FUNCTION.", metavar="OBJECTIVE"),
    ] = None,
    command: Annotated[list[str] | None, typer.Option(help="Check your own command: NAME='PROGRAM ARGUMENTS'.")] = None,
    study_file: Annotated[
        Path | None, typer.Option(help="Check the objective of your own study file, with params from its space.")
    ] = None,
    dataset: Annotated[
        str, typer.Option(help="Choose the data set of cnn and mlp: digits, mnist or cifar10.")
    ] = "digits",
    set_: Annotated[
        list[str] | None, typer.Option("--set", help="Set a parameter of the objective: KEY=VALUE; repeatable.")
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
    names, own = _split(definitions or [])
    found = OwnObjectives(own, tuple(command or ()), (study_file,) if study_file else ()).definitions()
    name = _chosen([*([objective] if objective else []), *names], found)
    chosen, data_folder, assignments = choose_device(device), root / DATA_FOLDER, set_ or []
    if definition := next((each for each in found if each.name == name), None):
        file = study_file or study_file_for(name, Path())
        study = checked_study(definition, file, assignments, epochs, seed)
        is_right = _check_own(study, found, f"{name}, with the space of {file}" if file else name, data_folder, chosen)
    elif epochs is not None:
        raise UsageError(f"--epochs: only for your own objectives; each check trains {name} as long as it needs")
    else:
        params = parse_params(name, assignments)
        results = check_network(name, params, dataset, data_folder, chosen, seed)
        is_right = _print_table(f"{name} on {dataset}", results)
    raise typer.Exit(0 if is_right else 1)


def _check_own(
    study: CheckedStudy, definitions: tuple[Definition, ...], title: str, data_folder: Path, device: Device
) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        (root / DATA_FOLDER).symlink_to(data_folder.absolute())
        with Caller(root, definitions, study, device) as caller:
            return _print_table(title, check_own(study, caller))


def _split(options: list[str]) -> tuple[list[str], tuple[str, ...]]:
    """The names among the values of `--objective`, which were its only values once, and the definitions."""
    return [each for each in options if "=" not in each], tuple(each for each in options if "=" in each)


def _chosen(names: list[str], definitions: tuple[Definition, ...]) -> str:
    """The name of the objective to check."""
    if len(set(names)) > 1:
        raise UsageError(f"OBJECTIVE is {names[0]}, and --objective is {names[1]}: give one of them")
    if names:
        return names[0]
    if len(definitions) > 1:
        known = ", ".join(definition.name for definition in definitions)
        raise UsageError(f"{len(definitions)} objectives are defined ({known}): name the one to check as OBJECTIVE")
    return definitions[0].name if definitions else "cnn"


def _print_table(title: str, results: Iterator[CheckResult]) -> bool:
    """Print the results, and return whether none failed. Each is shown as a line of progress while the next is made."""
    console, found = Console(), []
    with console.status(f"checking {title} ...") as status:
        for result in results:
            found.append(result)
            status.update(f"checking {title} ... {len(found)} of the checks done, the last: {result.check}")
    table = Table("check", "", "found", title=title, title_justify="left")
    for result in found:
        table.add_row(Text(result.check), _VERDICTS[result.is_passed], Text(printable(result.message)))
    console.print(table)
    return all(result.is_passed is not False for result in found)
