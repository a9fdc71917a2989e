"""The commands that look at the shared folder itself: doctor, fsck. Options and output only."""

import json
from pathlib import Path
from typing import Annotated

import typer
from rich.text import Text

from master.options import AsJson, Root, errors, output

app = typer.Typer()


@app.command()
def doctor(
    root: Root = Path(),
    *,
    with_peer: Annotated[
        bool, typer.Option("--with-peer", help="Then test between two hosts: run it on both at once.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Say whether a folder is fit for a search, and by lock or by lease. Takes a few seconds and leaves nothing behind.

    Exit status: 0 fit, 1 unfit or the other host did not come, 2 wrong usage.
    """
    from common.shared_folder import need_folder
    from master.doctor.examination import examine
    from master.doctor.finding import recommended
    from master.doctor.looks import advice_text, finding_text

    def say(told: str) -> None:
        errors.print(Text(told, style="dim"), soft_wrap=True)

    need_folder(root)
    findings = []
    for finding in examine(root, with_peer=with_peer, say=say):
        findings.append(finding)
        if not as_json:
            output.print(finding_text(finding), soft_wrap=not output.is_terminal)
    claim = recommended(findings)
    is_answered = not any(finding.is_unanswered for finding in findings)
    if as_json:
        told = {"root": str(root.absolute()), "claim": claim, "findings": [finding.to_json() for finding in findings]}
        typer.echo(json.dumps(told, indent=2))
    else:
        output.print(advice_text(root.absolute(), claim, findings), soft_wrap=True)
    raise typer.Exit(0 if claim and is_answered else 1)
