"""The search space: named parameters, and what it means for a trial's params to lie in it."""

import heapq
from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import cached_property
from itertools import islice
from typing import Annotated, Any, Self

from pydantic import BeforeValidator, ConfigDict, Field, RootModel, model_validator

from hyperspool.common.parameters import MAX_LISTED, BoundedScalar, Categorical, Fixed, Float, Int
from hyperspool.common.printable import printable_line
from hyperspool.common.validation import MAX_PROBLEMS, shown
from hyperspool.common.values import Scalar, same_params, same_value

# Whoever speaks of spaces finds all their words here.
__all__ = [
    "BoundedParams",
    "Categorical",
    "Fixed",
    "Float",
    "Int",
    "Parameter",
    "Params",
    "Scalar",
    "Space",
    "same_params",
    "same_value",
]

MAX_PARAMETERS = 1000
NAME_PATTERN = r"^[A-Za-z][A-Za-z0-9_]{0,63}$"
Params = dict[str, Scalar]
"""A trial's hyperparameters by name; a parameter whose condition does not hold is absent."""
BoundedParams = Annotated[dict[Annotated[str, Field(max_length=64)], BoundedScalar], Field(max_length=MAX_PARAMETERS)]
"""Params as a file may bring them along."""


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
    def _check_size(self) -> Self:
        if len(self) > MAX_PARAMETERS:
            raise ValueError(f"found {len(self)} parameters, expected at most {MAX_PARAMETERS}")
        listed = sum(len(values) for parameter in self.root.values() for values in _lists(parameter))
        if listed > MAX_LISTED:
            raise ValueError(f"found {listed} values in choices and conditions, expected at most {MAX_LISTED}")
        return self

    @model_validator(mode="after")
    def _check_conditions(self) -> Self:
        for name, parameter in self.root.items():
            for other, wanted in parameter.when.items():
                if other not in self.root:
                    known = ", ".join(list(self.root)[:MAX_PROBLEMS])
                    raise ValueError(f"{name}.when names {shown(other)}, which is no parameter: {known}")
                problems = (_problem_of(self.root[other], value) for value in wanted)
                problem = next(problems)
                # A fixed parameter may switch others off for good: that is how a part of a space is searched.
                if problem and all(problems) and not isinstance(self.root[other], Fixed):
                    raise ValueError(f"{name}.when.{other} can never hold: {problem}")
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
        return list(self._ordered)

    @cached_property
    def _ordered(self) -> tuple[str, ...]:
        names = list(self.root)
        missing = {name: len(parameter.when) for name, parameter in self.root.items()}
        followers: dict[str, list[int]] = {name: [] for name in names}
        for index, name in enumerate(names):
            for other in self.root[name].when:
                followers[other].append(index)
        ready = [index for index, name in enumerate(names) if not missing[name]]
        ordered: list[str] = []
        while ready:
            ordered.append(names[heapq.heappop(ready)])
            for index in followers[ordered[-1]]:
                missing[names[index]] -= 1
                if not missing[names[index]]:
                    heapq.heappush(ready, index)
        if len(ordered) < len(names):
            circle = [name for name in names if missing[name]]
            raise ValueError(f"the conditions of {', '.join(circle[:MAX_PROBLEMS])} run in a circle")
        return tuple(ordered)

    def at(self, unit_of: Callable[[str], float]) -> Params:
        """The params at a point of the unit cube.

        Args:
            unit_of: gives a parameter's coordinate in [0, 1) by its name; asked for active parameters only.
        """
        found: Params = {}
        for name in self._ordered:
            if self.root[name].is_wanted(found):
                found[name] = self.root[name].from_unit(unit_of(name))
        return {name: found[name] for name in self.root if name in found}

    def problems(self, params: Mapping[str, Scalar]) -> tuple[str, ...]:
        """What keeps `params` from lying in the space, one line each, the first twenty; empty if they do."""
        return tuple(islice(self._problems(params), MAX_PROBLEMS))

    def _problems(self, params: Mapping[str, Scalar]) -> Iterator[str]:
        for name in params:
            if name not in self.root:
                yield f"params.{printable_line(name)}: no such parameter in the study's space"
        active: Params = {}
        for name in self._ordered:
            parameter = self.root[name]
            if not parameter.is_wanted(active):
                if name in params:
                    yield f"params.{name}: given, though its condition {_told(parameter.when)} does not hold"
            elif name not in params:
                yield f"params.{name}: missing"
            elif problem := _problem_of(parameter, params[name]):
                yield f"params.{name}: {problem}"
            else:
                active[name] = params[name]


def _lists(parameter: Float | Int | Categorical | Fixed) -> Iterator[tuple[Scalar, ...]]:
    yield from parameter.when.values()
    match parameter:
        case Categorical():
            yield parameter.choices
        case Float() | Int() if parameter.coarse:
            yield parameter.coarse


def _told(conditions: Mapping[str, tuple[Scalar, ...]]) -> str:
    shown_ones = (f"{name} = {' or '.join(map(shown, values[:3]))}" for name, values in islice(conditions.items(), 3))
    return " and ".join(shown_ones) + (" ..." if len(conditions) > 3 else "")  # noqa: PLR2004 - as many as are shown


def _problem_of(parameter: Float | Int | Categorical | Fixed, value: Scalar) -> str | None:
    # JSON writers in other languages drop the ".0" of a whole number.
    if isinstance(parameter, Float) and type(value) is int:
        return parameter.problem(float(value))
    return parameter.problem(value)
