"""What a check found."""

from dataclasses import dataclass


@dataclass(frozen=True)
class Finding:
    """One line of the table.

    Attributes:
        check: what was checked.
        is_passed: whether it is as it should be.
        told: what was found and what was expected; of a check that failed also what to look at.
    """

    check: str
    is_passed: bool
    told: str
