"""The finding of a check, and the way to claim that all findings together recommend."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from hyperspool.common.locks import ClaimMode

ANY_CLAIM = frozenset({ClaimMode.LOCK, ClaimMode.LEASE})
BY_LOCK = frozenset({ClaimMode.LOCK})
BY_LEASE = frozenset({ClaimMode.LEASE})


class Verdict(StrEnum):
    """The outcome of a check."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True)
class Finding:
    """The finding of one check.

    Attributes:
        check: the check's name.
        verdict: its outcome.
        found: what was measured or read.
        follows: what that means for a search, and what to do; may be empty.
        rules_out: the ways to claim that would be unsafe here.
        is_unanswered: whether the check could not be made, so that its question is open.
    """

    check: str
    verdict: Verdict
    found: str
    follows: str = ""
    rules_out: frozenset[ClaimMode] = frozenset()
    is_unanswered: bool = False

    def to_json(self) -> dict[str, Any]:
        """The finding as `doctor --json` prints it."""
        return {
            "check": self.check,
            "verdict": self.verdict.value,
            "found": self.found,
            "follows": self.follows,
            "rules_out": sorted(mode.word for mode in self.rules_out),
        }


def recommended(findings: Sequence[Finding]) -> ClaimMode | None:
    """The way to claim that no finding rules out: a lock if possible, else a lease; None if the folder is unfit."""
    possible = [
        mode for mode in (ClaimMode.LOCK, ClaimMode.LEASE) if not any(mode in finding.rules_out for finding in findings)
    ]
    return possible[0] if possible else None
