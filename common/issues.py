"""The names of an evaluation, its issues and their attempts: as numbers, and as stems of file names.

An evaluation is a trial on a rung. Each time that it is published as a job it gets a new issue number, and each time
that an issue is claimed and started it gets a new attempt number. So no file name is ever used twice.

    00017                       trial 17
    00017.r1                    trial 17 on rung 1
    00017-2, 00017.r1-2         the same, published a second time
    00017.issue2.attempt1       the first attempt at the second issue of trial 17
    00017.r1.issue2.attempt1    the same on rung 1
"""

import re
from typing import NamedTuple, Self

LAST_ISSUE = 999_999
"""The highest number that a name can hold. Only handmade files reach it; `issued` ignores them, so one stays free."""

EvaluationKey = tuple[int, int]
"""Trial and rung: they identify an evaluation within its study."""

# Not \d: it matches digits of any script, and int() would read them.
_EVALUATION = r"(?P<trial>[0-9]{5,6})(?:\.r(?P<rung>[0-9]{1,3}))?"
_PATTERNS = {
    "evaluation": re.compile(_EVALUATION),
    "issue": re.compile(rf"{_EVALUATION}(?:-(?P<issue>[0-9]{{1,6}}))?"),
    "attempt": re.compile(rf"{_EVALUATION}\.issue(?P<issue>[0-9]{{1,6}})\.attempt(?P<attempt>[0-9]{{1,6}})"),
}


class EvaluationName(NamedTuple):
    """A trial on a rung; it has one result."""

    trial: int
    rung: int = 0

    @property
    def name(self) -> str:
        """The stem of its file names."""
        return f"{self.trial:05}.r{self.rung}" if self.rung else f"{self.trial:05}"

    @classmethod
    def parse(cls, stem: str) -> Self | None:
        """The evaluation that a stem names; None if it names none."""
        if (match := _PATTERNS["evaluation"].fullmatch(stem)) is None:
            return None
        found = cls(int(match["trial"]), int(match["rung"] or 0))
        return found if found.name == stem else None  # trial 1 is never written 000001


class Issue(NamedTuple):
    """An evaluation, the n-th time that it is published as a job. Workers claim issues."""

    trial: int
    rung: int = 0
    number: int = 1

    @property
    def evaluation(self) -> EvaluationName:
        """The evaluation that is published."""
        return EvaluationName(self.trial, self.rung)

    @property
    def name(self) -> str:
        """The stem of the job's file name."""
        return self.evaluation.name if self.number == 1 else f"{self.evaluation.name}-{self.number}"

    @classmethod
    def parse(cls, stem: str) -> Self | None:
        """The issue that a stem names; None if it names none."""
        if (match := _PATTERNS["issue"].fullmatch(stem)) is None:
            return None
        found = cls(int(match["trial"]), int(match["rung"] or 0), int(match["issue"] or 1))
        return found if found.name == stem else None


class AttemptName(NamedTuple):
    """One attempt at an issue."""

    issue: Issue
    number: int

    @property
    def name(self) -> str:
        """The stem of the attempt's file names."""
        return f"{self.issue.evaluation.name}.issue{self.issue.number}.attempt{self.number}"

    @classmethod
    def parse(cls, stem: str) -> Self | None:
        """The attempt that a stem names; None if it names none."""
        if (match := _PATTERNS["attempt"].fullmatch(stem)) is None:
            return None
        issue = Issue(int(match["trial"]), int(match["rung"] or 0), int(match["issue"]))
        found = cls(issue, int(match["attempt"]))
        return found if found.name == stem else None
