"""What a check found: a line of the table."""

from dataclasses import dataclass


@dataclass(frozen=True)
class CheckResult:
    """One line of the table.

    Attributes:
        check: what was checked.
        is_passed: whether it is right; None if there is nothing to judge, only something to know.
        message: what was found and what was expected; if the check failed, also where to look.
    """

    check: str
    is_passed: bool | None
    message: str
