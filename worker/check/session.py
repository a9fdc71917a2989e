"""A check from its options to its table."""

import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

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

DATA_FOLDER = "data"
"""The folder of data sets in the shared folder; workers use it too."""
_VERDICTS = {True: Text("pass", style="green"), False: Text("FAIL", style="bold red"), None: Text("-", style="dim")}


@dataclass(frozen=True)
class CheckOptions:
    """The options of `check`, as its help describes them.

    Attributes:
        objective: the argument.
        definitions: the values of `--objective`: names, which were its only values once, and definitions.
        commands: the values of `--command`.
        study_file: of the person's own.
        dataset: of the networks.
        assignments: the values of `--set`.
        epochs: the budget of an own objective; None: the default.
        device: `auto`, `cpu` or `cuda:N`.
        seed: of everything random.
        root: the shared folder.
    """

    objective: str | None
    definitions: tuple[str, ...]
    commands: tuple[str, ...]
    study_file: Path | None
    dataset: str
    assignments: tuple[str, ...]
    epochs: int | None
    device: str
    seed: int
    root: Path


def run_check(options: CheckOptions) -> bool:
    """Check an objective, print the table, and return whether nothing failed.

    Raises:
        UsageError: an option is wrong.
        UnableError: a data set is not on this machine.
    """
    names = [each for each in options.definitions if "=" not in each]
    functions = tuple(each for each in options.definitions if "=" in each)
    files = (options.study_file,) if options.study_file else ()
    found = OwnObjectives(functions, options.commands, files).definitions()
    name = _chosen([*([options.objective] if options.objective else []), *names], found)
    device, data_folder = choose_device(options.device), options.root / DATA_FOLDER
    if definition := next((each for each in found if each.name == name), None):
        file = options.study_file or study_file_for(name, Path())
        study = checked_study(definition, file, options.assignments, options.epochs, options.seed)
        return _check_own(study, found, f"{name}, with the space of {file}" if file else name, data_folder, device)
    if options.epochs is not None:
        raise UsageError(f"--epochs: only for your own objectives; each check trains {name} as long as it needs")
    params = parse_params(name, options.assignments)
    results = check_network(name, params, options.dataset, data_folder, device, options.seed)
    return _print_table(f"{name} on {options.dataset}", results)


def _check_own(
    study: CheckedStudy, definitions: tuple[Definition, ...], title: str, data_folder: Path, device: Device
) -> bool:
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder).resolve()
        (root / DATA_FOLDER).symlink_to(data_folder.absolute())
        with Caller(root, definitions, study, device) as caller:
            return _print_table(title, check_own(study, caller))


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
