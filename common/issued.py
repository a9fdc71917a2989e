"""Finds the issue numbers that are used up, from the files of a study: no number is used twice."""

import re
from collections import Counter

from hyperspool.common.file_kinds import JOB
from hyperspool.common.issues import LAST_ISSUE, EvaluationKey, Issue
from hyperspool.common.layout import StudyFolder, names_of

_ASIDE = re.compile(r"(?P<name>.+\.json)\.[0-9a-f]+")
"""The name of a file in `rejected/`, which begins with its former name."""


def rejected_issues(folder: StudyFolder) -> list[Issue]:
    """The issues of the jobs that were set aside, and of the results: a result's name reads as a first issue."""
    matches = map(_ASIDE.fullmatch, names_of(folder.rejected))
    issues = (JOB.parse(match["name"]) for match in matches if match)
    return [issue for issue in issues if isinstance(issue, Issue)]


def last_issues(folder: StudyFolder) -> Counter[EvaluationKey]:
    """The last issue number of each evaluation, as far as open, locked, attempted and rejected issues show it."""
    aside = rejected_issues(folder)
    issues = {*folder.open_issues(), *folder.locked_issues(), *folder.attempted_issues(), *aside}
    last: dict[EvaluationKey, int] = {
        issue.evaluation: issue.number for issue in sorted(issues) if issue.number < LAST_ISSUE
    }
    # The name of a result does not say its issue, and nothing else of that issue may be left. So each file that was set
    # aside counts as one issue.
    return Counter[EvaluationKey](issue.evaluation for issue in aside) | Counter(last)
