"""How an evaluation, its issues and their attempts are named: by numbers, and as the stems of file names.

An evaluation is a trial on a rung. Each time that it is published as a job it has another issue number, and each time
that an issue is claimed and started another attempt number; so no file name is ever used twice.

    00017                       trial 17
    00017.r1                    trial 17 on rung 1
    00017-2, 00017.r1-2         the same, issued a second time
    00017.issue2.attempt1       the first attempt at the second issue of trial 17
    00017.r1.issue2.attempt1    the same on rung 1
"""

import re
from typing import NamedTuple, Self

LAST_ISSUE = 999_999
"""No name holds a later one. Only a file that was laid by hand gets there, and it must leave room for the next one."""

EvaluationKey = tuple[int, int]
"""Trial and rung: what names an evaluation within its study."""

# Not \d: it takes digits of any script, and int() reads them.
_EVALUATION = r"(?P<trial>[0-9]{5,6})(?:\.r(?P<rung>[0-9]{1,3}))?"
_PATTERNS = {
    "evaluation": re.compile(_EVALUATION),
    "issue": re.compile(rf"{_EVALUATION}(?:-(?P<issue>[0-9]{{1,6}}))?"),
    "attempt": re.compile(rf"{_EVALUATION}\.issue(?P<issue>[0-9]{{1,6}})\.attempt(?P<attempt>[0-9]{{1,6}})"),
}


class EvaluationName(NamedTuple):
    """A trial on a rung: what a result is of."""

    trial: int
    rung: int = 0

    @property
    def name(self) -> str:
        """The stem of its file names."""
        return f"{self.trial:05}.r{self.rung}" if self.rung else f"{self.trial:05}"

    @classmethod
    def parse(cls, stem: str) -> Self | None:
        """The evaluation of that name; None if the name is not one."""
        if (match := _PATTERNS["evaluation"].fullmatch(stem)) is None:
            return None
        found = cls(int(match["trial"]), int(match["rung"] or 0))
        return found if found.name == stem else None  # 000001 is not how trial 1 is written, though it reads so


class Issue(NamedTuple):
    """An evaluation, the n-th time that it is published as a job: what a claim is made on."""

    trial: int
    rung: int = 0
    number: int = 1

    @property
    def evaluation(self) -> EvaluationName:
        """What is evaluated."""
        return EvaluationName(self.trial, self.rung)

    @property
    def name(self) -> str:
        """The stem of the job's file name."""
        return self.evaluation.name if self.number == 1 else f"{self.evaluation.name}-{self.number}"

    @classmethod
    def parse(cls, stem: str) -> Self | None:
        """The issue of that name; None if the name is not one."""
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
        """The attempt of that name; None if the name is not one."""
        if (match := _PATTERNS["attempt"].fullmatch(stem)) is None:
            return None
        issue = Issue(int(match["trial"]), int(match["rung"] or 0), int(match["issue"]))
        found = cls(issue, int(match["attempt"]))
        return found if found.name == stem else None
