"""The search space: named parameters, and what it means for a trial's params to lie in it.

A parameter maps the unit interval onto its values (`from_unit`), so that every sampler works on numbers in [0, 1) and
knows nothing of logarithms, steps or choices.
"""

import math
from collections.abc import Callable, Iterable, Mapping
from decimal import Decimal
from typing import Annotated, Any, Literal, Self

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, RootModel, field_validator, model_validator

from common.validation import shown

MAX_MAGNITUDE = 2**53
"""Beyond it a float does not tell integers apart, and other languages' JSON readers do not either."""
MAX_TEXT = 1000
MAX_STEPS = 10**9

Scalar = bool | int | float | str
WholeNumber = Annotated[int, Field(ge=-MAX_MAGNITUDE, le=MAX_MAGNITUDE)]
BoundedScalar = bool | WholeNumber | float | Annotated[str, Field(max_length=MAX_TEXT)]
Params = dict[str, Scalar]
"""A trial's hyperparameters by name; a parameter whose condition does not hold is absent."""
BoundedParams = dict[str, BoundedScalar]
"""Params as a file may bring them along."""

NAME_PATTERN = r"^[A-Za-z][A-Za-z0-9_]{0,63}$"
RELATIVE_TOLERANCE = 1e-9
"""Two hosts' math libraries may differ in the last digits of a logarithm; what is this close is the same value."""


def same_value(first: Scalar, second: Scalar) -> bool:
    """Whether two parameter values are equal, numbers but for the last digits: 1 is 1.0, but not true."""
    numbers = (int, float)
    if isinstance(first, bool) or isinstance(second, bool):
        return first is second
    if isinstance(first, numbers) and isinstance(second, numbers):
        return math.isclose(first, second, rel_tol=RELATIVE_TOLERANCE)
    return first == second


def same_params(first: Mapping[str, Scalar], second: Mapping[str, Scalar]) -> bool:
    """Whether two trials' params are equal, as `same_value` has it."""
    return first.keys() == second.keys() and all(same_value(first[name], second[name]) for name in first)


def _as_list(value: Any) -> Any:
    return [value] if isinstance(value, Scalar) else value


# Not strict: a list of JSON or TOML is what this tuple is made from.
Choices = Annotated[tuple[BoundedScalar, ...], Field(min_length=1, strict=False), BeforeValidator(_as_list)]


class _Parameter(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, allow_inf_nan=False)

    when: dict[str, Choices] = Field(default_factory=dict)
    """The parameter is active only where each parameter named here is active and has one of the values given."""

    def is_wanted(self, params: Mapping[str, Scalar]) -> bool:
        """Whether `params`, which hold every parameter that `when` names and that is active, fulfil the condition."""
        return all(
            name in params and any(same_value(params[name], value) for value in values)
            for name, values in self.when.items()
        )


class Float(_Parameter):
    """A real number in [low, high], uniform on a linear or a logarithmic scale, or on a grid from low by step."""

    type: Literal["float"]
    low: float
    high: float
    log: bool = False
    step: float | None = Field(default=None, gt=0)

    @model_validator(mode="after")
    def _check_bounds(self) -> Self:
        _check_bounds(self.low, self.high, self.step, is_log=self.log, least=0.0)
        return self

    @property
    def step_count(self) -> int:
        """How many values the steps give; 0 without a step."""
        return math.floor((self.high - self.low) / self.step + RELATIVE_TOLERANCE) + 1 if self.step else 0

    def at_step(self, index: int) -> float:
        """The value after `index` steps, to the digits that low and step are written with: 0.3, not 0.1 + 2 * 0.1."""
        return min(float(Decimal(str(self.low)) + index * Decimal(str(self.step))), self.high)

    def from_unit(self, unit: float) -> float:
        """The value at `unit` in [0, 1)."""
        if count := self.step_count:
            return self.at_step(min(int(unit * count), count - 1))
        if self.log:
            low, high = math.log(self.low), math.log(self.high)
            value = math.exp(low + unit * (high - low))
        else:
            value = self.low + unit * (self.high - self.low)
        return min(max(value, self.low), self.high)

    def problem(self, value: object) -> str | None:
        """What is wrong with `value`, or None."""
        if not isinstance(value, float) or not math.isfinite(value):
            return f"found {shown(value)}, expected a number"
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

    @model_validator(mode="after")
    def _check_bounds(self) -> Self:
        _check_bounds(self.low, self.high, self.step, is_log=self.log, least=1)
        return self

    def from_unit(self, unit: float) -> int:
        """The value at `unit` in [0, 1)."""
        if self.log:
            # Half a unit is added at both ends, so that low and high get their full share of the scale.
            low, high = math.log(self.low - 0.5), math.log(self.high + 0.5)
            return min(max(round(math.exp(low + unit * (high - low))), self.low), self.high)
        step = self.step or 1
        count = (self.high - self.low) // step + 1
        return self.low + min(int(unit * count), count - 1) * step

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
    """One of a list of values, each as likely as the other."""

    type: Literal["categorical"]
    choices: Choices

    @field_validator("choices")
    @classmethod
    def _check_choices(cls, choices: tuple[Scalar, ...]) -> tuple[Scalar, ...]:
        for index, choice in enumerate(choices):
            if any(same_value(choice, other) for other in choices[:index]):
                raise ValueError(f"{shown(choice)} stands twice in the list")
        return choices

    def from_unit(self, unit: float) -> Scalar:
        """The value at `unit` in [0, 1)."""
        return self.choices[min(int(unit * len(self.choices)), len(self.choices) - 1)]

    def problem(self, value: object) -> str | None:
        """What is wrong with `value`, or None."""
        if isinstance(value, Scalar) and any(same_value(value, choice) for choice in self.choices):
            return None
        return f"found {shown(value)}, expected one of {', '.join(map(shown, self.choices))}"


class Fixed(_Parameter):
    """A single value: the parameter is part of every trial and not searched."""

    type: Literal["fixed"]
    value: BoundedScalar

    def from_unit(self, unit: float) -> Scalar:  # noqa: ARG002 - the parameters' common interface
        """The value, wherever `unit` lies."""
        return self.value

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


def _from_shorthand(value: Any) -> Any:
    # `momentum = 0.9` fixes a parameter; `batch_size = [20, 100, 500]` lists its values.
    if isinstance(value, list):
        return {"type": "categorical", "choices": value}
    if isinstance(value, Scalar):
        return {"type": "fixed", "value": value}
    return value


Parameter = Annotated[
    Annotated[Float | Int | Categorical | Fixed, Field(discriminator="type")], BeforeValidator(_from_shorthand)
]


class Space(RootModel[dict[Annotated[str, Field(pattern=NAME_PATTERN)], Parameter]]):
    """A search space: parameters by name, in the order in which people read them."""

    model_config = ConfigDict(frozen=True, strict=True)

    @model_validator(mode="after")
    def _check_conditions(self) -> Self:
        for name, parameter in self.root.items():
            for other, wanted in parameter.when.items():
                if other not in self.root:
                    raise ValueError(f"{name}.when names {other!r}, which is no parameter: {', '.join(self.root)}")
                problems = [_problem_of(self.root[other], value) for value in wanted]
                # A fixed parameter may switch others off for good: that is how a part of a space is searched.
                if all(problems) and not isinstance(self.root[other], Fixed):
                    raise ValueError(f"{name}.when.{other} can never hold: {problems[0]}")
        self.order()
        return self

    def __len__(self) -> int:
        return len(self.root)

    def items(self) -> Iterable[tuple[str, Parameter]]:
        """The parameters by name."""
        return self.root.items()

    def order(self) -> list[str]:
        """The parameters' names as in the file, but each after those that its condition names.

        Raises:
            ValueError: conditions run in a circle.
        """
        ordered: dict[str, None] = {}
        waiting = list(self.root)
        while waiting:
            ready = next((name for name in waiting if self.root[name].when.keys() <= ordered.keys()), None)
            if ready is None:
                raise ValueError(f"the conditions of {', '.join(waiting)} run in a circle")
            ordered[ready] = None
            waiting.remove(ready)
        return list(ordered)

    def at(self, unit_of: Callable[[str], float]) -> Params:
        """The params at a point of the unit cube.

        Args:
            unit_of: gives a parameter's coordinate in [0, 1) by its name; asked for active parameters only.
        """
        found: Params = {}
        for name in self.order():
            if self.root[name].is_wanted(found):
                found[name] = self.root[name].from_unit(unit_of(name))
        return {name: found[name] for name in self.root if name in found}

    def problems(self, params: Mapping[str, Scalar]) -> tuple[str, ...]:
        """What keeps `params` from lying in the space, one line each; empty if they do."""
        lines = [f"params.{name}: no such parameter in the study's space" for name in params if name not in self.root]
        active: Params = {}
        for name in self.order():
            parameter = self.root[name]
            if not parameter.is_wanted(active):
                if name in params:
                    lines.append(f"params.{name}: given, though its condition {parameter.when} does not hold")
            elif name not in params:
                lines.append(f"params.{name}: missing")
            elif problem := _problem_of(parameter, params[name]):
                lines.append(f"params.{name}: {problem}")
            else:
                active[name] = params[name]
        return tuple(lines)


def _problem_of(parameter: Float | Int | Categorical | Fixed, value: Scalar) -> str | None:
    # JSON writers in other languages drop the ".0" of a whole number.
    if isinstance(parameter, Float) and type(value) is int:
        return parameter.problem(float(value))
    return parameter.problem(value)
