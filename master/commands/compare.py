"""The command that compares searches: compare. Options and output only."""

import json
from pathlib import Path
from typing import Annotated

import typer

from hyperspool.master.commands.options import AsJson, Root
from hyperspool.master.terminal.console import output

app = typer.Typer()

SideName = Annotated[str, typer.Argument(help="Name a study, or several that differ in their seeds: a,b,c.")]


@app.command()
def compare(
    first: SideName,
    second: SideName,
    root: Root = Path(),
    by: Annotated[str, typer.Option(help="Count budgets in trials, epochs or seconds.")] = "trials",
    as_json: AsJson = False,
) -> None:
    """Say which of two searches was better, from which budget on, and how sure that is.

    Mean, interquartile mean and probability of improvement, with bootstrap intervals: over searches if a side has
    several, otherwise over the replicates of its best setting.
    """
    from hyperspool.common.errors import UsageError
    from hyperspool.master.analysis.answers.comparison import (
        HEADINGS,
        IQM_TEXT,
        comparison_rows,
        comparison_sentences,
        need_comparable,
        side_labels,
    )
    from hyperspool.master.analysis.data.frames import load_study
    from hyperspool.master.analysis.measures.comparison import Unit, comparison_json
    from hyperspool.master.analysis.measures.comparison import compare as compared
    from hyperspool.master.terminal.tables import text_table

    if by not in set(Unit):
        raise UsageError(f"--by {by}: expected {', '.join(Unit)}")
    unit, names = Unit(by), [list(dict.fromkeys(side.split(","))) for side in (first, second)]
    sides = [[load_study(root, name) for name in side] for side in names]
    need_comparable(sides)
    found, labels = compared(sides[0], sides[1], unit), side_labels(names)
    if as_json:
        print(json.dumps({"unit": by, **comparison_json(names, found)}, indent=2))
        return
    for sentence in comparison_sentences(sides, labels, found, unit):
        output.tell(sentence)
    output.print("", text_table((by, *HEADINGS), comparison_rows(labels, found), names={1}))
    output.tell(IQM_TEXT)
