"""What a look at a study's files found wrong, and what can be done about it."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from hyperspool.common.issues import EvaluationKey


class Severity(StrEnum):
    """How much it matters."""

    BREACH = "breach"
    """An invariant of the protocol does not hold."""
    WARNING = "warning"
    """Nothing is lost, but somebody should know."""
    NOTE = "note"
    """What happened and was dealt with."""


class Remedy(StrEnum):
    """What `--repair` does about it; the value is how it is told."""

    SET_ASIDE = "moves it to rejected/, with the reason"
    EVALUATE_AGAIN = "moves it to rejected/, with the reason; the trial is evaluated again"
    TIDY = "finishes what was cut short"
    ISSUE = "issues the trial again"
    RECORD = "writes the journal again, from what is left of it and from jobs and results"
    NONE = ""


@dataclass(frozen=True)
class Breach:
    """One thing that is not as it should be. Two looks that find the same give equal breaches.

    Attributes:
        path: the file that it is about.
        cause: what was found and what was expected.
        remedy: what `--repair` does.
        severity: how much it matters.
        evaluation: trial and rung to be issued again, for `Remedy.ISSUE`.
    """

    path: Path
    cause: str
    remedy: Remedy = Remedy.NONE
    severity: Severity = Severity.BREACH
    evaluation: EvaluationKey | None = None

    def to_json(self, root: Path) -> dict[str, Any]:
        """The breach as `fsck --json` prints it, its path relative to the shared folder."""
        return {
            "file": str(self.path.relative_to(root)),
            "severity": self.severity.value,
            "cause": self.cause,
            "repair": self.remedy.value,
        }
