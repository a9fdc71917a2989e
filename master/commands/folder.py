"""The commands that look at the shared folder itself: doctor, fsck. Options and output only."""

import json
import logging
from pathlib import Path
from typing import Annotated

import typer

from hyperspool.master.commands.options import AsJson, Root, StudyName
from hyperspool.master.terminal.console import errors, output

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
    from hyperspool.common.shared_folder import need_folder
    from hyperspool.master.doctor.examination import examine
    from hyperspool.master.doctor.finding import recommended
    from hyperspool.master.doctor.wording import advice_text, finding_text

    def say(told: str) -> None:
        errors.say(told, "dim")

    need_folder(root)
    findings = []
    for finding in examine(root, with_peer=with_peer, say=say):
        findings.append(finding)
        if not as_json:
            output.tell(finding_text(finding))
    claim = recommended(findings)
    is_answered = not any(finding.is_unanswered for finding in findings)
    if as_json:
        told = {"root": str(root.absolute()), "claim": claim, "findings": [finding.to_json() for finding in findings]}
        typer.echo(json.dumps(told, indent=2))
    else:
        output.say(advice_text(root.absolute(), claim, findings))
    raise typer.Exit(0 if claim and is_answered else 1)


@app.command()
def fsck(
    study: StudyName,
    root: Root = Path(),
    *,
    repair: Annotated[
        bool, typer.Option("--repair", help="Mend what can be mended; deletes nothing. Stop the study's master first.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check every file of a study against what the protocol promises, also while the study runs.

    Exit status: 0 no breach, or all mended; 1 breaches; 2 wrong usage.
    """
    from hyperspool.master.fsck.breach import Severity
    from hyperspool.master.fsck.examination import examine_study
    from hyperspool.master.fsck.wording import breach_text, summary_text

    # Each file that is set aside would be told of twice.
    logging.getLogger("hyperspool.common.rejection").setLevel(logging.ERROR)
    examined = examine_study(root, study, is_to_repair=repair)
    if as_json:
        told = {
            "study": study,
            "breaches": [breach.to_json(root) for breach in examined.left],
            "mended": [breach.to_json(root) for breach in examined.mended],
        }
        typer.echo(json.dumps(told, indent=2))
    else:
        for breach in examined.mended:
            output.say(breach_text(breach, root, is_mended=True))
        for breach in examined.left:
            output.say(breach_text(breach, root, is_mended=False))
        output.say(summary_text(examined.left, examined.mended, study))
    raise typer.Exit(1 if any(breach.severity is Severity.BREACH for breach in examined.left) else 0)
