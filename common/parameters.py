"""The kinds of parameters: their values, and the mapping of the unit interval onto them.

A parameter maps [0, 1] onto its values (`from_unit`), and back (`to_unit`). So every sampler works on numbers in
[0, 1], and needs to know nothing of logarithms, steps or choices. Samplers draw from [0, 1), where each value has its
fair part.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from decimal import Decimal
from functools import cached_property
from itertools import pairwise
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, field_validator, model_validator

from hyperspool.common.prior import Prior
from hyperspool.common.validation import MAX_PROBLEMS, shown
from hyperspool.common.values import RELATIVE_TOLERANCE, Scalar, ValueSet, first_twice, same_value

MAX_MAGNITUDE = 2**53
"""Above it, floats do not represent every integer, and other languages' JSON readers lose digits too."""
MAX_TEXT = 1000
MAX_STEPS = 10**9
MAX_LISTED = 10_000
"""Values in all lists of a space's choices and conditions together. Far more than a search can try, and few enough that
a hostile study cannot keep its readers busy for minutes."""

WholeNumber = Annotated[int, Field(ge=-MAX_MAGNITUDE, le=MAX_MAGNITUDE)]
BoundedScalar = bool | WholeNumber | float | Annotated[str, Field(max_length=MAX_TEXT)]


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, Scalar) else value


# Not strict: JSON and TOML give a list where this expects a tuple.
Choices = Annotated[
    tuple[BoundedScalar, ...], Field(min_length=1, max_length=MAX_LISTED, strict=False), BeforeValidator(_as_list)
]

_COARSE = Field(min_length=2, max_length=MAX_LISTED, strict=False)  # not strict: as for `Choices`


class _Parameter(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    when: dict[str, Choices] = Field(default_factory=dict)
    """The parameter is active only where each parameter named here is active and has one of the values given."""

    def is_wanted(self, params: Mapping[str, Scalar]) -> bool:
        """Whether `params` fulfil the condition. They must hold every active parameter that `when` names."""
        return all(name in params and params[name] in values for name, values in self._wanted.items())

    @cached_property
    def _wanted(self) -> dict[str, ValueSet]:
        return {name: ValueSet(values) for name, values in self.when.items()}


class Float(_Parameter):
    """A real number in [low, high], uniform on a linear or a logarithmic scale, or on a grid from low by step."""

    type: Literal["float"]
    low: float
    high: float
    log: bool = False
    step: float | None = Field(default=None, gt=0)
    default: float | None = None
    """Its value in the study's first trial; None: whatever the sampler proposes. Likewise of the other kinds."""
    prior: Prior | None = None
    """Which values random search draws more often."""
    coarse: Annotated[tuple[float, ...], _COARSE] | None = None
    """For a search from coarse to fine: the values from which its first round draws. On a logarithmic scale they may
    include 0, which such a scale does not have; later rounds then begin at `low`."""

    @model_validator(mode="after")
    def _check_bounds(self) -> Self:
        _check_bounds(self.low, self.high, self.step, is_log=self.log, least=0.0)
        _check_coarse(self.coarse or (), self.problem)
        _check_belief(self)
        return self

    @property
    def step_count(self) -> int:
        """The number of values with this step; 0 without a step."""
        return math.floor((self.high - self.low) / self.step + RELATIVE_TOLERANCE) + 1 if self.step else 0

    def at_step(self, index: int) -> float:
        """The value after `index` steps, rounded as low and step are written: 0.3, not 0.1 + 2 * 0.1."""
        return min(float(Decimal(str(self.low)) + index * Decimal(str(self.step))), self.high)

    @property
    def has_zero(self) -> bool:
        """Whether 0 is one of the coarse values of a logarithmic scale."""
        return self.log and 0 in (self.coarse or ())

    def from_unit(self, unit: float) -> float:
        """The value at `unit` in [0, 1]."""
        if count := self.step_count:
            return self.at_step(min(int(unit * count), count - 1))
        if self.log:
            low, high = math.log(self.low), math.log(self.high)
            value = math.exp(low + unit * (high - low))
        else:
            value = self.low + unit * (self.high - self.low)
        return min(max(value, self.low), self.high)

    def to_unit(self, value: Scalar) -> float:
        """The place of `value` in [0, 1]; of a value with a step, the middle of its part. Outside, the nearest end."""
        number = min(max(float(value), self.low), self.high)
        if count := self.step_count:
            return (min(round((number - self.low) / (self.step or 1.0)), count - 1) + 0.5) / count
        if self.low == self.high:
            return 0.5
        scale = math.log if self.log else float
        return (scale(number) - scale(self.low)) / (scale(self.high) - scale(self.low))

    def problem(self, value: object) -> str | None:
        """What is wrong with `value`, or None."""
        if not isinstance(value, float) or not math.isfinite(value):
            return f"found {shown(value)}, expected a number"
        if value == 0 and self.has_zero:
            return None
        slack = RELATIVE_TOLERANCE * max(abs(self.low), abs(self.high))
        if not self.low - slack <= value <= self.high + slack:
            return f"found {value}, expected {self.low} to {self.high}"
        if self.step is not None:
            position = (value - self.low) / self.step
            if abs(position - round(position)) > 1e-6:  # noqa: PLR2004 - far above rounding, far below a step
                return f"found {value}, expected {self.low} plus a multiple of {self.step}"
        return None


class Int(_Parameter):
    """An integer in [low, high], uniform on a linear or a logarithmic scale, or on a grid from low by step."""

    type: Literal["int"]
    low: WholeNumber
    high: WholeNumber
    log: bool = False
    step: Annotated[int, Field(gt=0, le=MAX_MAGNITUDE)] | None = None
    default: WholeNumber | None = None
    prior: Prior | None = None
    coarse: Annotated[tuple[WholeNumber, ...], _COARSE] | None = None
    """For a search from coarse to fine: the values from which its first round draws."""

    @model_validator(mode="after")
    def _check_bounds(self) -> Self:
        _check_bounds(self.low, self.high, self.step, is_log=self.log, least=1)
        _check_coarse(self.coarse or (), self.problem)
        _check_belief(self)
        return self

    def from_unit(self, unit: float) -> int:
        """The value at `unit` in [0, 1]."""
        if self.log:
            # Half a unit is added at both ends: without it, low and high would get half of their share of the scale.
            low, high = math.log(self.low - 0.5), math.log(self.high + 0.5)
            return min(max(round(math.exp(low + unit * (high - low))), self.low), self.high)
        step = self.step or 1
        count = (self.high - self.low) // step + 1
        return self.low + min(int(unit * count), count - 1) * step

    def to_unit(self, value: Scalar) -> float:
        """The middle of the part of the unit interval that is `value`'s. Outside, the nearest end's."""
        number = min(max(round(float(value)), self.low), self.high)
        if self.log:
            low, high = math.log(self.low - 0.5), math.log(self.high + 0.5)
            return (math.log(number) - low) / (high - low)
        step = self.step or 1
        return ((number - self.low) // step + 0.5) / ((self.high - self.low) // step + 1)

    def problem(self, value: object) -> str | None:
        """What is wrong with `value`, or None."""
        if type(value) is not int:
            return f"found {shown(value)}, expected an integer"
        if not self.low <= value <= self.high:
            return f"found {value}, expected {self.low} to {self.high}"
        if self.step is not None and (value - self.low) % self.step:
            return f"found {value}, expected {self.low} plus a multiple of {self.step}"
        return None


class Categorical(_Parameter):
    """One of a list of values, each equally likely."""

    type: Literal["categorical"]
    choices: Choices
    default: BoundedScalar | None = None

    @field_validator("choices")
    @classmethod
    def _check_choices(cls, choices: tuple[Scalar, ...]) -> tuple[Scalar, ...]:
        if (twice := first_twice(choices)) is not None:
            raise ValueError(f"{shown(twice)} stands twice in the list")
        return choices

    @model_validator(mode="after")
    def _check_default(self) -> Self:
        _check_belief(self)
        return self

    def from_unit(self, unit: float) -> Scalar:
        """The value at `unit` in [0, 1]."""
        return self.choices[min(int(unit * len(self.choices)), len(self.choices) - 1)]

    def to_unit(self, value: Scalar) -> float:
        """The middle of the part of the unit interval that is `value`'s; of a value that is no choice, the first's."""
        places = (place for place, choice in enumerate(self.choices) if same_value(choice, value))
        return (next(places, 0) + 0.5) / len(self.choices)

    def problem(self, value: object) -> str | None:
        """What is wrong with `value`, or None."""
        if isinstance(value, Scalar) and value in self._choices:
            return None
        more = ", ..." if len(self.choices) > MAX_PROBLEMS else ""
        return f"found {shown(value)}, expected one of {', '.join(map(shown, self.choices[:MAX_PROBLEMS]))}{more}"

    @cached_property
    def _choices(self) -> ValueSet:
        return ValueSet(self.choices)


class Fixed(_Parameter):
    """A single value: the parameter is part of every trial, but is not searched."""

    type: Literal["fixed"]
    value: BoundedScalar

    def from_unit(self, unit: float) -> Scalar:  # noqa: ARG002 - the parameters' common interface
        """The value, whatever `unit` is."""
        return self.value

    def to_unit(self, value: Scalar) -> float:  # noqa: ARG002 - as for `from_unit`
        """The middle: every number is the value's."""
        return 0.5

    def problem(self, value: object) -> str | None:
        """What is wrong with `value`, or None."""
        if isinstance(value, Scalar) and same_value(value, self.value):
            return None
        return f"found {shown(value)}, expected {shown(self.value)}"


def _check_bounds(low: float, high: float, step: float | None, *, is_log: bool, least: float) -> None:
    if not math.isfinite(high - low):
        raise ValueError(f"from {low} to {high} is too far for a floating-point number")
    if step is not None and (high - low) / step > MAX_STEPS:
        raise ValueError(f"a step of {step} from {low} to {high} gives more than {MAX_STEPS} values")
    if low > high:
        raise ValueError(f"low is {low} and high is {high}; low must not be above high")
    if step is not None and step > high - low:
        raise ValueError(f"a step of {step} is larger than the range from {low} to {high}")
    if is_log and (low < least or low <= 0):
        raise ValueError(f"low is {low}; a logarithmic scale begins above 0")
    if is_log and step is not None:
        raise ValueError("log and step exclude each other; take categorical for a list of values")


def _check_belief(parameter: Float | Int | Categorical) -> None:
    default = parameter.default
    if default is not None and (problem := parameter.problem(default)):
        raise ValueError(f"default: {problem}")
    if isinstance(parameter, Categorical) or parameter.prior is None:
        return
    center = parameter.prior.center
    if not parameter.low <= center <= parameter.high:
        raise ValueError(f"prior.center: found {center:g}, expected {parameter.low} to {parameter.high}")


def _check_coarse(values: Sequence[float], problem: Callable[[float], str | None]) -> None:
    for value in values:
        if found := problem(value):
            raise ValueError(f"coarse: {found}")
    if any(second <= first or same_value(first, second) for first, second in pairwise(values)):
        raise ValueError("coarse: expected values from low to high, each once")
