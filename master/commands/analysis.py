"""The commands that look back at a study: report, export, simulate, ablation. Options and output only."""

import json
from pathlib import Path
from typing import Annotated

import typer

from hyperspool.common.errors import UsageError
from hyperspool.master.analysis.exports.formats import ExportFormat, TableFormat
from hyperspool.master.commands.options import AsJson, Root, StudyName, StudyNames
from hyperspool.master.terminal.console import errors, output

app = typer.Typer()


@app.command()
def report(
    study: StudyNames,
    root: Root = Path(),
    out: Annotated[
        Path | None, typer.Option(help="Write to this folder. Default: results/STUDY/report; of several: report.")
    ] = None,
    watch: Annotated[
        bool, typer.Option("--watch", help="Write the page again as results land, until the study ends.")
    ] = False,
) -> None:
    """Write a page with every figure, answer and table of a study.

    The page opens from disk and needs nothing else. Of several studies, each gets a folder, and an index links them.
    """
    from hyperspool.master.analysis.page.index import write_index
    from hyperspool.master.analysis.page.report import write_report
    from hyperspool.master.analysis.page.watching import watch_report
    from hyperspool.master.studies.published import published_study

    folders = [published_study(root, name) for name in dict.fromkeys(study)]
    if watch and len(folders) > 1:
        raise UsageError("--watch follows one study; leave it out, or name one")
    place = out or (folders[0].report if len(folders) == 1 else Path("report"))
    say = "{}: open it now; it reloads by itself. Ctrl-C ends the watch and writes the whole report".format
    is_whole = True
    for folder in folders:
        if watch:
            written = watch_report(folder, place, lambda page: output.say(say(page)))
        else:
            written = write_report(folder, place if len(folders) == 1 else place / folder.name)
        counts = f"{written.figures} figures, also as PNG and SVG; {written.tables} tables, also as CSV"
        output.say(f"{written.page}: {counts}")
        for missing in written.missing:
            errors.say(f"{missing}. The rest of the page is whole.")
        is_whole &= not written.missing
    if len(folders) > 1:
        output.say(f"{write_index(folders, place)}: the index of these {len(folders)} pages")
    raise typer.Exit(0 if is_whole else 1)


@app.command()
def export(
    study: StudyNames,
    root: Root = Path(),
    file_format: Annotated[
        ExportFormat, typer.Option("--format", help="Choose a format; txt: a zip of one file per run.")
    ] = ExportFormat.CSV,
    out: Annotated[Path | None, typer.Option(help="Write to this name. Default: STUDY.FORMAT in this folder.")] = None,
) -> None:
    """Export one row per trial, and the curves, for other programs.

    Several studies go into one zip. optuna is a file of Optuna's journal storage. tensorboard, mlflow and wandb are
    folders of that tool's own files, and need the extra of that name. These four have the running trials too.
    """
    from hyperspool.master.analysis.data.frames import load_study
    from hyperspool.master.analysis.data.so_far import study_so_far
    from hyperspool.master.analysis.exports.export import export as write_export
    from hyperspool.master.studies.published import published_study, read_published

    if file_format.is_of_a_tool:
        folders = [published_study(root, name) for name in study]
        chosen = [study_so_far(folder, read_published(folder)) for folder in folders]
    else:
        chosen = [load_study(root, name) for name in study]
    for problem in (problem for data in chosen for problem in data.unreadable):
        errors.say(f"left out: {problem}")
    for path in write_export(chosen, file_format, out):
        output.say(str(path))


@app.command()
def simulate(
    study: StudyName,
    root: Root = Path(),
    runs: Annotated[int, typer.Option(min=1, max=1_000_000, help="Simulate N searches.")] = 1000,
    seed: Annotated[int, typer.Option(min=0, help="Set the seed of the shuffling.")] = 0,
    out: Annotated[
        Path | None, typer.Option(help="Write figures to this folder. Default: results/STUDY/report/figures.")
    ] = None,
    as_json: AsJson = False,
) -> None:
    """Estimate how good random search is after t evaluations or on W workers.

    It shuffles the finished trials into many simulated searches.
    """
    from hyperspool.master.analysis.data.frames import load_study
    from hyperspool.master.analysis.data.phases import of_search
    from hyperspool.master.analysis.exports.simulation import SimulatedStudy
    from hyperspool.master.analysis.page.render import shown_table
    from hyperspool.master.studies.published import published_study
    from hyperspool.master.terminal.tables import text_table

    folder = published_study(root, study)
    simulated = SimulatedStudy(of_search(load_study(root, study)), runs, seed)
    if as_json:
        print(json.dumps(simulated.to_json(), indent=2))
        return
    for sentence in simulated.sentences:
        output.say(sentence)
    for frame in (simulated.table, simulated.speedups):
        shown = shown_table(frame, {})
        output.print("", text_table([column.label for column in shown.columns], shown.rows))
    for path in simulated.save(out or folder.report / "figures"):
        output.say(str(path))


@app.command()
def ablation(
    study: StudyName,
    root: Root = Path(),
    table_format: Annotated[
        TableFormat | None, typer.Option("--format", help="Choose the table's format. Default: by --out's ending.")
    ] = None,
    out: Annotated[Path | None, typer.Option(help="Write the table to this file. Default: print it.")] = None,
) -> None:
    """Show each test case's gain over the base, and its tuned params."""
    from hyperspool.master.analysis.answers.ablation import ablation_verdict
    from hyperspool.master.analysis.data.frames import load_study
    from hyperspool.master.analysis.exports.ablation_table import short_cells, write_table, written_table
    from hyperspool.master.analysis.measures.ablation import ablation_rows
    from hyperspool.master.terminal.tables import cells_table

    data = load_study(root, study)
    rows = ablation_rows(data.spec, data.evaluations)
    if not rows:
        raise UsageError(
            f"study {study} is not an ablation: it has no table [ablation], which names improvements of a base"
        )
    if out:
        write_table(data.spec, rows, table_format or TableFormat.of(out), out)
        output.say(str(out))
    elif table_format:
        print(written_table(data.spec, rows, table_format), end="")
    else:
        output.print(cells_table(short_cells(data.spec, rows)), "")
        for sentence in ablation_verdict(data.spec, rows):
            output.say(sentence)
