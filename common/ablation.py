"""Test cases of an ablation: a base setting, each improvement alone, and improvements added one after the other.

Parameters that a case does not fix are tuned separately for each case: an improvement that needs more regularisation
than the base must get it, or the comparison is unfair.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Literal

from pydantic import Field

from hyperspool.common.records import Record
from hyperspool.common.space import BoundedParams, Categorical, Fixed, Float, Int, Params, Scalar, Space, same_value
from hyperspool.common.validation import unknown_key
from hyperspool.common.values import first_twice

MAX_IMPROVEMENTS = 100
"""Far more rows than anyone reads in a table, and few enough that a hostile study cannot keep its readers busy."""


class Improvement(Record):
    """A change of the base setting that may make it better."""

    name: Annotated[str, Field(min_length=1, max_length=80)]
    """Its name in tables."""
    params: Annotated[BoundedParams, Field(min_length=1)]
    """The parameters that it changes, with their new values; the others keep their values."""


class Ablation(Record):
    """The base setting, its improvements in the order in which they are added, and how much tuning a case gets."""

    base: BoundedParams
    """The base setting's values, by parameter. A parameter that is named neither here nor in an improvement is tuned in
    every case."""
    improvements: Annotated[tuple[Improvement, ...], Field(min_length=1, max_length=MAX_IMPROVEMENTS, strict=False)]
    settings: Annotated[int, Field(ge=1, le=10_000)] = 1
    """How many settings of the tuned parameters are tried in each case."""


@dataclass(frozen=True)
class Case:
    """A test case of an ablation.

    Attributes:
        improvements: the names of its improvements, in the study's order; empty for the base.
        kind: `base`, `single` or `cumulative`.
        space: the study's space with the case's values fixed; the case is tuned in it.
    """

    improvements: tuple[str, ...]
    kind: Literal["base", "single", "cumulative"]
    space: Space

    @property
    def name(self) -> str:
        """Its name in tables: `base`, or the names of its improvements joined by plus signs."""
        return " + ".join(self.improvements) or "base"

    @property
    def is_tuned(self) -> bool:
        """Whether at least one parameter that can be active is left to tune."""
        return any(not isinstance(parameter, Fixed) for parameter in _reachable(self.space).values())


def cases_of(ablation: Ablation, space: Space) -> list[Case]:
    """The base, every improvement alone, and every improvement together with all those before it.

    A later improvement may override an earlier one completely, by setting the same parameters or by switching them off.
    The case's name then leaves out the earlier one. A case with the same params as an earlier case is left out: 100 and
    then 200 hidden units are, together, the case of 200 alone.

    Raises:
        ValueError: a value does not lie in the space, an improvement changes nothing, or two improvements are the same
            or would make cases of the same name.
    """
    base = Case((), "base", _pinned(space, ablation.base, "ablation.base"))
    found: dict[Hashable, Case] = {_key(base): base}
    for place, improvement in enumerate(ablation.improvements):
        where = f"ablation.improvements.{place}"
        params = ablation.base | improvement.params
        case = Case((improvement.name,), "single", _pinned(space, params, f"{where}.params"))
        key = _key(case)
        if same := found.get(key):
            problem = "it changes nothing in the base" if same is base else f"it is the same as {same.name}"
            raise ValueError(f"{where}.params: {problem}")
        found[key] = case
    for count in range(2, len(ablation.improvements) + 1):
        case = _joined(ablation, space, ablation.improvements[:count])
        found.setdefault(_key(case), case)
    if twice := first_twice(case.name for case in found.values()):
        raise ValueError(f"ablation.improvements: two cases would be called {twice}; give the improvements other names")
    return list(found.values())


def _joined(ablation: Ablation, space: Space, improvements: Sequence[Improvement]) -> Case:
    params: Params = dict(ablation.base)
    given_by: dict[str, str] = {}
    for improvement in improvements:
        params |= improvement.params
        given_by |= dict.fromkeys(improvement.params, improvement.name)
    pinned = _pinned(space, params, "ablation.improvements")
    still = {given_by[name] for name in _reachable(pinned) if name in given_by}
    names = tuple(improvement.name for improvement in improvements if improvement.name in still)
    return Case(names, "cumulative", pinned)


def _pinned(space: Space, params: Mapping[str, Scalar], where: str) -> Space:
    """The space with the parameters in `params` fixed. They keep their conditions."""
    parameters = dict(space.items())
    for name, given in params.items():
        if name not in parameters:
            raise ValueError(unknown_key(f"{where}.{name}", list(parameters)))
        parameter = parameters[name]
        value = float(given) if isinstance(parameter, Float) and type(given) is int else given
        if problem := parameter.problem(value):
            raise ValueError(f"{where}.{name}: {problem}")
        parameters[name] = Fixed(type="fixed", value=value, when=parameter.when)
    # Not validated again: the space is valid, and fixing a parameter at one of its values breaks no condition.
    return Space.model_construct(parameters)


def _key(case: Case) -> Hashable:
    """A key that is equal for cases with the same params, and for no others."""
    # Python takes 1, 1.0 and True for equal. The first two should be; the flag keeps true apart from them.
    return frozenset(
        (name, isinstance(parameter.value, bool), parameter.value) if isinstance(parameter, Fixed) else name
        for name, parameter in _reachable(case.space).items()
    )


def _reachable(space: Space) -> dict[str, Float | Int | Categorical | Fixed]:
    """The parameters that can still be active, given the values that are fixed."""
    found: dict[str, Float | Int | Categorical | Fixed] = {}
    for name in space.order():
        conditions = space.root[name].when.items()
        if all(other in found and _can_be(found[other], wanted) for other, wanted in conditions):
            found[name] = space.root[name]
    return found


def _can_be(parameter: Float | Int | Categorical | Fixed, values: Sequence[Scalar]) -> bool:
    return not isinstance(parameter, Fixed) or any(same_value(parameter.value, value) for value in values)
