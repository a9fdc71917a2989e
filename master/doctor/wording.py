"""The text of the doctor's findings and of its advice."""

from collections.abc import Sequence
from pathlib import Path

from hyperspool.common.locks import ClaimMode
from hyperspool.master.doctor.finding import Finding, Verdict
from hyperspool.master.results.wording import Styled

STYLES = {Verdict.OK: "green", Verdict.WARNING: "yellow", Verdict.FAILED: "bold red"}
CHECK_CHARACTERS = 21


def finding_text(finding: Finding) -> list[Styled]:
    """A finding on one line: the verdict, the check, what was found, what follows."""
    follows = f"; {finding.follows}" if finding.follows else ""
    return [
        (f"{finding.verdict.value:8}", STYLES[finding.verdict]),
        (f"{finding.check:{CHECK_CHARACTERS}}", "bold"),
        f"{finding.found}{follows}",
    ]


def advice_text(root: Path, claim: ClaimMode | None, findings: Sequence[Finding]) -> list[Styled]:
    """The advice that follows from all findings."""
    if claim is None:
        return ["\n", (f"do not use this folder: {root}", STYLES[Verdict.FAILED])]
    how = {
        ClaimMode.LOCK: "--claim lock, the default of `run`",
        ClaimMode.LEASE: "--claim lease: give it to `run` when you start the study",
    }[claim]
    if any(finding.is_unanswered for finding in findings):
        return ["\n", ("fit on this host, not known between two", STYLES[Verdict.WARNING]), f": {how}"]
    warnings = sum(finding.verdict is Verdict.WARNING for finding in findings)
    remark = "" if not warnings else " (1 warning)" if warnings == 1 else f" ({warnings} warnings)"
    return ["\n", ("fit for a search", "bold green"), f"{remark}: {how}"]
