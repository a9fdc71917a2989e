"""What a study may ask for beside one value: several objectives at once, and constraints that its trials must keep."""

import re
from collections.abc import Callable, Mapping, Sequence
from typing import Annotated, Any, Literal, TypeVar

from pydantic import AfterValidator, BeforeValidator, Field, model_serializer, model_validator

from hyperspool.common.objectives import MEASURES
from hyperspool.common.records import Record
from hyperspool.common.space import NAME_PATTERN
from hyperspool.common.validation import shown

SPELLINGS = {"minimize": "minimise", "maximize": "maximise"}
SECONDS = "seconds"
"""The measure that every evaluation has: its own time."""
BUILT_IN_VALUE, UNNAMED_VALUE = "validation_error", "value"
"""What a built-in objective's value is called where a measure is named; likewise a value without a name."""
MAX_CONSTRAINT = 200
"""Characters of a constraint. A pattern takes long to refuse a number of a million digits."""
_CONSTRAINT = re.compile(r"\s*([A-Za-z]\w{0,63})\s*(<=|>=)\s*([-+]?(?:\d+\.?\d*|\.\d+)(?:[eE][-+]?\d+)?)\s*")


T = TypeVar("T")


def _as_stored(direction: object) -> object:
    return SPELLINGS.get(direction, direction) if isinstance(direction, str) else direction


Direction = Annotated[Literal["minimise", "maximise"], BeforeValidator(_as_stored)]
"""Which numbers are better. `minimize` and `maximize` are read too, and stored in the other spelling."""
Measure = Annotated[str, Field(pattern=NAME_PATTERN)]


class Goal(Record):
    """One of a study's several objectives: a measure, and which of its numbers are better."""

    measure: Measure
    """The name of the objective's value, of a metric, or `seconds`."""
    direction: Direction = "minimise"


class Constraint(Record):
    """A limit for a measure, written and stored as a text: `size_mb <= 10`."""

    measure: Measure
    """As a goal's."""
    sign: Literal["<=", ">="]
    limit: float

    @model_validator(mode="before")
    @classmethod
    def _parse(cls, text: Any) -> dict[str, Any]:
        match = _CONSTRAINT.fullmatch(text) if isinstance(text, str) and len(text) <= MAX_CONSTRAINT else None
        if match is None:
            raise ValueError(
                f"found {shown(text)}, expected METRIC <= NUMBER or METRIC >= NUMBER, for example 'size_mb <= 10'"
            )
        return {"measure": match[1], "sign": match[2], "limit": float(match[3])}

    @model_serializer
    def _text(self) -> str:
        return str(self)

    def __str__(self) -> str:
        return f"{self.measure} {self.sign} {repr(self.limit).removesuffix('.0')}"

    def violation(self, number: float) -> float:
        """How far a number lies beyond the limit; at most 0 if it keeps the limit, NaN for NaN."""
        return number - self.limit if self.sign == "<=" else self.limit - number


def _counted(fewest: int, most: int) -> Callable[[tuple[T, ...]], tuple[T, ...]]:
    # Not by Field(min_length=...): of a list with an invalid entry, that would say that it is too short as well.
    def check(entries: tuple[T, ...]) -> tuple[T, ...]:
        if not fewest <= len(entries) <= most:
            raise ValueError(f"found {len(entries)}, expected {fewest} to {most}")
        return entries

    return check


Goals = Annotated[tuple[Goal, ...], Field(strict=False), AfterValidator(_counted(2, 4))]
Constraints = Annotated[tuple[Constraint, ...], Field(strict=False), AfterValidator(_counted(1, 20))]


def value_measure(objective: str, measure: str | None) -> str:
    """What the value of an objective is called where a measure is named.

    Args:
        objective: its name.
        measure: the study's name for its value.
    """
    return measure or (BUILT_IN_VALUE if objective in MEASURES else UNNAMED_VALUE)


def with_value(given: dict[str, Any]) -> dict[str, Any]:
    """Return a study's table in which the objective's value has the name and direction of one of the several.

    That one is `objective.measure`; where the study names none, the first that is not `seconds`. A table that is not
    valid is returned as it is.
    """
    goals, objective = given.get("objectives"), given.get("objective")
    if not isinstance(goals, list | tuple) or not isinstance(objective, dict):
        return given
    directions = {goal.get("measure"): goal.get("direction", "minimise") for goal in goals if isinstance(goal, Mapping)}
    named = objective.get("measure")
    is_built_in = objective.get("name") in MEASURES
    if named is None:
        named = BUILT_IN_VALUE if is_built_in else next((name for name in directions if name != SECONDS), None)
    if named not in directions:
        return given
    filled = {"direction": directions[named]} | ({} if is_built_in else {"measure": named}) | objective
    return given | {"objective": filled}


def goals_problem(goals: Sequence[Goal], value: str, direction: str) -> str | None:
    """Why a study cannot have these objectives; None if it can.

    Args:
        goals: two or more.
        value: what the objective's value is called.
        direction: the objective's direction.
    """
    measures = [goal.measure for goal in goals]
    if doubled := next((name for name in measures if measures.count(name) > 1), None):
        return f"{doubled} is there more than once; each measure can be one objective"
    own = next((goal for goal in goals if goal.measure == value), None)
    if own is None:
        return f"found {', '.join(measures)}, but none of them is {value}, the name of the objective's value"
    if own.direction != direction:
        return f"{value} is to be {own.direction}d, but objective.direction says {direction}; leave that out"
    return None
