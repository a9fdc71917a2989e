"""A search space as a person writes it in Python: `{"lr": Float(1e-4, 1e-1, log=True), "opt": ["sgd", "adam"]}`."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields
from typing import Any, ClassVar

from pydantic import BaseModel, ValidationError

from hyperspool.common import parameters
from hyperspool.common.errors import UsageError
from hyperspool.common.validation import explain, shown
from hyperspool.common.values import Scalar


@dataclass(frozen=True)
class _Dimension:
    kind: ClassVar[str]
    model: ClassVar[type[BaseModel]]

    when: Mapping[str, Scalar | Sequence[Scalar]] = field(default_factory=dict, kw_only=True)

    def __post_init__(self) -> None:
        """Check the values at once, so that the error points to the line that has them.

        Raises:
            UsageError: a value is not possible.
        """
        try:
            self.model.model_validate(self.table())
        except ValidationError as error:
            problems = "; ".join(explain(error, self.model))
            raise UsageError(f"hyperspool.{type(self).__name__}: {problems}") from None

    def table(self) -> dict[str, Any]:
        """The parameter as a study's file has it."""
        given = {each.name: _plain(getattr(self, each.name)) for each in fields(self)}
        return {"type": self.kind} | {key: value for key, value in given.items() if value not in ({}, None)}


@dataclass(frozen=True)
class _Range(_Dimension):
    log: bool = field(default=False, kw_only=True)
    prior: Mapping[str, Any] | None = field(default=None, kw_only=True)


@dataclass(frozen=True)
class Float(_Range):
    """A real number in [low, high].

    Attributes:
        low: the least value.
        high: the greatest value.
        log: draw on a logarithmic scale, as for a learning rate.
        step: draw from a grid from low by step.
        default: the value in the study's first trial.
        prior: which values are likelier to be good: `prior={"center": 0.01, "confidence": "high"}`.
        when: other parameters' values at which this one is active: `when={"opt": ["sgd"]}`.
    """

    kind: ClassVar[str] = "float"
    model: ClassVar[type[BaseModel]] = parameters.Float

    low: float
    high: float
    step: float | None = field(default=None, kw_only=True)
    default: float | None = field(default=None, kw_only=True)


@dataclass(frozen=True)
class Int(_Range):
    """A whole number in [low, high].

    Attributes:
        low: the least value.
        high: the greatest value.
        log: draw on a logarithmic scale, as for a number of units.
        step: draw from a grid from low by step.
        default: as for `Float`.
        prior: as for `Float`.
        when: as for `Float`.
    """

    kind: ClassVar[str] = "int"
    model: ClassVar[type[BaseModel]] = parameters.Int

    low: int
    high: int
    step: int | None = field(default=None, kw_only=True)
    default: int | None = field(default=None, kw_only=True)


@dataclass(frozen=True)
class Categorical(_Dimension):
    """One of a list of values. A plain list means the same; this form takes a condition too.

    Attributes:
        choices: the values.
        default: as for `Float`.
        when: as for `Float`.
    """

    kind: ClassVar[str] = "categorical"
    model: ClassVar[type[BaseModel]] = parameters.Categorical

    choices: Sequence[Scalar]
    default: Scalar | None = field(default=None, kw_only=True)


def space_table(space: Mapping[str, object]) -> dict[str, Any]:
    """Return a space as a study's file has it.

    A value is a `Float`, `Int` or `Categorical`; a list of choices; a single number, text or truth value, which is
    fixed; or a table as in a study's file.

    Raises:
        UsageError: a value is something else.
    """
    if not isinstance(space, Mapping):
        raise UsageError(f"space: found {shown(space)}, expected a dict of parameters by name")
    return {str(name): _table_of(str(name), value) for name, value in space.items()}


def _table_of(name: str, value: object) -> Any:
    if isinstance(value, _Dimension):
        return value.table()
    plain = _plain(value)
    if isinstance(value, tuple) or not isinstance(plain, Scalar | list | dict):
        # A tuple might be a range or a choice, and a wrong guess would search for hours in the wrong place.
        raise UsageError(
            f"space[{name!r}]: found {shown(value)}, expected hyperspool.Float(low, high), hyperspool.Int(low, high), "
            "a list of choices, or a single value"
        )
    return plain


def _plain(value: object) -> Any:
    """A value without NumPy's types, and every sequence as a list."""
    if hasattr(value, "tolist"):
        value = value.tolist()
    if isinstance(value, Mapping):
        return {str(key): _plain(inner) for key, inner in value.items()}
    if isinstance(value, list | tuple | range):
        return [_plain(inner) for inner in value]
    return value
