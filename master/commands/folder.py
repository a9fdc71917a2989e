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
        bool, typer.Option("--with-peer", help="Also test between two hosts; run it on both together.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check whether a folder suits a search, by lock or by lease.

    It takes a few seconds and leaves no files behind.
    Exit status: 0 fit, 1 unfit or the other host did not answer, 2 wrong usage.
    """
    from hyperspool.common.shared_folder import need_folder
    from hyperspool.master.doctor.examination import examine
    from hyperspool.master.doctor.finding import recommended
    from hyperspool.master.doctor.wording import advice_text, finding_text

    def say(sentence: str) -> None:
        errors.say(sentence, "dim")

    need_folder(root)
    findings = []
    for finding in examine(root, with_peer=with_peer, say=say):
        findings.append(finding)
        if not as_json:
            output.tell(finding_text(finding))
    claim = recommended(findings)
    is_answered = not any(finding.is_unanswered for finding in findings)
    if as_json:
        summary = {
            "root": str(root.absolute()),
            "claim": claim.word if claim else None,
            "findings": [found.to_json() for found in findings],
        }
        typer.echo(json.dumps(summary, indent=2))
    else:
        output.say(advice_text(root.absolute(), claim, findings))
    raise typer.Exit(0 if claim and is_answered else 1)


@app.command()
def fsck(
    study: StudyName,
    root: Root = Path(),
    *,
    repair: Annotated[
        bool, typer.Option("--repair", help="Repair what can be repaired; stop the master first.")
    ] = False,
    as_json: AsJson = False,
) -> None:
    """Check every file of a study against the protocol.

    The check also works while the study runs. A repair deletes nothing.
    Exit status: 0 no breach, or every breach repaired; 1 breaches; 2 wrong usage.
    """
    from hyperspool.master.fsck.breach import Severity
    from hyperspool.master.fsck.examination import examine_study
    from hyperspool.master.fsck.wording import breach_text, summary_text

    # Else each file that is set aside is reported twice: by its log line and as a repaired breach.
    logging.getLogger("hyperspool.common.rejection").setLevel(logging.ERROR)
    examined = examine_study(root, study, is_to_repair=repair)
    if as_json:
        summary = {
            "study": study,
            "breaches": [breach.to_json(root) for breach in examined.left],
            "mended": [breach.to_json(root) for breach in examined.mended],
        }
        typer.echo(json.dumps(summary, indent=2))
    else:
        for breach in examined.mended:
            output.say(breach_text(breach, root, is_mended=True))
        for breach in examined.left:
            output.say(breach_text(breach, root, is_mended=False))
        output.say(summary_text(examined.left, examined.mended, study))
    raise typer.Exit(1 if any(breach.severity is Severity.BREACH for breach in examined.left) else 0)
