"""The command that proposes a study again from its record: replay. Options and output only."""

from pathlib import Path

import typer

from hyperspool.master.commands.options import Root, StudyName
from hyperspool.master.terminal.console import output

app = typer.Typer()


@app.command()
def replay(study: StudyName, root: Root = Path()) -> None:
    """Propose a study again from its record, and say whether each proposal is the recorded one.

    Exit status: 0 if all are, 1 if one is not or a result is gone.
    """
    from hyperspool.master.journal.replay import replay as proposed_again
    from hyperspool.master.results.standing import open_standing
    from hyperspool.master.results.wording import counted, params_text
    from hyperspool.master.studies.published import published_study

    standing = open_standing(published_study(root, study))
    earlier = standing.earlier.results if standing.earlier else ()
    found = proposed_again(standing.spec, standing.journal, standing.results, earlier)
    batches = "1 batch" if found.batches == 1 else f"{found.batches} batches"
    said = f"{counted(found.proposals, 'proposal')} in {batches}"
    if found.recorded:
        other = params_text(found.proposed.params) if found.proposed else "nothing"
        output.say(f"study {study}: {said} agree; trial {found.recorded.trial} does not")
        output.say(f"  recorded: {params_text(found.recorded.params)}")
        output.say(f"  proposed: {other}")
        output.say("The record stands: another version of a library may propose otherwise.")
    elif found.missing:
        output.say(f"study {study}: {said} agree; then the result of trial {found.missing[0]} is needed and not there")
    else:
        output.say(f"study {study}: {said}, all proposed again as they are recorded")
    raise typer.Exit(0 if found.agrees else 1)
