"""The master's command line. Options, output and exit statuses only; the work is elsewhere."""

import json
import logging
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack, suppress
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.console import RenderableType
from rich.live import Live
from rich.logging import RichHandler
from rich.text import Text

from hyperspool.common.errors import SearchError, UsageError
from hyperspool.common.invocation import program_name
from hyperspool.common.locks import ClaimMode
from hyperspool.master.analysis_cli import app as analysis_app
from hyperspool.master.finalize_cli import app as finalize_app
from hyperspool.master.folder_cli import app as folder_app
from hyperspool.master.options import AsJson, Root, StudyName, errors, output
from hyperspool.master.training_cli import app as training_app

app = typer.Typer(
    add_completion=False,
    no_args_is_help=True,
    help="Search hyperparameters by files: publish jobs, collect results, say what came of it.",
)
app.add_typer(analysis_app)
app.add_typer(folder_app)
app.add_typer(finalize_app)
app.add_typer(training_app)
WATCH_S = 2.0


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
    replicates: Annotated[int | None, typer.Option(help="With --confirm: how often each of them; 5.")] = None,
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
    from hyperspool.master.presets import Changes
    from hyperspool.master.session import RunOptions, run_session

    shortcuts = {
        "--trials": ("trials", trials),
        "--epochs": ("budget.epochs", epochs),
        "--dataset": ("data.name", dataset),
        "--seed": ("seed", seed),
        "--batch": ("batch", batch),
        "--confirm": ("confirm.finalists", confirm),
        "--replicates": ("confirm.replicates", replicates),
        "--claim": ("claim", claim.value if claim else None),
    }
    changes = Changes.parse(shortcuts, set_ or [], is_quick=quick)
    options = RunOptions(root, study, changes, workers, tuple(objective or ()), is_new=new)
    raise typer.Exit(run_session(output, options))


@app.command()
def studies(root: Root = Path(), as_json: AsJson = False) -> None:
    """List the studies that come with the project, and those of the folder that have another name."""
    from hyperspool.common.layout import study_folders
    from hyperspool.common.shared_folder import need_folder
    from hyperspool.master.presets import load_preset, preset_names
    from hyperspool.master.tables import titles_table

    need_folder(root)
    specs = [load_preset(name) for name in preset_names()]
    if as_json:
        print(json.dumps([{"name": spec.name, "title": spec.title} for spec in specs], indent=2))
        return
    output.print(titles_table("preset", {spec.name: spec.title for spec in specs}))
    own = [folder.name for folder in study_folders(root) if folder.name not in preset_names()]
    if own:
        output.print(Text(f"\nin {root.absolute()}: {', '.join(own)}"), soft_wrap=True)


@app.command()
def status(
    study: Annotated[str | None, typer.Argument(help="Default: all studies of the folder.")] = None,
    root: Root = Path(),
    as_json: AsJson = False,
    watch: Annotated[bool, typer.Option("--watch", help="Refresh every two seconds until Ctrl-C.")] = False,
) -> None:
    """Say how a study stands: counts, incumbent, what each worker does."""
    from hyperspool.common.layout import study_folders
    from hyperspool.common.shared_folder import need_folder
    from hyperspool.master.presets import published_study
    from hyperspool.master.standing import Standing, open_standing
    from hyperspool.master.tables import studies_table
    from hyperspool.master.views import standing_view

    def look() -> list[Standing]:
        if study:
            return [open_standing(published_study(root, study))]
        found: list[Standing] = []
        for folder in study_folders(root):
            try:
                found.append(open_standing(folder))
            except (SearchError, OSError) as error:  # one damaged study does not hide the others
                errors.print(Text(str(error)), soft_wrap=True)
        return found

    need_folder(root)
    if as_json and watch:
        raise UsageError("--json prints once: leave out --watch, and call it again as often as you like")
    if as_json:
        found = [standing.to_json() for standing in look()]
        print(json.dumps(found[0] if study else found, indent=2))
        return

    def picture() -> RenderableType:
        if study:
            return standing_view(look()[0])
        standings = look()
        return studies_table(standings) if standings else Text(f"no study in {root.absolute()} yet")

    if watch:
        _watch(picture)
    else:
        output.print(picture())


def _watch(picture: Callable[[], RenderableType]) -> None:
    """Show a picture again and again until Ctrl-C: in place in a terminal, one below the other elsewhere."""
    with suppress(KeyboardInterrupt), ExitStack() as stack:
        live = stack.enter_context(Live(console=output, auto_refresh=False)) if output.is_terminal else None
        while True:
            if live:
                live.update(picture(), refresh=True)
            else:
                output.print(picture(), "")
            time.sleep(WATCH_S)


@app.command()
def top(
    study: StudyName,
    root: Root = Path(),
    count: Annotated[int, typer.Option("-k", min=1, help="How many.")] = 3,
    within_epochs: Annotated[int | None, typer.Option(min=1, help="By the lowest error within so many epochs.")] = None,
    within_seconds: Annotated[
        float | None, typer.Option(min=0.0, help="By the lowest error within so many seconds of training.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Print the best trials of a search: by their value, or by what their curves reached within a budget.

    Finalists whose replicates are all in come first, by the mean of these.
    """
    from hyperspool.master.presets import published_study
    from hyperspool.master.standing import open_standing
    from hyperspool.master.trials_table import TrialsTable, constant_text

    if within_epochs is not None or within_seconds is not None:
        budget = {"epochs": within_epochs, "seconds": within_seconds}
        _top_within(root, study, count, budget, as_json=as_json)
        return
    standing = open_standing(published_study(root, study))
    if as_json:
        print(json.dumps(standing.best_to_json(count), indent=2))
    elif best := standing.best(count):
        output.print(TrialsTable(best, standing.spec, standing.confirmed()))
        if constant := constant_text(standing.spec.space):
            output.print(constant, soft_wrap=not output.is_terminal)
    else:
        output.print("no trial is complete yet")


def _top_within(root: Path, study: str, count: int, budget: dict[str, Any], *, as_json: bool) -> None:
    from hyperspool.master.analysis.answers.budgets import best_within
    from hyperspool.master.analysis.columns import params_of
    from hyperspool.master.analysis.frames import load_study
    from hyperspool.master.analysis.phases import of_search
    from hyperspool.master.tables import params_text, text_table, value_text

    data = of_search(load_study(root, study))
    best = [(row, params_of(data.spec, row)) for _, row in best_within(data, count, **budget).iterrows()]
    if as_json:
        found = [
            {"trial": int(row["trial"]), "value": float(row["value"]), "params": params}
            | {"epoch": int(row["epoch"]), "elapsed_s": float(row["elapsed_s"])}
            for row, params in best
        ]
        print(json.dumps(found, indent=2))
    elif best:
        headings = ("trial", "lowest error", "in epoch", "after (s)", "params")
        rows = [
            (str(int(row["trial"])), value_text(row["value"]), str(int(row["epoch"])), f"{row['elapsed_s']:.2f}")
            for row, _ in best
        ]
        table = text_table(headings, [(*row, params_text(params)) for row, (_, params) in zip(rows, best, strict=True)])
        table.columns[-1].justify = "left"
        output.print(table)
    else:
        output.print("no trial has an epoch within that budget")


def main() -> None:
    """Run the command line; a user's mistake is one message and exit status 2."""
    handler = RichHandler(console=output, show_path=False, show_level=False, log_time_format="%H:%M:%S")
    logging.basicConfig(level=logging.INFO, format="%(message)s", handlers=[handler])
    try:
        app(prog_name=program_name("master"))
    except SearchError as error:
        errors.print(Text(f"error: {error}"), soft_wrap=True)
        sys.exit(error.exit_status)
    except OSError as error:
        errors.print(Text(f"error: {error.filename or 'the shared folder'}: {error.strerror or error}"), soft_wrap=True)
        sys.exit(1)
    except KeyboardInterrupt:
        sys.exit(1)
