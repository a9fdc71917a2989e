"""What one check found, and what all of them together amount to."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from hyperspool.common.locks import ClaimMode

ANY_CLAIM = frozenset(ClaimMode)
BY_LOCK = frozenset({ClaimMode.LOCK})
BY_LEASE = frozenset({ClaimMode.LEASE})


class Verdict(StrEnum):
    """How a check ended."""

    OK = "ok"
    WARNING = "warning"
    FAILED = "failed"


@dataclass(frozen=True)
class Finding:
    """What one check found.

    Attributes:
        check: its name.
        verdict: how it ended.
        found: what was measured or read.
        follows: what that means for a search, and what to do; empty if nothing.
        rules_out: the ways to claim that would be unsafe here.
        is_unanswered: what was asked could not be found out.
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
            "rules_out": sorted(self.rules_out),
        }


def recommended(findings: Sequence[Finding]) -> ClaimMode | None:
    """The way to claim that nothing speaks against: by lock, else by lease; None if the folder is unfit."""
    possible = [mode for mode in ClaimMode if not any(mode in finding.rules_out for finding in findings)]
    return possible[0] if possible else None
