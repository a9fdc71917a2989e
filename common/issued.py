"""Which issues of an evaluation the files of a study show: no issue number is used twice."""

import re
from collections import Counter

from hyperspool.common.file_kinds import JOB
from hyperspool.common.issues import LAST_ISSUE, EvaluationKey, Issue
from hyperspool.common.layout import StudyFolder, names_of

_ASIDE = re.compile(r"(?P<name>.+\.json)\.[0-9a-f]+")
"""A file that was set aside, by its former name."""


def rejected_issues(folder: StudyFolder) -> list[Issue]:
    """The issues of which a job was set aside, and those of results, whose names do not say a later issue."""
    matches = map(_ASIDE.fullmatch, names_of(folder.rejected))
    issues = (JOB.parse(match["name"]) for match in matches if match)
    return [issue for issue in issues if isinstance(issue, Issue)]


def last_issues(folder: StudyFolder) -> Counter[EvaluationKey]:
    """How often each evaluation was issued, as far as open, locked, attempted and rejected issues show."""
    aside = rejected_issues(folder)
    issues = {*folder.open_issues(), *folder.locked_issues(), *folder.attempted_issues(), *aside}
    last: dict[EvaluationKey, int] = {
        issue.evaluation: issue.number for issue in sorted(issues) if issue.number < LAST_ISSUE
    }
    # Of an issue whose result was set aside nothing else may be left, so each file that was counts as one.
    return Counter[EvaluationKey](issue.evaluation for issue in aside) | Counter(last)
