"""The search space: named parameters with conditions, and the check that a trial's params lie in it."""

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

# Also exports the words of `parameters` and `values`, so that code about spaces imports from one module.
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
"""Params from a file: bounded, because anyone may have written it."""


def _from_shorthand(value: Any) -> Any:
    # `momentum = 0.9` fixes a parameter; `batch_size = [20, 100, 500]` lists its values.
    if isinstance(value, list):
        return {"type": "categorical", "choices": value}
    if isinstance(value, Scalar):
        return {"type": "fixed", "value": value}
    if isinstance(value, dict) and "type" not in value and (kind := _kind_of(value)):
        return {"type": kind} | value
    return value


def _kind_of(table: Mapping[Any, Any]) -> str | None:
    # A table that says no type has that of its bounds: whole numbers make an int, any other number a float.
    if "choices" in table:
        return "categorical"
    if "value" in table:
        return "fixed"
    coarse = table.get("coarse")
    numbers = [table.get("low"), table.get("high"), *(coarse if isinstance(coarse, list) else ())]
    if "default" in table:
        numbers.append(table["default"])
    if "low" not in table or "high" not in table:
        return None
    is_whole = all(type(number) is int for number in (*numbers, table.get("step", 1)))
    return "int" if is_whole else "float"


Parameter = Annotated[
    Annotated[Float | Int | Categorical | Fixed, Field(discriminator="type")], BeforeValidator(_from_shorthand)
]


class Space(RootModel[dict[Annotated[str, Field(pattern=NAME_PATTERN)], Parameter]]):
    """A search space: parameters by name, in the order of the study's file."""

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
                    raise ValueError(f"{name}.when names {shown(other)}, which is not a parameter: {known}")
                problems = (_problem_of(self.root[other], value) for value in wanted)
                problem = next(problems)
                # A fixed parameter may switch others off for good: fixing it is how to search a part of a space.
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
        """The parameters' names in the order of the file, except that each comes after those its condition names.

        Raises:
            ValueError: the conditions run in a circle.
        """
        return list(self._ordered)

    @cached_property
    def _has_conditions(self) -> bool:
        return any(parameter.when for parameter in self.root.values())

    @cached_property
    def _ranges(self) -> tuple[tuple[str, type, float, float], ...] | None:
        """The type and the bounds of each parameter; None if that is not all that there is to check."""
        found: list[tuple[str, type, float, float]] = []
        for name, each in self.root.items():
            if not isinstance(each, Float | Int) or each.step is not None:
                return None
            found.append((name, float if isinstance(each, Float) else int, each.low, each.high))
        return tuple(found)

    @cached_property
    def _ordered(self) -> tuple[str, ...]:
        names = list(self.root)
        missing = {name: len(parameter.when) for name, parameter in self.root.items()}
        followers: dict[str, list[int]] = {name: [] for name in names}
        for index, name in enumerate(names):
            for other in self.root[name].when:
                followers[other].append(index)
        # A heap of indices keeps the order of the file among the parameters that are ready.
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
            unit_of: returns a parameter's coordinate in [0, 1), by its name; called for active parameters only.
        """
        return self.filled(lambda name: self.root[name].from_unit(unit_of(name)))

    def filled(self, value_of: Callable[[str], Scalar]) -> Params:
        """The params with certain values.

        Args:
            value_of: returns a parameter's value by its name; called for active parameters only.
        """
        found: Params = {}
        for name in self._ordered:
            if self.root[name].is_wanted(found):
                found[name] = value_of(name)
        return {name: found[name] for name in self.root if name in found}

    def problems(self, params: Mapping[str, Scalar]) -> tuple[str, ...]:
        """Why `params` do not lie in the space: the first twenty reasons, one line each; empty if they do."""
        if not self._has_conditions and params.keys() == self.root.keys():
            if self._ranges and _are_within(params, self._ranges):  # nearly always, and asked for each of very many
                return ()
            parameters = self.root
            if all(_problem_of(parameters[name], value) is None for name, value in params.items()):
                return ()
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
                    yield f"params.{name}: given, though its condition {_condition_text(parameter.when)} does not hold"
            elif name not in params:
                yield f"params.{name}: missing"
            elif problem := _problem_of(parameter, params[name]):
                yield f"params.{name}: {problem}"
            else:
                active[name] = params[name]


def _are_within(params: Mapping[str, Any], ranges: Iterable[tuple[str, type, float, float]]) -> bool:
    return all(type(params[name]) is kind and low <= params[name] <= high for name, kind, low, high in ranges)


def _lists(parameter: Float | Int | Categorical | Fixed) -> Iterator[tuple[Scalar, ...]]:
    yield from parameter.when.values()
    match parameter:
        case Categorical():
            yield parameter.choices
        case Float() | Int() if parameter.coarse:
            yield parameter.coarse


def _condition_text(conditions: Mapping[str, tuple[Scalar, ...]]) -> str:
    shown_ones = (f"{name} = {' or '.join(map(shown, values[:3]))}" for name, values in islice(conditions.items(), 3))
    return " and ".join(shown_ones) + (" ..." if len(conditions) > 3 else "")  # noqa: PLR2004 - as many as are shown


def _problem_of(parameter: Float | Int | Categorical | Fixed, value: Scalar) -> str | None:
    # JSON writers in other languages drop the ".0" of a whole number.
    if isinstance(parameter, Float) and type(value) is int:
        return parameter.problem(float(value))
    return parameter.problem(value)
