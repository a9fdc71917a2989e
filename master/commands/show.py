"""The command that shows one trial: show. Options and output only."""

import json
from pathlib import Path
from typing import Annotated

import typer

from hyperspool.master.commands.options import AsJson, Root, StudyName
from hyperspool.master.terminal.console import output

app = typer.Typer()


@app.command()
def show(
    study: StudyName,
    trial: Annotated[int, typer.Argument(help="Show the trial of this number.")],
    root: Root = Path(),
    *,
    everything: Annotated[bool, typer.Option("--output", help="Print only what the trial printed.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show one trial: params, value or failure, attempts, files, and the last lines that it printed."""
    from hyperspool.common.errors import UsageError
    from hyperspool.common.output import lines_of, read_output
    from hyperspool.master.results.one_trial import look_at_trial
    from hyperspool.master.studies.published import published_study, read_published
    from hyperspool.master.terminal.trial_page import print_trial

    if everything and as_json:
        raise UsageError("--json prints the last lines; leave out --output, or read the file that it names")
    folder = published_study(root, study)
    one = look_at_trial(folder, trial)
    if as_json:
        print(json.dumps({"study": study} | one.to_json(), indent=2))
    elif everything:
        for line in lines_of(read_output(one.files["output"])) if "output" in one.files else ():
            output.say(line)
    else:
        print_trial(output, one, read_published(folder).objective.measure_name)
