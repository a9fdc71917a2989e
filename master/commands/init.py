"""The command that drafts a study for a program or from a W&B sweep: init. Options and output only."""

from pathlib import Path
from typing import Annotated

import typer

from hyperspool.master.terminal.console import output

app = typer.Typer()


@app.command()
def init(
    script: Annotated[Path, typer.Argument(help="Name a script, a program, or a W&B sweep's YAML.")],
    out: Annotated[Path | None, typer.Option(help="Write this .toml file. Default: SCRIPT's name.")] = None,
    python: Annotated[str | None, typer.Option(help="Run the script by this interpreter. Default: this one.")] = None,
    time_limit: Annotated[float, typer.Option(min=1, help="Give the script N seconds to show its options.")] = 60.0,
    force: Annotated[bool, typer.Option("--force", help="Replace a file that exists.")] = False,
) -> None:
    """Draft a study for a script: a TOML file with ranges to look at.

    It runs the script with --help and ends it as soon as the script reads its options, by argparse, click or typer.
    Of any other program it reads the help text.
    A file that ends in .yaml or .yml is read as a W&B sweep; nothing is run.
    """
    from hyperspool.common.invocation import command_line
    from hyperspool.master.init.from_program import draft_of
    from hyperspool.master.init.program import read_program
    from hyperspool.master.init.report import sentences, table_rows
    from hyperspool.master.init.study_text import study_name
    from hyperspool.master.init.sweep import draft_of_sweep, is_sweep
    from hyperspool.master.init.writing import check_target, write_draft
    from hyperspool.master.terminal.tables import text_table

    target = out or Path(f"{study_name(script.stem)}.toml")
    check_target(target, is_forced=force)
    folder = target.parent
    if is_sweep(script):
        draft = draft_of_sweep(script, folder)
    else:
        draft = draft_of(read_program(script, folder, python, time_limit), script)
    draft.name = study_name(out.stem) if out else draft.name
    command = command_line("master", "run", str(target), "--workers", "2")
    write_draft(draft, target, command, is_forced=force)
    output.say(f"{target}: a study of {script}")
    output.print("", text_table(["", "in the study", ""], table_rows(draft), names={0, 1, 2}), "")
    for sentence in sentences(draft):
        output.tell(sentence)
    output.say(f"Look at {target}, then: {command}")
