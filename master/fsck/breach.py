"""A breach: what is wrong with a file of a study, how much it matters, and what repairs it."""

from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import Any

from hyperspool.common.issues import EvaluationKey


class Severity(StrEnum):
    """How much a breach matters."""

    BREACH = "breach"
    """An invariant of the protocol does not hold."""
    WARNING = "warning"
    """Nothing is lost, but a person should know."""
    NOTE = "note"
    """It happened before, and was dealt with."""


class Remedy(StrEnum):
    """What `--repair` does about a breach; the value is its description."""

    SET_ASIDE = "moves it to rejected/, with the reason"
    EVALUATE_AGAIN = "moves it to rejected/, with the reason; the trial is evaluated again"
    TIDY = "finishes what was cut short"
    ISSUE = "issues the trial again"
    RECORD = "writes the journal again, from what is left of it and from jobs and results"
    NONE = ""


@dataclass(frozen=True)
class Breach:
    """One thing that is wrong with a study's files. Two looks that find the same thing give equal breaches.

    Attributes:
        path: the file.
        cause: what was found and what was expected.
        remedy: what `--repair` does about it.
        severity: how much it matters.
        evaluation: the trial and rung to issue again, for `Remedy.ISSUE`.
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
