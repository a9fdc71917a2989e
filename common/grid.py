"""The grid of a search space: every combination of its parameters' values, and how many there are."""

from collections.abc import Callable, Iterable, Iterator, Sequence
from math import prod

from hyperspool.common.space import Categorical, Fixed, Float, Int, Parameter, Params, Scalar, Space
from hyperspool.common.validation import MAX_PROBLEMS

MAX_LOOKS = 500_000
"""At parameters, while the settings of a grid are counted: half a second."""


def grid_values(parameter: Float | Int | Categorical | Fixed) -> tuple[int, Iterable[Scalar]]:
    """How many values one parameter has, and them: from low to high, or in the order of its list.

    Raises:
        ValueError: there are not finitely many, or a logarithmic scale does not say which.
    """
    match parameter:
        case Categorical():
            return len(parameter.choices), parameter.choices
        case Fixed():
            return 1, (parameter.value,)
        case Int(log=False):
            whole = range(parameter.low, parameter.high + 1, parameter.step or 1)
            return len(whole), whole
        case Float(step=float()):
            return parameter.step_count, map(parameter.at_step, range(parameter.step_count))
    what = "a logarithmic scale" if parameter.log else "a range without a step"
    raise ValueError(f"{what} has no grid; give a list of values, or a step on a linear scale")


def grid_problems(space: Space) -> tuple[str, ...]:
    """What keeps a space from having a grid, one line for each parameter that has none."""
    lines: list[str] = []
    for name, parameter in space.items():
        try:
            grid_values(parameter)
        except ValueError as error:
            lines.append(f"space.{name}: {error}")
    return tuple(lines)


def grid(space: Space) -> Iterator[Params]:
    """Every combination, one by one: the first parameter of the file changes last, the last one fastest.

    A parameter whose condition does not hold is absent and adds no combinations. One whose condition names a later
    parameter counts as standing behind that.
    """
    return (_as_in_file(space, found) for found in combinations(space, space.order(), _grid_values))


def grid_size(space: Space, limit: int) -> int:
    """How many combinations `grid` gives, counted up to `limit`: more than that may be told as any larger number.

    Raises:
        ValueError: conditions decide about so much that counting would take minutes.
    """
    deciding = {other for _, parameter in space.items() for other in parameter.when}
    free = [parameter for name, parameter in space.items() if name not in deciding]
    decided_about = [parameter for parameter in free if parameter.when]
    always = prod(grid_values(parameter)[0] for parameter in free if not parameter.when)
    total = 0
    # Only parameters that decide about others are gone through one by one; the others multiply.
    names = [name for name in space.order() if name in deciding]
    for number, decided in enumerate(combinations(space, names, _grid_values), start=1):
        if number * (len(names) + len(decided_about) + 1) > MAX_LOOKS:
            raise ValueError(
                f"space: {', '.join(names[:MAX_PROBLEMS])} have too many combinations for the {len(decided_about)} "
                "parameters whose conditions name them; give them fewer values, or make several studies"
            )
        sizes = (grid_values(parameter)[0] for parameter in decided_about if parameter.is_wanted(decided))
        total += always * prod(sizes)
        if total > limit:
            break
    return total


def combinations(
    space: Space, names: Sequence[str], values_of: Callable[[str, Parameter], Iterable[Scalar]]
) -> Iterator[Params]:
    """Every combination of some parameters' values, one by one, the last one changing fastest.

    Args:
        space: the space.
        names: of its parameters, each after those that its condition names; absent where that does not hold.
        values_of: the values of a parameter, by its name.
    """
    # A stack of iterators instead of recursion: a space may have more parameters than Python has frames.
    stack: list[Iterator[Params]] = [iter(({},))]
    while stack:
        found = next(stack[-1], None)
        if found is None:
            stack.pop()
        elif len(stack) > len(names):
            yield found
        else:
            name = names[len(stack) - 1]
            parameter = space.root[name]
            is_active = parameter.is_wanted(found)
            stack.append(_extended(found, name, values_of(name, parameter)) if is_active else iter((found,)))


def _extended(found: Params, name: str, values: Iterable[Scalar]) -> Iterator[Params]:
    return (found | {name: value} for value in values)


def _grid_values(_name: str, parameter: Parameter) -> Iterable[Scalar]:
    return grid_values(parameter)[1]


def _as_in_file(space: Space, found: Params) -> Params:
    return {name: found[name] for name in space.root if name in found}
